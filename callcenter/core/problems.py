"""Problems found in hand-written files (scripts, knowledge base): location, message and remedy."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class FileLocation:
    """A location in a file. Line and column count from 1; line 0: the whole file; column 0: the whole line."""

    file: Path
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        parts = [str(self.file)]
        if self.line:
            parts.append(str(self.line))
        if self.line and self.column:
            parts.append(str(self.column))
        return ":".join(parts)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One finding of a check. `code` is stable (IVR201, KB105 …); `message` tells a person what to change.

    `fatal` problems prevent a start. Others are only listed, e.g. an expired answer: such callers get a dispatcher.
    """

    position: FileLocation
    code: str
    message: str
    fatal: bool = True

    def __str__(self) -> str:
        return f"{self.position}: {self.message} ({self.code})"
