"""What scripts have done: tickets beside tickets, open tickets by telephone, readings, and addresses in danger."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callcenter.conducting import action_specs as names
from callcenter.conducting.actions import ScriptActions
from callcenter.conducting.caller import Arrival
from callcenter.conducting.knowledge_snapshot import KnowledgeSnapshot
from callcenter.conducting.ports import ActionResult
from callcenter.houses.houses import read_houses
from callcenter.knowledge.base import read_knowledge
from callcenter.settings import TREE
from tests.stand_ins.clock import MORNING, FakeClock
from tests.stand_ins.notes import KeptNotes
from tests.stand_ins.register import PaperRegister

CALL, PHONE = "call-1", "+79211234567"
KNOWN = KnowledgeSnapshot(
    houses=read_houses(TREE / "knowledge_base" / "houses.csv")[0],
    categories=read_knowledge(TREE / "knowledge_base").categories,
)


class Desk:
    def __init__(self) -> None:
        self.register, self.notes = PaperRegister(), KeptNotes()
        self.actions = ScriptActions(
            register=self.register,
            notes=self.notes,
            clock=FakeClock(),
            zone=ZoneInfo("Europe/Moscow"),
            get_knowledge=lambda: KNOWN,
        )

    async def do(self, action: str, number: str | None = PHONE, **arguments: str) -> ActionResult:
        arrival = Arrival(CALL, "78120000000", number or "", number, datetime(2026, 11, 25, 12, 0, tzinfo=UTC))
        return await self.actions.run_action(action, arrival=arrival, arguments=arguments)


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def report(desk: Desk, code: str, **more: str) -> ActionResult:
    return await desk.do(
        names.REGISTER_TICKET, **{names.CATEGORY: code, names.CONTACT: PHONE, names.ADDRESS: "Тихая", **more}
    )


async def test_a_second_trouble_of_a_call_is_a_ticket_of_its_own_and_the_same_one_is_none(desk: Desk) -> None:
    first = await report(desk, "WAT_HOT_NONE")
    told: Mapping[str, str] = {names.TICKET_NUMBER: first.facts[names.TICKET_NUMBER]}
    second = await report(desk, "LIFT_FAULT", **told)
    again = await report(desk, "LIFT_FAULT", **told)
    assert [one.outcome for one in (first, second, again)] == [names.READY, names.READY, names.ALREADY]
    numbers = [one.facts[names.TICKET_NUMBER] for one in (first, second, again)]
    assert numbers[0] != numbers[1] == numbers[2]


async def test_a_second_trouble_is_noted_as_one_while_the_database_is_away(desk: Desk) -> None:
    desk.register.away = True
    assert (await report(desk, "LIFT_FAULT", **{names.TICKET_NUMBER: "два шесть"})).outcome == names.NO_DATABASE
    (wanted,) = desk.notes.facts(CALL, "ticket_wanted")
    assert (wanted["category"], wanted["more"]) == ("LIFT_FAULT", "yes")


async def test_the_second_trouble_of_a_breath_comes_once(desk: Desk) -> None:
    found = await desk.do(names.NEXT_TROUBLE, **{names.MORE: "LIFT_FAULT"})
    assert found.outcome == names.NEXT_FOUND
    assert found.facts == {names.CATEGORY: "LIFT_FAULT", names.TROUBLE: "не работает лифт", names.MORE: ""}
    done = await desk.do(names.NEXT_TROUBLE, **{names.MORE: found.facts[names.MORE]})
    assert (done.outcome, done.facts) == (names.NONE_LEFT, {names.MORE: "", names.DESCRIPTION: ""})


async def test_who_names_no_number_hears_of_what_their_telephone_reported(desk: Desk) -> None:
    first = await report(desk, "WAT_HOT_NONE")
    await report(desk, "LIFT_FAULT", **{names.TICKET_NUMBER: first.facts[names.TICKET_NUMBER]})
    found = await desk.do(names.TICKET_STATUS, **{names.DIGITS: ""})
    assert found.outcome == names.BY_PHONE
    told = found.facts[names.TICKETS]
    assert told.startswith("По вашему телефону открыты заявки. Не работает лифт: заявка зарегистрирована.")
    assert told.endswith("Нет горячей воды: заявка зарегистрирована.")
    assert "Тихая" not in told
    again = await desk.do(names.TICKET_STATUS, **{names.DIGITS: "", names.TICKETS: told})
    assert again.outcome == names.NO_NUMBER


async def test_of_one_ticket_its_number_is_told_too(desk: Desk) -> None:
    await report(desk, "LIFT_FAULT")
    desk.register.due_at = MORNING + timedelta(hours=4)
    told = (await desk.do(names.TICKET_STATUS, **{names.DIGITS: ""})).facts[names.TICKETS]
    assert "Номер два шесть, ноль ноль ноль, ноль ноль один: не работает лифт" in told
    assert told.endswith("Срок: сегодня до тринадцати часов.")


@pytest.mark.parametrize("digits", ["", "26000001"])
async def test_a_term_that_is_past_is_not_told_as_one_to_come(desk: Desk, digits: str) -> None:
    await report(desk, "LIFT_FAULT")
    desk.register.due_at = MORNING - timedelta(days=3)
    found = await desk.do(names.TICKET_STATUS, **{names.DIGITS: digits})
    assert found.outcome == names.OVERDUE
    which = "вашей заявки" if digits else "заявки «не работает лифт»"
    told = f"Срок {which} нарушен: обещали двадцать первого ноября до девяти часов."
    assert found.facts == {names.TICKETS: told}


async def test_who_reported_nothing_is_asked_for_a_number(desk: Desk) -> None:
    assert (await desk.do(names.TICKET_STATUS, **{names.DIGITS: ""})).outcome == names.NO_NUMBER
    assert (await desk.do(names.TICKET_STATUS, number=None, **{names.DIGITS: ""})).outcome == names.NO_NUMBER
    desk.register.away = True
    assert (await desk.do(names.TICKET_STATUS, **{names.DIGITS: ""})).outcome == names.NO_DATABASE


async def test_each_reading_is_held_against_the_last_of_its_meter(desk: Desk) -> None:
    desk.register.readings[("781203", "hot")] = 110
    said = {names.ACCOUNT: "781203", names.READINGS: "холодная вода 212, горячая вода 103"}
    checked = await desk.do(names.CHECK_READING, **said)
    assert checked.outcome == names.DOUBTFUL
    assert checked.facts[names.DOUBT] == "Горячая вода: это меньше прошлого показания."
    assert checked.facts[names.SPOKEN_ACCOUNT] == "7 8 1, 2 0 3"
    mended = await desk.do(
        names.CHECK_READING,
        **{**said, **checked.facts, names.METER: "горячая вода", names.READING: "0113"},
    )
    assert (mended.outcome, mended.facts[names.READINGS]) == (names.LIKELY, "холодная вода 212, горячая вода 113")
    taken = await desk.do(names.TAKE_READING, **{names.ACCOUNT: "781203", **mended.facts})
    assert taken.facts == {names.READINGS: ""}
    notes = desk.notes.facts(CALL, "reading")
    assert [(note["meter"], note["value"]) for note in notes] == [("cold", "212"), ("hot", "113")]


async def test_two_readings_of_one_kind_are_for_a_person(desk: Desk) -> None:
    said = {names.ACCOUNT: "781203", names.READINGS: "холодная вода 20 и 30, горячая вода 10"}
    assert (await desk.do(names.CHECK_READING, **said)).outcome == names.SEVERAL
    assert desk.notes.facts(CALL, "reading") == []


async def test_readings_are_sorted_by_what_is_still_missing(desk: Desk) -> None:
    assert (await desk.do(names.CHOOSE_READING_STEP, **{names.READINGS: "холодная вода 1"})).outcome == names.NO_ACCOUNT
    assert (await desk.do(names.CHOOSE_READING_STEP, **{names.ACCOUNT: "7812"})).outcome == names.NOT_NAMED
    both = {names.ACCOUNT: "7812", names.READINGS: "холодная вода 1"}
    assert (await desk.do(names.CHOOSE_READING_STEP, **both)).outcome == names.NAMED
    assert (await desk.do(names.CHECK_READING, **{names.ACCOUNT: "7812"})).outcome == names.NOT_NAMED


@pytest.mark.parametrize(
    ("place", "outcome", "question"),
    [
        ("", names.UNFINISHED, "Назовите адрес: улицу, дом и парадную."),
        ("улица: Тихая улица", names.UNFINISHED, "Какая парадная?"),
        ("улица: улица Савушкина", names.UNFINISHED, "Какой номер дома? Если есть корпус, назовите и его."),
        ("улица: улица Савушкина; дом: 118; квартира: 49", names.COMPLETE, ""),
        ("улица: Приморское шоссе; дом: 15", names.COMPLETE, ""),
        ("улица: улица Тельмана; дом: 32; парадная: 1", names.UNFINISHED, "Какой корпус: 1 или 2?"),
        (
            "улица: проспект Энгельса; дом: 139; корпус: 7",
            names.UNFINISHED,
            "Такого корпуса у этого дома нет. Какой корпус: 1, 2 или 21?",
        ),
    ],
)
async def test_in_danger_only_what_help_must_know_is_asked(desk: Desk, place: str, outcome: str, question: str) -> None:
    found = await desk.do(names.NOTE_ADDRESS, **{names.PLACE: place})
    assert (found.outcome, found.facts.get(names.ADDRESS_QUESTION, "")) == (outcome, question)
    asked_twice = await desk.do(names.NOTE_ADDRESS, **{names.PLACE: place, names.TRIES: "2"})
    assert asked_twice.outcome == (names.COMPLETE if outcome == names.COMPLETE else names.TOO_MANY_TRIES)


async def test_what_is_known_of_a_danger_s_place_is_in_the_draft_at_once(desk: Desk) -> None:
    await desk.do(names.NOTE_ADDRESS, **{names.PLACE: "улица: улица Савушкина; дом: 118"})
    assert desk.notes.facts(CALL, "address") == [{"address": "улица Савушкина, дом 118"}]


@pytest.mark.parametrize(("code", "part"), [("WAT_COLD_NONE", "apartment"), ("LIFT_FAULT", "entrance")])
async def test_a_ticket_needs_neither_the_flat_nor_the_entrance_that_a_caller_does_not_know(
    desk: Desk, code: str, part: str
) -> None:
    asked = await desk.do(
        names.CHECK_ADDRESS,
        **{names.PLACE: "улица: улица Савушкина; дом: 127; корпус: 1", names.CATEGORY: code, names.ASKED: ""},
    )
    assert asked.facts[names.ASKED] == part
    without = await desk.do(names.SKIP_ADDRESS_PART, **asked.facts)
    assert without.outcome == names.READY
    checked = await desk.do(names.CHECK_ADDRESS, **{**asked.facts, **without.facts, names.CATEGORY: code})
    assert (checked.outcome, checked.facts[names.ADDRESS]) == (
        names.COMPLETE,
        "улица Савушкина, дом 127, корпус 1",
    )


async def test_no_ticket_can_do_without_the_street(desk: Desk) -> None:
    assert (await desk.do(names.SKIP_ADDRESS_PART, **{names.PLACE: "", names.ASKED: "street"})).outcome == names.NEEDED


@pytest.mark.parametrize(
    ("place", "outcome"),
    [
        ("улица: улица Савушкина; дом: 118", names.OURS),
        ("улица: улица Тельмана; дом: 32", names.UNCERTAIN),
        ("незнакомое: невском", names.NOT_OURS),
    ],
)
async def test_whose_a_house_is(desk: Desk, place: str, outcome: str) -> None:
    told = {names.NAMED_HOUSE: place, names.PLACE: "улица: улица Есенина"}
    found = await desk.do(names.CHECK_HOUSE_OWNERSHIP, **told)
    assert found.outcome == outcome
    assert found.facts.get(names.PLACE, told[names.PLACE]) == told[names.PLACE]


async def test_what_a_breath_told_of_comes_one_after_the_other(desk: Desk) -> None:
    first = await desk.do(names.NEXT_TROUBLE, **{names.MORE: "ICOM_FAULT, KB08"})
    assert (first.outcome, first.facts[names.CATEGORY]) == (names.NEXT_FOUND, "ICOM_FAULT")
    second = await desk.do(names.NEXT_TROUBLE, **{names.MORE: first.facts[names.MORE]})
    assert (second.outcome, second.facts[names.ARTICLE]) == (names.MORE_TO_ANSWER, "KB08")
    assert (await desk.do(names.NEXT_TROUBLE, **{names.MORE: second.facts[names.MORE]})).outcome == names.NONE_LEFT


async def test_the_number_told_last_is_told_again_and_none_before(desk: Desk) -> None:
    assert (await desk.do(names.RECALL_TICKET)).outcome == names.NONE_LEFT
    told = (await report(desk, "LIFT_FAULT")).facts
    again = await desk.do(names.RECALL_TICKET, **told)
    assert (again.outcome, again.facts) == (names.NEXT_FOUND, told)
