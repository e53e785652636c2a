"""How long steps of set-up tell a person how far they are."""

from collections.abc import Callable

Progress = Callable[[str], None]
"""Told one line of Russian at a time."""
