"""Callers who speak, over the stand-in Asterisk and an ear of paper."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from callcenter.dialogue.engine.conversation import Conversation
from tests.stand_ins.ari import StandInAsterisk
from tests.stand_ins.centre import Caller, SmallCentre, read_spoken_script, run_centre
from tests.stand_ins.ear import PaperEar, PaperHearing


@dataclass
class Scene:
    centre: SmallCentre
    caller: Caller
    ear: PaperEar

    @property
    def voice(self) -> PaperHearing:
        return self.ear.hearings[self.caller.call_id]


@pytest.fixture
async def scene(asterisk: StandInAsterisk) -> AsyncIterator[Scene]:
    ear, script = PaperEar(), read_spoken_script()
    async with run_centre(asterisk, ear=ear, begin_talk=lambda: Conversation(script, {}, {})) as centre:
        yield Scene(centre, centre.call(), ear)


async def test_a_caller_who_speaks_is_understood(scene: Scene) -> None:
    await scene.caller.hears("Скажите, что случилось")
    assert scene.voice.expected[-1].phrases == ("течёт", "прорвало", "ничего", "газ")
    scene.voice.begins()
    scene.voice.says("ой, прорвало")
    await scene.caller.hears("да или нет")
    scene.voice.begins()
    scene.voice.says("да")
    await scene.caller.is_in("to-queue")
    await scene.centre.lets_go_of(scene.caller)
    assert scene.centre.notes.facts(scene.caller.call_id, "heard") == [{"text": "ой, прорвало"}, {"text": "да"}]
    assert scene.voice.left


async def test_speech_stops_a_long_question_at_once(scene: Scene) -> None:
    scene.centre.asterisk.sound_lengths["sound:prompts/Скажите, что случилось."] = 30
    await scene.caller.hears("Скажите, что случилось")
    scene.voice.begins()
    await scene.caller.hears_nothing(within=0.4)
    await scene.caller.waits_until(lambda: scene.caller.channel.silence, 1, "no silence is sent")
    scene.voice.says("течёт")
    await scene.caller.hears("да или нет")


async def test_the_echo_of_a_question_does_not_stop_it(scene: Scene) -> None:
    scene.centre.asterisk.sound_lengths["sound:prompts/Скажите, что случилось."] = 30
    await scene.caller.hears("Скажите, что случилось")
    scene.voice.guesses("течёт")
    scene.voice.says("течёт")
    scene.caller.presses("1")
    await scene.caller.hears("да или нет")
    assert scene.centre.notes.facts(scene.caller.call_id, "heard") == []


async def test_late_words_of_an_older_question_are_dropped(scene: Scene) -> None:
    await scene.caller.hears("Скажите, что случилось")
    older = scene.voice.turn
    scene.voice.begins()
    scene.voice.says("прорвало")
    await scene.caller.hears("да или нет")
    scene.voice.says("нет", turn=older)
    scene.voice.begins()
    scene.voice.says("да")
    await scene.caller.is_in("to-queue")


async def test_danger_comes_first_whatever_is_being_said(scene: Scene) -> None:
    await scene.caller.hears("Разговор записывается")
    scene.voice.guesses("тут газ")
    await scene.caller.is_in("to-queue")
    await scene.caller.has("CC_PRIORITY", "10")
    await scene.centre.lets_go_of(scene.caller)
    assert scene.centre.notes.facts(scene.caller.call_id, "danger heard") == [{"words": "газ"}]
    assert scene.centre.notes.facts(scene.caller.call_id, "danger") == [{"category": "GAS_SMELL"}]


async def test_a_lost_ear_costs_hearing_and_the_call_goes_on_by_keys(scene: Scene) -> None:
    await scene.caller.hears("Скажите, что случилось")
    scene.voice.is_lost()
    await scene.caller.hears("Течёт: нажмите один")
    scene.caller.presses("1")
    await scene.caller.hears("Точно: нажмите один")
    scene.caller.presses("1")
    await scene.caller.is_in("to-queue")


async def test_an_ear_that_never_answers_leaves_the_caller_to_the_keys(scene: Scene) -> None:
    await scene.caller.hears("Скажите, что случилось")
    await scene.caller.hears("Вы на линии", within=8)
    scene.caller.presses("2")
    await scene.caller.hears("До свидания")


async def test_without_an_ear_nobody_is_asked_to_speak(asterisk: StandInAsterisk) -> None:
    script = read_spoken_script()
    async with run_centre(asterisk, begin_talk=lambda: Conversation(script, {}, {})) as centre:
        caller = centre.call()
        await caller.hears("Течёт: нажмите один")
        caller.presses("2")
        await caller.hears("До свидания")
        await caller.is_in("goodbye")
        assert not any("Скажите" in text or "голосом" in text for text in caller.heard)
        assert not any("snoop" in request or "externalMedia" in request for request in asterisk.requests)
