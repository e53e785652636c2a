"""A clock of the day that can be set for a whole centre, Asterisk and PostgreSQL too: libfaketime, from a file.

The monotonic clock goes on, as it does when somebody sets a machine's clock. The centre must not have been started yet.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.live.running_centre import RunningCentre

PLACES: Sequence[str] = ("lib/*/faketime", "lib64/faketime", "lib/faketime")
HEARD_OF_WITHIN = 1.0
"""Seconds until every program has seen that the clock was set."""
_PROGRAM = 'words = [*way.program, "-f"'


class SetClock:
    """Right until `put`."""

    def __init__(self, centre: RunningCentre) -> None:
        place = centre.layout.asterisk / "clock"  # Asterisk sees little else of the machine
        place.mkdir()
        library = place / "libfaketime.so.1"
        shutil.copy(find_library(), library)
        self._file = place / "now"
        self.put(0)
        variables = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DISABLE_SHM": "1",  # a program's own memory: bubblewrap hangs on it, and Asterisk sees another
            "NO_FAKE_STAT": "1",
        }
        centre.environment.update(variables)
        _let_into_asterisk(centre, variables)

    def put(self, hours: float) -> None:
        """So far from the right time from now on."""
        self._file.write_text(f"{hours * 3600:+.0f}\n", encoding="ascii")


def find_library() -> Path:
    found = [file for place in PLACES for file in Path("/usr").glob(f"{place}/libfaketimeMT.so.1")]
    assert found, "no libfaketime; Debian has it in a package of that name"
    return found[0]


def _let_into_asterisk(centre: RunningCentre, variables: dict[str, str]) -> None:
    """It is given an environment of its own, so the centre's copy of our programs starts it by `env`."""
    file = centre.tree / "callcenter" / "instance" / "asterisk.py"
    source = file.read_text(encoding="utf-8")
    assert source.count(_PROGRAM) == 1
    words = "".join(f'"{name}={value}", ' for name, value in variables.items())
    file.write_text(source.replace(_PROGRAM, f'words = ["/usr/bin/env", {words}*way.program, "-f"'), encoding="utf-8")
