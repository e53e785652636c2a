"""What callers say instead of an answer, answers that questions share, and the breath in which a danger was told."""

from pathlib import Path

import pytest

from callcenter.dialogue.engine.answer_endings import STORY_SECONDS, WHOLE_SECONDS, judge_pause
from callcenter.dialogue.engine.commands import Do, Listen
from callcenter.dialogue.engine.events import Heard, Said
from callcenter.dialogue.interpretation.interpretation import DangerHeard, Interpretation
from callcenter.dialogue.scripts.asides import MAX_GLOBAL_ANSWERS
from callcenter.dialogue.scripts.script import Ask, Script, list_fixed_prompts, list_told_articles
from tests.dialogue.talking import UNDERSTOOD, Caller, read
from tests.stand_ins.mind import PaperMind

SECTIONS = """на любой вопрос:
  - услышав: (повторите|громче)
    повтори: да
  - услышав: (минуту|минуточку)
    подожди: 25
    сказав: Хорошо, жду.
  - поняв: справка
    ответь: "{справка}"
  - услышав: до свидания
    затем: прощание

общие ответы:
  о деле:
    - поняв: неисправность
      затем: заявка
    - поняв: справка
      затем: справка

"""
REPORT = {"категория": "WATER", "неисправность": "течёт труба", "место": "", "описание": "течёт"}
HERE, WHOLE = "пахнет тихая", "пахнет тихая одиннадцать"
MIND = PaperMind(
    {
        "у нас течёт": Interpretation({"неисправность": REPORT}),
        "где стол": Interpretation({"справка": {"справка": "KB01"}}),
        "где касса": Interpretation({"справка": {"справка": "KB02"}}),
        "двенадцать": Interpretation({"адрес": {"место": "квартира: 12"}}),
        "люди": Interpretation({"человек": {}}),
        HERE: Interpretation({"адрес": {"место": "Тихая"}}),
        WHOLE: Interpretation({"адрес": {"место": "Тихая, 11"}}),
    },
    {text: DangerHeard("HEAT", "пахнет") for text in ("пахнет", HERE, WHOLE, "тихая одиннадцать пахнет")},
)
ANSWERS = {"KB01": "Паспортный стол открыт.", "безопасность:HEAT": "Выходите."}


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Script:
    text = UNDERSTOOD.read_text(encoding="utf-8").replace("опасные слова:", f"{SECTIONS}опасные слова:")
    own = """      - поняв: неисправность
        затем: заявка
      - поняв: справка
        затем: справка
"""
    assert own in text
    file: Path = tmp_path_factory.mktemp("scripts") / "asides.yaml"
    file.write_text(text.replace(own, "      - как в: о деле\n"), encoding="utf-8")
    found, problems = read(file)
    assert found is not None, problems
    return found


@pytest.fixture
def caller(script: Script) -> Caller:
    caller = Caller(script, ANSWERS, ear=True, mind=MIND)
    caller.presses("1123#")
    caller.hears("Какая квартира?")
    return caller


def test_shared_answers_stand_where_a_question_names_them(script: Script) -> None:
    caller = Caller(script, ANSWERS, ear=True, mind=MIND)
    caller.says("у нас течёт")
    assert isinstance(caller.awaited, Do)


def test_whoever_asks_for_it_hears_the_question_again_and_that_is_no_miss(caller: Caller) -> None:
    for _ in range(MAX_GLOBAL_ANSWERS):
        caller.says("ой повторите пожалуйста")
        caller.hears("Какая квартира?")
    assert caller.remarks("miss") == []
    caller.says("громче")
    caller.hears("Не расслышала.")


def test_what_was_told_before_a_question_is_told_again(script: Script) -> None:
    caller = Caller(script, {**ANSWERS}, ear=True, mind=MIND)
    caller.hears("Чем помочь?")
    caller.says("громче")
    caller.hears("Разговор записывается")
    caller.hears("Чем помочь?")


def test_whoever_asks_for_time_gets_it(caller: Caller) -> None:
    caller.says("минуту")
    caller.hears("Хорошо, жду.")
    caller.hears_out()
    assert isinstance(caller.awaited, Listen)
    assert caller.awaited.seconds == 25
    caller.says("двенадцать")
    caller.hears("Верно")


def test_a_question_in_between_is_answered_and_the_own_one_asked_again(caller: Caller) -> None:
    caller.says("где стол")
    caller.hears("Паспортный стол открыт.")
    caller.hears("Какая квартира?")
    caller.says("где касса")
    caller.hears("Не расслышала.")
    assert caller.remarks("unanswered") == [{"text": "где касса", "article": "KB02"}]


def test_words_of_parting_end_the_talk_wherever_they_come(caller: Caller) -> None:
    caller.says("ну всё до свидания")
    caller.hears("До свидания!")


@pytest.mark.parametrize("text", ["до свидания сказал мастер и не починил", "громче музыки играть уже нельзя ночью"])
def test_words_among_many_others_are_no_aside(caller: Caller, text: str) -> None:
    caller.says(text)
    caller.hears("Не расслышала.")


def test_a_person_comes_before_any_aside(caller: Caller) -> None:
    caller.says("люди")
    caller.hears("Соединяю.")


def test_their_words_are_prepared_and_their_articles_known(script: Script) -> None:
    assert "Хорошо, жду." in list_fixed_prompts(script, ANSWERS, with_speech=True)
    assert "Хорошо, жду." not in list_fixed_prompts(script, ANSWERS, with_speech=False)
    assert {"KB01", "KB02"} <= set(list_told_articles(script))


def test_an_open_question_waits_for_the_end_of_the_words(script: Script) -> None:
    """«спасибо» may go on with «ещё кран капает»; only a closed question is answered by the first word that fits."""
    closed, open_ = script.steps["верно ли"], script.steps["чем помочь"]
    assert isinstance(closed, Ask)
    assert isinstance(open_, Ask)
    assert judge_pause(closed, "да") == WHOLE_SECONDS
    assert judge_pause(open_, "громче") == STORY_SECONDS


def in_danger(script: Script) -> Caller:
    caller = Caller(script, ANSWERS, ear=True, mind=MIND)
    caller.hears("Чем помочь?")
    return caller


def test_an_address_told_in_one_breath_with_a_danger_is_kept(script: Script) -> None:
    caller = in_danger(script)
    caller.says(WHOLE)
    assert caller.talk.facts["место"] == "Тихая, 11"


@pytest.mark.parametrize("rest", [WHOLE, "одиннадцать"])
def test_a_breath_heard_in_two_pieces_is_one(script: Script, rest: str) -> None:
    """The ear begins anew when the danger is acted on, so the end of the line may come without its beginning."""
    caller = in_danger(script)
    caller.take(Heard(HERE))
    assert caller.talk.facts["место"] == "Тихая"
    caller.action_ends("готово", {"имя": "х"})
    caller.hears("Выходите.")
    caller.take(Heard("ещё не всё"))
    assert caller.talk.facts["место"] == "Тихая"
    caller.take(Said(0, rest))
    assert caller.talk.facts["место"] == "Тихая, 11"


def test_after_its_breath_a_danger_takes_nothing_more_from_words_to_no_question(script: Script) -> None:
    caller = in_danger(script)
    caller.take(Said(caller.expected, "пахнет"))
    caller.take(Said(0, "двенадцать"))
    assert "место" not in caller.talk.facts


def test_in_danger_no_word_of_parting_lets_go(script: Script) -> None:
    caller = in_danger(script)
    caller.says("пахнет")
    caller.action_ends("готово", {"имя": "х"})
    caller.hears("Где это?")
    caller.says("до свидания")
    caller.hears("Не расслышала.")
    caller.says("громче")
    caller.hears("Где это?")
    assert caller.end is None
