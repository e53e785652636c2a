"""What a language model is made of: the company's words and sentences, the patterns', residents' and everyday ones."""

import hashlib
import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from callcenter.hearing.model_factory.company import CompanyWords, forms_of, read_company
from callcenter.hearing.model_factory.sentences import PATTERNS, Sentences
from callcenter.hearing.model_factory.spelling import spell

MATERIAL = PATTERNS.parent
"""`speech_model/`: the weights, the patterns, everyday sentences."""
TOLD = Path("meaning_model", "lines.jsonl")
"""Beside the material: what residents say, as it was written down to learn meanings from."""
_EVERYDAY = "everyday.txt"
_TEST_SENTENCES = "test_sentences.sha256"
"""Sums of the sentences that the model is tested with; the language model must not know them as sentences."""
_INFLECTED_SLOTS = ("complaint", "danger", "question", "place", "doer")
"""Slots whose words may come in their other forms too."""
_GENERATED_SENTENCE_COUNT = 25000
_COMPANY_WEIGHT = 3.0
_EVERYDAY_WEIGHT = 2.0
_RESIDENT_LINES_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class TrainingText:
    """Words, and sentences with weights."""

    words: frozenset[str]
    sentences: tuple[tuple[str, float], ...]


def build_text(
    *, knowledge: Path, scripts: Path, people: Iterable[str] = (), material: Path = MATERIAL
) -> TrainingText:
    """Of the company's files, and the names of its people."""
    return gather_text(read_company(knowledge, scripts, people), material)


def gather_text(company: CompanyWords, material: Path = MATERIAL) -> TrainingText:
    """The company's words and sentences, the patterns', residents' and everyday ones; not the test's sentences."""
    made = Sentences.read(material / PATTERNS.name, company.slots)
    sentences = [(sentence, 1.0) for sentence in made.generate(_GENERATED_SENTENCE_COUNT, random.Random(1))]
    sentences += [(sentence, _COMPANY_WEIGHT) for sentence in {*company.sentences, *map(spell, made.list_slot_lines())}]
    tested = set((material / _TEST_SENTENCES).read_text(encoding="ascii").split())
    everyday = (material / _EVERYDAY).read_text(encoding="utf-8").splitlines()
    sentences += [(sentence, _EVERYDAY_WEIGHT) for sentence in everyday]
    told = (material.parent / TOLD).read_text(encoding="utf-8")
    sentences += [(spell(json.loads(line)["text"]), _RESIDENT_LINES_WEIGHT) for line in told.splitlines()]
    words = {word for sentence, _ in sentences for word in sentence.split()} | company.words
    typical = {word for line in made.list_slot_lines(*_INFLECTED_SLOTS) for word in line.split()}
    allowed = tuple(one for one in sentences if hashlib.sha256(one[0].encode()).hexdigest() not in tested)
    return TrainingText(frozenset(words | forms_of(typical)), allowed)
