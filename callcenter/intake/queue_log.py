"""Parses Asterisk's queue_log. Pure. A line is

<epoch seconds>|<call id>|<queue>|<member>|<event>|<data>|<data>...
"""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class QueueEvent:
    """One line about a call. `at` has whole seconds only."""

    at: datetime
    call_id: str
    member: str | None
    """The interface, e.g. `PJSIP/d-4f1a9c`."""
    kind: str
    """ENTERQUEUE, CONNECT, ABANDON, EXITWITHTIMEOUT …"""
    arguments: tuple[str, ...]


def parse_queue_line(line: str) -> QueueEvent | None:
    """Parses one line. Returns None when the line is invalid or not about a call."""
    parts = line.strip().replace("\x00", "").split("|")
    if len(parts) < 5:
        return None
    seconds, call_id, _queue, member, kind, *words = parts
    if not seconds.isascii() or not seconds.isdigit() or not kind or call_id in ("", "NONE") or len(call_id) > 80:
        return None
    try:
        at = datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return QueueEvent(at, call_id, None if member in ("", "NONE") else member, kind, tuple(words))
