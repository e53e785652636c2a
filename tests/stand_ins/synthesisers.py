"""Stand-ins for the programs of voices that no registry carries: run as one, each speaks in a tone as long as its text.

What it was told, its words and its text, is appended to `heard.jsonl` beside the program.
"""

import json
import os
import sys
import types
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

TREE = Path(__file__).parent.parent.parent
SECONDS_A_LETTER = 0.07
RATE = 22050


def write_program(directory: Path, kind: str) -> Path:
    """An executable in `directory` that behaves as `kind`: rhvoice, piper or silero."""
    file = directory / kind
    file.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(TREE)!r})\n"
        f"from tests.stand_ins.synthesisers import speak_as\nspeak_as({kind!r}, sys.argv)\n",
        encoding="utf-8",
    )
    file.chmod(0o755)
    return file


def read_heard(program: Path) -> list[tuple[list[str], str]]:
    """What the program was told so far: its words and the text, request by request."""
    lines = (program.parent / "heard.jsonl").read_text(encoding="utf-8").splitlines()
    return [(words, text) for words, text in map(json.loads, lines)]


def speak_as(kind: str, words: Sequence[str]) -> None:
    {"rhvoice": _speak_as_rhvoice, "piper": _speak_as_piper, "silero": _speak_as_silero}[kind](list(words))


def _speak_as_rhvoice(words: list[str]) -> None:
    """The whole of standard input into the file after -o; nothing at all for a speaker that is not installed."""
    text = sys.stdin.read().strip()
    _note(words, text)
    if "nobody" in words:
        sys.exit("unknown voice")
    _tone(text, Path(words[words.index("-o") + 1]))


def _speak_as_piper(words: list[str]) -> None:
    """A file for each line, logged on standard error once it is written, after the chatter of its libraries."""
    print("2026-11-25 [W:onnxruntime:Default] no GPU was found", file=sys.stderr, flush=True)
    directory = Path(words[words.index("--output-dir") + 1])
    for number, line in enumerate(sys.stdin):
        _note(words, line.strip())
        if "умри" in line and number:
            os._exit(3)
        file = directory / f"{number}.wav"
        _tone(line.strip(), file)
        print(f"INFO:__main__:Wrote {file}", file=sys.stderr, flush=True)


def _speak_as_silero(words: list[str]) -> None:
    """Our own child with PyTorch and the model replaced: what is between the two is ours."""

    class Tensor:
        def __init__(self, samples: np.ndarray) -> None:
            self._samples = samples

        def numpy(self) -> np.ndarray:
            return self._samples

    class Model:
        def to(self, device: object) -> None:
            print("a library chatters")

        def apply_tts(self, *, text: str, speaker: str, sample_rate: int) -> Tensor:
            _note(words, text)
            if "ошибись" in text:
                raise ValueError("Model couldn't generate your text")
            return Tensor(_samples(text, sample_rate))

    class PackageImporter:
        def __init__(self, file: str) -> None:
            assert Path(file).exists()

        def load_pickle(self, package: str, resource: str) -> Model:
            assert (package, resource) == ("tts_models", "model")
            return Model()

    torch, package = types.ModuleType("torch"), types.ModuleType("torch.package")
    torch.set_num_threads = lambda count: None  # type: ignore[attr-defined]
    torch.device = str  # type: ignore[attr-defined]
    package.PackageImporter = PackageImporter  # type: ignore[attr-defined]
    sys.modules |= {"torch": torch, "torch.package": package}
    from callcenter.speech.voices.silero_child import load_model, serve

    serve(load_model(words[1]), words[2])


def _note(words: list[str], text: str) -> None:
    with (Path(words[0]).parent / "heard.jsonl").open("a", encoding="utf-8") as heard:
        heard.write(json.dumps([words[1:], text]) + "\n")


def _samples(text: str, rate: int) -> np.ndarray:
    return 0.2 * np.sin(2 * np.pi * 440 * np.arange(int(len(text) * SECONDS_A_LETTER * rate)) / rate)


def _tone(text: str, file: Path) -> None:
    soundfile.write(str(file), _samples(text, RATE), RATE)
