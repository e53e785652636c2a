"""The company's own words: what its scripts, articles, categories, phrases, houses and people are called."""

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
"""Keys whose texts are said by people, more or less as they stand."""
_CONTRACTOR_KEYS = ("responsible", "who")
"""Keys whose texts name those who come: of a category «домофонный подрядчик», of an outage «Водоканал»."""
_FACT_KEY = "value"
_MAX_CONTRACTOR_WORDS = 4
"""Words; more are a clause."""
_STREET_TYPES = frozenset({"улица", "проспект", "переулок", "набережная", "шоссе", "бульвар", "площадь", "аллея"})
"""What an address may leave out: «проспект Энгельса» is «Энгельса» too, but a «линия» needs its name."""
_INFLECTED_PARTS_OF_SPEECH = frozenset({"NOUN", "VERB", "INFN", "NUMR", "NPRO"})
"""Parts of speech whose other forms are worth knowing; adjectives have too many."""
_LITERARY_GRAMMEMES = frozenset({"Arch", "Litr", "V-oy", "V-ey", "V-ie", "V-be"})


@dataclass(slots=True)
class CompanyWords:
    """`sentences` may be said as they are; `words` may be said somewhere; `slots` join the patterns' slots."""

    sentences: list[str] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    slots: dict[str, list[str]] = field(default_factory=dict)


def read_company(knowledge: Path, scripts: Path, people: Iterable[str] = ()) -> CompanyWords:
    """From the files of the knowledge base and the scripts, and the names of the staff.

    Contractors are in the files: who is responsible for a category, who works in an outage, and whom the company's
    facts name («Домофон-сервис»). Raises OSError and what the house list's reader raises.
    """
    found = CompanyWords()
    for file in sorted([*scripts.glob("*.yaml"), *knowledge.glob("*.yaml"), *(knowledge / "phrases").glob("*.yaml")]):
        _collect_words(yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader), found, spoken=False)
    for file in sorted(knowledge.glob("KB*.md")):
        _, head, _ = file.read_text(encoding="utf-8").split("---", 2)  # nobody but the robot says the answer
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
    """«сантехник/слесарь ИТП; если не стояк» are two. What only staff writes, «101», «IVR-объявление», is nobody."""
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
    """Without its kind: «энгельса», «садовая»."""
    words = [word for word in street.split() if word not in _STREET_TYPES]
    if words and len(words) < len(street.split()):
        yield " ".join(words)


def _list_locatives(street: str) -> Iterator[str]:
    """As after «на»: «проспекте энгельса», «садовой улице», «садовой»."""
    words = street.split()
    turned = [_inflect_locative(word) for word in words]
    yield " ".join(turned)
    if bare := [turn for turn, word in zip(turned, words, strict=True) if word not in _STREET_TYPES]:
        yield " ".join(bare)


@cache
def _morphology() -> pymorphy3.MorphAnalyzer:
    return pymorphy3.MorphAnalyzer()


def _inflect_locative(word: str) -> str:
    """Adjectives and kinds of streets change, names in the genitive stay."""
    for parse in _morphology().parse(word):
        if "nomn" in parse.tag and ("ADJF" in parse.tag or word in _STREET_TYPES):
            turned = parse.inflect({"loct"})
            if turned is not None:
                return str(turned.word)
    return word


def forms_of(words: Iterable[str]) -> set[str]:
    """The other forms of nouns, verbs, numerals and pronouns, without what is said only in books."""
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
