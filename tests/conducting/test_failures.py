"""Whatever breaks, the caller gets a person and nobody else notices."""

import asyncio

import pytest

from callcenter.dialogue.engine.commands import Command, ToQueue
from callcenter.dialogue.engine.events import Event
from callcenter.telephony.ari import client as ari_client
from callcenter.telephony.ari.client import PING_EVERY, PONG_TIMEOUT_SECONDS
from tests.stand_ins.ari import StandInAsterisk
from tests.stand_ins.centre import SmallCentre, run_centre
from tests.stand_ins.relay import run_relay

GREETING = "sound:prompts/Здравствуйте, разговор записывается."


class BrokenTalk:
    def handle_event(self, event: Event) -> list[Command]:
        raise RuntimeError("the dialogue broke")


class HastyTalk:
    """Puts through before a word is said, as a script does whose first step is broken."""

    def handle_event(self, event: Event) -> list[Command]:
        return [ToQueue("сбой сценария", 0)]


def refuse_to_talk() -> BrokenTalk:
    raise RuntimeError("no script")


async def test_a_dialogue_that_raises_hands_the_caller_over(asterisk: StandInAsterisk) -> None:
    async with run_centre(asterisk, begin_talk=BrokenTalk) as centre:
        caller = centre.call()
        await caller.is_in("fallback")
        assert caller.channel.variables["CC_REASON"] == "сбой робота"
        await centre.lets_go_of(caller)
        assert centre.notes.facts(caller.call_id, "failed") == [{"what": "RuntimeError: the dialogue broke"}]


async def test_nobody_is_put_through_who_was_not_told_of_the_recording(asterisk: StandInAsterisk) -> None:
    async with run_centre(asterisk, begin_talk=HastyTalk) as centre:
        caller = centre.call()
        await caller.is_in("fallback")  # where the dialplan tells it
        assert caller.channel.variables["CC_REASON"] == "сбой сценария"


async def test_without_a_script_calls_go_to_the_fallback(asterisk: StandInAsterisk) -> None:
    async with run_centre(asterisk, begin_talk=refuse_to_talk) as centre:
        caller = centre.call()
        await caller.is_in("fallback")
        assert centre.notes.kinds(caller.call_id) == ["failed"]


@pytest.mark.parametrize("fault", ["unspeakable", "slow", "broken"])
async def test_a_prompt_that_cannot_be_heard_hands_the_caller_over(asterisk: StandInAsterisk, fault: str) -> None:
    answer = "Паспортный стол открыт до пяти."
    async with run_centre(asterisk, patience=0.3) as centre:
        if fault == "unspeakable":
            centre.prompts.unspeakable.add(answer)
        elif fault == "slow":
            centre.prompts.slow[answer] = 60
        else:
            asterisk.broken_sounds.add(f"sound:prompts/{answer}")
        caller = centre.call()
        await caller.hears("нажмите два")
        caller.presses("2")
        await caller.is_in("fallback", within=8)
        await centre.lets_go_of(caller)
        assert "failed" in centre.notes.kinds(caller.call_id)


async def test_without_a_database_the_robot_promises_a_call_and_invents_no_number(centre: SmallCentre) -> None:
    centre.register.away = True
    caller = centre.call()
    await caller.hears("нажмите один")
    caller.presses("1")
    await caller.hears("Мы перезвоним")
    await caller.is_in("goodbye")
    assert centre.notes.facts(caller.call_id, "ticket_wanted") == [
        {"category": "WAT_LEAK_RISER", "contact": "+79001112233", "description": "", "address": ""}
    ]


async def test_a_database_that_never_answers_costs_two_seconds(centre: SmallCentre) -> None:
    centre.register.frozen = asyncio.Event()
    caller = centre.call()
    await caller.hears("нажмите один")
    caller.presses("1")
    await caller.hears("Мы перезвоним", within=8)
    assert "ticket_wanted" in centre.notes.kinds(caller.call_id)
    centre.register.frozen.set()


async def test_words_whose_reply_was_lost_are_never_heard_on_top_of_each_other(asterisk: StandInAsterisk) -> None:
    asterisk.sound_lengths[GREETING] = 20
    asterisk.late_once["play"] = 1.0
    async with run_centre(asterisk, reply_within=0.2, lease_seconds=1) as centre:
        caller = centre.call()
        await caller.waits_until(lambda: len(caller.channel.played) == 2, 3, "it was not said again")
        await caller.waits_until(lambda: len(caller.channel.queued) == 1, 1, "the first would be heard to its end")
        assert caller.channel.queued == caller.channel.played[1:]


async def test_after_a_break_old_words_do_not_come_before_the_new_ones_owed(asterisk: StandInAsterisk) -> None:
    async with run_centre(asterisk, reply_within=0.2) as centre:
        caller = centre.call()
        await caller.hears("разговор записывается")
        asterisk.sound_seconds = 20
        await caller.hears("нажмите два")
        asterisk.late_once["playbacks"] = 1.0
        caller.presses("2")
        await caller.waits_until(lambda: not asterisk.late_once, 1, "the menu was not hushed")
        await asterisk.drop_sockets()
        await caller.hears("Паспортный стол")
        assert [text[:6] for text in caller.heard] == ["Здравс", "Авария", "Паспор"]


async def test_a_break_of_the_connection_repeats_the_question(asterisk: StandInAsterisk) -> None:
    async with run_centre(asterisk) as centre:
        caller = centre.call()
        await caller.hears("нажмите один")
        await caller.hears_nothing()
        await asterisk.drop_sockets()
        await caller.hears("нажмите один")
        caller.presses("2")
        await caller.hears("Паспортный стол")
        await caller.is_in("goodbye")


async def test_the_end_of_a_prompt_lost_with_the_connection_does_not_leave_silence(asterisk: StandInAsterisk) -> None:
    asterisk.sound_lengths[GREETING] = 20
    async with (
        run_relay(asterisk.port) as cable,
        run_centre(asterisk, address=f"http://127.0.0.1:{cable.port}") as centre,
    ):
        caller = centre.call()
        await caller.hears("разговор записывается")
        cable.cut()
        for playback in list(caller.channel.queued):
            playback.stopped.set()
        await caller.hears_nothing()
        asterisk.sound_lengths.clear()
        cable.mend()
        await caller.hears("разговор записывается")
        await caller.hears("нажмите один")


async def test_what_could_not_be_said_while_asterisk_was_away_is_said_later(asterisk: StandInAsterisk) -> None:
    async with (
        run_relay(asterisk.port) as cable,
        run_centre(asterisk, address=f"http://127.0.0.1:{cable.port}", listen_seconds=0.6) as centre,
    ):
        caller = centre.call()
        await caller.hears("нажмите один")
        await caller.hears_nothing()
        cable.cut()
        await asyncio.sleep(1.0)  # the question's own time ends in the dark
        assert "Нажмите кнопку." not in caller.heard
        cable.mend()
        await caller.hears("Нажмите кнопку")


async def test_a_socket_that_fell_silent_is_noticed_and_opened_anew(
    asterisk: StandInAsterisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert PING_EVERY + PONG_TIMEOUT_SECONDS < 6, "sooner than a lease ends"
    monkeypatch.setattr(ari_client, "PING_EVERY", PING_EVERY / 5)
    monkeypatch.setattr(ari_client, "PONG_TIMEOUT_SECONDS", PONG_TIMEOUT_SECONDS / 5)
    async with (
        run_relay(asterisk.port) as cable,
        run_centre(asterisk, address=f"http://127.0.0.1:{cable.port}") as centre,
    ):
        cable.freeze()
        async with asyncio.timeout(10):
            while centre.ari.connected:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        cable.thaw()
        await centre.is_connected()
        caller = centre.call()
        await caller.hears("разговор записывается")


async def test_a_caller_who_hung_up_in_the_dark_is_let_go(asterisk: StandInAsterisk) -> None:
    asterisk.sound_seconds = 20
    async with run_centre(asterisk) as centre:
        caller = centre.call()
        await caller.hears("разговор записывается")
        await asterisk.drop_sockets()
        caller.hangs_up()
        await centre.lets_go_of(caller, within=8)
        assert "failed" not in centre.notes.kinds(caller.call_id)
        assert len(centre.playbacks) == 0, "the end of its sound was lost in the dark and is awaited for ever"


async def test_calls_go_on_in_the_dialplan_when_the_controller_stops(
    centre: SmallCentre, asterisk: StandInAsterisk
) -> None:
    asterisk.sound_seconds = 20
    callers = [centre.call() for _ in range(3)]
    for caller in callers:
        await caller.hears("разговор записывается")
    await centre.switchboard.release_all(within=2)
    callers.append(centre.call())
    for caller in callers:
        await caller.is_in("fallback")
        assert not caller.channel.deleted
