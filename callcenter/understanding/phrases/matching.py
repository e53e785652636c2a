"""Finds phrases in a line: which of them, in which of its words, and how surely.

Words may stand in any order. Beyond two, each foreign word between a phrase's own words takes a little of its
quality, never more than half: people put addresses and sighs into the middle of what they say.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from callcenter.understanding.numbers.numbers import atom
from callcenter.understanding.phrases.index import TermIndex, TermMatch, holds_not
from callcenter.understanding.phrases.misrecognitions import Misrecognitions
from callcenter.understanding.phrases.notation import NOT, Either, InRow, Term, Together
from callcenter.understanding.phrases.parts import PhrasePart, PhraseParts
from callcenter.understanding.phrases.split_words import SplitWord, mend
from callcenter.understanding.words import Word

DEGREES = frozenset((
    "очень", "особо", "сильно", "совсем", "толком", "вообще", "прям", "прямо", "полностью", "всегда", "особенно",
    "шибко", "больно", "сразу", "слишком",
))  # fmt: skip
"""Words between «не» and what it negates: «не очень греют»."""
PLACES = frozenset((
    "улица", "проспект", "дом", "корпус", "строение", "литера", "дробь", "парадный", "парадная", "подъезд", "этаж",
    "квартира", "номер",
))  # fmt: skip
"""Words of addresses."""
_FREE_FOREIGN_WORDS = 2
_PENALTY_PER_WORD = 0.06
_MIN_PROXIMITY = 0.5
_MAX_FOREIGN_WORDS = 4
"""Foreign words that may stand inside a group of words in brackets."""
_MAX_SPANS = 8
"""Places kept for one part of a phrase: the closest together."""


class PhraseSpan(NamedTuple):
    """Where a part of a phrase was found: a bit of `mask` for each of the line's words."""

    mask: int
    first: int
    last: int
    quality: float


class PhraseLine:
    """The words of a line as phrases see them: «не» is bound to the word after it; fillers, words of degree, numbers
    and the nouns of addresses take no room, for people say where and how much in the middle of what."""

    def __init__(self, words: Sequence[Word]) -> None:
        self.words: list[Word] = []
        self.negated: list[bool] = []
        self.softly_negated: list[bool] = []
        """Negated through a word of degree: «не очень греют» is both «греют» and «не греют»."""
        self._content_counts = [0]
        self._content_mask = 0
        """The words that take room: a bit each."""
        negated = softly = False
        for word in words:
            if word.text == NOT:
                negated = True
                continue
            self.words.append(word)
            self.negated.append(negated or holds_not(word))
            self.softly_negated.append(softly)
            self._content_mask |= takes_room(word) << len(self.words) - 1
            self._content_counts.append(self._content_mask.bit_count())
            softly = (negated or softly) and word.text in DEGREES
            negated = False

        self._split_words: dict[Misrecognitions, tuple[tuple[int, SplitWord], ...]] = {}

    def list_split_words(self, vocabulary: Misrecognitions) -> tuple[tuple[int, SplitWord], ...]:
        """Where two words beside each other may be one, and which; sought once for all books that share
        `vocabulary`."""
        if vocabulary not in self._split_words:
            mended = ((at, mend(one, other, vocabulary)) for at, (one, other) in enumerate(pairwise(self.words)))
            self._split_words[vocabulary] = tuple((at, torn) for at, torn in mended if torn is not None)
        return self._split_words[vocabulary]

    def count_words_between(self, left: int, right: int) -> int:
        """How many words that take room stand between two places."""
        return self._content_counts[right] - self._content_counts[left + 1]

    def count_foreign_words(self, span: PhraseSpan) -> int:
        """How many words that take room stand inside a spot and are not its own."""
        inside = self._content_counts[span.last + 1] - self._content_counts[span.first]
        return inside - (span.mask & self._content_mask).bit_count()

    def is_all_animate(self, mask: int) -> bool:
        """Whether all words of a mask name people or animals; an empty mask does."""
        own = (word for at, word in enumerate(self.words) if mask >> at & 1)
        return all(any("anim" in form.grammemes for form in word.parses[:1]) for word in own)

    def join_words(self, mask: int) -> str:
        """The words of a mask, as said, each «не» in its place."""
        said = []
        for at, word in enumerate(self.words):
            if mask >> at & 1:
                said.append(f"{NOT} {word.text}" if self.negated[at] and not holds_not(word) else word.text)
        return " ".join(said)


def takes_room(word: Word) -> bool:
    """Whether a word says more than where, how much, or nothing at all."""
    if word.is_filler or word.is_number or word.lemma in PLACES or word.text in DEGREES:
        return False
    return atom(word.text) is None


class FoundPhrase(NamedTuple):
    """A phrase in a line."""

    phrase_number: int
    """The phrase's place among those the book was made of."""
    span: PhraseSpan
    """Its words; the quality is that of the words and of their nearness together, 0 to 1."""


class PhraseBook:
    """Phrases made ready to be found together.

    Every term has a bit. A line's bits are gathered word by word, what a word gives being remembered; a phrase is
    looked for only when each of its parts has a bit there.
    """

    def __init__(self, phrases: Iterable[Together], vocabulary: Misrecognitions | None = None) -> None:
        """`vocabulary`: shared with other books."""
        parts = PhraseParts(phrases)
        self._phrases = parts.phrases
        self._vocabulary = vocabulary or Misrecognitions()
        self._index = TermIndex(parts.terms, parts.choose_triggers(), self._vocabulary)

    def find_matches(self, line: PhraseLine) -> Iterator[FoundPhrase]:
        """Every phrase found in the line, each once, where its words stand closest."""
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
    """One line being searched; parts that phrases share are looked for once."""

    def __init__(self, line: PhraseLine, hits: Sequence[tuple[PhraseSpan, TermMatch]]) -> None:
        self._line = line
        self._spans_by_term: defaultdict[int, list[PhraseSpan]] = defaultdict(list)
        """By term."""
        self._present_mask = 0
        for spot, call in hits:
            self._present_mask |= call.term_mask
            for term in call.terms:
                self._spans_by_term[term].append(spot)
        self._cached_spans: dict[PhrasePart, Sequence[PhraseSpan]] = {}

    def find(self, phrase: PhrasePart) -> PhraseSpan | None:
        """The whole phrase where its words stand closest, its quality lowered by what stands between them."""
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
        for need in part.required_masks:  # noqa: SIM110 (a generator for `all` would cost more than it asks)
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
        """The items together in any order, no word used twice, the closest ways first."""
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
        """The items side by side in their order."""
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
        """The spot with a word that may be missing, if it stands near."""
        near = [extra for extra in self._list_spans(item) if not extra.mask & spot.mask]
        with_it = [
            whole
            for extra in near
            if self._line.count_foreign_words(whole := _merge_spans(spot, extra)) <= _MAX_FOREIGN_WORDS
        ]
        return min(with_it, key=lambda whole: whole.last - whole.first, default=spot)


def _merge_spans(one: PhraseSpan, other: PhraseSpan) -> PhraseSpan:
    """Both spots; as sure as the less sure of them."""
    first, last = min(one.first, other.first), max(one.last, other.last)
    return PhraseSpan(one.mask | other.mask, first, last, min(one.quality, other.quality))
