"""Loads the knowledge that actions and the interpreter use: houses, outages, ticket categories and phrases."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from callcenter.conducting.outages import Outages, read_outages
from callcenter.core.problems import Problem
from callcenter.dialogue.interpretation.interpretation import Interpreter
from callcenter.dialogue.interpretation.interpreter import UnderstandingInterpreter
from callcenter.houses.houses import Houses, read_houses
from callcenter.knowledge.articles import Article
from callcenter.knowledge.categories import Categories
from callcenter.understanding.address.address_book import AddressBook
from callcenter.understanding.understanding import Understanding, read_phrases

HOUSES, OUTAGES, PHRASES = "houses.csv", "outages.yaml", "phrases"


@dataclass(frozen=True, slots=True)
class KnowledgeSnapshot:
    """The contents of the knowledge files at the moment of reading."""

    houses: Houses = field(default_factory=lambda: Houses(()))
    outages: Outages = field(default_factory=Outages)
    categories: Categories = field(default_factory=lambda: Categories(()))


def read_knowledge_snapshot(
    directory: Path, categories: Categories, zone: ZoneInfo
) -> tuple[KnowledgeSnapshot, list[Problem]]:
    """Reads the houses and outages of a knowledge base. Returns them and the problems of their files."""
    houses, problems = read_houses(directory / HOUSES)
    codes = frozenset(category.code for category in categories)
    outages, of_outages = read_outages(directory / OUTAGES, houses, categories=codes, zone=zone)
    return KnowledgeSnapshot(houses, outages, categories), [*problems, *of_outages]


def open_interpreter(
    directory: Path, known: KnowledgeSnapshot, articles: Sequence[Article] = ()
) -> tuple[Interpreter, list[Problem]]:
    """Creates the interpreter from the phrases of a knowledge base and the wordings of its articles. Takes a second.

    Also returns the problems of the phrase files.
    """
    phrases = read_phrases(directory / PHRASES)
    understanding = Understanding(phrases, known.houses, known.categories, articles)
    return UnderstandingInterpreter(understanding, AddressBook(known.houses), known.categories), list(phrases.problems)
