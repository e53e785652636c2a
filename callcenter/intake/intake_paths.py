"""The file paths that this package needs; `callcenter.layout.Layout` implements them."""

from pathlib import Path
from typing import Protocol


class IntakePaths(Protocol):
    @property
    def journal(self) -> Path:
        """Directory of the journal: notes not yet applied to the database."""
        ...

    @property
    def cel_file(self) -> Path: ...

    @property
    def queue_log(self) -> Path: ...

    @property
    def raw_recordings(self) -> Path:
        """Directory of raw recordings, `<call id>.raw`."""
        ...
