"""A realistic afternoon of a fictional centre, written into a database for the desk's tests and its screenshot."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.alarms.models import AlarmKind
from callcenter.alarms.service import raise_alarm
from callcenter.calls.models import (
    Call,
    CallEvent,
    CallLeg,
    CallState,
    EventSource,
    LegRole,
    Outcome,
    Recording,
    RecordingState,
)
from callcenter.knowledge.categories import Categories
from callcenter.knowledge.categories_file import read_categories
from callcenter.queues.models import Member, MemberState, TaskKind
from callcenter.queues.service import open_task, take_task
from callcenter.settings import TREE, Company
from callcenter.staff.models import Role
from callcenter.staff.service import ensure_accounts
from callcenter.tickets.drafts import edit_draft
from callcenter.tickets.service import open_draft, register

PASSWORD = "correct-horse-7"
NUMBER = "+78125550192"
RATE = 8000


@dataclass(frozen=True, slots=True)
class Person:
    login: str
    name: str
    role: Role
    interface: str | None = None
    password: str = PASSWORD


ANNA = Person("anna", "Анна Котова", Role.DISPATCHER, "PJSIP/d-4f1a9c")
IGOR = Person("igor", "Игорь Белов", Role.DISPATCHER, "PJSIP/d-81c2e0")
DIRECTOR = Person("director", "Марина Лосева", Role.DIRECTOR)
ADMINISTRATOR = Person("admin", "Пётр Гуляев", Role.ADMINISTRATOR)
PEOPLE = (ANNA, IGOR, DIRECTOR, ADMINISTRATOR)

LEAK = "b17-1764000100.4"
"""The talk with a recording, a ticket and a timeline."""
LIFT = "b17-1764000900.31"
"""Danger, on the line now."""
QUEUED = "b17-1764000950.33"
MISSED = "b17-1764000500.12"


def town_categories() -> Categories:
    categories, problems = read_categories(TREE / "knowledge_base" / "categories.yaml")
    assert not problems
    return categories


async def settle_people(session: AsyncSession, *, now: datetime) -> None:
    await ensure_accounts(session, PEOPLE, now=now)
    for person, extension, state, reason, minutes in (
        (ANNA, "101", MemberState.FREE, None, 6),
        (IGOR, "102", MemberState.TALKING, None, 3),
    ):
        session.add(_member(person.interface or "", person.name, extension, state, reason, now, minutes))
    session.add(_member("PJSIP/d-5b77d1", "Место 3", "103", MemberState.PAUSED, "Обед", now, 19))
    session.add(_member("PJSIP/d-c09e42", "Место 4", "104", MemberState.ABSENT, None, now, 412))


async def settle_afternoon(session: AsyncSession, recordings: Path, *, now: datetime) -> None:
    """Past and present calls, tasks, tickets and alarms around `now`. Needs `settle_people` first."""
    await _leak(session, recordings, now=now)
    await _past_calls(session, now=now)
    await _missed_calls(session, now=now)
    await _live_calls(session, now=now)
    await raise_alarm(
        session,
        kind=AlarmKind.DANGER,
        subject=LIFT,
        message="Опасность: Человек застрял в лифте.",
        now=now - timedelta(seconds=38),
        facts={"category": "LIFT_TRAPPED"},
    )
    await raise_alarm(
        session,
        kind=AlarmKind.DISK,
        subject="recordings",
        message="На диске записей осталось 1,8 ГБ: хватит примерно на шесть дней.",
        now=now - timedelta(hours=2),
    )


async def add_call(session: AsyncSession, call_id: str, *, at: datetime, **columns: Any) -> Call:
    call = Call(id=call_id, dialled=NUMBER, arrived_at=at, **columns)
    session.add(call)
    await session.flush()
    return call


async def file_recording(
    session: AsyncSession, recordings: Path, call_id: str, *, seconds: float, at: datetime, gaps: list[dict[str, float]]
) -> Path:
    """A two-channel FLAC of `seconds` with a tone on each side, and its row."""
    path = f"{at:%Y/%m/%d}/{call_id}.flac"
    file = recordings / path
    file.parent.mkdir(parents=True, exist_ok=True)
    moments = np.arange(int(seconds * RATE)) / RATE
    sides = [np.sin(2 * np.pi * hertz * moments) * 0.2 for hertz in (330, 440)]
    soundfile.write(file, np.stack(sides, axis=1), RATE, format="FLAC", subtype="PCM_16")
    session.add(
        Recording(
            call_id=call_id,
            state=RecordingState.FILED,
            path=path,
            seconds=seconds,
            bytes=file.stat().st_size,
            sha256="9b1c" * 16,
            gaps=gaps,
            filed_at=at + timedelta(seconds=seconds + 3),
        )
    )
    await session.flush()
    return file


def _member(
    interface: str, name: str, extension: str, state: MemberState, reason: str | None, now: datetime, minutes: int
) -> Member:
    since = now - timedelta(minutes=minutes, seconds=17)
    return Member(interface=interface, name=name, extension=extension, state=state, pause_reason=reason, since=since)


async def _leak(session: AsyncSession, recordings: Path, *, now: datetime) -> None:
    at = now - timedelta(minutes=41)
    await add_call(
        session,
        LEAK,
        at=at,
        caller_number="+79215550147",
        state=CallState.ENDED,
        outcome=Outcome.TALKED,
        answered_at=at,
        queued_at=at + timedelta(seconds=24),
        connected_at=at + timedelta(seconds=37),
        ended_at=at + timedelta(seconds=92),
        member=ANNA.interface,
        hangup_cause=16,
    )
    lines: tuple[tuple[float, EventSource, str, dict[str, Any]], ...] = (
        (0, EventSource.CEL, "arrived", {"dialled": NUMBER}),
        (0.3, EventSource.CEL, "answered", {}),
        (0.7, EventSource.ROBOT, "said", {"text": "Здравствуйте! Ситуационный центр. Разговор записывается."}),
        (5.1, EventSource.ROBOT, "step", {"step": "что случилось"}),
        (5.2, EventSource.ROBOT, "said", {"text": "Чтобы сообщить о неисправности, нажмите два."}),
        (9.4, EventSource.ROBOT, "key", {"key": "2"}),
        (9.6, EventSource.ROBOT, "said", {"text": "Если прорвало трубу или стояк, нажмите один."}),
        (13.0, EventSource.ROBOT, "key", {"key": "1"}),
        (13.1, EventSource.ROBOT, "fact", {"категория": "WAT_LEAK_RISER"}),
        (20.2, EventSource.ROBOT, "key", {"key": "0"}),
        (23.8, EventSource.ROBOT, "handed_over", {"reason": "просит человека", "priority": 0}),
        (24.0, EventSource.CEL, "queued", {"priority": "0"}),
        (26.0, EventSource.CEL, "ringing", {"member": ANNA.interface}),
        (37.0, EventSource.CEL, "connected", {"member": ANNA.interface}),
        (92.0, EventSource.CEL, "ended", {"cause": 16}),
    )
    for number, (second, source, kind, facts) in enumerate(lines):
        session.add(
            CallEvent(
                call_id=LEAK,
                at=at + timedelta(seconds=second),
                source=source,
                kind=kind,
                key=f"{kind}:{number}",
                facts=facts,
            )
        )
    for channel, role, begin, answered in (
        ("PJSIP/trunk-00000004", LegRole.CALLER, 0.0, 0.3),
        (f"{ANNA.interface}-00000005", LegRole.MEMBER, 26.0, 37.0),
    ):
        session.add(
            CallLeg(
                call_id=LEAK,
                channel_id=channel,
                channel_name=channel,
                role=role,
                started_at=at + timedelta(seconds=begin),
                answered_at=at + timedelta(seconds=answered),
                ended_at=at + timedelta(seconds=92),
                hangup_cause=16,
            )
        )
    await file_recording(session, recordings, LEAK, seconds=92.0, at=at, gaps=[{"at": 58.0, "seconds": 4.0}])
    await _registered(
        session,
        LEAK,
        category="WAT_LEAK_RISER",
        address="Береговая ул., 14, корп. 2, парадная 3, кв. 118",
        description="Течёт стояк холодной воды в ванной, вода идёт к соседям снизу. Кран перекрыли.",
        arrived_at=at,
        now=at + timedelta(seconds=84),
        by=ANNA.login,
    )


async def _registered(
    session: AsyncSession,
    call_id: str,
    *,
    category: str,
    address: str,
    description: str,
    arrived_at: datetime,
    now: datetime,
    by: str,
) -> None:
    chosen = town_categories()[category]
    ticket_id = await open_draft(session, call_id=call_id, author="centre", now=arrived_at)
    phone = "+79215550147"
    if by != "robot":
        await edit_draft(
            session,
            ticket_id,
            category=chosen,
            address=address,
            contact_phone=phone,
            description=description,
            author=by,
            now=now,
        )
    await register(
        session,
        ticket_id,
        category=chosen,
        contact_phone=phone,
        description=description,
        arrived_at=arrived_at,
        now=now,
        zone=Company().zone,
        by=by,
    )


async def _past_calls(session: AsyncSession, *, now: datetime) -> None:
    past = (
        (63, "+79045550163", Outcome.ROBOT, 0, 0, None),
        (78, "+78125550110", Outcome.TALKED, 11, 154, IGOR.interface),
        (95, None, Outcome.TALKED, 42, 67, ANNA.interface),
        (121, "+79315550188", Outcome.ROBOT, 0, 0, None),
        (149, "+79215550102", Outcome.TALKED, 8, 203, ANNA.interface),
        (26 * 60, "+79525550171", Outcome.VOICEMAIL, 601, 0, None),
        (27 * 60, "+79115550119", Outcome.TALKED, 19, 88, IGOR.interface),
    )
    for number, (minutes, phone, outcome, wait, talk, member) in enumerate(past):
        at = now - timedelta(minutes=minutes)
        queued = at + timedelta(seconds=21)
        call_id = f"b17-17639{number:05d}.2"
        await add_call(
            session,
            call_id,
            at=at,
            caller_number=phone,
            state=CallState.ENDED,
            outcome=outcome,
            answered_at=at,
            queued_at=queued if wait else None,
            connected_at=queued + timedelta(seconds=wait) if talk else None,
            ended_at=queued + timedelta(seconds=wait + talk),
            member=member,
            hangup_cause=16,
        )
    await _registered(
        session,
        "b17-1763900001.2",
        category="LIFT_FAULT",
        address="Набережная, 3, парадная 1",
        description="Лифт дёргается между вторым и третьим этажом.",
        arrived_at=now - timedelta(minutes=78),
        now=now - timedelta(minutes=75),
        by=IGOR.login,
    )
    await _registered(
        session,
        "b17-1763900000.2",
        category="EL_LIGHT_COMMON",
        address="",
        description="Зарегистрирована роботом по кнопкам.",
        arrived_at=now - timedelta(minutes=63),
        now=now - timedelta(minutes=62),
        by="robot",
    )


async def _missed_calls(session: AsyncSession, *, now: datetime) -> None:
    missed = (
        (MISSED, "+79995550121", 8.6, Outcome.ABANDONED, TaskKind.ABANDONED),
        ("b17-1764000620.18", "+79215550134", 4.2, Outcome.CALLBACK, TaskKind.CALLBACK),
        ("b17-1764000700.22", "+78125550177", 12.8, Outcome.VOICEMAIL, TaskKind.VOICEMAIL),
    )
    for call_id, phone, minutes, outcome, kind in missed:
        at = now - timedelta(minutes=minutes)
        await add_call(
            session,
            call_id,
            at=at,
            caller_number=phone,
            state=CallState.ENDED,
            outcome=outcome,
            answered_at=at,
            queued_at=at + timedelta(seconds=18),
            ended_at=at + timedelta(seconds=96),
            hangup_cause=16,
        )
        await open_task(session, call_id=call_id, kind=kind, phone=phone, arrived_at=at, now=at + timedelta(seconds=96))
        await open_draft(session, call_id=call_id, author="centre", now=at)
    taken = await open_task_of(session, "b17-1764000620.18")
    await take_task(session, taken, login=IGOR.login, now=now)


async def open_task_of(session: AsyncSession, call_id: str) -> int:
    from callcenter.queues.views import task_of_call

    task = await task_of_call(session, call_id)
    assert task is not None
    return task.id


async def _live_calls(session: AsyncSession, *, now: datetime) -> None:
    def ago(seconds: float) -> datetime:
        return now - timedelta(seconds=seconds)

    await add_call(
        session,
        LIFT,
        at=ago(52),
        caller_number="+79115550156",
        state=CallState.QUEUED,
        danger="LIFT_TRAPPED",
        answered_at=ago(52),
        queued_at=ago(36),
    )
    await add_call(
        session,
        QUEUED,
        at=ago(141),
        caller_number="+79215550190",
        state=CallState.QUEUED,
        answered_at=ago(141),
        queued_at=ago(104),
    )
    await add_call(
        session,
        "b17-1764000800.26",
        at=ago(236),
        caller_number="+79035550118",
        state=CallState.TALKING,
        answered_at=ago(236),
        queued_at=ago(210),
        connected_at=ago(197),
        member=IGOR.interface,
    )
    await add_call(
        session, "b17-1764000990.36", at=ago(14), caller_number=None, state=CallState.IVR, answered_at=ago(14)
    )
