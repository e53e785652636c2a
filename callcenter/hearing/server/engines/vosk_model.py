"""Checks a Vosk model's directory before Vosk loads it, because Vosk itself only says «Failed to create a model».

Layouts, files and defaults follow `src/model.cc` of vosk-api 0.3.45.
"""

import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from callcenter.hearing.server.engine import RATE, BrokenModel

_KALDI_RATE = 16000
_KALDI_CHUNK = 20
_SUBSAMPLING = 3
_FRAME_SECONDS = 0.01
_LOOK_AHEAD = 0.2
"""Seconds of look-ahead of a usual acoustic network plus half an analysis window. No text file of a model states it."""

_CURRENT_LAYOUT = {
    "network": "am/final.mdl",
    "features": "conf/mfcc.conf",
    "static": "graph/HCLG.fst",
    "runtime": "graph/HCLr.fst",
    "grammar": "graph/Gr.fst",
    "disambiguation": "graph/disambig_tid.int",
    "words": "graph/words.txt",
}
_FLAT_LAYOUT = {
    "network": "final.mdl",
    "features": "mfcc.conf",
    "static": "HCLG.fst",
    "runtime": "HCLr.fst",
    "grammar": "Gr.fst",
    "disambiguation": "disambig_tid.int",
    "words": "words.txt",
}
"""Layout of models made before 2020."""

_UNPACK_AGAIN = "распакуйте модель заново"


@dataclass(frozen=True, slots=True)
class VoskModel:
    """Properties of a model, read from its files.

    `rate` is in samples a second; `words` is the vocabulary's size, None when the words are inside the graph;
    `result_delay` as in Engine.
    """

    directory: Path
    rate: int
    takes_phrases: bool
    megabytes: float
    words: int | None
    result_delay: float

    def describe(self) -> str:
        """One line in Russian for the terminal."""
        words = "словарь внутри графа" if self.words is None else f"слов: {self.words}"
        phrases = "слушает по фразам вопроса" if self.takes_phrases else "фразы вопроса не берёт"
        return f"{self.directory.name}: {self.rate} Гц, {self.megabytes:.1f} МБ, {words}, {phrases}"


def read_vosk_model(directory: Path) -> VoskModel:
    """Read the properties of the model in a directory. Raises BrokenModel, whose message says how to repair it."""
    expect_network(directory)
    layout = _CURRENT_LAYOUT if (directory / _CURRENT_LAYOUT["network"]).is_file() else _FLAT_LAYOUT
    rate, upsamples = _read_rate(directory / layout["features"])
    if rate > RATE and not upsamples:
        raise BrokenModel(
            f"{directory}: модель на {rate} Гц не берёт телефонные {RATE} Гц; "
            f"допишите строку --allow-upsample=true в {directory / layout['features']}"
        )
    takes_phrases = _is_dynamic_graph(directory, layout)
    words = directory / layout["words"]
    return VoskModel(
        directory=directory,
        rate=rate,
        takes_phrases=takes_phrases,
        megabytes=sum(file.stat().st_size for file in directory.rglob("*") if file.is_file()) / 1e6,
        words=_count_words(words) if words.is_file() else None,
        result_delay=_find_delay(directory / "conf" / "model.conf"),
    )


def holds_network(directory: Path) -> bool:
    """Whether the directory itself, not a subdirectory, holds a model's acoustic network."""
    return any((directory / layout["network"]).is_file() for layout in (_CURRENT_LAYOUT, _FLAT_LAYOUT))


def expect_network(directory: Path) -> None:
    """Check by file names only that the directory holds a model. Raises BrokenModel with a hint for repair if not."""
    if not directory.exists():
        raise BrokenModel(
            f"нет каталога {directory}; распакуйте туда модель Vosk или укажите в [ear] model, где она лежит"
        )
    if directory.is_file() and zipfile.is_zipfile(directory):
        raise BrokenModel(f"{directory} — архив; установите его: callcenter ear install {directory}")
    if not directory.is_dir():
        raise BrokenModel(f"{directory} — не каталог; [ear] model — это каталог с моделью Vosk")
    if not holds_network(directory):
        raise BrokenModel(
            f"{directory}: нет {_CURRENT_LAYOUT['network']}, значит, это не модель Vosk{_hint(directory)}"
        )


def _hint(directory: Path) -> str:
    """Hint for a directory without a model: a model archive holds one directory, and people often name its parent."""
    inner = [found for found in sorted(directory.iterdir()) if (found / _CURRENT_LAYOUT["network"]).is_file()]
    if inner:
        return f"; модель лежит глубже, в {inner[0]}: укажите этот каталог"
    held = ", ".join(sorted(found.name for found in directory.iterdir())[:6])
    return f"; внутри: {held}" if held else "; каталог пуст"


def _read_rate(file: Path) -> tuple[int, bool]:
    options = _read_options(file)
    written = options.get("sample-frequency", str(_KALDI_RATE))
    try:
        return int(float(written)), options.get("allow-upsample") == "true"
    except ValueError as error:
        raise BrokenModel(f"{file}: --sample-frequency={written}: не число; {_UNPACK_AGAIN}") from error


def _is_dynamic_graph(directory: Path, layout: Mapping[str, str]) -> bool:
    """Whether the graph accepts phrases at run time. If both kinds of graph exist, Vosk uses the static one.

    Raises BrokenModel when neither kind is complete.
    """
    if (directory / layout["static"]).is_file():
        return False
    missing = [
        layout[part] for part in ("runtime", "grammar", "disambiguation") if not (directory / layout[part]).is_file()
    ]
    if missing:
        raise BrokenModel(
            f"{directory}: нет {layout['static']}, а без него нужны и {', '.join(missing)}; {_UNPACK_AGAIN}"
        )
    return True


def _count_words(file: Path) -> int:
    """Size of the vocabulary without Kaldi's special symbols (`<eps>`, `#0`, `<s>`)."""
    with file.open(encoding="utf-8", errors="replace") as lines:
        return sum(1 for line in lines if line.strip() and line[0] not in "<#")


def _find_delay(file: Path) -> float:
    """Result delay in seconds: one chunk plus the look-ahead.

    The network runs in chunks of frames, so a word is known only at the end of the chunk in which it ends.
    """
    options = _read_options(file) if file.is_file() else {}
    written = options.get("frames-per-chunk", str(_KALDI_CHUNK))
    try:
        chunk = int(written)
    except ValueError as error:
        raise BrokenModel(f"{file}: --frames-per-chunk={written}: не целое число; {_UNPACK_AGAIN}") from error
    return round(math.ceil(chunk / _SUBSAMPLING) * _SUBSAMPLING * _FRAME_SECONDS + _LOOK_AHEAD, 3)


def _read_options(file: Path) -> dict[str, str]:
    """Read Kaldi's `--name=value` lines; a bare `--name` means true. Raises BrokenModel when the file is unreadable."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise BrokenModel(f"{file}: нет такого файла, или его не прочитать; {_UNPACK_AGAIN}") from error
    options = {}
    for line in lines:
        name, _, value = line.partition("#")[0].strip().partition("=")
        if name.startswith("--"):
            options[name[2:].replace("_", "-")] = value.strip() or "true"
    return options
