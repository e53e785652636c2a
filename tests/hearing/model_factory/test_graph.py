"""A model written here, with a network of noise, is one that the real Vosk loads, searches and gives grammars to."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import vosk

from callcenter.hearing.model_factory.kaldi import Affine, NetworkNode, write_model, write_network, write_transitions
from callcenter.hearing.model_factory.lexicon import PronunciationLexicon
from callcenter.hearing.model_factory.phones import OUTPUTS
from callcenter.hearing.model_factory.states import outputs_by_phone
from callcenter.hearing.model_factory.stress import StressDictionary
from callcenter.hearing.server.engine import UNKNOWN
from callcenter.hearing.server.engines.vosk_model import read_vosk_model
from tests.hearing.sound import noise

WORDS = ("да", "дать", "нет", "код", "кот", "котёл")
DOMAIN = 'sentences: ["{answer}"]\nslots:\n  answer: ["да", "нет", "код", "кот", "котёл", "дать"]\n' + "".join(
    f'  {slot}: ["да"]\n' for slot in ("complaint", "danger", "question", "place", "doer")
)


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `speech_model/` is, with a network that knows nothing."""
    directory = tmp_path_factory.mktemp("tree") / "speech_model"
    for part in ("acoustic/am", "acoustic/conf", "knowledge", "scripts", "../meaning_model"):
        (directory / part).mkdir(parents=True)
    chance = np.random.default_rng(1)
    layers = (
        Affine("one", "Append(Offset(input, -1), input)", chance.normal(size=(8, 80)), np.zeros(8), rectified=True),
        Affine("two", "one.relu", chance.normal(size=(8, 8)), np.zeros(8), rectified=False),
        NetworkNode("sum", "Sum(one.relu, two)", 8),
        Affine("out", "sum", chance.normal(size=(OUTPUTS, 8)), np.zeros(OUTPUTS), rectified=False),
    )
    (directory / "acoustic/am/final.mdl").write_bytes(
        write_model(write_transitions(outputs_by_phone(), OUTPUTS), write_network(layers, 40, "out"))
    )
    (directory / "acoustic/conf/mfcc.conf").write_text("--sample-frequency=8000\n--num-mel-bins=40\n--num-ceps=40\n")
    (directory / "domain.yaml").write_text(DOMAIN, encoding="utf-8")
    (directory / "everyday.txt").write_text("да нет\n", encoding="utf-8")
    (directory / "test_sentences.sha256").write_text("")
    (directory / "../meaning_model/lines.jsonl").write_text('{"text": "да дать"}\n', encoding="utf-8")
    return directory


def build(material: Path, model: Path) -> "subprocess.CompletedProcess[str]":
    """In a process of its own, as always."""
    words = [material / "knowledge", "--scripts", material / "scripts", "--material", material]
    return subprocess.run(
        [sys.executable, "-m", "callcenter.hearing.model_factory", model, "--knowledge", *words],
        input="Мира Котова",
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def model(material: Path) -> Path:
    done = build(material, material / "model")
    assert done.returncode == 0, done.stderr
    return material / "model"


def test_vosk_loads_it_and_knows_the_words(model: Path) -> None:
    loaded = vosk.Model(str(model))
    assert all(loaded.vosk_model_find_word(word) >= 0 for word in (*WORDS, "мира", "котова", UNKNOWN))
    assert loaded.vosk_model_find_word("чужое") == -1
    assert read_vosk_model(model).takes_phrases


def test_it_hears_what_a_grammar_allows(model: Path) -> None:
    recogniser = vosk.KaldiRecognizer(
        vosk.Model(str(model)), 8000.0, json.dumps(["да", "кот", UNKNOWN], ensure_ascii=False)
    )
    recogniser.SetWords(True)
    recogniser.AcceptWaveform(noise(1.5, level=-20).tobytes())
    heard = json.loads(recogniser.FinalResult())["text"].split()
    assert set(heard) <= {"да", "кот", UNKNOWN}


def test_words_that_sound_alike_are_kept_apart() -> None:
    lexicon = PronunciationLexicon.make(WORDS, StressDictionary({}))
    marks = {one.word: one.disambiguation_symbol for one in lexicon.pronunciations}
    assert marks["код"] != marks["кот"]
    assert marks["нет"] == 0


def test_all_words_end_in_one_state() -> None:
    """Else each end gets a copy of all beginnings: 24,000 words made two million arcs, and took forty seconds."""
    arcs = [line.split() for line in PronunciationLexicon.make(WORDS, StressDictionary({})).write_arcs(2.0)]
    (before_a_word,) = {arc[1] for arc in arcs if arc[0] == "0"}
    assert len({arc[0] for arc in arcs if len(arc) == 5 and arc[1] == before_a_word}) == 2  # the start, and the end


def test_a_model_in_use_stays_when_a_new_one_cannot_be_made(material: Path, model: Path) -> None:
    weights = material / "acoustic/am/final.mdl"
    held = weights.read_bytes()
    weights.unlink()
    try:
        done = build(material, model)
    finally:
        weights.write_bytes(held)
    assert done.returncode == 1
    assert "make model" in done.stderr
    assert read_vosk_model(model).takes_phrases
