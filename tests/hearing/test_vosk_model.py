"""A Vosk model's directory is looked at before Vosk is: each thing that can be wrong names its mend."""

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from callcenter.hearing.server.engine import BrokenModel
from callcenter.hearing.server.engines.vosk import VoskEngine
from callcenter.hearing.server.engines.vosk_model import read_vosk_model
from tests.stand_ins.tone_model import write_tone_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_tone_model(tmp_path / "model", ["да", "нет"])


def test_a_model_says_what_it_is(model: Path) -> None:
    found = read_vosk_model(model)
    assert (found.rate, found.takes_phrases, found.words) == (8000, True, 3)
    assert found.megabytes == pytest.approx(0.006, abs=0.003)
    assert found.result_delay == pytest.approx(0.26)
    assert found.describe() == "model: 8000 Гц, 0.0 МБ, слов: 3, слушает по фразам вопроса"


def test_a_static_graph_takes_no_phrases_even_beside_a_runtime_graph(model: Path) -> None:
    (model / "graph/HCLG.fst").write_bytes(b"")
    assert not read_vosk_model(model).takes_phrases


def test_words_may_lie_inside_the_graph(model: Path) -> None:
    (model / "graph/words.txt").unlink()
    assert read_vosk_model(model).words is None


def test_the_usual_chunk_makes_a_longer_delay(model: Path) -> None:
    configuration = model / "conf/model.conf"
    configuration.write_text(configuration.read_text().replace("--frames-per-chunk=6\n", ""))
    assert read_vosk_model(model).result_delay == pytest.approx(0.41)


def test_a_model_of_the_old_layout_is_one_too(model: Path) -> None:
    for inner in ("am/final.mdl", "conf/mfcc.conf", "graph/HCLr.fst", "graph/Gr.fst", "graph/disambig_tid.int"):
        (model / inner).rename(model / Path(inner).name)
    assert read_vosk_model(model).takes_phrases


def test_a_wideband_model_that_upsamples_is_welcome(tmp_path: Path) -> None:
    model = write_tone_model(tmp_path, ["да"], rate=16000)
    features = model / "conf/mfcc.conf"
    features.write_text(features.read_text() + "--allow-upsample\n")
    assert read_vosk_model(model).rate == 16000


def remove(inner: str) -> Callable[[Path], Path]:
    def broken(model: Path) -> Path:
        (model / inner).unlink()
        return model

    return broken


def replace(inner: str, old: str, new: str) -> Callable[[Path], Path]:
    def broken(model: Path) -> Path:
        (model / inner).write_text(re.sub(old, new, (model / inner).read_text()))
        return model

    return broken


def archive(model: Path) -> Path:
    with zipfile.ZipFile(model.with_suffix(".zip"), "w") as file:
        file.write(model / "am/final.mdl", "am/final.mdl")
    return model.with_suffix(".zip")


def empty(model: Path) -> Path:
    directory = model.with_name("empty")
    directory.mkdir()
    return directory


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (lambda model: model / "nowhere", "нет каталога .*nowhere; распакуйте туда модель"),
        (lambda model: model.parent, "модель лежит глубже, в .*/model: укажите"),
        (lambda model: model / "am/final.mdl", "не каталог"),
        (archive, "— архив; установите его: callcenter ear install"),
        (empty, "нет am/final.mdl.*каталог пуст"),
        (remove("am/final.mdl"), "нет am/final.mdl.*внутри: am, conf, graph"),
        (remove("conf/mfcc.conf"), "conf/mfcc.conf: нет такого файла"),
        (remove("graph/HCLr.fst"), "нет graph/HCLG.fst, а без него нужны и graph/HCLr.fst"),
        (remove("graph/disambig_tid.int"), "а без него нужны и graph/disambig_tid.int"),
        (replace("conf/mfcc.conf", "8000", "16000"), "допишите строку --allow-upsample=true в .*mfcc.conf"),
        (replace("conf/mfcc.conf", "8000", "eight"), "--sample-frequency=eight: не число"),
        (replace("conf/mfcc.conf", "--sample-frequency=8000\n", ""), "модель на 16000 Гц"),
        (replace("conf/model.conf", "chunk=6", "chunk=six"), "--frames-per-chunk=six: не целое число"),
    ],
)
def test_a_broken_model_names_the_mend(model: Path, broken: Callable[[Path], Path], complaint: str) -> None:
    with pytest.raises(BrokenModel, match=complaint):
        read_vosk_model(broken(model))


def test_what_only_vosk_can_find_is_still_our_error(model: Path) -> None:
    (model / "am/final.mdl").write_bytes(b"not a network")
    with pytest.raises(BrokenModel, match="Vosk не может загрузить модель"):
        VoskEngine(model)
