"""Reads short replies to a question about one part (an offered option, a bare letter, «без корпуса») and recognizes
short corrections («нет, академика павлова»)."""

from collections.abc import Mapping, Sequence

from callcenter.houses.houses import House
from callcenter.understanding.address.address import HOUSE_PARTS, Address, AddressPart, resolve
from callcenter.understanding.address.items import find_named_part, is_correction_word, read_house_letter
from callcenter.understanding.address.names import NameIndex
from callcenter.understanding.intents.confirmation import ConfirmationAnswer, find_confirmation
from callcenter.understanding.numbers.numbers import find_numbers
from callcenter.understanding.words import Word

_ABSENCE_WORDS = ("без", "нет", "никакой", "просто", "обычный", "отсутствовать", "город", "городской", "нету")
_MAX_OTHER_WORDS = 2
"""Maximum number of other words in a correction that says «нет»: «нет, я сказала академика павлова»."""
_INNER_PARTS = ("entrance", "floor", "apartment")
_OPTIONAL_PARTS = ("settlement", "building", "structure", "letter")


def read_short_answer(address: Address, words: Sequence[Word], asked_part: str) -> AddressPart | None:
    """The asked part from a reply without a part word; None when the reply does not give it.

    «без корпуса» gives a part with an empty value.
    """
    said = " ".join(word.text for word in words)
    options = next((doubt.options for doubt in address.doubts if doubt.part == asked_part), ())
    if asked_part in ("street", "settlement", "complex"):
        chosen = _find_chosen_option(options, words)
        if chosen:
            return AddressPart(chosen, said)
    if asked_part == "letter":
        letters = [read_house_letter(words, at, after_letter_word=True) for at in range(len(words))]
        letter = next((letter for letter in letters if letter and (not options or letter in options)), "")
        if letter:
            return AddressPart(letter, said)
    if (
        asked_part in _OPTIONAL_PARTS
        and (not options or "" in options)
        and any(word.has_lemma(*_ABSENCE_WORDS) for word in words)
    ):
        return AddressPart("", said)
    return None


def _find_chosen_option(options: Sequence[str], words: Sequence[Word]) -> str:
    """The only option that shares a word or a number with the reply; empty when none or several do."""
    digits = {number.digits for number in find_numbers(words)}
    fitting = [
        name.official_name
        for name in NameIndex(options).place_names
        if any(token.number in digits if token.number else _has_any_lemma(words, token.lemmas) for token in name.tokens)
    ]
    numbered = [name for name in fitting if any(digit in name.split("-")[0].split() for digit in digits)]
    left = numbered or fitting
    return left[0] if len(left) == 1 else ""


def _has_any_lemma(words: Sequence[Word], lemmas: frozenset[str]) -> bool:
    return any(not lemmas.isdisjoint(word.lemmas) for word in words)


def only_corrects(said: Address, words: Sequence[Word]) -> bool:
    """Whether a reply only names one street, complex or house again: «нет академика павлова»; not
    «а на павлова нет света»."""
    if sum(name in said.parts for name in ("street", "complex", "house")) != 1:
        return False
    named = {text for part in said.parts.values() for text in part.words.split()}
    other = [
        word for at, word in enumerate(words)
        if word.text not in named and not word.is_filler
        and not is_correction_word(word) and not word.has_part_of_speech("PREP", "CONJ", "PRCL")
        and not find_named_part(words, at) and (not at or words[at - 1].text != "не")
    ]  # fmt: skip
    answer = find_confirmation(words)
    denied = answer is not None and answer.answer is ConfirmationAnswer.NO
    return len(other) <= (_MAX_OTHER_WORDS if denied else 0)


def choose_kept(
    houses: Sequence[House], parts: Mapping[str, AddressPart], invalidated: Mapping[str, AddressPart]
) -> Mapping[str, AddressPart]:
    """The voided parts that the house list still confirms under the new street or house.

    Tries in turn: all, the house with the inner parts, the parts of the house, the house number, the inner parts alone
    (the house is still to be asked about).
    """
    for names in (tuple(invalidated), ("house", *_INNER_PARTS), HOUSE_PARTS, ("house",), _INNER_PARTS):
        kept = {name: part for name, part in invalidated.items() if name in names and name not in parts}
        resolved = resolve(houses, {**parts, **kept}, ())
        if kept and resolved.houses and not any(doubt.kind == "contradictory" for doubt in resolved.doubts):
            return kept
    return {}
