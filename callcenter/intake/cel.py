"""Asterisk's channel events (CEL), one JSON object a line, made typed. Pure.

Asterisk writes this JSON without escaping backslashes, so a caller whose name holds one breaks the line or adds
fields to it. Fields that a caller can write (name, number, extension) are never used; of a field that stands twice
the one outside the caller's reach counts; and a broken line is read by the fields around the break.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HEAD = ("eventtype", "userdeftype", "eventtime")
"""These stand before anything a caller can write: the first one counts. Of the others, the last one."""

_HEAD_PATTERN = re.compile(
    r'\A\{"EventType":"(?P<eventtype>\w*)","UserDefType":"(?P<userdeftype>\w*)",'
    r'"EventTime":"?(?P<eventtime>\d+(?:\.\d+)?)"?,',
    re.IGNORECASE,
)
_TAIL_PATTERN = re.compile(
    r'"UniqueID":"(?P<uniqueid>[\w.-]+)","LinkedID":"(?P<linkedid>[\w.-]+)",'
    r'"Peer":"(?P<peer>[^"\\]*)","EventExtra":"(?P<eventextra>.*)"\}\Z',
    re.IGNORECASE,
)
_CHANNEL_PATTERN = re.compile(r'"Context":"(?P<context>[\w-]*)","ChanName":"(?P<channame>[^"\\]*)"', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CelEvent:
    """One event. `kind` is Asterisk's (`HANGUP`) or, for the dialplan's own events, their name (`CC_ARRIVED`)."""

    kind: str
    at: datetime
    channel_id: str
    call_id: str
    """The linkedid."""
    channel_name: str = ""
    number: str = ""
    """Who is shown as calling; of a number that is withheld nothing, once the dialplan has seen to it."""
    context: str = ""
    peers: tuple[str, ...] = ()
    """Names of the other channels in the bridge."""
    extra: dict[str, str] = field(default_factory=dict)
    """Of a dialplan's event: {"extra": its argument}."""

    @property
    def is_caller_channel(self) -> bool:
        """True for the first channel of a call: the caller's."""
        return self.channel_id == self.call_id


def parse_cel_line(line: str) -> CelEvent | None:
    """The event of a line; None when it is none. Raises nothing, whatever the line holds."""
    line = line.strip().replace("\x00", "")
    fields = _parse_json(line) or _parse_damaged_line(line)
    if fields is None:
        return None
    at = _parse_epoch(fields.get("eventtime", ""))
    channel_id, call_id = fields.get("uniqueid", ""), fields.get("linkedid", "")
    kind = fields.get("userdeftype", "") or fields.get("eventtype", "")
    if at is None or not kind or not channel_id or not call_id or len(channel_id) > 80 or len(call_id) > 80:
        return None
    return CelEvent(
        kind=kind,
        at=at,
        channel_id=channel_id,
        call_id=call_id,
        channel_name=fields.get("channame", ""),
        number=fields.get("num", ""),
        context=fields.get("context", ""),
        peers=tuple(name for name in fields.get("peer", "").split(",") if name),
        extra=_parse_extra(fields.get("eventextra", "")),
    )


def _parse_json(line: str) -> dict[str, str] | None:
    try:
        pairs = json.loads(line, object_pairs_hook=list, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return None
    if not isinstance(pairs, list):
        return None
    fields: dict[str, str] = {}
    for pair in pairs:
        if not isinstance(pair, tuple):
            return None  # a JSON array
        name = re.sub(r"\(.*\)", "", pair[0]).lower()
        if name in _HEAD and name in fields:
            continue
        fields[name] = pair[1] if isinstance(pair[1], str) else _encode_nested(pair[1])
    return fields


def _encode_nested(value: object) -> str:
    """An extra field that came as an object rather than as text."""
    return json.dumps(dict(value)) if isinstance(value, list) and all(isinstance(p, tuple) for p in value) else ""


def _parse_damaged_line(line: str) -> dict[str, str] | None:
    head, tail = _HEAD_PATTERN.match(line), _TAIL_PATTERN.search(line)
    if head is None or tail is None:
        return None
    channels = list(_CHANNEL_PATTERN.finditer(line, head.end(), tail.start()))
    return {**head.groupdict(), **(channels[-1].groupdict() if channels else {}), **tail.groupdict()}


def _parse_extra(text: str) -> dict[str, str]:
    try:
        extra = json.loads(text.replace('\\"', '"')) if text else {}
    except (ValueError, RecursionError):
        return {"extra": text}
    if not isinstance(extra, dict):
        return {}
    return {str(name): str(value).replace("\x00", "") for name, value in extra.items()}


def _parse_epoch(text: str) -> datetime | None:
    """Epoch seconds with microseconds; counted in integers, because a float would lose the last of them."""
    try:
        microseconds = int(Decimal(text) * 1_000_000)
        return _EPOCH + timedelta(microseconds=microseconds)
    except (InvalidOperation, ValueError, OverflowError):
        return None
