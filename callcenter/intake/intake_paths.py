"""The paths this room needs of an instance; `Layout` has them."""

from pathlib import Path
from typing import Protocol


class IntakePaths(Protocol):
    @property
    def journal(self) -> Path:
        """Directory of the notes that the database has not taken yet."""
        ...

    @property
    def cel_file(self) -> Path: ...

    @property
    def queue_log(self) -> Path: ...

    @property
    def raw_recordings(self) -> Path:
        """Directory of raw recordings, `<call id>.raw`."""
        ...
