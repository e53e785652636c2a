"""Parses Asterisk's channel event logging (CEL), one JSON object per line. Pure.

Asterisk writes this JSON without escaping backslashes, so a backslash in a caller's name breaks the line or injects
fields. Therefore the name and the extension are never used, and the number only in user events of the dialplan, before
which the dialplan has filtered the number. Of a repeated field the occurrence that the caller cannot influence counts.
A broken line is parsed by the fields before and after the break.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HEAD = ("eventtype", "userdeftype", "eventtime")
"""Fields before any caller-controlled text: the first occurrence counts. Of all other fields the last one counts."""

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
    """One event. `kind`: Asterisk's event type (`HANGUP`) or the name of a dialplan user event (`CC_ARRIVED`)."""

    kind: str
    at: datetime
    channel_id: str
    call_id: str
    """Asterisk's linkedid: the uniqueid of the call's first channel."""
    channel_name: str = ""
    number: str = ""
    """Caller ID number. Before `CC_ARRIVED` it may be one that is withheld; the dialplan then makes it empty."""
    context: str = ""
    peers: tuple[str, ...] = ()
    """Names of the other channels in the bridge."""
    extra: dict[str, str] = field(default_factory=dict)
    """Extra fields of the event; of a dialplan event {"extra": its argument}."""

    @property
    def is_caller_channel(self) -> bool:
        """True for the first channel of a call: the caller's."""
        return self.channel_id == self.call_id


def parse_cel_line(line: str) -> CelEvent | None:
    """Parses one line. Returns None when the line is no valid event. Never raises."""
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
    """Encodes EventExtra given as a JSON object instead of a string."""
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
    """Parses epoch seconds with microseconds by integers, because a float would lose the last digits."""
    try:
        microseconds = int(Decimal(text) * 1_000_000)
        return _EPOCH + timedelta(microseconds=microseconds)
    except (InvalidOperation, ValueError, OverflowError):
        return None
