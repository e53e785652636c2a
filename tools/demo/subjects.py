"""Reads `scenes.toml`: the articles, categories and texts that the demo uses."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Subjects:
    """The values of `scenes.toml`; its comments describe them."""

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
