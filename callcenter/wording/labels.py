"""The Russian words of enumerations: states, kinds, outcomes. `labels.yaml` is their only home."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

LABELS_FILE = Path(__file__).with_name("labels.yaml")


@cache
def labels() -> Mapping[str, Mapping[str, str]]:
    """Enumeration (`outcome`) -> its value (`talked`) -> the Russian word («разговор с диспетчером»)."""
    tables: dict[str, dict[str, str]] = yaml.safe_load(LABELS_FILE.read_text(encoding="utf-8"))
    return tables


def label(enumeration: str, value: str) -> str:
    """The Russian word of a value. Raises KeyError for a value without one; a test checks that there is none."""
    return labels()[enumeration][value]
