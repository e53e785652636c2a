"""Reads the begin and end of a talk with a dispatcher from AMI events.

queue_log has the same facts, but only while Asterisk can write to its disk.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from callcenter.core.event_kinds import EventKind

CONNECTED, TALK_ENDED = EventKind.CONNECTED, EventKind.TALK_ENDED
_KINDS = {"AgentConnect": CONNECTED, "AgentComplete": TALK_ENDED}


@dataclass(frozen=True, slots=True)
class TalkEvent:
    """A dispatcher answered a call (`kind` is CONNECTED), or the talk ended (TALK_ENDED)."""

    kind: str
    at: datetime
    """The time from Asterisk, UTC: the event may arrive late when the controller was suspended."""
    call_id: str
    member_channel: str
    member: str
    """The dispatcher's queue interface, e.g. `PJSIP/d-4f1a9c`."""


def read_talk_event(message: Mapping[str, Any], *, now: datetime) -> TalkEvent | None:
    """The talk event in an AMI message; None for any other message. `now` is used when the message has no time."""
    kind = _KINDS.get(str(message.get("Event")))
    call_id, channel = str(message.get("Uniqueid") or ""), str(message.get("DestUniqueid") or "")
    if kind is None or not call_id or not channel:
        return None
    return TalkEvent(
        kind, _moment(message.get("Timestamp")) or now, call_id, channel, str(message.get("Interface") or "")
    )


def _moment(told: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(str(told)), UTC)
    except (ValueError, OverflowError, OSError):
        return None
