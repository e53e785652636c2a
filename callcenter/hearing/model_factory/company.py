"""Collects the company's own words and sentences for the speech model.

Sources: dialogue scripts, articles, categories, phrases, the house list and the names of the staff.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pymorphy3
import yaml

from callcenter.hearing.model_factory.spelling import spell
from callcenter.houses.houses import House, Houses, read_houses

_WORD = re.compile(r"[а-яё]+")
_SPOKEN_KEYS = ("wordings", "phrases", "name", "question", "expects", "values", "yes", "no", "text", "say")
"""YAML keys whose texts callers say nearly word for word."""
_CONTRACTOR_KEYS = ("responsible", "who")
"""YAML keys whose texts name contractors: «домофонный подрядчик» of a category, «Водоканал» of an outage."""
_FACT_KEY = "value"
"""YAML key of a company fact, whose names in «» are collected as sentences."""
_MAX_CONTRACTOR_WORDS = 4
"""Most words of a contractor's name. A longer text is a clause, not a name."""
_STREET_TYPES = frozenset({"улица", "проспект", "переулок", "набережная", "шоссе", "бульвар", "площадь", "аллея"})
"""Street types that a caller may leave out: «Энгельса» for «проспект Энгельса». Others, as «линия», are always said."""
_INFLECTED_PARTS_OF_SPEECH = frozenset({"NOUN", "VERB", "INFN", "NUMR", "NPRO"})
"""OpenCorpora parts of speech whose other forms join the vocabulary. Adjectives have too many forms."""
_LITERARY_GRAMMEMES = frozenset({"Arch", "Litr", "V-oy", "V-ey", "V-ie", "V-be"})
"""OpenCorpora grammemes of archaic and literary forms, which are not said on the telephone."""


@dataclass(slots=True)
class CompanyWords:
    """`sentences` are whole utterances; `words` only join the vocabulary; `slots` extend the slots of the patterns."""

    sentences: list[str] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    slots: dict[str, list[str]] = field(default_factory=dict)


def read_company(knowledge: Path, scripts: Path, people: Iterable[str] = ()) -> CompanyWords:
    """Read the directories of the knowledge base and the scripts; `people` are the names of the staff.

    Contractors come from the files: the responsible of a category, the contractor of an outage, and names in «» in the
    company's facts («Домофон-сервис»). Raises OSError, and for an invalid file the error of its parser.
    """
    found = CompanyWords()
    for file in sorted([*scripts.glob("*.yaml"), *knowledge.glob("*.yaml"), *(knowledge / "phrases").glob("*.yaml")]):
        _collect_words(yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader), found, spoken=False)
    for file in sorted(knowledge.glob("KB*.md")):
        _, head, _ = file.read_text(encoding="utf-8").split("---", 2)  # only the robot says the article's body
        _collect_words(yaml.load(head, Loader=yaml.CSafeLoader), found, spoken=False)
    houses = knowledge / "houses.csv"
    if houses.is_file():
        _collect_houses(read_houses(houses)[0], found)
    names = [spell(name) for name in people]
    found.slots["person"] = [name for name in names if name]
    found.words.update(word for name in names for word in name.split())
    found.slots["doer"] = list(dict.fromkeys(found.slots.get("doer", ())))
    return found


def _collect_words(node: Any, found: CompanyWords, *, spoken: bool) -> None:
    if isinstance(node, dict):
        for key, value in node.items():
            found.words.update(_WORD.findall(spell(str(key))))
            if key in _CONTRACTOR_KEYS and isinstance(value, str):
                found.slots.setdefault("doer", []).extend(_list_contractors(value))
            elif key == _FACT_KEY and isinstance(value, str):
                found.sentences += [spell(name) for name in re.findall("«([^»]+)»", value)]
            _collect_words(value, found, spoken=key in _SPOKEN_KEYS)
    elif isinstance(node, list):
        for value in node:
            _collect_words(value, found, spoken=spoken)
    elif isinstance(node, str):
        found.words.update(_WORD.findall(re.sub(r"[а-яё]+\*", " ", spell(node) if "*" not in node else node.lower())))
        if spoken:
            found.sentences += [line for part in re.split(r"[.,;:!?\n()]", node) if (line := spell(part))]


def _list_contractors(text: str) -> Iterator[str]:
    """List the names in a text: «сантехник/слесарь ИТП; если не стояк» has two.

    Parts with digits or Latin letters («101», «IVR-объявление») are notes of the staff, not names.
    """
    for part in re.split(r"[/→+]", re.split(r"[;,(]", text)[0]):
        words = spell(part).split()
        if 0 < len(words) <= _MAX_CONTRACTOR_WORDS and "через" not in words and not re.search(r"[0-9A-Za-z]", part):
            yield " ".join(words)


def _collect_houses(houses: Houses, found: CompanyWords) -> None:
    for house in houses.all:
        street = spell(house.street)
        said = [street, *_list_locatives(street), *_drop_street_type(street)]
        found.slots.setdefault("street", []).extend([street, *_drop_street_type(street)])
        found.slots.setdefault("street_at", []).extend(_list_locatives(street))
        named = [spell(name) for name in (house.complex, house.settlement, *house.aliases) if name]
        found.slots.setdefault("complex", []).extend(named)
        number = _say_house(house)
        found.sentences += [f"{name} {number}" for name in said]
        found.sentences += [f"{name} дом {number}" for name in (street, *_drop_street_type(street))]
        for name in [*said, *named]:
            found.words.update(name.split())


def _say_house(house: House) -> str:
    parts = [spell(house.house.replace("/", " дробь "))]
    if house.building:
        parts.append(f"корпус {spell(house.building)}")
    if house.structure:
        parts.append(f"строение {spell(house.structure)}")
    if house.letter:
        parts.append(f"литера {house.letter.lower()}")
    return " ".join(parts)


def _drop_street_type(street: str) -> Iterator[str]:
    """The street without its type: «энгельса», «садовая». Empty when that changes nothing or leaves nothing."""
    words = [word for word in street.split() if word not in _STREET_TYPES]
    if words and len(words) < len(street.split()):
        yield " ".join(words)


def _list_locatives(street: str) -> Iterator[str]:
    """The street in the locative, as after «на», with and without its type: «садовой улице», «садовой»."""
    words = street.split()
    turned = [_inflect_locative(word) for word in words]
    yield " ".join(turned)
    if bare := [turn for turn, word in zip(turned, words, strict=True) if word not in _STREET_TYPES]:
        yield " ".join(bare)


@cache
def _morphology() -> pymorphy3.MorphAnalyzer:
    return pymorphy3.MorphAnalyzer()


def _inflect_locative(word: str) -> str:
    """Inflect adjectives and street types; names in the genitive stay unchanged."""
    for parse in _morphology().parse(word):
        if "nomn" in parse.tag and ("ADJF" in parse.tag or word in _STREET_TYPES):
            turned = parse.inflect({"loct"})
            if turned is not None:
                return str(turned.word)
    return word


def forms_of(words: Iterable[str]) -> set[str]:
    """All forms of the nouns, verbs, numerals and pronouns among the words, without literary forms."""
    forms: set[str] = set()
    for word in words:
        parse = _morphology().parse(word)[0]
        if parse.is_known and parse.tag.POS in _INFLECTED_PARTS_OF_SPEECH:
            forms.update(
                form.word
                for form in parse.lexeme
                if form.tag.POS in _INFLECTED_PARTS_OF_SPEECH and not form.tag.grammemes & _LITERARY_GRAMMEMES
            )
    return forms
