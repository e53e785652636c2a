"""A clock of the day that can be set for a whole centre, Asterisk and PostgreSQL too. It needs a C compiler (`cc`).

`set_clock.c`, preloaded into every program, does to them what Linux does when somebody sets the clock: the time leaps
for all at once, waits until a moment of the day end or grow longer, the monotonic clock goes on. (libfaketime leaves
waits that have begun as they were, and tells each program up to a second later.) Times of files stay right.
"""

import mmap
import subprocess
from pathlib import Path

from tests.live.running_centre import RunningCentre

SOURCE = Path(__file__).with_suffix(".c")
_PROGRAM = 'words = [*way.program, "-f"'


class SetClock:
    """Right until `set_offset`. The centre must not have been started yet."""

    def __init__(self, centre: RunningCentre) -> None:
        place = centre.layout.asterisk / "clock"  # Asterisk sees little else of the machine
        place.mkdir()
        library, file = build(place), place / "offset"
        file.write_bytes(bytes(8))
        with file.open("r+b") as opened:
            self._offset = mmap.mmap(opened.fileno(), 8)
        variables = {"LD_PRELOAD": str(library), "SET_CLOCK": str(file)}
        centre.environment.update(variables)
        _preload_into_asterisk(centre, variables)

    def set_offset(self, hours: float) -> None:
        """So far from the right time from now on."""
        nanoseconds = memoryview(self._offset).cast("q")
        nanoseconds[0] = round(hours * 3600e9)
        nanoseconds.release()


def build(place: Path) -> Path:
    library = place / "set_clock.so"
    subprocess.run(["cc", "-O2", "-Wall", "-shared", "-fPIC", "-pthread", "-o", library, SOURCE], check=True)
    return library


def _preload_into_asterisk(centre: RunningCentre, variables: dict[str, str]) -> None:
    """It is given an environment of its own, so the centre's copy of our programs starts it by `env`."""
    file = centre.tree / "callcenter" / "instance" / "asterisk.py"
    source = file.read_text(encoding="utf-8")
    assert source.count(_PROGRAM) == 1
    words = "".join(f'"{name}={value}", ' for name, value in variables.items())
    file.write_text(source.replace(_PROGRAM, f'words = ["/usr/bin/env", {words}*way.program, "-f"'), encoding="utf-8")
