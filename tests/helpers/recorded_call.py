"""A call that is recorded while the filer watches: sound is written, time passes, sound stays away."""

import numpy as np
import numpy.typing as npt

from callcenter.intake.asterisk_log import AsteriskLogReader
from callcenter.recordings.filing import LOOK_SECONDS, QUIET_SECONDS, RecordingFiler
from tests.stand_ins.asterisk_files import RATE, AsteriskFiles, InboundCall
from tests.stand_ins.clock import FakeClock

CALLER, OURS = 1000, 2000
"""How loud each side is."""
BUFFER = 32768
"""Asterisk writes so many bytes at a time."""


def sound(seconds: float, *, caller: int = CALLER, ours: int = OURS) -> npt.NDArray[np.int16]:
    """Both sides at these levels; rows are moments, the columns the caller and our side."""
    return np.tile(np.array([caller, ours], dtype=np.int16), (round(seconds * RATE), 1))


class RecordedCall:
    """A call that arrives now. Everything it does takes place on the clock, and the filer looks on."""

    def __init__(self, files: AsteriskFiles, clock: FakeClock, filer: RecordingFiler | None, call_id: str) -> None:
        self.call_id = call_id
        self.raw = files.raw_recordings / f"{call_id}.raw"
        self._clock = clock
        self._filer = filer
        self._call = InboundCall(files, call_id, clock.now())
        self._call.arrives()
        self._unwritten = b""
        self.raw.touch()
        self._look()

    def sounds(self, seconds: float, *, caller: int = CALLER, ours: int = OURS) -> None:
        self._passes(seconds, sound(LOOK_SECONDS, caller=caller, ours=ours))

    def falls_silent(self, seconds: float) -> None:
        """Neither side sends anything: Asterisk writes nothing."""
        self._passes(seconds, None)

    def hangs_up(self) -> None:
        self._write(self._unwritten)
        self._call.hangs_up((self._clock.now() - self._call.arrived_at).total_seconds())

    def _passes(self, seconds: float, portion: npt.NDArray[np.int16] | None) -> None:
        for _ in range(round(seconds / LOOK_SECONDS)):
            self._clock.advance(seconds=LOOK_SECONDS)
            if portion is not None:
                self._unwritten += portion.tobytes()
            whole = len(self._unwritten) // BUFFER * BUFFER
            self._write(self._unwritten[:whole])
            self._unwritten = self._unwritten[whole:]
            self._look()

    def _write(self, content: bytes) -> None:
        if content:
            with self.raw.open("ab") as file:
                file.write(content)

    def _look(self) -> None:
        if self._filer is not None:
            self._filer.sample_file_sizes()


async def file_all(truth: AsteriskLogReader, filer: RecordingFiler, clock: FakeClock) -> int:
    """Some seconds after the call: its end is read, and what is finished is filed."""
    while await truth.read_new_lines():
        pass
    filer.sample_file_sizes()
    clock.advance(seconds=QUIET_SECONDS + 0.1)
    filer.sample_file_sizes()
    return await filer.file_finished()
