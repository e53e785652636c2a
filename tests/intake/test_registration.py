"""Numbers of tickets: one a call, no gaps, no doubles, and none without a database."""

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.callbacks.models import CallbackKind
from callcenter.calls.models import Outcome
from callcenter.core.database import Database
from callcenter.core.errors import DatabaseUnavailable
from callcenter.intake.admission import ensure_call
from callcenter.intake.applying import apply_batch
from callcenter.intake.asterisk_log import AsteriskLogReader
from callcenter.intake.note_applier import NoteApplier
from callcenter.intake.registration import RegisteredTicket, find_ticket, register_for_call, register_ticket
from callcenter.journal.notes import Journal, Note
from callcenter.knowledge.categories import Category
from callcenter.operations.postgres import PostgresCluster
from callcenter.tickets.models import TicketState
from callcenter.tickets.new_ticket import NewTicket
from callcenter.tickets.service import open_draft, register
from tests.helpers.asterisk_reading import CALL, read_all
from tests.helpers.categories import MOSCOW, make_category
from tests.helpers.rows import card_of, count
from tests.stand_ins.asterisk_files import AsteriskFiles, InboundCall
from tests.stand_ins.clock import MORNING, FakeClock


async def report(
    database: Database,
    call_id: str = CALL,
    *,
    now: datetime = MORNING,
    contact: str | None = "+79005556677",
    zone: ZoneInfo = MOSCOW,
    category: Category | None = None,
) -> RegisteredTicket:
    category = category or make_category()
    new_ticket = NewTicket(call_id, category.code, now, contact, "На кухне течёт труба")
    return await register_ticket(database, new_ticket, category, zone=zone)


async def ordinals(database: Database) -> list[int]:
    async with database.begin() as session:
        return list(await session.scalars(text("SELECT ordinal FROM ticket WHERE ordinal IS NOT NULL ORDER BY 1")))


async def deadlocks(database: Database) -> int:
    """How many this database has seen."""
    async with database.begin() as session:
        counted = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(await session.scalar(counted) or 0)


async def test_a_ticket_has_number_term_and_responsible(database: Database) -> None:
    registered = await report(database)
    assert registered == RegisteredTicket("26-000001", MORNING + timedelta(minutes=30), "аварийная бригада")
    card = await card_of(database, CALL)
    assert card.ticket is not None
    assert (card.ticket.state, card.ticket.registered_by) == (TicketState.REGISTERED, "robot")
    assert (card.ticket.contact_phone, card.ticket.category) == ("+79005556677", "WAT_LEAK")


async def test_asking_twice_in_one_call_gives_the_same_number(database: Database) -> None:
    first = await report(database)
    again = await report(database, contact=None, now=MORNING + timedelta(minutes=1))
    assert again == first
    assert await count(database, "ticket_clock") == 2
    assert await ordinals(database) == [1]


async def test_without_a_contact_the_callers_number_is_taken(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    InboundCall(files, CALL, MORNING).arrives()
    await read_all(truth, clock, later=0)
    await report(database, contact=None)
    ticket = (await card_of(database, CALL)).ticket
    assert ticket is not None
    assert ticket.contact_phone == "+79001112233"


async def test_fifty_callers_at_once_get_fifty_numbers_in_a_row(database_address: str) -> None:
    database = Database(database_address, connect_seconds=30)  # sixty share twenty connections
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(report(database, f"b1-17.{number % 50}")) for number in range(60)]
    assert await ordinals(database) == list(range(1, 51))
    numbers = [task.result().number for task in asked]
    assert len(set(numbers)) == 50
    assert numbers[:10] == numbers[50:], "ten of them asked twice"
    await database.close()


async def test_two_dispatchers_register_one_draft_once(database: Database) -> None:
    async with database.begin() as session:
        await ensure_call(session, CALL, at=MORNING)
        draft = await open_draft(session, call_id=CALL, author="centre", now=MORNING)

    async def press_the_button(login: str) -> str | None:
        async with database.begin() as session:
            ticket = await register(
                session,
                draft,
                category=make_category(),
                contact_phone=None,
                description="",
                arrived_at=MORNING,
                now=MORNING,
                zone=MOSCOW,
                by=login,
            )
            await asyncio.sleep(0.05)  # the other one is at it meanwhile
            return ticket.number

    numbers = await asyncio.gather(press_the_button("anna"), press_the_button("igor"))
    assert numbers == ["26-000001"] * 2
    assert await ordinals(database) == [1]


async def test_a_registration_that_fails_leaves_no_gap(database: Database) -> None:
    await report(database, "b1-17.1")

    async def fails(session: AsyncSession) -> None:
        category = make_category()
        new_ticket = NewTicket("b1-17.2", category.code, MORNING)
        await register_for_call(session, new_ticket, category, zone=MOSCOW, by="robot")
        raise RuntimeError("the controller breaks down before the commit")

    with pytest.raises(RuntimeError):
        async with database.begin() as session:
            await fails(session)
    await report(database, "b1-17.3")
    assert await ordinals(database) == [1, 2]


async def test_the_year_of_a_number_begins_at_midnight_in_moscow(database: Database) -> None:
    midnight = datetime(2027, 1, 1, tzinfo=MOSCOW).astimezone(UTC)
    assert midnight.year == 2026
    before = await report(database, "b1-17.1", now=midnight - timedelta(microseconds=1))
    after = await report(database, "b1-17.2", now=midnight)
    late = await report(database, "b1-17.3", now=midnight - timedelta(seconds=1))
    assert [before.number, after.number, late.number] == ["26-000001", "27-000001", "26-000002"]


async def test_a_year_begins_elsewhere_at_another_moment(database: Database) -> None:
    midnight = datetime(2027, 1, 1, tzinfo=MOSCOW).astimezone(UTC)
    vladivostok = ZoneInfo("Asia/Vladivostok")
    assert (await report(database, now=midnight - timedelta(hours=2), zone=vladivostok)).number == "27-000001"


async def test_a_number_is_found_by_its_digits_and_tells_no_name_or_address(database: Database) -> None:
    await report(database, "b1-17.1", now=datetime(2026, 12, 31, 12, tzinfo=UTC))
    await report(database, "b1-17.2", now=datetime(2027, 1, 1, 12, tzinfo=UTC))
    for digits, number in (
        ("26000001", "26-000001"),
        ("27000001", "27-000001"),
        ("1", "27-000001"),
        ("000001", "27-000001"),
        ("26-000001", "26-000001"),
    ):
        found = await find_ticket(database, digits, dialled="")
        assert found is not None
        assert found.number == number
    for digits in ("", "2", "0", "2600001", "126000001", "9" * 40, "#"):
        assert await find_ticket(database, digits, dialled="") is None


async def test_a_category_without_terms_has_no_due_time(database: Database) -> None:
    assert (await report(database, category=make_category(clocks=()))).due_at is None


async def test_without_a_database_no_number_is_invented(
    *,
    database: Database,
    cluster: PostgresCluster,
    files: AsteriskFiles,
    truth: AsteriskLogReader,
    clock: FakeClock,
    bookkeeper: NoteApplier,
) -> None:
    book = Journal(files.journal)
    call = InboundCall(files, CALL, MORNING)
    call.arrives()
    cluster.stop()
    with pytest.raises(DatabaseUnavailable):
        await report(database)
    facts = {"category": "WAT_LEAK", "contact": "+79005556677", "description": "Течёт"}
    for number in range(2):  # the resident tries it twice
        book.write(Note(f"n{number}", CALL, call.at(10 + number), "ticket_wanted", facts))
    call.hangs_up(20)
    cluster.ensure_running()

    while await apply_batch(files.journal, database, bookkeeper.apply):
        pass
    await read_all(truth, clock)
    book.close()

    card = await card_of(database, CALL)
    assert await ordinals(database) == [1]
    assert await count(database, "ticket") == 1
    assert await count(database, "callback") == 1
    assert card.call.outcome == Outcome.ROBOT
    assert card.callback is not None
    assert (card.callback.kind, card.callback.phone) == (CallbackKind.PROMISE, "+79005556677")
    assert card.ticket is not None
    assert card.ticket.registered_at == call.at(10), "its terms run from the resident's words"


async def test_a_category_that_is_gone_leaves_the_draft_to_the_dispatcher(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock, bookkeeper: NoteApplier
) -> None:
    book = Journal(files.journal)
    book.write(Note("n0", CALL, MORNING, "ticket_wanted", {"category": "GONE", "contact": None}))
    await apply_batch(files.journal, database, bookkeeper.apply)
    book.close()
    call = InboundCall(files, CALL, MORNING)
    call.arrives()
    call.hangs_up(20)
    await read_all(truth, clock)
    card = await card_of(database, CALL)
    assert card.ticket is not None
    assert card.ticket.state == TicketState.DRAFT
    assert card.callback is not None
    assert card.callback.kind == CallbackKind.PROMISE


async def test_numbers_hold_when_notes_truth_and_callers_write_at_once(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, bookkeeper: NoteApplier
) -> None:
    """They tell of the same calls in different orders; none may wait for another that waits for it."""
    before = await deadlocks(database)
    book = Journal(files.journal)
    calls = [InboundCall(files, f"b1-17.{number}", MORNING + timedelta(seconds=number)) for number in range(30)]
    for call in calls:
        call.arrives()
        call.hangs_up(20)
    for kind in ("served", "ticket_wanted"):
        for call in reversed(calls):
            book.write(Note(f"{kind} {call.call_id}", call.call_id, call.at(5), kind, {"category": "WAT_LEAK"}))

    async def apply_notes() -> None:
        while await apply_batch(files.journal, database, bookkeeper.apply):
            pass

    async def read_truth() -> None:
        while await truth.read_new_lines():
            pass

    async with asyncio.TaskGroup() as group:
        group.create_task(apply_notes())
        group.create_task(read_truth())
        for call in calls[10:20]:
            group.create_task(report(database, call.call_id))
    book.close()
    assert await ordinals(database) == list(range(1, 31))
    assert await count(database, "call") == 30
    assert await deadlocks(database) == before


async def test_where_it_is_stands_in_the_draft_before_there_is_a_number(
    database: Database, bookkeeper: NoteApplier
) -> None:
    call_id, address = "b1-30.1", "проспект Энгельса, дом 139, корпус 1, квартира 12"
    async with database.begin() as session:
        await bookkeeper.apply(session, Note("n1", call_id, MORNING, "address", {"address": address}))
    card = await card_of(database, call_id)
    assert card.ticket is not None
    assert card.ticket.address == address


async def test_a_ticket_wanted_while_the_database_was_away_has_its_address(
    database: Database, bookkeeper: NoteApplier
) -> None:
    facts = {"category": "WAT_LEAK", "contact": None, "description": "прорвало", "address": "Тихая улица, дом 11"}
    async with database.begin() as session:
        await bookkeeper.apply(session, Note("n1", "b1-30.2", MORNING, "ticket_wanted", facts))
    ticket = (await card_of(database, "b1-30.2")).ticket
    assert ticket is not None
    assert (ticket.number, ticket.address) == ("26-000001", "Тихая улица, дом 11")
