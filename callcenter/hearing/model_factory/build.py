"""Builds a Vosk model directory from the acoustic weights and a training text, on the machine that uses the model.

This module must not be imported into a process with Vosk: kaldifst and Vosk each bring their own OpenFst, and together
they hang or abort. So the builder is a separate program, `python -m callcenter.hearing.model_factory`.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import kaldifst

from callcenter.core.errors import CallcenterError
from callcenter.hearing.model_factory.graph import write_graph
from callcenter.hearing.model_factory.kaldi import extract_network, write_model, write_transitions
from callcenter.hearing.model_factory.language import Language
from callcenter.hearing.model_factory.lexicon import PronunciationLexicon
from callcenter.hearing.model_factory.phones import OUTPUTS
from callcenter.hearing.model_factory.states import BLANK, SILENCE, outputs_by_phone
from callcenter.hearing.model_factory.stress import FESTVOX_DICTIONARY, StressDictionary
from callcenter.hearing.model_factory.text import SOURCES_DIRECTORY, TrainingText
from callcenter.hearing.server.engine import UNKNOWN

UNKNOWN_PHONE_COST = 2.0
"""Cost (negative log probability) of each phone of `[unk]`. Lower: expected words are lost to `[unk]`. Higher: speech
that is no answer is taken for one. Chosen on the development voices among 1.5, 2.0 and 2.5 (speech_model/README.md)."""
DECODING = {
    "min-active": "100",
    "max-active": "1500",
    "beam": "10.0",
    "lattice-beam": "2.0",
    "acoustic-scale": "1.1",
    "frame-subsampling-factor": "3",
    "endpoint.rule2.min-trailing-silence": "0.5",
    "endpoint.rule3.min-trailing-silence": "0.75",
    "endpoint.rule4.min-trailing-silence": "1.0",
}
"""Options of Kaldi's decoder for `conf/model.conf`. The choice of min-active and beam is in speech_model/README.md."""


class ModelSourcesMissing(CallcenterError):
    """A source file of the speech model is missing."""


def read_stress() -> StressDictionary:
    """Read the stress dictionary of festvox-ru. Raises ModelSourcesMissing when it is not installed."""
    try:
        return StressDictionary.read()
    except OSError as error:
        raise ModelSourcesMissing(
            f"нет словаря ударений {FESTVOX_DICTIONARY}; установите пакет festvox-ru (это делает deploy/bootstrap.sh)"
        ) from error


def write_model_directory(
    directory: Path, text: TrainingText, stress: StressDictionary, material: Path = SOURCES_DIRECTORY, order: int = 3
) -> int:
    """Build the model in `directory`, replacing a model there. Returns the number of its words, without `[unk]`.

    `material` holds the acoustic weights; `order` is the n of the n-grams. Raises ModelSourcesMissing when the weights
    are missing, GraphToolsMissing when OpenFst's tools are missing or fail.
    """
    weights = material / "acoustic"
    if not (weights / "am" / "final.mdl").is_file():
        raise ModelSourcesMissing(
            f"{weights}: нет am/final.mdl; он хранится в репозитории, а заново его делает make model"
        )
    fresh = directory.with_name(f".{directory.name}.fresh")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(weights, fresh)
    network = extract_network((weights / "am" / "final.mdl").read_bytes())
    model = write_model(write_transitions(outputs_by_phone(), OUTPUTS), network)
    (fresh / "am" / "final.mdl").write_bytes(model)
    numbers = write_graph(fresh, PronunciationLexicon.make(text.words, stress), UNKNOWN_PHONE_COST)
    language = Language((word for word in numbers if word != UNKNOWN), order)
    for sentence, weight in text.sentences:
        language.add_sentence(sentence, weight)
    grammar = kaldifst.compile("\n".join(language.write_arcs(numbers)) + "\n", acceptor=False)
    kaldifst.arcsort(grammar, sort_type="ilabel")
    grammar.write(str(fresh / "graph" / "Gr.fst"))
    (fresh / "conf" / "model.conf").write_text("".join(f"--{name}={value}\n" for name, value in _options()))
    _replace(directory, fresh)
    return len(numbers) - 1


def _options() -> Iterator[tuple[str, str]]:
    yield from DECODING.items()
    yield "endpoint.silence-phones", f"{SILENCE}:{BLANK}"


def _replace(directory: Path, fresh: Path) -> None:
    """Replace the model. The old one may be deleted: a running server has loaded it completely."""
    old = directory.with_name(f".{directory.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if directory.exists():
        directory.rename(old)
    fresh.rename(directory)
    shutil.rmtree(old, ignore_errors=True)
