"""What is wrong with a file that a person wrote: where, what, and the mend."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class FileLocation:
    """A place in a file; line and column count from 1, 0 means the file as a whole."""

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
    """One finding of a check. `code` is stable (IVR201, KB105 ...); `message` is for a person and holds the mend.

    `fatal` problems stop a start; others are only listed (an expired answer: the caller gets a person).
    """

    position: FileLocation
    code: str
    message: str
    fatal: bool = True

    def __str__(self) -> str:
        return f"{self.position}: {self.message} ({self.code})"
