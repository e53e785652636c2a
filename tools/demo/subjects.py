"""What the demo shows, by the names of the knowledge base and the categories: `scenes.toml`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Subjects:
    """One field for each line of the file; what each is for stands there."""

    article: str
    category: str
    spoken: str
    spoken_yes: str
    spoken_address: str
    spoken_categories: list[str]


@cache
def subjects() -> Subjects:
    file = Path(__file__).parent / "scenes.toml"
    return Subjects(**tomllib.loads(file.read_text(encoding="utf-8")))
