"""A realistic hour of the sample centre: calls behind and on the line, missed ones, tickets and alarms around now."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.alarms.models import AlarmKind
from callcenter.alarms.service import raise_alarm
from callcenter.callbacks.models import CallbackKind
from callcenter.callbacks.service import open_callback, take_callback
from callcenter.callbacks.views import callback_of_call
from callcenter.calls.models import CallEvent, CallLeg, CallState, EventSource, LegRole, Outcome, Speaker
from callcenter.calls.transcripts import add_utterance
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.settings import CompanySettings
from callcenter.tickets.drafts import edit_draft
from callcenter.tickets.service import open_draft, register
from tests.web.sample_centre import ANNA, IGOR, NUMBER, add_call, file_recording, town_categories

LEAK = "b17-1764000100.4"
"""The talk with a recording, a ticket and a timeline."""
LIFT = "b17-1764000900.31"
"""Danger, on the line now."""
QUEUED = "b17-1764000950.33"
TALKING = "b17-1764000800.26"
"""Anna's conversation."""
MISSED = "b17-1764000500.12"

_Lines = tuple[tuple[float, EventSource, str, dict[str, Any]], ...]
_GREETING = "Здравствуйте! Ситуационный центр. Разговор записывается."
_LEAK_LINES: _Lines = (
    (0, EventSource.CEL, "arrived", {"dialled": NUMBER}),
    (0.3, EventSource.CEL, "answered", {}),
    (0.7, EventSource.ROBOT, "said", {"text": _GREETING}),
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
_LEAK_WORDS = (
    (38.0, Speaker.MEMBER, "ситуационный центр котова слушаю вас"),
    (41.5, Speaker.CALLER, "здравствуйте у нас течёт стояк холодной воды и ещё на (лестнице) пахнет газом"),
    (49.0, Speaker.MEMBER, "поняла вас не зажигайте свет назовите пожалуйста адрес"),
    (54.0, Speaker.CALLER, "береговая (четырнадцать) корпус два квартира сто восемнадцать"),
    (64.0, Speaker.MEMBER, "кран на стояке перекрыли"),
    (67.5, Speaker.CALLER, "перекрыли но вода идёт (к) (соседям) снизу"),
    (73.0, Speaker.MEMBER, "передаю аварийной службе номер вашей заявки двадцать шесть один"),
    (84.0, Speaker.CALLER, "спасибо жду"),
)
_LIFT_LINES: _Lines = (
    (0, EventSource.CEL, "arrived", {"dialled": NUMBER}),
    (0.3, EventSource.CEL, "answered", {}),
    (0.7, EventSource.ROBOT, "said", {"text": _GREETING}),
    (6.0, EventSource.ROBOT, "key", {"key": "9"}),
    (6.1, EventSource.ROBOT, "danger", {"category": "LIFT_TRAPPED"}),
    (15.6, EventSource.ROBOT, "handed_over", {"reason": "опасность", "priority": 10}),
    (16.0, EventSource.CEL, "queued", {"priority": "10"}),
    (43.0, EventSource.CEL, "ringing", {"member": IGOR.interface}),
)


async def settle_afternoon(session: AsyncSession, recordings: Path, *, now: datetime) -> None:
    """Past and present calls, tasks, tickets and alarms around `now`. Needs `settle_people` first."""
    await _leak(session, recordings, now=now)
    await _past_calls(session, recordings, now=now)
    await _missed_calls(session, now=now)
    await _live_calls(session, now=now)
    await raise_alarm(
        session,
        kind=AlarmKind.DANGER,
        subject=LIFT,
        message="Опасность: Человек застрял в лифте.",
        now=now - timedelta(seconds=46),
        facts={"category": "LIFT_TRAPPED"},
    )
    await raise_alarm(
        session,
        kind=AlarmKind.DISK,
        subject="recordings",
        message="На диске записей осталось 1,8 ГБ: хватит примерно на шесть дней.",
        now=now - timedelta(hours=2),
    )


def _tell(session: AsyncSession, call_id: str, lines: _Lines, *, at: datetime) -> None:
    for number, (second, source, kind, facts) in enumerate(lines):
        moment = at + timedelta(seconds=second)
        session.add(
            CallEvent(call_id=call_id, at=moment, source=source, kind=kind, key=f"{kind}:{number}", facts=facts)
        )


async def say(
    session: AsyncSession,
    call_id: str,
    speaker: Speaker,
    text: str,
    *,
    at: datetime,
) -> None:
    """A line of the transcript: two words a second, those in (brackets) heard with less confidence."""
    spoken = [(word.strip("()"), 0.47 if word.startswith("(") else 0.95) for word in text.split()]
    words = [[word, place * 0.5, place * 0.5 + 0.4, sure] for place, (word, sure) in enumerate(spoken)]
    joined = " ".join(word for word, _ in spoken)
    line = f"{call_id}-{speaker}-{at.timestamp()}"
    await add_utterance(session, line, call_id=call_id, speaker=speaker, at=at, text=joined, words=words)


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
    _tell(session, LEAK, _LEAK_LINES, at=at)
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
    for second, speaker, text in _LEAK_WORDS:
        await say(session, LEAK, speaker, text, at=at + timedelta(seconds=second))
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
            company_id=DEFAULT_COMPANY_ID,
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
        zone=CompanySettings().zone,
        by=by,
    )


async def _past_calls(session: AsyncSession, recordings: Path, *, now: datetime) -> None:
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
        await file_recording(session, recordings, call_id, seconds=21.0 + wait + talk, at=at)
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
        (MISSED, "+79995550121", 8.6, Outcome.ABANDONED, CallbackKind.ABANDONED),
        ("b17-1764000620.18", "+79215550134", 4.2, Outcome.CALLBACK, CallbackKind.CALLBACK),
        ("b17-1764000700.22", "+78125550177", 12.8, Outcome.VOICEMAIL, CallbackKind.VOICEMAIL),
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
        await open_callback(
            session,
            company_id=DEFAULT_COMPANY_ID,
            call_id=call_id,
            kind=kind,
            phone=phone,
            arrived_at=at,
            now=at + timedelta(seconds=96),
        )
        await open_draft(session, call_id=call_id, author="centre", now=at)
    taken = await callback_of_call(session, "b17-1764000620.18")
    assert taken is not None
    await take_callback(session, taken.id, company_id=DEFAULT_COMPANY_ID, login=IGOR.login, now=now)


async def _live_calls(session: AsyncSession, *, now: datetime) -> None:
    def ago(seconds: float) -> datetime:
        return now - timedelta(seconds=seconds)

    live: tuple[tuple[str, float, dict[str, Any]], ...] = (
        (LIFT, 52, {"caller_number": "+79115550156", "danger": "LIFT_TRAPPED", "queued_at": ago(36)}),
        (QUEUED, 141, {"caller_number": "+79215550190", "queued_at": ago(124)}),
        (
            TALKING,
            236,
            {
                "caller_number": "+79035550118",
                "queued_at": ago(210),
                "connected_at": ago(197),
                "member": ANNA.interface,
            },
        ),
        ("b17-1764000990.36", 14, {}),
    )
    for call_id, seconds, columns in live:
        state = CallState.TALKING if "member" in columns else CallState.QUEUED if columns else CallState.IVR
        await add_call(session, call_id, at=ago(seconds), answered_at=ago(seconds), state=state, **columns)
        ticket_id = await open_draft(session, call_id=call_id, author="centre", now=ago(seconds))
        if call_id == QUEUED:
            await edit_draft(
                session,
                ticket_id,
                company_id=DEFAULT_COMPANY_ID,
                category=town_categories()["WAT_LEAK_RISER"],
                address="",
                contact_phone=None,
                description="",
                author="robot",
                now=ago(130),
            )
    _tell(session, LIFT, _LIFT_LINES, at=ago(52))
    for seconds, speaker, text, fault in (
        (190, Speaker.MEMBER, "слушаю вас", None),
        (187, Speaker.CALLER, "здравствуйте у нас <b>нет</b> воды", None),
        (180, Speaker.CALLER, "", "it closed the connection"),
    ):
        await add_utterance(
            session, f"u{seconds}", call_id=TALKING, speaker=speaker, at=ago(seconds), text=text, fault=fault
        )
