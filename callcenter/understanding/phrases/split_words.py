"""Two words of a line that are one word, torn apart by the recogniser: «про рвало», «дом афон»."""

from dataclasses import dataclass

from callcenter.understanding.phrases.misrecognitions import SHORTEST, Slips
from callcenter.understanding.words import Word, is_known, look_up

_NOMINAL = ("NOUN", "ADJF", "NPRO", "NUMR")
_GOVERNED = {
    "из": {"gent"}, "от": {"gent"}, "до": {"gent"}, "без": {"gent"}, "у": {"gent"}, "на": {"accs", "loct"},
    "в": {"accs", "loct"}, "об": {"accs", "loct"}, "за": {"accs", "ablt"}, "под": {"accs", "ablt"},
    "с": {"gent", "ablt"}, "по": {"datv", "loct"}, "про": {"accs"}, "при": {"loct"},
}  # fmt: skip
"""The cases that a preposition takes: «на пол» was said, «из крит» is a torn «искрит»."""


@dataclass(frozen=True, slots=True)
class Torn:
    """What the two may be together: the word itself, or a slip of another with its likeness."""

    text: str
    lemmas: tuple[str, ...]
    slip: tuple[str, float] | None


def mend(one: Word, other: Word, slips: Slips) -> Torn | None:
    """The two words as one; None when no word of the phrases can be meant."""
    whole = one.text + other.text
    if len(whole) < SHORTEST or one.is_number or other.is_number:
        return None
    both = one.known and other.known
    if both and (1 in (len(one.text), len(other.text)) or _is_preposition(other)):
        return None  # «включил и»: no «включили»; «дым ко мне»: no «дымок»
    if both and (one.may_be("NUMR") or other.filler):
        return None  # «пять ой шесть»: no «битой»
    lemmas = look_up(whole)[1] if is_known(whole) else ()
    if both and _belong_together(one, other):
        slip = None
    elif both or one.text in _GOVERNED:
        slip = slips.find_alike(whole)
    else:
        slip = slips.find_text(whole, whole)
    if slip is None and not slips.have(whole, *lemmas):
        return None
    return Torn(whole, lemmas, slip)


def _belong_together(one: Word, other: Word) -> bool:
    """A preposition and its noun, or a small word that stands before any other."""
    if one.text in _GOVERNED:
        return any(not form.marks.isdisjoint(_GOVERNED[one.text]) for form in other.forms if form.part in _NOMINAL)
    return one.may_be("CONJ", "PRCL", "NPRO")


def _is_preposition(word: Word) -> bool:
    return any(form.part == "PREP" for form in word.forms[:1])
