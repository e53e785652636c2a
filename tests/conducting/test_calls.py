"""Calls from their greeting to their end, over the stand-in Asterisk."""

import asyncio
import time

from callcenter.wording.spoken import spoken_ticket_number
from tests.stand_ins.ari import StandInAsterisk
from tests.stand_ins.centre import Caller, SmallCentre, run_centre


async def test_a_caller_learns_the_hours_and_is_said_goodbye(caller: Caller, centre: SmallCentre) -> None:
    await caller.hears("разговор записывается")
    await caller.hears("Часы работы: нажмите два")
    caller.presses("2")
    await caller.hears("Паспортный стол открыт")
    await caller.hears("До свидания")
    await caller.is_in("goodbye")
    kinds = centre.notes.kinds(caller.call_id)
    assert kinds[0] == "arrived"
    assert centre.notes.facts(caller.call_id, "arrived") == [
        {"dialled": "78125550192", "caller_number": "+79001112233", "caller_shown": "79001112233"}
    ]
    assert centre.notes.facts(caller.call_id, "key") == [{"key": "2"}]
    assert kinds.count("said") == 4
    assert "served" in kinds
    assert not caller.channel.deleted


async def test_a_burst_pipe_becomes_a_ticket_with_the_callers_own_number(caller: Caller, centre: SmallCentre) -> None:
    await caller.hears("нажмите один")
    caller.presses("1")
    await caller.hears("Ваша заявка два шесть, ноль ноль ноль, ноль ноль один, срок ")
    assert centre.register.tickets[caller.call_id] == ("26-000001", "WAT_LEAK_RISER", "+79001112233", "")
    await caller.is_in("goodbye")
    actions = [facts["outcome"] for facts in centre.notes.facts(caller.call_id, "action")]
    assert actions == ["известен", "без адреса"]
    assert "address_wanted" in centre.notes.kinds(caller.call_id)


async def test_a_withheld_number_is_asked_for(centre: SmallCentre) -> None:
    caller = centre.call("anonymous")
    await caller.hears("нажмите один")
    caller.presses("1")
    await caller.hears("Наберите номер телефона")
    caller.presses("88125550192")
    await caller.hears("Ваша заявка")
    assert centre.register.tickets[caller.call_id][2] == "+78125550192"


async def test_the_status_of_a_ticket_is_told_by_its_digits(centre: SmallCentre) -> None:
    first = centre.call()
    await first.hears("нажмите один")
    first.presses("1")
    await first.hears("Ваша заявка")
    second = centre.call("anonymous")
    await second.hears("нажмите три")
    second.presses("3")
    await second.hears("Наберите номер заявки")
    second.presses("26000001")
    await second.hears("Заявка зарегистрирована.")


async def test_a_person_is_asked_for(caller: Caller, centre: SmallCentre) -> None:
    await caller.hears("нажмите один")
    caller.presses("0")
    await caller.is_in("to-queue")
    assert caller.channel.variables["CC_PRIORITY"] == "0"
    assert caller.channel.variables["CC_REASON"] == "просит человека"
    await centre.lets_go_of(caller)
    assert centre.notes.facts(caller.call_id, "handed_over") == [{"reason": "просит человека", "priority": 0}]


async def test_danger_goes_to_the_head_of_the_queue(caller: Caller, centre: SmallCentre) -> None:
    await caller.hears("Газ: нажмите девять")
    caller.presses("9")
    await caller.hears("Выходите на улицу")
    await caller.is_in("to-queue")
    assert caller.channel.variables["CC_PRIORITY"] == "10"
    await centre.lets_go_of(caller)
    assert centre.notes.facts(caller.call_id, "danger") == [{"category": "GAS_SMELL"}]


async def test_danger_is_marked_before_anything_else_is_asked(caller: Caller, centre: SmallCentre) -> None:
    await caller.hears("Газ: нажмите девять")
    caller.presses("9")
    await caller.has("CC_PRIORITY", "10")
    caller.hangs_up()
    await centre.lets_go_of(caller)
    assert centre.notes.facts(caller.call_id, "danger") == [{"category": "GAS_SMELL"}]


async def test_a_robot_that_fails_in_danger_still_leads_to_the_head_of_the_queue(centre: SmallCentre) -> None:
    centre.prompts.unspeakable.add("Выходите на улицу.")
    caller = centre.call()
    await caller.hears("Газ: нажмите девять")
    caller.presses("9")
    await caller.is_in("fallback")
    assert caller.channel.variables["CC_REASON"] == "сбой робота"
    assert caller.channel.variables["CC_PRIORITY"] == "10"


async def test_the_notice_is_marked_once_it_was_heard_to_its_end(
    centre: SmallCentre, asterisk: StandInAsterisk
) -> None:
    asterisk.sound_seconds = 0.2
    caller = centre.call()
    await caller.hears("разговор записывается")
    assert "CC_NOTICE" not in caller.channel.variables
    await caller.has("CC_NOTICE", "1")


async def test_a_caller_who_says_nothing_gets_a_person(asterisk: StandInAsterisk) -> None:
    async with run_centre(asterisk, listen_seconds=0.6) as centre:
        caller = centre.call()
        await caller.hears("нажмите один")
        await caller.hears_nothing()
        asked_at = time.monotonic()
        await caller.hears("Нажмите кнопку")
        assert time.monotonic() - asked_at > 0.5, "the question's own time, counted from its end"
        await caller.is_in("to-queue")
        await centre.lets_go_of(caller)
        assert [facts["why"] for facts in centre.notes.facts(caller.call_id, "miss")] == ["silence", "silence"]


async def test_a_key_silences_the_prompt_at_once(centre: SmallCentre, asterisk: StandInAsterisk) -> None:
    asterisk.sound_seconds = 0.02
    menu = "sound:prompts/Авария: нажмите один. Часы работы: нажмите два. Заявка: нажмите три. Газ: нажмите девять."
    asterisk.sound_lengths[menu] = 20.0
    caller = centre.call()
    await caller.hears("Авария")
    caller.presses("2")
    await caller.hears("Паспортный стол")  # the menu itself lasts longer than a test waits


async def test_a_key_pressed_during_the_greeting_is_not_lost(centre: SmallCentre, asterisk: StandInAsterisk) -> None:
    asterisk.sound_seconds = 0.3
    caller = centre.call()
    await caller.hears("разговор записывается")
    caller.presses("0")
    await caller.is_in("to-queue", within=8)
    assert len(caller.heard) == 1, "the notice is heard out, the menu need not be"


async def test_somebody_who_presses_everything_gets_a_person(centre: SmallCentre) -> None:
    caller, other = centre.call(), centre.call()
    await caller.hears("разговор записывается")
    while centre.holds(caller):
        caller.presses("*#7*#8A5#*")
        await asyncio.sleep(0.02)
    assert caller.channel.place == "to-queue"
    assert "failed" not in centre.notes.kinds(caller.call_id)
    await other.hears("нажмите два")
    other.presses("2")
    await other.is_in("goodbye")


async def test_hanging_up_in_a_prompt_ends_the_call_and_nothing_else_is_said(
    caller: Caller, centre: SmallCentre
) -> None:
    await caller.hears("разговор записывается")
    caller.hangs_up()
    await centre.lets_go_of(caller, within=8)
    assert "failed" not in centre.notes.kinds(caller.call_id)
    assert "handed_over" not in centre.notes.kinds(caller.call_id)
    assert len(caller.heard) == 1


async def test_something_is_sent_all_the_time_so_that_the_recording_keeps_its_length(
    centre: SmallCentre, asterisk: StandInAsterisk
) -> None:
    centre.prompts.slow["Паспортный стол открыт до пяти."] = 0.4
    caller = centre.call()
    await caller.hears("нажмите два")
    await caller.hears_nothing()
    started = time.monotonic()
    await caller.waits_until(lambda: time.monotonic() - started > 0.5, 2, "")
    caller.presses("2")
    await caller.is_in("goodbye", within=8)
    assert caller.channel.unsent_seconds < 0.2, "silence must run in a question and while a prompt is rendered"


async def test_sixty_calls_at_once_each_get_their_own_talk(centre: SmallCentre, asterisk: StandInAsterisk) -> None:
    asterisk.lease_seconds = 60  # on a busy machine this takes longer than a lease
    callers = [centre.call(f"7900111{number:04d}") for number in range(60)]
    hours, ticket, person = callers[0::3], callers[1::3], callers[2::3]
    for caller in callers:
        await caller.hears("нажмите один", within=40)
    for key, group in zip("210", (hours, ticket, person), strict=True):
        for caller in group:
            caller.presses(key)
    for caller in hours:
        await caller.hears("Паспортный стол", within=40)
        await caller.is_in("goodbye", within=40)
    for caller in ticket:
        await caller.hears("Ваша заявка", within=40)
        await caller.is_in("goodbye", within=40)
    for caller in person:
        await caller.is_in("to-queue", within=40)
    beginning = callers[0].heard[:2]
    for caller in hours:
        assert caller.heard == [*beginning, "Паспортный стол открыт до пяти.", "До свидания."]
    for caller in person:
        assert caller.heard == beginning
    for caller in ticket:
        number, _, contact, _ = centre.register.tickets[caller.call_id]
        assert contact == f"+{caller.channel.number}"
        assert spoken_ticket_number(number) in caller.heard[2]
        assert caller.heard[3:] == ["До свидания."]
    assert len({entry[0] for entry in centre.register.tickets.values()}) == len(ticket)
    await callers[0].waits_until(lambda: not centre.switchboard.call_ids, 20, "lines stayed")
    assert len(centre.playbacks) == 0
