"""The centre's own model, built whole from the tree: what it knows, and that it hears the questions that matter."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import vosk

from callcenter.hearing.model_factory.company import read_company
from callcenter.hearing.model_factory.spelling import spell
from callcenter.hearing.model_factory.text import SOURCES_DIRECTORY, build_text, gather_text
from callcenter.hearing.server.engine import UNKNOWN
from callcenter.hearing.server.engines.vosk_model import read_vosk_model
from callcenter.instance.instance import test_home
from callcenter.layout import Layout
from callcenter.operations.speech_model import renew_model
from callcenter.settings import TREE
from callcenter.speech.sound import resample
from tools.softphone.g711 import decode_alaw, encode_alaw

pytestmark = pytest.mark.timeout(240)
CLIPS = Path(__file__).parent / "clips"
"""Figures of the test half of asterisk-core-sounds-ru (CC-BY-3.0, see the list beside them)."""
FIGURES = ["ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять"]


@pytest.fixture(scope="module")
def directory() -> Path:
    """What set-up has built for the tests, or builds now."""
    layout = Layout(test_home())
    renew_model(layout)
    return layout.built_speech_model


@pytest.fixture(scope="module")
def model(directory: Path) -> vosk.Model:
    return vosk.Model(str(directory))


def hear(model: vosk.Model, file: Path, grammar: list[str]) -> str:
    """Through A-law, as from a telephone."""
    sound, rate = soundfile.read(file)
    samples = np.concatenate([np.zeros(3000), resample(sound, rate) * 32767, np.zeros(3000)])
    recogniser = vosk.KaldiRecognizer(model, 8000.0, json.dumps([*grammar, UNKNOWN], ensure_ascii=False))
    recogniser.AcceptWaveform(decode_alaw(encode_alaw(samples.astype(np.int16))).astype("<i2").tobytes())
    return str(json.loads(recogniser.FinalResult())["text"])


def test_it_is_a_model_that_the_centre_can_use(directory: Path) -> None:
    read = read_vosk_model(directory)
    assert read.takes_phrases
    assert read.rate == 8000
    assert read.words is not None
    assert read.words >= 5000
    assert (SOURCES_DIRECTORY / "acoustic" / "am" / "final.mdl").stat().st_size <= 12_000_000


def test_it_knows_the_companys_own_words(model: vosk.Model) -> None:
    company = read_company(TREE / "knowledge_base", TREE / "ivr_scripts")
    words = {word for slot in company.slots.values() for line in slot for word in line.split()}
    words |= {"пахнет", "газом", UNKNOWN}
    assert {word for word in words if model.vosk_model_find_word(word) < 0} == set()


def test_it_is_to_know_the_names_of_its_people() -> None:
    text = build_text(knowledge=TREE / "knowledge_base", scripts=TREE / "ivr_scripts", people=["Аграфена Заокская"])
    assert {"аграфена", "заокская"} <= text.words


def test_it_knows_the_companys_contractors_as_they_are_spoken_of(tmp_path: Path, model: vosk.Model) -> None:
    company = read_company(TREE / "knowledge_base", TREE / "ivr_scripts")
    assert {"домофонный подрядчик", "водоканал", "ленсвет"} <= set(company.slots["doer"])
    assert "домофон сервис" in company.sentences
    assert {word for word in ("водоканалом", "подрядчику", "ленсвета") if model.vosk_model_find_word(word) < 0} == set()
    (tmp_path / "categories.yaml").write_text(
        "categories:\n  - responsible: IVR / сантехник/Лифтремонт → РСО; проверить, не стояк ли\n"
        "  - responsible: 101 / 112; дежурный\n  - responsible: «Грызунам нет», через диспетчера\n"
    )
    found = read_company(tmp_path, tmp_path)
    assert found.slots["doer"] == ["сантехник", "лифтремонт", "рсо", "грызунам нет"]


def test_it_hears_figures(model: vosk.Model) -> None:
    heard = {file.stem: hear(model, file, FIGURES) for file in sorted(CLIPS.glob("*.flac"))}
    assert len(heard) == len(FIGURES)
    assert sum(FIGURES[int(figure)] == word for figure, word in heard.items()) >= 9


def test_no_sentence_of_the_test_is_in_the_text_of_the_language_model() -> None:
    text = gather_text(read_company(TREE / "knowledge_base", TREE / "ivr_scripts"))
    tested = set((SOURCES_DIRECTORY / "test_sentences.sha256").read_text(encoding="ascii").split())
    assert len(tested) > 300
    assert not tested & {hashlib.sha256(sentence.encode()).hexdigest() for sentence, _ in text.sentences}


def test_the_split_is_frozen() -> None:
    split = (SOURCES_DIRECTORY / "split.tsv").read_bytes()
    assert hashlib.sha256(split).hexdigest() == "106d05d8cc12a08c2d0cd89969c6fb54b6e3f17d33db40a0b51a461df316ab9b"
    parts = [line.split("\t") for line in split.decode().splitlines()]
    assert sum(part == "test" and name.startswith("him/") for part, name in parts) == 60
    assert {f"her/digits/{figure}" for figure in range(10)} <= {name for part, name in parts if part == "test"}


def test_texts_are_read_as_people_say_them() -> None:
    assert spell("1-я линия, 14") == "первая линия четырнадцать"
    assert spell("улица 8 Марта") == "улица восьмого марта"
    assert spell("ЖК «Балтийский маяк»") == "жк балтийский маяк"


def test_streets_are_known_as_they_are_said_after_na() -> None:
    company = read_company(TREE / "knowledge_base", TREE / "ivr_scripts")
    assert {"проспекте энгельса", "садовой улице", "садовой"} <= set(company.slots["street_at"])
    assert "проспект энгельса сто тридцать девять корпус один" in company.sentences
