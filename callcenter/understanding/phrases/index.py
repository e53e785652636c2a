"""Looks up the terms of a phrase book that a caller's word matches: by lemma, text, prefix, or corrected spelling.

`PhraseBook` (matching.py) calls this module for every word of a line.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from callcenter.understanding.numbers.numbers import parse_number_word
from callcenter.understanding.phrases.misrecognitions import Misrecognitions
from callcenter.understanding.phrases.notation import NOT, NUMBER, Term
from callcenter.understanding.phrases.split_words import SplitWord
from callcenter.understanding.words import Word, look_up

_MAX_CACHED_WORDS = 20_000
"""Cache entries; the whole cache is cleared when there are more."""


class TermMatch(NamedTuple):
    """The terms that a word matches, either without «не» before it or with «не»."""

    terms: tuple[int, ...]
    term_mask: int
    """The bits of `terms`; bit N is term N."""
    candidate_phrases: frozenset[int]
    """The numbers of the phrases to search for in a line with this word."""
    quality: float
    """1 for an exact match; the similarity, 0 to 1, when the word was corrected."""


Calls = tuple[TermMatch, TermMatch]
"""The match of a word without «не» before it, then with «не»."""
_NO_LOOKUP = TermMatch((), 0, frozenset(), 1.0)


class TermIndex:
    """An index of terms by lemma, text and prefix, with a cache of words already looked up."""

    def __init__(
        self, terms: Sequence[Term], triggers: Mapping[int, Sequence[int]], vocabulary: Misrecognitions
    ) -> None:
        """A term's number is its index in `terms`.

        `triggers`: term number -> the phrases to search for in a line with that term. All words of the terms are added
        to `vocabulary`.
        """
        self._terms = terms
        self._triggers = triggers
        self._by_lemma: defaultdict[str, list[int]] = defaultdict(list)
        self._by_text: defaultdict[str, list[int]] = defaultdict(list)
        self._by_beginning: defaultdict[str, list[int]] = defaultdict(list)
        for number, term in enumerate(terms):
            for lemma in term.lemmas:
                self._by_lemma[lemma].append(number)
            for text in term.exact_forms:
                self._by_text[text].append(number)
            for begins in term.prefixes:
                self._by_beginning[begins].append(number)
        self._longest = max((len(begins) for begins in self._by_beginning), default=0)
        self._vocabulary = vocabulary
        vocabulary.add({*self._by_lemma, *self._by_text, *(form for term in terms for form in term.written_forms)})
        self._cached_lookups: dict[str, Calls] = {}

    def look_up_word(self, word: Word) -> Calls:
        """The terms that a word matches.

        The spelling is corrected when the word matches no term, or only a prefix and is not in the dictionary.
        """
        calls = self._cached_lookups.get(word.text)
        if calls is None:
            if len(self._cached_lookups) > _MAX_CACHED_WORDS:
                self._cached_lookups.clear()
            calls = self._cached_lookups[word.text] = self._find(word)
        return calls

    def look_up_split_word(self, torn: SplitWord) -> Calls:
        """As `look_up_word`, for one word that the recognizer tore into two."""
        terms = self._find_exact(torn.text, torn.lemmas)
        return self._make_lookups(terms, 1.0) if terms else self._make_lookups(*self._find_corrected(torn.correction))

    def _find(self, word: Word) -> Calls:
        # A filler matches by its text only: «короче» is not a form of «короткий».
        text, lemmas = word.text, (word.text,) if word.is_filler else word.lemmas
        if has_joined_negation(word):
            text = text.removeprefix(NOT)
            lemmas = look_up(text)[1]
        terms = self._find_exact(text, lemmas)
        if word.is_number or parse_number_word(text) is not None:
            terms += self._by_text.get(NUMBER, ())
        whole = bool(terms) or word.in_dictionary
        for length in range(3, min(len(text), self._longest) + 1):
            terms += self._by_beginning.get(text[:length], ())
        if terms and whole:
            return self._make_lookups(terms, 1.0)
        meant, quality = self._find_corrected(self._vocabulary.find_closest(word))
        return self._make_lookups([*terms, *meant], quality or 1.0)

    def _find_exact(self, text: str, lemmas: Sequence[str]) -> list[int]:
        terms = [term for lemma in lemmas for term in self._by_lemma.get(lemma, ())]
        return terms + self._by_text.get(text, [])

    def _find_corrected(self, slip: tuple[str, float] | None) -> tuple[list[int], float]:
        if slip is None:
            return [], 0.0
        return self._find_exact(slip[0], (slip[0], *look_up(slip[0])[1])), slip[1]

    def _make_lookups(self, terms: Iterable[int], quality: float) -> Calls:
        said: list[int] = []
        denied: list[int] = []
        for term in terms:
            (denied if self._terms[term].negated else said).append(term)
        return self._make_lookup(said, quality), self._make_lookup(denied, quality)

    def _make_lookup(self, terms: Sequence[int], quality: float) -> TermMatch:
        if not terms:
            return _NO_LOOKUP
        once = tuple(dict.fromkeys(terms))
        bits = bytearray(len(self._terms) // 8 + 1)
        for term in once:
            bits[term >> 3] |= 1 << (term & 7)
        phrases = frozenset(phrase for term in once for phrase in self._triggers.get(term, ()))
        return TermMatch(once, int.from_bytes(bits, "little"), phrases, quality)


def has_joined_negation(word: Word) -> bool:
    """Whether a word is «не» written together with the next word by mistake: «неработает».

    Such a word is absent from the dictionary, longer than six letters, and a dictionary word without its «не».
    """
    return not word.in_dictionary and word.text.startswith(NOT) and len(word.text) > 6 and look_up(word.text[2:])[2]
