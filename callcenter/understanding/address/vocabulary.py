"""The address vocabulary of `address.toml`, shared by all modules of this package."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any


@cache
def address_words() -> Any:
    """The tables of `address.toml`, parsed once."""
    return tomllib.loads(Path(__file__).with_name("address.toml").read_text(encoding="utf-8"))
