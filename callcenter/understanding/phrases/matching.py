"""Finds phrases in a line: which phrases match, at which words, and with what quality.

The words of a phrase may stand in any order. Callers put addresses and hesitations into the middle of a sentence, so
two foreign words between the phrase's own words are free; each further one lowers the quality, by half at most.
`Ranking`, `Dangers` and `DangerContext` use the matches.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from callcenter.understanding.numbers.numbers import parse_number_word
from callcenter.understanding.phrases.index import TermIndex, TermMatch, has_joined_negation
from callcenter.understanding.phrases.misrecognitions import Misrecognitions
from callcenter.understanding.phrases.notation import NOT, Either, InRow, Term, Together
from callcenter.understanding.phrases.parts import PhrasePart, PhraseParts
from callcenter.understanding.phrases.split_words import SplitWord, join_split_word
from callcenter.understanding.words import Word

DEGREES = frozenset((
    "очень", "особо", "сильно", "совсем", "толком", "вообще", "прям", "прямо", "полностью", "всегда", "особенно",
    "шибко", "больно", "сразу", "слишком",
))  # fmt: skip
"""Adverbs of degree that may stand between «не» and the word it negates: «не очень греют»."""
PLACES = frozenset((
    "улица", "проспект", "дом", "корпус", "строение", "литера", "дробь", "парадный", "парадная", "подъезд", "этаж",
    "квартира", "номер",
))  # fmt: skip
"""Lemmas of address nouns and of parts of a house number. They say where, not what."""
_FREE_FOREIGN_WORDS = 2
"""Foreign words that may stand between a phrase's words without lowering its quality."""
_PENALTY_PER_WORD = 0.06
"""Share of the quality lost for each further foreign word; a higher value makes distant words match less surely."""
_MIN_PROXIMITY = 0.5
"""Lowest factor for the distance between a phrase's words, however far apart they stand."""
_MAX_FOREIGN_WORDS = 4
"""Foreign words allowed inside a group in brackets, and between a phrase and its optional word."""
_MAX_SPANS = 8
"""Partial matches kept for one part of a phrase, the shortest first; it bounds the cost of a search."""


class PhraseSpan(NamedTuple):
    """A match of a phrase's part: `mask` has a bit for each matched word, `first` and `last` are its outermost words.

    `quality` is 0 to 1: 1 for exact words, less for misrecognized ones.
    """

    mask: int
    first: int
    last: int
    quality: float


class PhraseLine:
    """A line prepared for matching: «не» is removed and marks the next word as negated.

    Fillers, adverbs of degree, numbers and address nouns are not counted as foreign words, because callers say where
    and how much in the middle of what. Indexes and masks refer to `words`, not to the words given.
    """

    def __init__(self, words: Sequence[Word]) -> None:
        self.words: list[Word] = []
        self.negated: list[bool] = []
        self.softly_negated: list[bool] = []
        """Negated through an adverb of degree: «не очень греют» matches both «греют» and «не греют»."""
        self._content_counts = [0]
        self._content_mask = 0
        """A bit for each word that is counted as a foreign word; see `is_content_word`."""
        negated = softly = False
        for word in words:
            if word.text == NOT:
                negated = True
                continue
            self.words.append(word)
            self.negated.append(negated or has_joined_negation(word))
            self.softly_negated.append(softly)
            self._content_mask |= is_content_word(word) << len(self.words) - 1
            self._content_counts.append(self._content_mask.bit_count())
            softly = (negated or softly) and word.text in DEGREES
            negated = False

        self._split_words: dict[Misrecognitions, tuple[tuple[int, SplitWord], ...]] = {}

    def list_split_words(self, vocabulary: Misrecognitions) -> tuple[tuple[int, SplitWord], ...]:
        """Neighboring words that may be one word torn apart, with the index of the first one.

        Computed once for all phrase books that share `vocabulary`.
        """
        if vocabulary not in self._split_words:
            mended = (
                (at, join_split_word(one, other, vocabulary)) for at, (one, other) in enumerate(pairwise(self.words))
            )
            self._split_words[vocabulary] = tuple((at, torn) for at, torn in mended if torn is not None)
        return self._split_words[vocabulary]

    def count_words_between(self, left: int, right: int) -> int:
        """The number of content words (`is_content_word`) between two word indexes, both excluded."""
        return self._content_counts[right] - self._content_counts[left + 1]

    def count_foreign_words(self, span: PhraseSpan) -> int:
        """The number of content words (`is_content_word`) inside a span that are not part of the match."""
        inside = self._content_counts[span.last + 1] - self._content_counts[span.first]
        return inside - (span.mask & self._content_mask).bit_count()

    def is_all_animate(self, mask: int) -> bool:
        """Whether all words of a mask name people or animals; True for an empty mask."""
        own = (word for at, word in enumerate(self.words) if mask >> at & 1)
        return all(any("anim" in form.grammemes for form in word.parses[:1]) for word in own)

    def join_words(self, mask: int) -> str:
        """The text of the words of a mask, in the order of the line, with «не» before negated words."""
        said = []
        for at, word in enumerate(self.words):
            if mask >> at & 1:
                said.append(f"{NOT} {word.text}" if self.negated[at] and not has_joined_negation(word) else word.text)
        return " ".join(said)


def is_content_word(word: Word) -> bool:
    """Whether a word carries content: not a filler, a number, an address noun or an adverb of degree."""
    if word.is_filler or word.is_number or word.lemma in PLACES or word.text in DEGREES:
        return False
    return parse_number_word(word.text) is None


class FoundPhrase(NamedTuple):
    """A phrase found in a line."""

    phrase_number: int
    """The phrase's index among the phrases given to the book."""
    span: PhraseSpan
    """The matched words; the quality, 0 to 1, is that of the words times the factor for their distance."""


class PhraseBook:
    """A set of phrases that are searched for together.

    Every term has a bit. The bits of a line are collected word by word, with a cache per word; a phrase is searched for
    only when the line has a bit for each of its required parts.
    """

    def __init__(self, phrases: Iterable[Together], vocabulary: Misrecognitions | None = None) -> None:
        """`vocabulary`: corrects misrecognized words; may be shared with other books, and gets this book's words."""
        parts = PhraseParts(phrases)
        self._phrases = parts.phrases
        self._vocabulary = vocabulary or Misrecognitions()
        self._index = TermIndex(parts.terms, parts.choose_triggers(), self._vocabulary)

    def find_matches(self, line: PhraseLine) -> Iterator[FoundPhrase]:
        """Every phrase found in the line, in the order of the book; each once, at its match of best quality."""
        hits = self._look_up_words(line)
        numbers = {number for _, call in hits for number in call.candidate_phrases}
        search = _LineSearch(line, hits)
        for number in sorted(numbers):
            spot = search.find(self._phrases[number])
            if spot is not None:
                yield FoundPhrase(number, spot)

    def _look_up_words(self, line: PhraseLine) -> list[tuple[PhraseSpan, TermMatch]]:
        hits: list[tuple[PhraseSpan, TermMatch]] = []
        for at, word in enumerate(line.words):
            said, denied = self._index.look_up_word(word)
            if line.softly_negated[at]:
                hits += [(PhraseSpan(1 << at, at, at, call.quality), call) for call in (said, denied) if call.term_mask]
            elif (call := denied if line.negated[at] else said).term_mask:
                hits.append((PhraseSpan(1 << at, at, at, call.quality), call))
        for at, torn in line.list_split_words(self._vocabulary):
            call = self._index.look_up_split_word(torn)[line.negated[at]]
            if call.term_mask and not line.negated[at + 1]:
                hits.append((PhraseSpan(3 << at, at, at + 1, call.quality), call))
        return hits


class _LineSearch:
    """The search of one line. Matches of parts that several phrases share are cached."""

    def __init__(self, line: PhraseLine, hits: Sequence[tuple[PhraseSpan, TermMatch]]) -> None:
        self._line = line
        self._spans_by_term: defaultdict[int, list[PhraseSpan]] = defaultdict(list)
        """Term number -> matches."""
        self._present_mask = 0
        for spot, call in hits:
            self._present_mask |= call.term_mask
            for term in call.terms:
                self._spans_by_term[term].append(spot)
        self._cached_spans: dict[PhrasePart, Sequence[PhraseSpan]] = {}

    def find(self, phrase: PhrasePart) -> PhraseSpan | None:
        """The best match of the whole phrase, its quality lowered for foreign words between its own."""
        if not self._may_be_there(phrase):
            return None
        best: PhraseSpan | None = None
        for spot in self._join_unordered(phrase.children, most_foreign=None):
            whole = spot
            for extra in phrase.optional:
                whole = self._add_optional(whole, extra)
            near = max(
                _MIN_PROXIMITY,
                1 - _PENALTY_PER_WORD * max(0, self._line.count_foreign_words(whole) - _FREE_FOREIGN_WORDS),
            )
            whole = PhraseSpan(whole.mask, whole.first, whole.last, whole.quality * near)
            if best is None or (whole.quality, whole.mask.bit_count()) > (best.quality, best.mask.bit_count()):
                best = whole
        return best

    def _may_be_there(self, part: PhrasePart) -> bool:
        there = self._present_mask
        for need in part.required_masks:  # noqa: SIM110 (a plain loop is faster than `all` here)
            if not need & there:
                return False
        return True

    def _list_spans(self, part: PhrasePart) -> Sequence[PhraseSpan]:
        if part.kind is Term:
            return self._spans_by_term.get(part.term_number, ())
        found = self._cached_spans.get(part)
        if found is None:
            found = self._cached_spans[part] = self._find(part)
        return found

    def _find(self, part: PhrasePart) -> Sequence[PhraseSpan]:
        if part.kind is Either:
            said = [branch for branch in part.children if branch.rarest_mask & self._present_mask]
            return list(dict.fromkeys([spot for branch in said for spot in self._list_spans(branch)]))
        if not self._may_be_there(part):
            return ()
        if part.kind is InRow:
            return self._join_sequence(part.children)
        joined = self._join_unordered(part.children, most_foreign=_MAX_FOREIGN_WORDS)
        for extra in part.optional:
            joined = [self._add_optional(spot, extra) for spot in joined]
        return joined

    def _join_unordered(self, items: Sequence[PhrasePart], *, most_foreign: int | None) -> Sequence[PhraseSpan]:
        """Joint matches of all items in any order, no word used twice, the shortest span first."""
        found = []
        for item in items:
            spots = self._list_spans(item)
            if not spots:
                return ()
            found.append(spots)
        ways = found[0]
        for spots in found[1:]:
            joined = [_merge_spans(way, spot) for way in ways for spot in spots if not way.mask & spot.mask]
            ways = sorted(joined, key=lambda way: (way.last - way.first, -way.quality, way.first))[:_MAX_SPANS]
        if most_foreign is not None:
            ways = [way for way in ways if self._line.count_foreign_words(way) <= most_foreign]
        return ways

    def _join_sequence(self, items: Sequence[PhrasePart]) -> Sequence[PhraseSpan]:
        """Joint matches of the items side by side in their order."""
        ways = self._list_spans(items[0])
        for item in items[1:]:
            spots = self._list_spans(item)
            ways = [
                _merge_spans(way, spot)
                for way in ways
                for spot in spots
                if spot.first > way.last and not self._line.count_words_between(way.last, spot.first)
            ]
        return ways

    def _add_optional(self, spot: PhraseSpan, item: PhrasePart) -> PhraseSpan:
        """The span extended by an optional item if one is near; otherwise the span unchanged."""
        near = [extra for extra in self._list_spans(item) if not extra.mask & spot.mask]
        with_it = [
            whole
            for extra in near
            if self._line.count_foreign_words(whole := _merge_spans(spot, extra)) <= _MAX_FOREIGN_WORDS
        ]
        return min(with_it, key=lambda whole: whole.last - whole.first, default=spot)


def _merge_spans(one: PhraseSpan, other: PhraseSpan) -> PhraseSpan:
    """The union of two spans, with the lower quality of the two."""
    first, last = min(one.first, other.first), max(one.last, other.last)
    return PhraseSpan(one.mask | other.mask, first, last, min(one.quality, other.quality))
