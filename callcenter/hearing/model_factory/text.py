"""Gathers the training text of the language model.

Sources: the company's words and sentences, generated patterns, written lines of residents, and everyday sentences.
"""

import hashlib
import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from callcenter.hearing.model_factory.company import CompanyWords, forms_of, read_company
from callcenter.hearing.model_factory.sentences import PATTERNS, Sentences
from callcenter.hearing.model_factory.spelling import spell

SOURCES_DIRECTORY = PATTERNS.parent
"""Directory `speech_model/`: acoustic weights, patterns and everyday sentences."""
RESIDENT_LINES = Path("meaning_model", "lines.jsonl")
"""Lines of residents, written to train the interpreter. The path is relative to the parent of the material."""
_EVERYDAY = "everyday.txt"
_TEST_SENTENCES = "test_sentences.sha256"
"""SHA-256 of the sentences that the model is tested with. They are left out of the training text."""
_INFLECTED_SLOTS = ("complaint", "danger", "question", "place", "doer")
"""Slots whose words join the vocabulary in all their forms."""
_GENERATED_SENTENCE_COUNT = 25000
_COMPANY_WEIGHT = 3.0
_EVERYDAY_WEIGHT = 2.0
_RESIDENT_LINES_WEIGHT = 0.5
"""Weight of one sentence of each source; a generated sentence weighs 1. A higher weight makes its words likelier."""


@dataclass(frozen=True, slots=True)
class TrainingText:
    """The vocabulary, and (sentence, weight) pairs."""

    words: frozenset[str]
    sentences: tuple[tuple[str, float], ...]


def build_text(
    *, knowledge: Path, scripts: Path, people: Iterable[str] = (), material: Path = SOURCES_DIRECTORY
) -> TrainingText:
    """Gather the text from the company's files and the names of its staff. Raises as read_company does."""
    return gather_text(read_company(knowledge, scripts, people), material)


def gather_text(company: CompanyWords, material: Path = SOURCES_DIRECTORY) -> TrainingText:
    """Gather the text of all sources without the test sentences, whose words stay in the vocabulary."""
    made = Sentences.read(material / PATTERNS.name, company.slots)
    sentences = [(sentence, 1.0) for sentence in made.generate(_GENERATED_SENTENCE_COUNT, random.Random(1))]
    sentences += [(sentence, _COMPANY_WEIGHT) for sentence in {*company.sentences, *map(spell, made.list_slot_lines())}]
    tested = set((material / _TEST_SENTENCES).read_text(encoding="ascii").split())
    everyday = (material / _EVERYDAY).read_text(encoding="utf-8").splitlines()
    sentences += [(sentence, _EVERYDAY_WEIGHT) for sentence in everyday]
    told = (material.parent / RESIDENT_LINES).read_text(encoding="utf-8")
    sentences += [(spell(json.loads(line)["text"]), _RESIDENT_LINES_WEIGHT) for line in told.splitlines()]
    words = {word for sentence, _ in sentences for word in sentence.split()} | company.words
    typical = {word for line in made.list_slot_lines(*_INFLECTED_SLOTS) for word in line.split()}
    allowed = tuple(one for one in sentences if hashlib.sha256(one[0].encode()).hexdigest() not in tested)
    return TrainingText(frozenset(words | forms_of(typical)), allowed)
