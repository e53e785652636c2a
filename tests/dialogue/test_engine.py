"""The engine, call by call."""

import pytest

from callcenter.core.problems import FileLocation
from callcenter.dialogue.engine.commands import Do, Hangup, Hush, Listen, Remark, Say, ToQueue
from callcenter.dialogue.engine.conversation import Conversation
from callcenter.dialogue.engine.events import ActionDone, Began, HungUp, KeyPressed, SayingEnded, Silence
from callcenter.dialogue.engine.pending import BETWEEN_DIGITS_SECONDS, LONE_ZERO_SECONDS
from callcenter.dialogue.engine.step_runner import AFTER_GOODBYE, MAX_STEPS_PER_EVENT
from callcenter.dialogue.scripts.script import (
    Act,
    ActionSpec,
    Ask,
    Choice,
    Goodbye,
    PutThrough,
    Reference,
    Script,
    Target,
    Tell,
    Text,
)
from tests.dialogue.talking import SMALL, Caller, small_script

SOMEWHERE = FileLocation(SMALL, 1, 1)
THERE = Target("два", SOMEWHERE)
KB01 = {"KB01": "Паспортный стол открыт."}


def ask_of(name: str, *, uninterrupted: bool = False) -> Ask:
    """A question that nobody can answer but with 0."""
    words = Text((f"Вопрос {name}.",), SOMEWHERE)
    rows = ((words,),)
    return Ask(
        name, SOMEWHERE, words, Choice(()), rows, rows, Target("человек", SOMEWHERE), uninterrupted=uninterrupted
    )


def script_of(first: Tell | Ask | Goodbye) -> Script:
    """`first`, then words, then a question, then a person."""
    after = Tell("два", SOMEWHERE, Text(("Два.",), SOMEWHERE), Target("три", SOMEWHERE), uninterrupted=True)
    person = PutThrough("человек", SOMEWHERE, "диспетчеры", "просит")
    steps = {"два": after, "три": ask_of("три"), "человек": person}
    return Script("проба", Target(first.name, SOMEWHERE), {**steps, first.name: first})


@pytest.fixture
def caller() -> Caller:
    return Caller(small_script(), KB01)


def test_greeting_then_question_then_listening(caller: Caller) -> None:
    assert caller.log == [
        Remark("step", {"step": "приветствие"}),
        Say(1, "Здравствуйте! Разговор записывается.", interruptible=False),
    ]
    assert caller.take(SayingEnded(1)) == [
        Remark("notice heard", {}),
        Remark("step", {"step": "что случилось"}),
        Say(2, "Авария, нажмите один. Справка, нажмите два. Номер, нажмите три. Газ, нажмите девять.", True),
    ]
    assert caller.take(SayingEnded(2)) == [Listen(3, 7.0)]


def test_a_key_in_a_question_hushes_the_prompt_and_acts(caller: Caller) -> None:
    caller.hears("Авария")
    caller.presses("1")
    assert caller.last[0] == Hush(2)
    assert caller.last[-1] == Do(3, "записать", {"категория": "WATER"})


def test_a_key_in_words_to_be_heard_out_is_kept_for_the_question(caller: Caller) -> None:
    caller.presses("1")
    assert caller.last == []
    caller.hears_out()
    assert not any(isinstance(command, Say) and "Авария" in command.text for command in caller.log)
    assert isinstance(caller.awaited, Do)


def test_a_kept_key_that_means_nothing_is_forgotten_and_no_miss(caller: Caller) -> None:
    caller.presses("8")
    caller.hears("Авария")
    assert caller.remarks("miss") == []


def test_keys_kept_while_an_action_runs_reach_the_next_question(caller: Caller) -> None:
    caller.hears("Авария")
    caller.presses("1")
    caller.presses("0")
    assert caller.last == []
    caller.action_ends("нет базы")
    caller.hears("Соединяю")


def test_a_key_skips_ordinary_words_and_answers_the_question_after_them(caller: Caller) -> None:
    caller.hears("Авария")
    caller.presses("3")
    caller.presses("12345")
    caller.hears("Номер 12345")
    caller.presses("2")
    assert [type(command) for command in caller.last[:1]] == [Hush]
    caller.hears("Паспортный стол")


def test_late_events_of_older_turns_do_nothing(caller: Caller) -> None:
    caller.hears("Авария")
    caller.hears_out()
    caller.presses("5")
    caller.hears("Нет такой кнопки")
    for late in (SayingEnded(1), SayingEnded(2), Silence(3), ActionDone(3, "готово", {"номер заявки": "7"})):
        assert caller.take(late) == []
    assert "номер заявки" not in caller.talk.facts


def test_the_first_miss_explains_and_repeats_the_second_gives_up(caller: Caller) -> None:
    caller.hears("Авария")
    caller.presses("5")
    caller.hears("Нет такой кнопки.")
    caller.hears("Авария")
    caller.presses("6")
    caller.hears("Соединяю")
    caller.hears_out()
    assert caller.end == ToQueue("просит человека", 0)
    assert caller.remarks("gave up") == [{"step": "что случилось"}]
    assert [miss["key"] for miss in caller.remarks("miss")] == ["5", "6"]


def test_misses_and_silences_are_counted_apart_and_anew_in_each_question(caller: Caller) -> None:
    caller.hears("Авария")
    caller.presses("5")
    caller.keeps_silent()
    caller.hears("Вы на линии?")
    caller.presses("3")
    caller.presses("12#")
    caller.hears("Мало цифр.")
    caller.keeps_silent()
    caller.presses("12#")
    caller.hears("Наберите три цифры.")
    caller.presses("12#")
    caller.hears("Соединяю")


def test_two_silences_give_up(caller: Caller) -> None:
    caller.hears("Авария")
    caller.keeps_silent()
    caller.keeps_silent()
    caller.hears("Соединяю")


@pytest.mark.parametrize("question", ["Авария", "Наберите номер"])
def test_zero_reaches_a_person_in_every_question(caller: Caller, question: str) -> None:
    caller.hears("Авария")
    if question == "Наберите номер":
        caller.presses("3")
        caller.presses("0")
        caller.keeps_silent()
    else:
        caller.presses("0")
    caller.hears("Соединяю")
    assert caller.remarks("miss") == []


def test_a_lone_zero_is_a_person_soon_and_other_digits_have_time(caller: Caller) -> None:
    caller.hears("Авария")
    caller.presses("3")
    caller.presses("0")
    assert isinstance(caller.last[-1], Listen)
    assert caller.last[-1].seconds == LONE_ZERO_SECONDS
    caller.presses("1")
    assert isinstance(caller.last[-1], Listen)
    assert caller.last[-1].seconds == BETWEEN_DIGITS_SECONDS


def test_zero_cuts_words_that_other_keys_must_hear_out_and_passes_over_what_follows() -> None:
    caller = Caller(script_of(Tell("один", SOMEWHERE, Text(("Раз.",), SOMEWHERE), THERE, uninterrupted=True)))
    caller.presses("1")
    assert caller.last == []
    caller.presses("0")
    assert caller.last[0] == Hush(1)
    assert caller.end == ToQueue("просит", 0)
    assert [command.text for command in caller.log if isinstance(command, Say)] == ["Раз."]


def test_zero_waits_for_the_end_of_the_words_about_the_recording_and_no_longer() -> None:
    notice = Tell(
        "запись", SOMEWHERE, Text(("Записываем.",), SOMEWHERE), THERE, uninterrupted=True, is_recording_notice=True
    )
    caller = Caller(script_of(notice))
    caller.presses("0")
    assert caller.last == []
    caller.hears_out()
    assert caller.end == ToQueue("просит", 0)
    assert [command.text for command in caller.log if isinstance(command, Say)] == ["Записываем."]
    assert caller.remarks("notice heard") == [{}]


def test_a_zero_inside_a_number_dialled_ahead_is_a_digit(caller: Caller) -> None:
    caller.presses("3102#")
    caller.hears("Номер 102.")


def test_the_hash_that_ends_a_number_cuts_no_words(caller: Caller) -> None:
    caller.hears("Авария")
    caller.presses("3")
    caller.presses("12345")
    caller.hears("Номер 12345")
    caller.presses("#")
    assert caller.last == []
    caller.hears("Номер 12345")


def test_zero_in_a_question_to_be_heard_out_acts_at_once() -> None:
    caller = Caller(script_of(ask_of("два", uninterrupted=True)))
    caller.presses("0")
    assert caller.end == ToQueue("просит", 0)


def test_zero_in_the_goodbye_takes_it_back() -> None:
    caller = Caller(script_of(Goodbye("конец", SOMEWHERE, Text(("До свидания!",), SOMEWHERE))))
    caller.presses("1")
    assert caller.last == []
    caller.presses("0")
    assert caller.last == [Hush(1), ToQueue(AFTER_GOODBYE, 0)]


def test_a_star_repeats_and_a_hash_does_nothing(caller: Caller) -> None:
    caller.hears("Авария")
    caller.presses("#")
    assert caller.last == []
    for _ in range(5):
        caller.presses("*")
        assert [type(command) for command in caller.last] == [Hush, Say]
    assert caller.remarks("miss") == []
    caller.presses("5")
    caller.hears("Нет такой кнопки")


@pytest.mark.parametrize(("keys", "number"), [("12345", "12345"), ("123#", "123"), ("9*456#", "456"), ("000#", "000")])
def test_a_number_ends_with_its_last_digit_or_a_hash(caller: Caller, keys: str, number: str) -> None:
    caller.hears("Авария")
    caller.presses("3")
    caller.presses(keys)
    caller.hears(f"Номер {number}.")
    assert caller.talk.facts["номер"] == number


def test_a_number_ends_with_a_pause_after_enough_digits(caller: Caller) -> None:
    caller.hears("Авария")
    caller.presses("3")
    caller.presses("1")
    assert caller.last == [Hush(3), Listen(4, BETWEEN_DIGITS_SECONDS)]
    caller.presses("23")
    assert caller.last == [Listen(6, BETWEEN_DIGITS_SECONDS)]
    assert caller.take(Silence(5)) == []
    caller.take(Silence(6))
    caller.hears("Номер 123.")


@pytest.mark.parametrize("keys", ["3123#", "39*123#"])
def test_a_number_may_be_dialled_ahead(caller: Caller, keys: str) -> None:
    caller.presses(keys)
    caller.hears("Номер 123.")


def test_a_number_begun_ahead_is_gone_on_with(caller: Caller) -> None:
    caller.presses("312")
    caller.hears_out()
    caller.presses("345")
    caller.hears("Номер 12345.")


def test_an_outcome_gives_its_facts_to_the_words(caller: Caller) -> None:
    caller.hears("Авария")
    caller.presses("1")
    caller.action_ends("готово", {"номер заявки": "26-000123"})
    caller.hears("Номер заявки 26-000123.")
    caller.hears("До свидания")
    caller.hears_out()
    assert caller.end == Hangup()
    assert caller.remarks("served") == [{}, {}]


def test_the_result_of_an_older_action_is_not_taken_for_this_ones(caller: Caller) -> None:
    caller.hears("Авария")
    caller.presses("1")
    assert isinstance(caller.awaited, Do)
    assert caller.take(ActionDone(caller.awaited.turn - 1, "нет базы", {"номер заявки": "7"})) == []
    caller.action_ends("готово", {"номер заявки": "8"})
    caller.hears("Номер заявки 8.")


def test_an_unknown_outcome_leads_to_a_person(caller: Caller) -> None:
    caller.hears("Авария")
    caller.presses("1")
    caller.action_ends("взорвалось")
    caller.hears("Соединяю")
    assert caller.remarks("broken") == [{"step": "заявка", "why": "исход «взорвалось»"}]


def test_a_fact_that_never_came_leads_to_a_person_not_to_half_a_sentence(caller: Caller) -> None:
    caller.hears("Авария")
    caller.presses("1")
    caller.action_ends("готово")
    assert caller.end == ToQueue("сбой сценария", 0)
    assert not any(isinstance(command, Say) and "Номер заявки" in command.text for command in caller.log)


def test_an_answer_that_may_not_be_spoken_leads_to_a_person() -> None:
    caller = Caller(small_script(), {})
    caller.hears("Авария")
    caller.presses("2")
    caller.hears("Соединяю")


def test_danger_goes_to_the_head_of_the_queue_without_words(caller: Caller) -> None:
    caller.hears("Авария")
    caller.presses("9")
    assert caller.end == ToQueue("опасность", 10)


def test_a_hangup_ends_everything(caller: Caller) -> None:
    caller.hangs_up()
    assert caller.talk.ended
    for event in (Began(), SayingEnded(1), KeyPressed("0"), Silence(1), HungUp()):
        assert caller.take(event) == []


def test_a_caller_gone_before_the_beginning_is_told_nothing() -> None:
    talk = Conversation(small_script(), KB01, {})
    assert talk.handle_event(HungUp()) == []
    assert talk.handle_event(Began()) == []


def test_keys_of_no_telephone_are_ignored(caller: Caller) -> None:
    caller.hears("Авария")
    for key in ("A", "", "12", "١", "ё"):
        assert caller.take(KeyPressed(key)) == []


def test_a_circle_of_silent_steps_ends_at_a_person() -> None:
    itself = Target("круг", SOMEWHERE)
    silent = Tell("круг", SOMEWHERE, Reference(Text(("KB99",), SOMEWHERE), itself), itself)
    caller = Caller(Script("круг", itself, {"круг": silent}))
    assert caller.end == ToQueue("сбой сценария", 0)
    assert len(caller.remarks("step")) == MAX_STEPS_PER_EVENT


def test_a_step_that_is_not_there_ends_at_a_person() -> None:
    caller = Caller(Script("пусто", Target("нигде", SOMEWHERE), {}))
    assert caller.end == ToQueue("сбой сценария", 0)


def test_an_action_gets_only_what_is_known() -> None:
    spec = ActionSpec("записать", needs=("категория",), may_take=("контакт", "описание"), gives={"готово": ()})
    act = Act("шаг", SOMEWHERE, spec, {}, Target("шаг", SOMEWHERE))
    talk = Conversation(Script("x", Target("шаг", SOMEWHERE), {"шаг": act}), {}, {"категория": "WATER", "лишнее": "1"})
    assert talk.handle_event(Began())[-1] == Do(1, "записать", {"категория": "WATER"})


def test_nothing_happens_before_the_beginning() -> None:
    talk = Conversation(small_script(), KB01, {})
    for event in (SayingEnded(0), Silence(0), KeyPressed("1"), ActionDone(0, "готово", {})):
        assert talk.handle_event(event) == []
    assert isinstance(talk.handle_event(Began())[-1], Say)
    assert talk.handle_event(Began()) == []
