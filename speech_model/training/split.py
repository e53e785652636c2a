"""The fixed split of the human recordings, `speech_model/split.tsv`: made once, frozen by its hash.

Test: 60 of his sentences; half of hers, the ten figures among them. Development, for every choice: 30 of
his, 30 of hers.
Recordings with one text are on one side, so no test sentence is trained on in another take.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from speech_model.training.recordings import Recording

FILE = Path(__file__).resolve().parent.parent / "split.tsv"
_HIS_TEST, _HIS_DEVELOPMENT, _HER_DEVELOPMENT = 60, 30, 30
_DIGITS = frozenset(f"her/digits/{figure}" for figure in range(10))


def read_split(file: Path = FILE) -> dict[str, str]:
    """Name of a recording to `train`, `dev` or `test`."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return {name: part for part, name in (line.split("\t") for line in lines)}


def make_split(recordings: Iterable[Recording]) -> dict[str, str]:
    """Chosen by the hash of the texts, so by nobody."""
    him: dict[str, list[str]] = {}
    her: dict[str, list[str]] = {}
    for one in recordings:
        (him if one.name.startswith("him/") else her).setdefault(one.text, []).append(one.name)
    parts: dict[str, str] = {}
    for place, text in enumerate(sorted(him, key=_key)):
        part = "test" if place < _HIS_TEST else "dev" if place < _HIS_TEST + _HIS_DEVELOPMENT else "train"
        parts.update(dict.fromkeys(him[text], part))
    figures = [text for text in her if _DIGITS.intersection(her[text])]
    others = sorted(set(her) - set(figures), key=_key)
    tested = (len(her) + 1) // 2 - len(figures)
    for text in figures:
        parts.update(dict.fromkeys(her[text], "test"))
    for place, text in enumerate(others):
        part = "test" if place < tested else "dev" if place < tested + _HER_DEVELOPMENT else "train"
        parts.update(dict.fromkeys(her[text], part))
    return parts


def write_split(parts: Mapping[str, str], file: Path = FILE) -> None:
    file.write_text("".join(f"{part}\t{name}\n" for name, part in sorted(parts.items())), encoding="utf-8")


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
