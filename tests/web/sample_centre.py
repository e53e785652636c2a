"""A fictional centre for the desk's tests and its screenshot: its people, and the means to add calls to it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.calls.models import Call, Recording, RecordingState
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.knowledge.categories import Categories
from callcenter.knowledge.categories_file import read_categories
from callcenter.queues.models import Member, MemberState
from callcenter.settings import TREE
from callcenter.staff.models import Employee, Role, WebSession
from callcenter.staff.service import ensure_accounts

PASSWORD = "correct-horse-7"
NUMBER = "+78125550192"
RATE = 8000
SHIFT_HOURS = 13


@dataclass(frozen=True, slots=True)
class Person:
    login: str
    name: str
    role: Role
    interface: str | None = None
    password: str = PASSWORD

    @property
    def token(self) -> str:
        """Of a session that is open already, so that not every test has to wait for argon2."""
        return f"token-of-{self.login}"


ANNA = Person("anna", "Анна Котова", Role.DISPATCHER, "PJSIP/d-4f1a9c")
IGOR = Person("igor", "Игорь Белов", Role.DISPATCHER, "PJSIP/d-81c2e0")
DIRECTOR = Person("director", "Марина Лосева", Role.DIRECTOR)
ADMINISTRATOR = Person("admin", "Пётр Гуляев", Role.ADMINISTRATOR)
PEOPLE = (ANNA, IGOR, DIRECTOR, ADMINISTRATOR)


@cache
def town_categories() -> Categories:
    categories, problems = read_categories(TREE / "knowledge_base" / "categories.yaml")
    assert not problems
    return categories


async def settle_people(session: AsyncSession, *, now: datetime) -> None:
    """Accounts, and an open session for each."""
    await ensure_accounts(session, PEOPLE, now=now)
    for person in PEOPLE:
        employee = await session.scalar(select(Employee).where(Employee.login == person.login))
        assert employee is not None
        session.add(
            WebSession(
                token_hash=hashlib.sha256(person.token.encode()).hexdigest(),
                employee_id=employee.id,
                csrf=f"csrf-of-{person.login}",
                created_at=now,
                expires_at=now + timedelta(hours=SHIFT_HOURS),
            )
        )


async def settle_phones(session: AsyncSession, *, now: datetime) -> None:
    """The members of the queue, as Asterisk shows them."""
    session.add_all(
        (
            _member(ANNA.interface, ANNA.name, "101", state=MemberState.TALKING, since=now - _ago(3, 17)),
            _member(IGOR.interface, IGOR.name, "102", state=MemberState.RINGING, since=now - _ago(0, 9)),
            _member("PJSIP/d-5b77d1", "Место 3", "103", state=MemberState.PAUSED, since=now - _ago(19, 40), why="Обед"),
            _member("PJSIP/d-c09e42", "Место 4", "104", state=MemberState.ABSENT, since=now - _ago(412, 17)),
        )
    )


async def add_call(session: AsyncSession, call_id: str, *, at: datetime, **columns: Any) -> Call:
    call = Call(company_id=DEFAULT_COMPANY_ID, id=call_id, dialled=NUMBER, arrived_at=at, **columns)
    session.add(call)
    await session.flush()
    return call


async def file_recording(
    session: AsyncSession,
    recordings: Path,
    call_id: str,
    *,
    seconds: float,
    at: datetime,
    gaps: list[dict[str, float]] | None = None,
) -> Path:
    """A two-channel FLAC of `seconds` with a tone on each side, and its row."""
    path = f"{at:%Y/%m/%d}/{call_id}.flac"
    file = recordings / path
    file.parent.mkdir(parents=True, exist_ok=True)
    second = np.arange(RATE) / RATE
    sides = np.stack([np.sin(2 * np.pi * hertz * second) * 0.2 for hertz in (330, 440)], axis=1)
    with soundfile.SoundFile(file, "w", samplerate=RATE, channels=2, format="FLAC", subtype="PCM_16") as sound:
        while (missing := int(seconds * RATE) - sound.frames) > 0:
            sound.write(sides[:missing])
    session.add(
        Recording(
            call_id=call_id,
            state=RecordingState.FILED,
            path=path,
            seconds=seconds,
            bytes=file.stat().st_size,
            sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
            gaps=gaps or [],
            filed_at=at + timedelta(seconds=seconds + 3),
        )
    )
    await session.flush()
    return file


def _ago(minutes: int, seconds: int) -> timedelta:
    return timedelta(minutes=minutes, seconds=seconds)


def _member(
    interface: str | None, name: str, extension: str, *, state: MemberState, since: datetime, why: str | None = None
) -> Member:
    return Member(interface=interface, name=name, extension=extension, state=state, pause_reason=why, since=since)
