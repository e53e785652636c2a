"""Short answers to a question about one part of an address: one of what was offered, a bare letter, «без корпуса»."""

from collections.abc import Sequence

from callcenter.understanding.address import Address, Part
from callcenter.understanding.address_items import letter_of
from callcenter.understanding.numbers import find_numbers
from callcenter.understanding.place_names import Names
from callcenter.understanding.words import Word

_NONE = ("без", "нет", "никакой", "просто", "обычный", "отсутствовать", "город", "городской", "нету")
_MAY_LACK = ("settlement", "building", "structure", "letter")


def read_short_answer(address: Address, words: Sequence[Word], asked: str) -> Part | None:
    """The part that was asked about, out of a reply that says it without its own words; None when it is not there.

    A part of no value is said too: «без корпуса» gives an empty one.
    """
    said = " ".join(word.text for word in words)
    options = next((doubt.options for doubt in address.doubts if doubt.part == asked), ())
    if asked in ("street", "settlement", "complex"):
        chosen = _chosen(options, words)
        if chosen:
            return Part(chosen, said)
    if asked == "letter":
        letters = [letter_of(words, at, named=True) for at in range(len(words))]
        letter = next((letter for letter in letters if letter and (not options or letter in options)), "")
        if letter:
            return Part(letter, said)
    if asked in _MAY_LACK and (not options or "" in options) and any(word.has(*_NONE) for word in words):
        return Part("", said)
    return None


def _chosen(options: Sequence[str], words: Sequence[Word]) -> str:
    """The only option that a word or a number of the reply belongs to; empty when there are none or several."""
    digits = {number.digits for number in find_numbers(words)}
    fitting = [
        name.written
        for name in Names(options).names
        if any(token.number in digits if token.number else _says(words, token.lemmas) for token in name.tokens)
    ]
    numbered = [name for name in fitting if any(digit in name.split("-")[0].split() for digit in digits)]
    left = numbered or fitting
    return left[0] if len(left) == 1 else ""


def _says(words: Sequence[Word], lemmas: frozenset[str]) -> bool:
    return any(not lemmas.isdisjoint(word.lemmas) for word in words)
