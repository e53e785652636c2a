"""One call's ids, and everything Asterisk wrote of its calls read at once."""

from callcenter.intake.asterisk_log import AsteriskLogReader
from tests.stand_ins.clock import FakeClock

CALL = "b1-1795554813.7"
LEG = "b1-1795554831.8"


async def read_all(truth: AsteriskLogReader, clock: FakeClock, *, later: float = 600) -> None:
    """The controller is there again, some time after it all happened."""
    clock.advance(seconds=later)
    while await truth.read_new_lines():
        pass
    await truth.assign_outcomes()
