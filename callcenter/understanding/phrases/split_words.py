"""Joins two neighboring words that are one word torn apart by the recognizer: «про рвало», «дом афон».

`PhraseLine` and `TermIndex` use the joined words.
"""

from dataclasses import dataclass

from callcenter.understanding.phrases.misrecognitions import SHORTEST, Misrecognitions
from callcenter.understanding.words import Word, is_known, look_up

_NOMINAL = ("NOUN", "ADJF", "NPRO", "NUMR")
_PREPOSITION_CASES = {
    "из": {"gent"}, "от": {"gent"}, "до": {"gent"}, "без": {"gent"}, "у": {"gent"}, "на": {"accs", "loct"},
    "в": {"accs", "loct"}, "об": {"accs", "loct"}, "за": {"accs", "ablt"}, "под": {"accs", "ablt"},
    "с": {"gent", "ablt"}, "по": {"datv", "loct"}, "про": {"accs"}, "при": {"loct"},
}  # fmt: skip
"""The cases (OpenCorpora) that each preposition governs. A preposition before such a case was really said: «на пол»;
before any other word it may be a torn piece: «из крит» is «искрит»."""


@dataclass(frozen=True, slots=True)
class SplitWord:
    """The word that two words may be together.

    `correction` is the vocabulary word it resembles and the similarity, 0 to 1; None when no correction is needed or
    allowed.
    """

    text: str
    lemmas: tuple[str, ...]
    correction: tuple[str, float] | None


def join_split_word(one: Word, other: Word, vocabulary: Misrecognitions) -> SplitWord | None:
    """The two words as one; None when the result is neither in the vocabulary nor similar to one of its words."""
    whole = one.text + other.text
    if len(whole) < SHORTEST or one.is_number or other.is_number:
        return None
    both = one.in_dictionary and other.in_dictionary
    if both and (1 in (len(one.text), len(other.text)) or _is_preposition(other)):
        return None  # «включил и» is not «включили», «дым ко мне» not «дымок»
    if both and (one.has_part_of_speech("NUMR") or other.is_filler):
        return None  # «пять ой шесть»: «пять ой» is not «битой»
    lemmas = look_up(whole)[1] if is_known(whole) else ()
    if both and _belong_together(one, other):
        slip = None
    elif both or one.text in _PREPOSITION_CASES:
        slip = vocabulary.find_homophone(whole)
    else:
        slip = vocabulary.find_closest_text(whole, whole)
    if slip is None and not vocabulary.contains_any(whole, *lemmas):
        return None
    return SplitWord(whole, lemmas, slip)


def _belong_together(one: Word, other: Word) -> bool:
    """Whether two words stand together naturally: a preposition before its case, or a conjunction, particle or pronoun
    before any word."""
    if one.text in _PREPOSITION_CASES:
        return any(
            not form.grammemes.isdisjoint(_PREPOSITION_CASES[one.text])
            for form in other.parses
            if form.part_of_speech in _NOMINAL
        )
    return one.has_part_of_speech("CONJ", "PRCL", "NPRO")


def _is_preposition(word: Word) -> bool:
    return any(form.part_of_speech == "PREP" for form in word.parses[:1])
