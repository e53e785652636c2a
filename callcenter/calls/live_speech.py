"""Sends partial recognition results to open web pages by PostgreSQL NOTIFY. Partial results are not stored.

A page that misses some loses nothing: the final result becomes a row of the transcript.
"""

import asyncio
import json
from datetime import datetime

import structlog
from sqlalchemy import text

from callcenter.calls.models import Speaker
from callcenter.core.database import Database
from callcenter.core.errors import DatabaseUnavailable

SPOKEN_CHANNEL = "callcenter_spoken"
"""NOTIFY channel. Payload: call id, space, JSON {speaker: [start of the utterance in epoch milliseconds, text]}."""
PAUSE_SECONDS = 0.25
"""Shortest interval between two notifications: at most four per second and call."""
_MAX_TEXT_BYTES = 3500
"""Limit per speaker, as JSON: the texts of both speakers and the rest fit into the 8000 bytes of a NOTIFY payload."""

_NOTIFY_STATEMENT = text("SELECT pg_notify(:channel, payload) FROM unnest(CAST(:payloads AS text[])) AS payload")
_log = structlog.get_logger()


class LiveSpeech:
    """Collects the newest partial result of each speaker for `run` to send. `update_partial` never blocks."""

    def __init__(self) -> None:
        self._pending: dict[str, dict[Speaker, tuple[datetime, str]]] = {}
        self._sent: dict[tuple[str, Speaker], str] = {}
        self._has_pending = asyncio.Event()

    def update_partial(self, call_id: str, speaker: Speaker, *, at: datetime, words: str) -> None:
        """Sets the partial result of the utterance that `speaker` began at `at`; empty `words` retract it."""
        if self._sent.get((call_id, speaker), "") == words:
            self._drop(call_id, speaker)
            return
        self._pending.setdefault(call_id, {})[speaker] = (at, words)
        self._has_pending.set()

    def end_partials(self, call_id: str, speaker: Speaker) -> None:
        """Forgets a speaker's partial results when recognition of this leg has ended."""
        self._drop(call_id, speaker)
        self._sent.pop((call_id, speaker), None)

    async def run(self, database: Database) -> None:
        """Sends pending results until cancelled. Results that cannot be sent are dropped: newer ones follow."""
        while True:
            await self._has_pending.wait()
            self._has_pending.clear()
            waiting, self._pending = self._pending, {}
            for call_id, sides in waiting.items():
                self._sent.update({(call_id, speaker): words for speaker, (_, words) in sides.items()})
            try:
                async with database.begin() as session:
                    payloads = [_build_payload(call_id, sides) for call_id, sides in waiting.items()]
                    await session.execute(_NOTIFY_STATEMENT, {"channel": SPOKEN_CHANNEL, "payloads": payloads})
            except (DatabaseUnavailable, OSError) as error:
                _log.debug("words being said could not be told", error=type(error).__name__)
            await asyncio.sleep(PAUSE_SECONDS)

    def _drop(self, call_id: str, speaker: Speaker) -> None:
        sides = self._pending.get(call_id, {})
        sides.pop(speaker, None)
        if not sides:
            self._pending.pop(call_id, None)


def _build_payload(call_id: str, sides: dict[Speaker, tuple[datetime, str]]) -> str:
    said = {
        speaker.value: [int(at.timestamp() * 1000), _keep_last_words(words)] for speaker, (at, words) in sides.items()
    }
    return f"{call_id} {json.dumps(said, ensure_ascii=False, separators=(',', ':'))}"


def _keep_last_words(words: str) -> str:
    """Cuts words off the beginning until the text fits into _MAX_TEXT_BYTES."""
    kept = words
    while len(json.dumps(kept, ensure_ascii=False).encode()) > _MAX_TEXT_BYTES:
        kept = kept[len(kept) // 4 + 1 :]
    return words if kept == words else f"… {kept.partition(' ')[2] or kept}"
