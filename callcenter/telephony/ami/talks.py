"""What AMI tells of a talk with a dispatcher. Asterisk writes the same into its files, if it can write."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

CONNECTED, TALK_ENDED = "connected", "talk_ended"
_KINDS = {"AgentConnect": CONNECTED, "AgentComplete": TALK_ENDED}


@dataclass(frozen=True, slots=True)
class TalkEvent:
    """A dispatcher has answered, or the talk has ended: `kind` is CONNECTED or TALK_ENDED."""

    kind: str
    at: datetime
    """Asterisk's own moment: the event may have waited for a controller that stood still."""
    call_id: str
    member_channel: str
    member: str
    """The interface, e.g. `PJSIP/d-4f1a9c`."""


def read_talk_event(message: Mapping[str, Any], *, now: datetime) -> TalkEvent | None:
    """The event in a message of AMI; None when it tells of no talk. `now` stands in for a moment it does not tell."""
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
