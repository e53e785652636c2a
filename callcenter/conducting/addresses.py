"""Decides which part of a caller's address is missing or doubtful, and phrases the question for it."""

from collections.abc import Mapping
from dataclasses import dataclass

from callcenter.conducting import action_specs as names
from callcenter.conducting.knowledge_snapshot import KnowledgeSnapshot
from callcenter.conducting.texts import texts
from callcenter.dialogue.interpretation.address_fact import (
    PART_NAMES,
    format_address,
    guess_street,
    parse_address,
    spoken_address,
)
from callcenter.dialogue.scripts.vocabulary import STREET_GUESS
from callcenter.knowledge.categories import AddressScope
from callcenter.understanding.address.address import (
    HOUSE_PARTS,
    Address,
    AddressDoubt,
    AddressPart,
    resolve,
    what_to_ask,
)

MOST_TRIES = 5
"""Most questions about one address; after them the caller goes to a dispatcher. Higher: longer calls with the robot,
fewer transfers."""
MOST_DANGER_TRIES = 2
"""Most questions about an address in danger; after them a dispatcher must take over."""
MOST_OPTIONS = 4
"""Most options listed in a question, as callers cannot remember more. With more, the question lists none."""


@dataclass(frozen=True, slots=True)
class AddressCheck:
    """An outcome of «проверить адрес» or «записать адрес» with its facts. `known_address`: the known part of the
    address as spoken text, for the ticket."""

    outcome: str
    facts: Mapping[str, str]
    known_address: str


def check_address(place: str, category: str, asked: str, tries: int, known: KnowledgeSnapshot) -> AddressCheck:
    """Checks whether `place` is precise enough for a ticket of `category`, and if not, decides what to ask for.

    `asked`: the part that was asked for last. `tries`: the number of questions asked so far.
    """
    address = _apply_default_parts(parse_address(place, known.houses), known)
    found = known.categories.get(category)
    where = AddressScope.FLAT if found is None else found.address_precision
    said = spoken_address(address)
    doubt = None
    if where is not AddressScope.NOWHERE:
        doubt = what_to_ask(address, needs_apartment=where is AddressScope.FLAT) or _find_missing_entrance(
            address, where
        )
    if doubt is None:
        return AddressCheck(names.COMPLETE, {names.ADDRESS: said, **_asking_facts(address, "", 0)}, said)
    if tries >= MOST_TRIES:
        return AddressCheck(names.TOO_MANY_TRIES, {}, said)
    outcome, facts = _choose_outcome(address, doubt, flat=where is AddressScope.FLAT)
    if _is_part_absent(doubt):
        address = _drop_part(address, doubt.part, known)
    part = doubt.part
    if (
        outcome == names.NO_STREET
        and asked not in (part, STREET_GUESS)
        and (guess := guess_street(address, known.houses))
    ):
        house = resolve(known.houses.all, {name: guess.parts[name] for name in HOUSE_PARTS if name in guess.parts}, ())
        outcome, part = names.GUESSED, STREET_GUESS
        facts = {names.ADDRESS_QUESTION: texts().guess.format(house=spoken_address(_apply_default_parts(house, known)))}
    return AddressCheck(outcome, {**facts, **_asking_facts(address, part, tries + 1)}, said)


def check_danger_place(place: str, tries: int, known: KnowledgeSnapshot) -> AddressCheck:
    """Checks whether help can find the caller: house known, and entrance or flat if the house has several entrances."""
    address = _apply_default_parts(parse_address(place, known.houses), known)
    said = spoken_address(address)
    doubt = what_to_ask(address, needs_apartment=False) or _find_missing_entrance(address, AddressScope.ENTRANCE)
    if doubt is None:
        return AddressCheck(names.COMPLETE, {names.ADDRESS: said, **_asking_facts(address, "", 0)}, said)
    outcome, facts = _choose_outcome(address, doubt, flat=False)
    if _is_part_absent(doubt):
        address = _drop_part(address, doubt.part, known)
    if tries >= MOST_DANGER_TRIES or outcome == names.NOT_OURS:
        return AddressCheck(names.TOO_MANY_TRIES, {}, said)
    questions = texts().danger_questions
    question = (
        facts.get(names.VARIANTS)
        or facts.get(names.ADDRESS_QUESTION)
        or questions.get("address" if outcome == names.NO_PLACE else doubt.part, questions["house"])
    )
    return AddressCheck(
        names.UNFINISHED, {names.ADDRESS_QUESTION: question, **_asking_facts(address, doubt.part, tries + 1)}, said
    )


def _apply_default_parts(address: Address, known: KnowledgeSnapshot) -> Address:
    """If the caller names no building, structure or letter, assumes the house without one, if such a house exists.

    The address is read back, so the caller can correct it.
    """
    for part in ("building", "structure", "letter"):
        values = {getattr(house, part) for house in address.houses}
        if part not in address.parts and len(values) > 1 and "" in values and "house" in address.parts:
            address = resolve(known.houses.all, {**address.parts, part: AddressPart("", "")}, ())
    if any(doubt.part == "letter" and _is_part_absent(doubt) for doubt in address.doubts):
        return _drop_part(address, "letter", known)  # «а» is usually the conjunction, not a letter of the house
    return address


def _is_part_absent(doubt: AddressDoubt) -> bool:
    """Whether no otherwise matching house has such a part at all."""
    return doubt.kind == "contradictory" and doubt.options == ("",)


def _drop_part(address: Address, part: str, known: KnowledgeSnapshot) -> Address:
    return resolve(known.houses.all, {name: said for name, said in address.parts.items() if name != part}, ())


def _choose_outcome(address: Address, doubt: AddressDoubt, *, flat: bool) -> tuple[str, Mapping[str, str]]:
    missing = {
        "street": names.NO_STREET,
        "house": names.NO_HOUSE,
        "apartment": names.NO_FLAT,
        "entrance": names.NO_ENTRANCE,
    }
    if doubt.kind == "contradictory" and doubt.part in ("street", "house") and not doubt.options:
        return names.NOT_OURS, {names.ADDRESS: spoken_address(address)}
    if doubt.kind in ("contradictory", "unknown"):
        return names.CONTRADICTS_LIST, {names.ADDRESS_QUESTION: _say_difference(doubt)}
    if doubt.kind == "ambiguous" and 0 < len(doubt.options) <= MOST_OPTIONS:
        return names.SEVERAL, {names.VARIANTS: _name_options(doubt)}
    if doubt.part == "street" and "house" not in address.parts:
        return names.NOTHING_SAID if flat and "apartment" not in address.parts else names.NO_PLACE, {}
    return missing.get(doubt.part, names.NO_HOUSE), {}


def _say_difference(doubt: AddressDoubt) -> str:
    """«Такого корпуса у этого дома нет. Какой корпус: 1 или 2?»"""
    if _is_part_absent(doubt):
        return texts().differs["street"]
    told = texts().differs.get(doubt.part, texts().differs["street"])
    if doubt.part in ("building", "structure", "letter") and 0 < len(doubt.options) <= MOST_OPTIONS:
        return f"{told} {_name_options(doubt)}"
    return f"{told} {texts().differs_ask.get(doubt.part, '')}".rstrip()


def _name_options(doubt: AddressDoubt) -> str:
    """«Какой корпус: 1 или 2?»"""
    without = texts().in_town if doubt.part == "settlement" else texts().without.format(part=_GENITIVE[doubt.part])
    named = [option or without for option in doubt.options]
    last = f" {texts().either} ".join(named[-2:])
    return texts().which[doubt.part].format(options=", ".join([*named[:-2], last]))


_GENITIVE = {**PART_NAMES, "building": "корпуса", "structure": "строения", "letter": "литеры"}


def _find_missing_entrance(address: Address, where: AddressScope) -> AddressDoubt | None:
    """For troubles of an entrance (lift, lamp): the entrance is missing unless the house has one only or the flat is
    known."""
    house = address.house
    if (
        where is not AddressScope.ENTRANCE
        or house is None
        or address.get_value("entrance")
        or address.get_value("apartment")
    ):
        return None
    return AddressDoubt("missing", "entrance") if house.entrances is None or house.entrances > 1 else None


def _asking_facts(address: Address, part: str, tries: int) -> Mapping[str, str]:
    return {names.PLACE: format_address(address), names.ASKED: part, names.TRIES: str(tries)}
