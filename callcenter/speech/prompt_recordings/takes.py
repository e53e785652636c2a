"""Turns takes that were accepted in the telephone studio into the recordings that callers hear.

The dialplan's studio writes `<text number>-<epoch seconds>.wav` for every take, and a mark with the same name and the
suffix `.ok.wav` beside a take that its speaker accepted. A take that fails the quality check raises an alarm on the
board.
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
    find_recordable_text,
    link_studio_sounds,
    list_recordable_texts,
    store_recording,
)
from callcenter.speech.prompt_recordings.recording_check import UnusableRecording

log = structlog.get_logger()

SCAN_INTERVAL = 2.0
"""Seconds between two scans for accepted takes."""
TAKE_LIFETIME = 24 * 3600.0
"""Seconds after which a take that was not accepted is deleted."""
ACCEPTED = ".ok.wav"
"""File name suffix of the mark beside an accepted take."""


class TakeCollector:
    """Scans for accepted takes and stores them as recordings. `renew` writes the dialplan's sounds anew."""

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
        """Scans every SCAN_INTERVAL seconds until canceled."""
        while True:
            await self.look()
            await asyncio.sleep(SCAN_INTERVAL)

    async def look(self) -> int:
        """Processes the takes accepted since the last scan; returns the number of new recordings.

        A scan that finds none deletes expired takes.
        """
        accepted = sorted(self._layout.studio_takes.glob(f"*{ACCEPTED}"))
        if not accepted:
            await asyncio.to_thread(self._forget)
            return 0
        lines = await asyncio.to_thread(list_recordable_texts, self._layout, self._edition())
        takes = [mark.with_name(mark.name.removesuffix(ACCEPTED) + ".wav") for mark in accepted]
        taken = [await self._take(take, lines) for take in takes]
        if any(taken):
            await asyncio.to_thread(link_studio_sounds, self._layout, lines)
            await self._renew()
        for file in (*accepted, *takes):  # last, so that the next scan repeats a failed or interrupted one
            file.unlink(missing_ok=True)
        return sum(taken)

    async def _take(self, take: Path, lines: list[RecordableText]) -> bool:
        number = take.name.partition("-")[0]
        subject = f"studio {number}"
        try:
            line = find_recordable_text(lines, number)
            await asyncio.to_thread(store_recording, line, take)
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
                if time.time() - file.stat().st_mtime > TAKE_LIFETIME:
                    file.unlink()
