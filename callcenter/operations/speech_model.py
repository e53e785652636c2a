"""The centre's own speech model: built in the instance's home, and rebuilt when one of its sources has changed."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from callcenter.core.database import Database
from callcenter.core.errors import CallcenterError
from callcenter.hearing.model_factory.spelling import spell
from callcenter.layout import Layout
from callcenter.settings import TREE, Settings
from callcenter.staff.views import employees

_KNOWLEDGE = TREE / "knowledge_base"
_SCRIPTS = TREE / "ivr_scripts"
_MATERIAL = TREE / "speech_model"
_BUILDER = TREE / "callcenter" / "hearing" / "model_factory"
_BUILDING = "callcenter.hearing.model_factory"
_MARK = "built.json"


class ModelBuildFailed(CallcenterError):
    """The centre's own speech model could not be built."""


def find_model(layout: Layout, settings: Settings) -> Path | None:
    """Directory of the model for this machine's recognition server; None when none is configured."""
    return layout.built_speech_model if settings.own_model else settings.speech_model


async def read_people(address: str) -> list[str]:
    """Reads the names of the current employees, whom callers ask for. Raises DatabaseUnavailable."""
    database = Database(address, connect_seconds=10)
    try:
        async with database.begin() as session:
            return [employee.name for employee in await employees(session)]
    finally:
        await database.close()


def renew_model(layout: Layout, people: Iterable[str] | None = None, *, force: bool = False) -> int:
    """Builds the model when a source has changed, when a word of a name is not in it, or when `force` is true.

    Returns the number of words in the model. `people`: full names; None: the names of the previous build. Raises
    ModelBuildFailed.
    """
    mark = layout.built_speech_model / _MARK
    built = json.loads(mark.read_text()) if mark.is_file() else None
    names = sorted(people) if people is not None else built["people"] if built is not None else []
    key = _find_key()
    if built is not None and not force and built["key"] == key and _knows(layout.built_speech_model, names):
        return int(built["words"])
    words = build_model(layout.built_speech_model, names)
    mark.write_text(json.dumps({"key": key, "words": words, "people": names}, ensure_ascii=False))
    return words


def _knows(model: Path, names: Iterable[str]) -> bool:
    table = (model / "graph" / "words.txt").read_text(encoding="utf-8")
    known = {line.partition(" ")[0] for line in table.splitlines()}
    return known.issuperset(word for name in names for word in spell(name).split())


def build_model(directory: Path, people: Iterable[str] = ()) -> int:
    """Builds the model from this work tree; replaces `directory` at the end. Returns the number of words.

    Raises ModelBuildFailed.
    """
    done = subprocess.run(
        [sys.executable, "-m", _BUILDING, directory, "--knowledge", _KNOWLEDGE, "--scripts", _SCRIPTS],
        input="\n".join(people),
        capture_output=True,
        text=True,
        cwd=TREE,
        check=False,
    )
    if done.returncode != 0:
        told = done.stderr.strip().splitlines()
        raise ModelBuildFailed(told[-1] if told else f"сборщик модели завершился с кодом {done.returncode}")
    return int(done.stdout)


def _find_key() -> str:
    """Hash of the names and contents of all source files of the model."""
    sums = hashlib.sha256()
    for file in sorted(_list_sources()):
        sums.update(f"\0{file.relative_to(TREE)}\0".encode())
        sums.update(file.read_bytes())
    return sums.hexdigest()


def _list_sources() -> Iterable[Path]:
    yield from (file for file in (_MATERIAL / "acoustic").rglob("*") if file.is_file())
    yield from _MATERIAL.glob("*.txt")
    yield _MATERIAL / "domain.yaml"
    yield TREE / "meaning_model" / "lines.jsonl"
    yield from _BUILDER.glob("*.py")
    yield from _KNOWLEDGE.glob("*.md")
    yield from _KNOWLEDGE.glob("*.csv")
    yield from _KNOWLEDGE.glob("*.yaml")
    yield from (_KNOWLEDGE / "phrases").glob("*.yaml")
    yield from _SCRIPTS.glob("*.yaml")
