"""Converts a text to what a voice reads: numbers and abbreviations become words, and exceptions get their sound.

The exceptions are in `knowledge_base/pronunciation.yaml`.
"""

from collections.abc import Callable
from pathlib import Path

import structlog

from callcenter.knowledge.pronunciation import EMPTY_PRONUNCIATION, read_pronunciation
from callcenter.wording.spoken import normalize_for_speech

log = structlog.get_logger()

TextConverter = Callable[[str], str]
"""Converts a text to the words that a voice reads: Russian letters, pauses, `+` before a stressed vowel."""


def make_text_converter(file: Path) -> TextConverter:
    """Returns a converter that applies `wording.spoken`, then the pronunciation file `file`.

    The file is read again whenever it changes. Invalid entries are skipped and logged; `callcenter check` reports them.
    """
    stamp: tuple[int, int] | None = None
    pronunciation = EMPTY_PRONUNCIATION

    def words(text: str) -> str:
        nonlocal stamp, pronunciation
        found = _read_file_version(file)
        if found != stamp:
            stamp = found
            pronunciation, problems = read_pronunciation(file)
            for problem in problems:
                log.warning("an entry of the pronunciation file is left out", problem=str(problem))
        return pronunciation.apply(normalize_for_speech(text))

    return words


def _read_file_version(file: Path) -> tuple[int, int] | None:
    try:
        state = file.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size
