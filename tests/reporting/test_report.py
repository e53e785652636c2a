"""From Asterisk's lines to the printed number: calls are taken in as ever, the report is read back."""

import json
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from callcenter.callbacks.service import finish_callback, withdraw_callback
from callcenter.callbacks.views import callback_of_call
from callcenter.calls.statistics import calls_between
from callcenter.commands.report import InvalidPeriod, as_json, as_text, read_period
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.core.database import Database
from callcenter.intake.asterisk_log import AsteriskLogReader
from callcenter.intake.registration import register_ticket
from callcenter.knowledge.categories import Category
from callcenter.queues.models import MemberState
from callcenter.queues.service import write_member
from callcenter.reporting.report import Period, report_calls, report_queue
from callcenter.settings import QueueSettings
from callcenter.tickets.new_ticket import NewTicket
from tests.helpers.categories import MOSCOW
from tests.stand_ins.asterisk_files import MEMBER, AsteriskFiles, InboundCall
from tests.stand_ins.clock import MORNING, FakeClock

QUEUE = QueueSettings(service_level_seconds=20, short_abandon_seconds=5)
TODAY = Period(MORNING.date(), MORNING.date(), MOSCOW)


class Day:
    """Calls of one day, told by the files Asterisk writes."""

    def __init__(self, database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock) -> None:
        self.database, self.files, self.truth, self.clock = database, files, truth, clock
        self._number = 0

    def call(self, *, minute: float = 0) -> InboundCall:
        self._number += 1
        call = InboundCall(self.files, f"b1-1795.{self._number}", MORNING + timedelta(minutes=minute))
        call.arrives()
        return call

    def answered(self, *, minute: float, waits: float, talks: float) -> None:
        call = self.call(minute=minute)
        call.enters_queue(10)
        leg = f"{call.call_id}9"
        call.rings(leg, 10)
        call.connects(leg, 10 + waits)
        call.hangs_up(10 + waits + talks)

    def abandoned(self, *, minute: float, waits: float) -> str:
        call = self.call(minute=minute)
        call.enters_queue(10)
        call.abandons(10 + waits)
        return call.call_id

    async def is_over(self, *, later: float = 7200) -> datetime:
        now = self.clock.advance(seconds=later)
        while await self.truth.read_new_lines():
            pass
        await self.truth.assign_outcomes()
        return now

    async def member_is(self, state: MemberState, at: datetime) -> None:
        async with self.database.begin() as session:
            await write_member(
                session, interface=MEMBER, name="101", extension="101", state=state, pause_reason=None, now=at
            )

    async def figures(self, subject: str, period: Period = TODAY, *, now: datetime | None = None) -> dict[str, Any]:
        return dict(json.loads(await self.prints(subject, period, now=now, form=as_json))["figures"])

    async def prints(
        self, subject: str, period: Period = TODAY, *, now: datetime | None = None, form: Any = as_text
    ) -> str:
        async with self.database.begin() as session:
            moment = now or self.clock.now()
            if subject == "calls":
                return str(form(await report_calls(session, period, now=moment), period, QUEUE))
            report = await report_queue(session, period, service_level_seconds=20, short_abandon_seconds=5, now=moment)
            return str(form(report, period, QUEUE))


@pytest.fixture
async def day(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> AsyncIterator[Day]:
    return Day(database, files, truth, clock)


async def test_a_mornings_queue(day: Day) -> None:
    await day.member_is(MemberState.FREE, MORNING)
    day.answered(minute=0, waits=8, talks=100)
    day.answered(minute=5, waits=19, talks=60)
    day.answered(minute=10, waits=40, talks=200)
    day.abandoned(minute=20, waits=3)
    day.abandoned(minute=25, waits=90)
    message = day.call(minute=30)
    message.enters_queue(1)
    message.marks("CC_VOICEMAIL", 61, extra="TIMEOUT")
    message.marks("CC_VOICEMAIL_END", 80)
    message.hangs_up(81)
    for state, minute in ((MemberState.TALKING, 11), (MemberState.WRAP_UP, 14), (MemberState.FREE, 15)):
        await day.member_is(state, MORNING + timedelta(minutes=minute))
    await day.member_is(MemberState.PAUSED, MORNING + timedelta(minutes=40))
    await day.is_over()

    printed = await day.prints("queue")

    assert "Очередь, 24.11.2026 (Europe/Moscow)" in printed
    for line in (
        r"Поступило в очередь +6 ",
        r"Отвечено +3 ",
        r"Не дождались +2 ",
        r"короткие +1 +ждали меньше 5 с",
        r"SL\(20 с\) +40,0 % +отвечено за 20 с / \(поступило − короткие\) = 2 / \(6 − 1\)",
        r"Доля не дождавшихся +20,0 % .* = \(2 − 1\) / \(6 − 1\)",
        r"\(ASA\) +0:22 .* = 1:07 / 3",
        r"Самое долгое ожидание +1:30 ",
        r"\(AHT\) +2:20 .* = \(6:00 \+ 1:00\) / 3",
        r"Занятость диспетчеров +10,0 % .* = 4:00 / 40:00",
    ):
        assert re.search(line, printed), f"{line} is not in\n{printed}"


async def test_the_calls_of_a_day_by_outcome_hour_callback_and_ticket(
    day: Day, database: Database, leak: Category
) -> None:
    day.answered(minute=0, waits=5, talks=60)
    day.answered(minute=60, waits=5, talks=60)
    in_time, late, asked_again = (day.abandoned(minute=minute, waits=60) for minute in (61, 70, 75))
    busy = day.call(minute=62)
    busy.marks("CC_OVERFLOW", 0.1)
    busy.hangs_up(6)
    robot = day.call(minute=1)
    await day.is_over(later=120)
    await register_ticket(database, NewTicket(robot.call_id, leak.code, MORNING), leak, zone=MOSCOW)
    robot.hangs_up(90)
    await day.is_over()
    async with database.begin() as session:
        for call_id, minutes in ((in_time, 71), (late, 80.1)):
            task = await callback_of_call(session, call_id)
            assert task is not None
            done_at = MORNING + timedelta(minutes=minutes)
            await finish_callback(
                session, task.id, company_id=DEFAULT_COMPANY_ID, login="anna", result="Дозвонились", now=done_at
            )
        assert await withdraw_callback(session, call_id=asked_again, reason="не нужна", now=MORNING)

    printed = await day.prints("calls", now=MORNING + timedelta(minutes=71))

    for line in (
        r"Звонков +7 ",
        r"разговор с диспетчером +2 ",
        r"ответил робот +1 ",
        r"не дождался +3 ",
        r"линии были заняты +1 ",
        r"Перезвонили в срок +50,0 % .* = 1 / 2",
        r"ещё в сроке +1 ",
        r"Заявок зарегистрировано +1 ",
        r"роботом +100,0 % +роботом / все = 1 / 1",
        r"\n 09 +2 +1 +1 +0 ",
        r"\n 10 +5 +1 +0 +3 ",
    ):
        assert re.search(line, printed), f"{line} is not in\n{printed}"


async def test_every_share_is_what_its_printed_numbers_say(day: Day) -> None:
    day.answered(minute=0, waits=8, talks=100)
    day.answered(minute=1, waits=80, talks=100)
    day.abandoned(minute=2, waits=1)
    day.abandoned(minute=3, waits=50)
    await day.is_over()
    figures = await day.figures("calls") | await day.figures("queue")
    shares = [figure for figure in figures.values() if figure["unit"] == "share" and figure["value"] is not None]
    assert len(shares) == 3
    for share in shares:
        numbers = share["formula"].rpartition("= ")[2].replace("−", "-")
        assert share["value"] == pytest.approx(eval(numbers)), share  # noqa: S307 - our own digits
    assert figures["service_level"]["value"] == pytest.approx(1 / 3)


async def test_a_call_cut_off_by_a_crash_of_asterisk_is_no_short_abandon(day: Day) -> None:
    call = day.call()
    call.enters_queue(1)
    await day.is_over(later=60)
    assert await day.truth.close_lost_calls([call.call_id])
    await day.is_over(later=60)
    figures = await day.figures("queue")
    assert (figures["short_abandons"]["value"], figures["abandonment"]["value"]) == (0, 1)


async def test_a_day_is_the_companys_from_midnight_to_midnight(day: Day, database: Database) -> None:
    for minute in (-9 * 60 - 1, -9 * 60, 15 * 60 - 1, 15 * 60):  # it is nine in the morning in Moscow
        day.abandoned(minute=minute, waits=10)
    await day.is_over(later=86_400)
    assert (await day.figures("calls"))["calls"]["value"] == 2
    two_days = Period(TODAY.first - timedelta(days=1), TODAY.first, MOSCOW)
    assert (await day.figures("calls", two_days))["calls"]["value"] == 3
    async with database.begin() as session:
        calls = await calls_between(session, since=TODAY.since, until=TODAY.until)
    assert [call.arrived_at.astimezone(MOSCOW).hour for call in calls] == [0, 23]


async def test_what_still_goes_on_is_named_and_left_out(day: Day) -> None:
    day.answered(minute=0, waits=5, talks=60)
    waiting = day.call(minute=110)
    waiting.enters_queue(2)
    await day.is_over()
    figures = await day.figures("queue")
    assert (figures["offered"]["value"], figures["running"]["value"]) == (1, 1)
    assert figures["service_level"]["value"] == 1
    assert (await day.figures("calls"))["running"]["value"] == 1


async def test_days_without_a_call_say_so(day: Day) -> None:
    assert await day.prints("calls") == "24.11.2026 (Europe/Moscow): звонков, обратных звонков и заявок не было."
    assert await day.prints("queue") == "24.11.2026 (Europe/Moscow): в очередь никто не попадал."
    figures = await day.figures("queue")
    assert (figures["offered"]["value"], figures["service_level"]["value"]) == (0, None)


async def test_the_present_state_of_a_member_counts_until_now(day: Day) -> None:
    await day.member_is(MemberState.FREE, MORNING)
    day.answered(minute=0, waits=5, talks=60)
    await day.member_is(MemberState.TALKING, MORNING + timedelta(minutes=3))
    await day.is_over(later=240)
    assert (await day.figures("queue", now=MORNING + timedelta(minutes=4)))["occupancy"]["value"] == pytest.approx(
        1 / 4
    )


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        (None, None, ("2026-11-24", "2026-11-24")),
        ("2026-11-01", None, ("2026-11-01", "2026-11-24")),
        (None, "2026-11-02", ("2026-11-02", "2026-11-02")),
        ("2026-11-01", "2026-11-30", ("2026-11-01", "2026-11-30")),
    ],
)
def test_the_days_are_todays_unless_told(first: str | None, last: str | None, days: tuple[str, str]) -> None:
    period = read_period(first, last, zone=MOSCOW, now=MORNING)
    assert (period.first.isoformat(), period.last.isoformat()) == days


@pytest.mark.parametrize(
    ("first", "last", "complaint"),
    [("24.11.2026", None, "«24.11.2026» — не день; пишите как 2026-11-24"), ("2026-12-01", None, "позже последнего")],
)
def test_days_that_are_none_are_refused(first: str, last: str | None, complaint: str) -> None:
    with pytest.raises(InvalidPeriod, match=complaint):
        read_period(first, last, zone=MOSCOW, now=MORNING)
