"""A danger is on the board as soon as it is named, and named more exactly when the caller says more."""

from callcenter.alarms.models import AlarmKind
from callcenter.alarms.service import clear_alarm, mark_seen
from callcenter.alarms.views import open_alarms
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.core.database import Database
from callcenter.intake.note_applier import NoteApplier
from callcenter.journal.notes import Note
from callcenter.knowledge.categories import Categories
from tests.helpers.categories import MOSCOW, make_category
from tests.helpers.rows import card_of
from tests.stand_ins.clock import MORNING

CALL = "b1-17.7"
BOOKKEEPER = NoteApplier(Categories((make_category("PERSON_DANGER"), make_category("GAS_SMELL"))), MOSCOW)


async def note_danger(database: Database, number: int, category: str) -> None:
    async with database.begin() as session:
        await BOOKKEEPER.apply(session, Note(f"n{number}", CALL, MORNING, "danger", {"category": category}))


async def standing(database: Database) -> list[str]:
    async with database.begin() as session:
        alarms = await open_alarms(session, DEFAULT_COMPANY_ID)
    assert all((alarm.kind, alarm.subject) == (AlarmKind.DANGER, CALL) for alarm in alarms)
    return [str(alarm.facts["category"]) for alarm in alarms]


async def test_the_finer_word_replaces_the_first(database: Database) -> None:
    await note_danger(database, 1, "PERSON_DANGER")
    assert await standing(database) == ["PERSON_DANGER"]
    await note_danger(database, 2, "GAS_SMELL")
    assert await standing(database) == ["GAS_SMELL"]
    assert (await card_of(database, CALL)).call.danger == "GAS_SMELL"


async def test_a_note_applied_twice_raises_one_alarm(database: Database) -> None:
    for _ in range(2):
        await note_danger(database, 1, "GAS_SMELL")
    assert await standing(database) == ["GAS_SMELL"]


async def test_what_was_seen_comes_back_when_it_turns_out_to_be_gas(database: Database) -> None:
    await note_danger(database, 1, "PERSON_DANGER")
    async with database.begin() as session:
        (alarm,) = await open_alarms(session, DEFAULT_COMPANY_ID)
        await mark_seen(session, alarm.id, company_id=DEFAULT_COMPANY_ID, by="d1", now=MORNING)
    assert await standing(database) == []
    await note_danger(database, 2, "GAS_SMELL")
    assert await standing(database) == ["GAS_SMELL"]


async def test_words_heard_in_the_talk_are_an_alarm_unless_the_danger_is_known(database: Database) -> None:
    """The note comes from where no robot asks."""
    heard = {"category": "GAS_SMELL", "heard": "пахнет газом"}
    async with database.begin() as session:
        await BOOKKEEPER.apply(session, Note("n1", CALL, MORNING, "danger", heard))
        (alarm,) = await open_alarms(session, DEFAULT_COMPANY_ID)
        assert "«пахнет газом»" in alarm.message
        await clear_alarm(session, kind=AlarmKind.DANGER, subject=CALL, now=MORNING)
        await BOOKKEEPER.apply(session, Note("n2", CALL, MORNING, "danger", heard))
    assert await standing(database) == []
