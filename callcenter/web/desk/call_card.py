"""Converts a call's database rows into the texts and numbers of its card. Pure: no I/O; used by `desk.calls`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from callcenter.calls.models import CallEvent, CallLeg, LegRole, Recording, RecordingState
from callcenter.calls.views import CallRecord
from callcenter.knowledge.categories import Categories
from callcenter.web.desk.transcript import SpokenLine, describe_lines
from callcenter.web.plumbing.app_state import FindDangers
from callcenter.web.plumbing.ui_texts import UiTexts

_CATEGORY_FACTS = frozenset({"category", "категория"})
"""Facts whose value is a category code: «category» in the engine's own events, «категория» in scripts."""
PLAYABLE = frozenset({RecordingState.FILED, RecordingState.SHORT, RecordingState.SILENT})


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """One entry of the call's timeline. `detail` entries are hidden until the user asks for them."""

    at: datetime
    second: float | None
    """Offset in the recording, in seconds; None after the end of the recording, or when it cannot be played."""
    offset: timedelta
    """Time since the call's arrival."""
    text: str
    icon: str
    tone: str
    detail: bool
    source: str


@dataclass(frozen=True, slots=True)
class RecordingSegment:
    """A segment of the phase strip over the recording. `left` and `width` are thousandths of the recording's length."""

    kind: str
    left: float
    width: float
    title: str


@dataclass(frozen=True, slots=True)
class LegLine:
    role: str
    name: str
    started_at: datetime
    duration: timedelta
    """Time since the answer, or since the start of a leg that was not answered."""
    answered: bool
    hangup_text: str


@dataclass(frozen=True, slots=True)
class CallCard:
    """Content of the card. The duration of a phase that the call has not reached is None."""

    danger: str | None
    member: str | None
    robot_duration: timedelta | None
    wait_duration: timedelta | None
    talk_duration: timedelta | None
    total_duration: timedelta
    hangup_text: str | None
    timeline: tuple[TimelineLine, ...]
    transcript_lines: tuple[SpokenLine, ...]
    legs: tuple[LegLine, ...]
    recording: Recording | None
    is_playable: bool
    segments: tuple[RecordingSegment, ...]


def describe_call(
    record: CallRecord,
    *,
    ui_texts: UiTexts,
    categories: Categories,
    member_names: Mapping[str, str],
    login_names: Mapping[str, str],
    find_dangers: FindDangers,
    now: datetime,
) -> CallCard:
    """Builds the card. `member_names` maps queue member interfaces to names, `login_names` maps logins to names.

    `now` is the end of the spans of a call that has not ended.
    """
    call, recording = record.call, record.recording
    end = call.ended_at or now
    playable = recording is not None and recording.state in PLAYABLE and bool(recording.path and recording.seconds)
    category = categories.get(call.danger) if call.danger else None
    length = recording.seconds if playable and recording and recording.seconds else None
    return CallCard(
        danger=category.name if category else call.danger,
        member=member_names.get(call.member, call.member) if call.member else None,
        robot_duration=_duration_between(call.arrived_at, call.queued_at or end),
        wait_duration=_duration_between(call.queued_at, call.connected_at or end),
        talk_duration=_duration_between(call.connected_at, end),
        total_duration=end - call.arrived_at,
        hangup_text=None if call.hangup_cause is None else _hangup_cause_text(ui_texts, call.hangup_cause),
        timeline=tuple(
            _build_timeline_entry(
                event,
                record,
                words=ui_texts,
                categories=categories,
                names=member_names,
                people=login_names,
                length=length,
            )
            for event in record.events
        ),
        transcript_lines=describe_lines(
            record.transcript, recording_start=record.recording_started_at, ui_texts=ui_texts, find_dangers=find_dangers
        ),
        legs=tuple(_build_leg(leg, words=ui_texts, names=member_names, now=now) for leg in record.legs),
        recording=recording,
        is_playable=playable,
        segments=tuple(_build_segments(record, recording, length)) if recording and length else (),
    )


def _duration_between(begin: datetime | None, end: datetime) -> timedelta | None:
    return None if begin is None else max(timedelta(), end - begin)


def _hangup_cause_text(words: UiTexts, cause: int) -> str:
    return words.hangup_causes.get(cause, f"код {cause}")


def _build_timeline_entry(
    event: CallEvent,
    record: CallRecord,
    *,
    words: UiTexts,
    categories: Categories,
    names: Mapping[str, str],
    people: Mapping[str, str],
    length: float | None,
) -> TimelineLine:
    facts = {name: _resolve_name(name, value, categories, names, people) for name, value in event.facts.items()}
    text, wording = words.describe_event(event.kind, facts)
    second = max(0.0, (event.at - record.recording_started_at).total_seconds())
    return TimelineLine(
        at=event.at,
        second=second if length is not None and second < length else None,
        offset=max(timedelta(), event.at - record.call.arrived_at),
        text=text,
        icon=wording.icon,
        tone=wording.tone,
        detail=wording.detail,
        source=words.event_source[event.source],
    )


def _resolve_name(
    fact: str, value: object, categories: Categories, names: Mapping[str, str], people: Mapping[str, str]
) -> object:
    """Replaces the code of a category, queue member or employee with its name."""
    if not isinstance(value, str):
        return value
    if fact in _CATEGORY_FACTS:
        category = categories.get(value)
        return category.name if category else value
    return names.get(value) or people.get(value) or value


def _build_leg(leg: CallLeg, *, words: UiTexts, names: Mapping[str, str], now: datetime) -> LegLine:
    device = leg.channel_name.rsplit("-", 1)[0]
    end = "ещё на линии" if leg.ended_at is None else "отключился"
    if leg.ended_at is not None and leg.hangup_cause is not None:
        end = _hangup_cause_text(words, leg.hangup_cause)
    return LegLine(
        role=words.leg_role[leg.role],
        name=names.get(device, "") if leg.role == LegRole.MEMBER else "",
        started_at=leg.started_at,
        duration=(leg.ended_at or now) - (leg.answered_at or leg.started_at),
        answered=leg.answered_at is not None,
        hangup_text=end,
    )


def _build_segments(record: CallRecord, recording: Recording, length: float) -> list[RecordingSegment]:
    """Builds the consecutive phases (robot, queue, talk), then the gaps in the recording, which are drawn over them."""
    call, since = record.call, record.recording_started_at
    marks = [("robot", "Робот", call.arrived_at), ("queue", "Ожидание", call.queued_at)]
    marks.append(("talk", "Разговор", call.connected_at))
    known = [(kind, title, (at - since).total_seconds()) for kind, title, at in marks if at is not None]
    stretches = []
    for index, (kind, title, begin) in enumerate(known):
        end = known[index + 1][2] if index + 1 < len(known) else length
        stretches.append(_make_segment(kind, title, begin, end, length))
    for gap in recording.gaps:
        stretches.append(_make_segment("gap", "Не записалось", gap["at"], gap["at"] + gap["seconds"], length))
    return [stretch for stretch in stretches if stretch.width > 0]


def _make_segment(kind: str, title: str, begin: float, end: float, length: float) -> RecordingSegment:
    left = 1000 * min(max(begin, 0.0), length) / length
    right = 1000 * min(max(end, 0.0), length) / length
    return RecordingSegment(kind, round(left, 2), round(right - left, 2), title)
