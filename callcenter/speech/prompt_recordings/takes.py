"""What was recorded in the studio and accepted there becomes what callers hear; what is no good is told on the board.

The dialplan leaves `<number>-<moment>.wav` for every take, and `….ok.wav` beside one that its speaker accepted.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from callcenter.alarms.models import AlarmKind
from callcenter.conducting.ports import Alarms
from callcenter.conducting.scripts import ScriptEdition
from callcenter.layout import Layout
from callcenter.speech.prompt_recordings.catalogue import (
    RecordableText,
    TextNotFound,
    find_line,
    list_lines,
    publish,
    record,
)
from callcenter.speech.prompt_recordings.fitting import UnusableRecording

log = structlog.get_logger()

LOOK_EVERY = 2.0
FORGOTTEN_AFTER = 24 * 3600.0
"""Seconds until a take that nobody accepted is removed."""
ACCEPTED = ".ok.wav"
"""The end of the name of the mark beside a take that is to be taken over."""


class TakeCollector:
    """Looks for accepted takes. `renew` makes the dialplan's own sounds again."""

    def __init__(
        self,
        layout: Layout,
        *,
        edition: Callable[[], ScriptEdition],
        alarms: Alarms,
        renew: Callable[[], Awaitable[object]],
    ) -> None:
        self._layout = layout
        self._edition = edition
        self._alarms = alarms
        self._renew = renew

    async def run(self) -> None:
        """Looks until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> int:
        """Takes over what was accepted since; how many recordings callers hear now. Forgets old takes."""
        accepted = sorted(self._layout.studio_takes.glob(f"*{ACCEPTED}"))
        if not accepted:
            await asyncio.to_thread(self._forget)
            return 0
        lines = await asyncio.to_thread(list_lines, self._layout, self._edition())
        takes = [mark.with_name(mark.name.removesuffix(ACCEPTED) + ".wav") for mark in accepted]
        taken = [await self._take(take, lines) for take in takes]
        if any(taken):
            await asyncio.to_thread(publish, self._layout, lines)
            await self._renew()
        for file in (*accepted, *takes):  # last: whatever fails before, or is cut off, is done again
            file.unlink(missing_ok=True)
        return sum(taken)

    async def _take(self, take: Path, lines: list[RecordableText]) -> bool:
        number = take.name.partition("-")[0]
        subject = f"studio {number}"
        try:
            line = find_line(lines, number)
            await asyncio.to_thread(record, line, take)
        except (TextNotFound, UnusableRecording) as error:
            why = str(error).removeprefix(f"{take}: ")
            log.warning("a take of the studio is refused", number=number, why=why)
            await self._alarms.raise_alarm(AlarmKind.RECORDING, subject, f"Запись фразы {number} не принята: {why}")
            return False
        log.info("a text is spoken by a person now", number=number, text=line.text)
        await self._alarms.clear_alarm(AlarmKind.RECORDING, subject)
        return True

    def _forget(self) -> None:
        for file in self._layout.studio_takes.glob("*.wav"):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - file.stat().st_mtime > FORGOTTEN_AFTER:
                    file.unlink()
