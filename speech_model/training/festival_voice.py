"""Festival's Russian voice without the test's and development's recordings in it.

The voice joins pieces of the very sentences that we test with, so those are taken out of its catalogue and its trees
before anything it says is trained on.
"""

import re
import subprocess
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path

from speech_model.training.sound import Samples, read_sound

_VOICE = "usr/share/festival/voices/russian/msu_ru_nsh_clunits"
_CATALOGUE = "festival/clunits/msu_ru_nsh.catalogue"
_TREES = "festival/trees/msu_ru_nsh.tree"
_PHONE = re.compile(r'^\("(\w+)"$', re.MULTILINE)
_UNIT = re.compile(r"\((\d+) [-+.\de]+\)")
_EMPTIED = re.compile(r"\(\s*\)")
_LOAD_COPY_SCRIPT = """
(voice_msu_ru_nsh_clunits)
(set! msu_ru_nsh::dir "{voice}")
(set! msu_ru_nsh::dt_params (cons (list 'db_dir "{voice}") msu_ru_nsh::dt_params))
(set! msu_ru_nsh::clunits_loaded nil)
(voice_msu_ru_nsh_clunits)
"""
"""Festival has loaded the whole voice at its start, being the only one there."""
_SHORTEST = 1000
"""Bytes of a file that holds a word."""


def make_reduced_voice(packages: Path, copy: Path, without: Collection[str]) -> None:
    """A copy of the voice that lacks the recordings named `without` (`ru_0001`)."""
    voice = packages / _VOICE
    for file in sorted(voice.rglob("*")):
        held = copy / file.relative_to(voice)
        if file.is_dir():
            held.mkdir(parents=True, exist_ok=True)
        elif not held.exists():
            held.symlink_to(file)
    kept, dropped = [], set()
    for line in (voice / _CATALOGUE).read_text().splitlines(keepends=True):
        parts = line.split()
        if len(parts) == 5 and parts[1] in without:
            dropped.add(parts[0])
        else:
            kept.append(line)
    count = sum(len(line.split()) == 5 for line in kept)
    _replace(copy / _CATALOGUE, re.sub(r"(?m)^NumEntries \d+$", f"NumEntries {count}", "".join(kept)))
    _replace(copy / _TREES, reduce_trees((voice / _TREES).read_text(), dropped))


def reduce_trees(text: str, dropped: Collection[str]) -> str:
    """Leaves name a phone's units by number. Where a leaf lost all, the first unit left of the phone stands in."""
    head, *parts = _PHONE.split(text)
    reduced = [head]
    for phone, tree in zip(parts[::2], parts[1::2], strict=True):
        spare = next(unit[0] for unit in _UNIT.finditer(tree) if f"{phone}_{unit[1]}" not in dropped)
        fewer = _UNIT.sub(lambda unit, of=phone: "" if f"{of}_{unit[1]}" in dropped else unit[0], tree)  # type: ignore[misc]
        reduced.append(f'("{phone}"' + _EMPTIED.sub(f"({spare})", fewer))
    return "".join(reduced)


def speak(voice: Path, texts: Sequence[str]) -> list[tuple[Samples, int] | None]:
    """What one festival says to each text, 16 kHz; None where it said nothing."""
    with tempfile.TemporaryDirectory() as directory:
        files = [Path(directory) / f"{number}.wav" for number in range(len(texts))]
        lines = [_LOAD_COPY_SCRIPT.format(voice=f"{voice}/")]
        for text, file in zip(texts, files, strict=True):
            lines.append(f'(unwind-protect (utt.save.wave (utt.synth (Utterance Text "{text}.")) "{file}" \'riff) nil)')
        script = Path(directory) / "say.scm"
        script.write_text("\n".join(lines) + "\n", encoding="utf-8")
        subprocess.run(["festival", "-b", script], capture_output=True, check=False)
        return [read_sound(file) if file.is_file() and file.stat().st_size > _SHORTEST else None for file in files]


def _replace(file: Path, text: str) -> None:
    file.unlink()
    file.write_text(text)
