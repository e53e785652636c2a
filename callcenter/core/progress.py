"""Progress messages of long set-up steps."""

from collections.abc import Callable

Progress = Callable[[str], None]
"""Called with one line of Russian text per step."""
