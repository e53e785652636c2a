"""A text on its way to the voice: put into words, and each word as it must sound."""

from collections.abc import Callable
from pathlib import Path

import structlog

from callcenter.knowledge.pronunciation import NOTHING, read_pronunciation
from callcenter.wording.spoken import spoken

log = structlog.get_logger()

Words = Callable[[str], str]
"""Makes the words of a text, as every voice is given them: Russian letters, pauses, `+` before a stressed vowel."""


def pronouncer(file: Path) -> Words:
    """Words by `wording.spoken` and the pronunciation file, which is read again whenever it changes.

    Entries that are wrong are left out; `callcenter check` names them.
    """
    stamp: tuple[int, int] | None = None
    pronunciation = NOTHING

    def words(text: str) -> str:
        nonlocal stamp, pronunciation
        found = _read_file_version(file)
        if found != stamp:
            stamp = found
            pronunciation, problems = read_pronunciation(file)
            for problem in problems:
                log.warning("an entry of the pronunciation file is left out", problem=str(problem))
        return pronunciation.apply(spoken(text))

    return words


def _read_file_version(file: Path) -> tuple[int, int] | None:
    try:
        state = file.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size
