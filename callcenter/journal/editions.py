"""Stores script editions, so that a replay can rebuild a conversation: the script's text and the answers of the day.

An edition is one JSON file named by its hash. The tape of a call names its edition. Editions hold no personal data.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from callcenter.core.errors import CallcenterError

EDITIONS_DIRECTORY = "editions"
"""Name of the directory for editions inside the recordings directory and the spool directory of tapes."""


class EditionNotFound(CallcenterError):
    """The file of an edition is missing or invalid."""


@dataclass(frozen=True)
class StoredEdition:
    """`script`: text of the script file. `articles`, `categories`: names the script may use. `answers`: article id ->
    spoken text."""

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
    return directory / EDITIONS_DIRECTORY / f"{edition_hash}.json"


def read_kept_edition(file: Path) -> StoredEdition:
    """Raises EditionNotFound when the file is missing or is not an edition."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        return StoredEdition(
            kept["name"], kept["script"], tuple(kept["articles"]), tuple(kept["categories"]), kept["answers"]
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EditionNotFound(f"{file}: {error}") from error
