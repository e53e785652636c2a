"""A caller who is heard: answers in words, danger at any time, and keys that go on working when the ear is lost."""

from pathlib import Path

import pytest

from callcenter.dialogue.engine.answer_endings import PART_SECONDS, WHOLE_SECONDS, judge_pause
from callcenter.dialogue.engine.commands import Do, Expect, Hush, Listen, Say, ToQueue
from callcenter.dialogue.engine.events import (
    ActionDone,
    EarLost,
    EarOpened,
    Event,
    Heard,
    Said,
    SayingEnded,
    Silence,
    SpeechBegan,
)
from callcenter.dialogue.engine.pending import SPEECH_SECONDS
from callcenter.dialogue.scripts.phrases import BrokenScriptPhrase, expand_phrase
from callcenter.dialogue.scripts.script import Ask, Script, list_fixed_prompts
from tests.dialogue.talking import SPOKEN, Caller, read, spoken_script


@pytest.fixture
def script() -> Script:
    return spoken_script()


@pytest.fixture
def caller(script: Script) -> Caller:
    return Caller(script, ear=True)


def test_words_answer_the_question_they_were_said_to(caller: Caller) -> None:
    caller.hears("Скажите, что случилось")
    caller.says("Ой, у нас труба лопнула!")
    assert isinstance(caller.awaited, Do)
    assert caller.talk.facts["категория"] == "WATER"


def test_without_an_ear_everything_goes_by_keys(script: Script) -> None:
    caller = Caller(script)
    caller.hears("Авария, нажмите один")
    caller.presses("2")
    caller.hears("Точно, нажмите один")
    said = [command.text for command in caller.log if isinstance(command, Say)]
    assert not any("Скажите" in text for text in said)
    assert not any(isinstance(command, Expect) for command in caller.log)


def test_only_what_can_be_said_is_made_ready_to_be_spoken(script: Script) -> None:
    """The question by keys is said to both: to callers who are heard, once they were not understood."""
    deaf, hearing = (set(list_fixed_prompts(script, {}, with_speech=ear)) for ear in (False, True))
    assert "Авария, нажмите один. Справка, нажмите два." in deaf
    assert hearing - deaf == {"Скажите, что случилось.", "Не расслышала.", "Не поняла."}


def test_a_question_by_keys_may_not_ask_to_speak(tmp_path: Path) -> None:
    """Though it is said to callers who are heard, too."""
    broken = tmp_path / "broken.yaml"
    broken.write_text(SPOKEN.read_text(encoding="utf-8").replace("спроси: Авария,", "спроси: Скажите, авария,"))
    assert [problem.code for problem in read(broken)[1]] == ["IVR309"]


def test_keys_work_for_a_caller_who_is_heard(caller: Caller) -> None:
    caller.hears("Скажите")
    caller.presses("1")
    assert isinstance(caller.awaited, Do)


def test_the_ear_is_told_what_may_come_and_what_is_a_whole_answer(caller: Caller) -> None:
    caller.hears("Скажите")
    (expect,) = [command for command in caller.log if isinstance(command, Expect)]
    assert expect.phrases == ("течёт", "прорвало", "труба лопнула", "справка", "пахнет газом", "газ")
    assert expect.ask is not None
    assert judge_pause(expect.ask, "у нас труба лопнула") == WHOLE_SECONDS
    assert judge_pause(expect.ask, "у нас труба") == PART_SECONDS
    assert judge_pause(expect.ask, "справка или прорвало") == PART_SECONDS


def test_whoever_begins_to_speak_stops_the_question_and_gets_time(caller: Caller) -> None:
    caller.hears("Скажите")
    asked = caller.awaited
    assert isinstance(asked, Say)
    caller.take(SpeechBegan(caller.expected))
    assert caller.last == [Hush(asked.turn), Listen(asked.turn + 1, SPEECH_SECONDS)]
    assert caller.take(SayingEnded(asked.turn)) == []
    caller.take(Heard("ну вот"))
    assert caller.last == [Listen(asked.turn + 2, SPEECH_SECONDS)]
    assert caller.take(Silence(asked.turn + 1)) == []
    caller.take(Said(caller.expected, "ну вот прорвало"))
    assert isinstance(caller.awaited, Do)


def test_the_echo_of_a_question_neither_stops_nor_answers_it(caller: Caller) -> None:
    caller.hears("Скажите")
    assert caller.take(Heard("скажите")) == []
    assert caller.take(Said(caller.expected, "прорвало")) == []


def test_words_to_an_older_question_are_dropped(caller: Caller) -> None:
    caller.hears("Скажите")
    older = caller.expected
    caller.says("справка")
    caller.hears("Точно")
    caller.hears_out()
    assert caller.expected != older
    assert caller.take(Said(older, "нет")) == []
    assert caller.take(SpeechBegan(older)) == []
    caller.says("да")
    caller.hears("До свидания")


def test_words_outside_a_question_are_no_answer_to_the_next_one(caller: Caller) -> None:
    caller.hears("Это проба")
    caller.take(Said(caller.expected, "справка"))
    caller.hears("Скажите")
    caller.hears_out()
    assert isinstance(caller.awaited, Listen)


def test_whoever_is_not_understood_is_told_so_and_then_gets_a_person(caller: Caller) -> None:
    caller.says("бур-бур")
    caller.hears("Не расслышала")
    caller.says("")
    caller.hears("Не поняла")
    caller.hears("Авария, нажмите один")
    caller.says("алло")
    caller.hears("Соединяю")
    assert [miss["why"] for miss in caller.remarks("miss")] == ["words"] * 3


@pytest.mark.parametrize("listening", [False, True])
def test_a_lost_ear_has_the_question_asked_by_keys(caller: Caller, listening: bool) -> None:
    caller.hears("Скажите")
    if listening:
        caller.hears_out()
    expected = caller.expected
    caller.take(EarLost())
    caller.hears("Авария, нажмите один")
    assert caller.take(Said(expected, "прорвало")) == []
    caller.presses("1")
    assert isinstance(caller.awaited, Do)


def test_a_question_by_keys_goes_on_when_the_ear_is_lost_and_is_heard_once_it_is_back(caller: Caller) -> None:
    caller.says("справка")
    caller.hears("Точно")
    assert caller.take(EarLost()) == []
    caller.hears_out()
    caller.take(EarOpened())
    assert [type(command) for command in caller.last] == [Expect]
    caller.says("да")
    caller.hears("До свидания")


def danger_is_on_its_way(caller: Caller) -> None:
    caller.action_ends("готово", {"имя": "кто-то"})
    caller.hears("Выйдите из дома")
    caller.take(Said(caller.expected, "газ"))
    caller.hears_out()
    assert caller.end == ToQueue("опасность", 10)


@pytest.mark.parametrize("moment", ["telling", "asking", "listening", "saying goodbye"])
def test_danger_acts_from_a_guess_at_any_time(caller: Caller, moment: str) -> None:
    caller.hears("Это проба")
    if moment != "telling":
        caller.hears("Скажите")
    if moment == "listening":
        caller.hears_out()
    if moment == "saying goodbye":
        caller.says("справка")
        caller.says("да")
        caller.hears("До свидания")
    caller.take(Heard("кажется пахнет газом"))
    assert isinstance(caller.awaited, Do)
    assert caller.awaited.action == "узнать"
    assert caller.talk.facts["категория"] == "HEAT"
    assert caller.remarks("danger heard") == [{"words": "<газ>"}]
    danger_is_on_its_way(caller)


def test_danger_waits_for_the_words_about_the_recording(caller: Caller) -> None:
    caller.take(Heard("газ"))
    assert isinstance(caller.awaited, Say)
    caller.take(SayingEnded(caller.awaited.turn))
    assert caller.remarks("notice heard") == [{}]
    danger_is_on_its_way(caller)
    assert not any(isinstance(command, Say) and "Это проба" in command.text for command in caller.log)


def test_danger_waits_for_an_action(caller: Caller) -> None:
    caller.hears("Скажите")
    caller.presses("1")
    assert isinstance(caller.awaited, Do)
    turn = caller.awaited.turn
    caller.take(Heard("и газ"))
    assert caller.awaited.turn == turn
    caller.take(ActionDone(turn, "готово", {"номер заявки": "один"}))
    assert not any(isinstance(command, Say) for command in caller.last)
    danger_is_on_its_way(caller)


def test_danger_that_is_known_is_no_news(script: Script) -> None:
    caller = Caller(script, facts={"категория": "HEAT"}, ear=True)
    caller.hears("Скажите")
    assert caller.take(Heard("газ")) == []


@pytest.mark.parametrize("event", [SpeechBegan(0), Said(0, "прорвало"), EarLost()])
def test_without_a_question_nothing_that_is_heard_counts(caller: Caller, event: Event) -> None:
    caller.hears("Это проба")
    assert caller.take(event) == []


def test_a_phrase_stands_for_every_row_of_its_words() -> None:
    words = {"вода": "(горячая|холодная) вода"}
    assert expand_phrase("Нет (<вода>|света)", words) == ("нет горячая вода", "нет холодная вода", "нет света")
    with pytest.raises(BrokenScriptPhrase, match="больше 500"):
        expand_phrase(" ".join(["(а|б|в)"] * 7), {})


def test_an_answer_in_words_stands_where_it_can_be_reached(script: Script) -> None:
    ask = script.steps["что случилось"]
    assert isinstance(ask, Ask)
    assert [phrase.source for phrase in ask.phrases] == ["<вода>", "труба лопнула", "справка"]
