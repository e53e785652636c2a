"""What a conversation was made of, kept so that it can be had again: the script's text and the answers of that day.

An edition is one JSON file named by its hash. Calls name it on their tapes; nothing in it is personal.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from callcenter.core.errors import CallcenterError

DIRECTORY = "editions"
"""Beside the days of the recordings."""


class EditionNotFound(CallcenterError):
    """The edition of the script is not there."""


@dataclass(frozen=True)
class KeptEdition:
    """`script` is the file's text; `articles` and `categories` are the names it may use; `answers` what was spoken."""

    name: str
    script: str
    articles: tuple[str, ...]
    categories: tuple[str, ...]
    answers: Mapping[str, str]

    @cached_property
    def text(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True) + "\n"

    @cached_property
    def hash(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]


def edition_file(directory: Path, edition_hash: str) -> Path:
    return directory / DIRECTORY / f"{edition_hash}.json"


def read_kept_edition(file: Path) -> KeptEdition:
    """Raises EditionNotFound when it is not there, or is none."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        return KeptEdition(
            kept["name"], kept["script"], tuple(kept["articles"]), tuple(kept["categories"]), kept["answers"]
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EditionNotFound(f"{file}: {error}") from error
