"""The words of addresses that `address.toml` holds, read once for all that listen for addresses."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any


@cache
def address_words() -> Any:
    """The file's tables, as it names them."""
    return tomllib.loads(Path(__file__).with_name("address.toml").read_text(encoding="utf-8"))
