"""A caller who is understood: answers by what is meant, numbers said, danger in any words, and questions kept."""

from pathlib import Path

import pytest

from callcenter.dialogue.engine.commands import Do, Expect, Hush, Say, ToQueue
from callcenter.dialogue.engine.events import EarLost, Heard, Said
from callcenter.dialogue.interpretation.interpretation import DangerHeard, Interpretation
from callcenter.dialogue.scripts.script import Script, list_fixed_prompts, list_texts_by_keys
from tests.dialogue.talking import ARTICLES, UNDERSTOOD, Caller, read, understood_script
from tests.stand_ins.mind import PaperMind

REPORT = {"категория": "WATER", "неисправность": "течёт труба", "место": "улица: Тихая улица", "описание": "течёт"}
GAS = DangerHeard("HEAT", "пахнет")
MIND = PaperMind(
    {
        "у нас там это самое течёт": Interpretation({"неисправность": REPORT}),
        "паспортный стол": Interpretation({"справка": {"справка": "KB01"}}),
        "что с моей": Interpretation({"статус": {"номер": ""}}),
        "сто двадцать три": Interpretation(number_candidates={"номер": ("123", "10023"), "другое": ("9",)}),
        "двенадцать": Interpretation({"адрес": {"место": "квартира: 12"}}, {"номер": ("12",)}),
        "холодная двадцать": Interpretation(additional_facts={"номер": {"описание": "холодная 20"}}),
        "позовите кого-нибудь": Interpretation({"человек": {}}),
        "ну конечно": Interpretation({"да": {}}),
        "ну": Interpretation(is_hesitation=True),
        "ну вот": Interpretation({"рассказ": {"описание": "ну вот"}}, is_hesitation=True),
    },
    {"пахнет": GAS, "запаха газа": GAS},
    frozenset({"запаха газа"}),
)
ANSWERS = {"KB01": "Паспортный стол открыт.", "безопасность:WATER": "Закройте кран."}


@pytest.fixture
def script() -> Script:
    return understood_script()


@pytest.fixture
def caller(script: Script) -> Caller:
    return Caller(script, ANSWERS, ear=True, mind=MIND)


def test_what_is_meant_answers_and_gives_its_facts(caller: Caller) -> None:
    caller.hears("Чем помочь?")
    caller.says("у нас там это самое течёт")
    assert isinstance(caller.awaited, Do)
    assert caller.awaited.arguments == {"категория": "WATER"}
    assert {name: caller.talk.facts[name] for name in REPORT} == REPORT
    caller.action_ends("готово", {"номер заявки": "пять"})
    caller.hears("Записано: течёт труба. Номер заявки пять.")


def test_a_line_is_made_out_by_what_is_known(caller: Caller) -> None:
    MIND.asked.clear()
    caller.says("что с моей")
    caller.hears("Назовите номер")
    caller.says("сто двадцать три")
    caller.hears("Какая квартира?")
    assert caller.talk.facts["номер"] == "123"
    assert [facts.get("номер") for _, facts in MIND.asked] == [None, ""]


def test_without_a_mind_words_that_are_no_phrase_are_a_miss(script: Script) -> None:
    caller = Caller(script, ANSWERS, ear=True)
    caller.says("у нас там это самое течёт")
    caller.hears("Не расслышала.")


def test_a_person_comes_to_whoever_asks_for_one_anywhere(caller: Caller) -> None:
    caller.presses("1")
    caller.hears("Назовите номер")
    caller.says("позовите кого-нибудь")
    caller.hears_out()
    assert caller.end == ToQueue("просит человека", 0)


def test_a_number_of_the_wrong_length_is_a_miss(caller: Caller) -> None:
    caller.presses("1")
    caller.says("двенадцать")
    caller.hears("Не расслышала.")
    caller.presses("12345")
    caller.hears("Какая квартира?")


def test_what_is_told_instead_of_a_number_is_kept(caller: Caller) -> None:
    caller.presses("1")
    caller.says("холодная двадцать")
    caller.hears("Не расслышала.")
    assert caller.talk.facts["описание"] == "холодная 20"


def test_a_hesitation_between_keys_takes_none_of_them_back(caller: Caller) -> None:
    caller.presses("1")
    caller.hears_out()
    caller.presses("12")
    caller.take(Said(caller.expected, "ну"))
    caller.presses("34#")
    assert caller.talk.facts["номер"] == "1234"


def test_a_hesitation_of_two_words_is_no_story(tmp_path: Path) -> None:
    text = UNDERSTOOD.read_text(encoding="utf-8")
    file = tmp_path / "story.yaml"
    file.write_text(text.replace("поняв: [статус, отмена]", "поняв: рассказ", 1), encoding="utf-8")
    script, problems = read(file)
    assert script is not None, problems
    caller = Caller(script, ANSWERS, ear=True, mind=MIND)
    caller.says("ну вот")
    assert caller.talk.step == "чем помочь"
    assert caller.remarks("miss") == []


def test_a_question_only_aloud_is_for_callers_who_are_heard(script: Script) -> None:
    deaf = Caller(script, ANSWERS)
    deaf.presses("1123#")
    deaf.hears_out()
    assert deaf.end == ToQueue("просит человека", 0)
    assert not any("квартира" in command.text for command in deaf.log if isinstance(command, Say))
    ask = script.steps["какая квартира"]
    assert list_texts_by_keys(ask) == ()
    spoken = [set(list_fixed_prompts(script, ANSWERS, with_speech=ear)) for ear in (False, True)]
    assert "Какая квартира?" not in spoken[0]
    assert "Какая квартира?" in spoken[1]


def test_a_question_only_aloud_is_given_up_with_the_ear(caller: Caller) -> None:
    caller.presses("1123#")
    caller.hears("Какая квартира?")
    caller.take(EarLost())
    assert [type(command) for command in caller.last if isinstance(command, Hush | Say)] == [Hush, Say]
    caller.hears("Соединяю.")


def test_whoever_is_silent_or_unclear_to_such_a_question_hears_it_once_more(caller: Caller) -> None:
    caller.presses("1123#")
    caller.keeps_silent()
    caller.hears("Не расслышала.")
    caller.hears("Какая квартира?")
    caller.says("ля ля")
    caller.hears("Не расслышала.")
    caller.says("ля ля ля")
    caller.hears("Соединяю.")


def test_yes_is_expected_by_its_few_words_and_a_free_answer_by_none(caller: Caller) -> None:
    assert [command.phrases for command in caller.log if isinstance(command, Expect)][-1:] == []
    caller.hears("Чем помочь?")
    assert caller.log_of(Expect)[-1].phrases is None
    caller.presses("1")
    numbers = caller.log_of(Expect)[-1].phrases
    assert numbers is not None
    assert {"семьсот", "тысяч", "диспетчер", "газом"} <= set(numbers)
    caller.presses("123#")
    caller.says("двенадцать")
    words = caller.log_of(Expect)[-1].phrases
    assert words is not None
    assert {"да", "верно", "нет", "газом"} <= set(words)
    assert "семьсот" not in words
    caller.says("ну конечно")
    caller.hears("До свидания")


def test_danger_is_acted_on_in_any_words_while_they_are_said(caller: Caller) -> None:
    caller.hears("Чем помочь?")
    caller.take(Heard("пахнет"))
    assert caller.log_of(Do)[-1].action == "узнать"
    assert caller.talk.facts["категория"] == "HEAT"
    assert caller.remarks("danger heard") == [{"words": "пахнет"}]


def test_what_the_next_word_could_deny_waits_until_it_is_said(caller: Caller) -> None:
    caller.hears("Чем помочь?")
    caller.take(Heard("запаха газа"))
    assert caller.log_of(Do) == []
    caller.take(Said(caller.expected, "запаха газа"))
    assert caller.log_of(Do)[-1].action == "узнать"


def test_after_danger_the_address_is_asked_and_a_person_comes_in_any_case(caller: Caller) -> None:
    caller.take(Heard("пахнет"))
    caller.hears_out()
    caller.action_ends("готово", {"имя": "x"})
    caller.hears("Где это?")
    caller.keeps_silent()
    caller.keeps_silent()
    assert caller.end == ToQueue("опасность", 10)


def test_a_question_nobody_could_answer_is_kept(caller: Caller) -> None:
    caller.says("кто победил в футболе")
    assert caller.remarks("unanswered") == [{"text": "кто победил в футболе"}]
    caller.says("")
    assert len(caller.remarks("unanswered")) == 1


@pytest.mark.parametrize("text", ["диджею с утра", "блядь", "пал одинокой нашем опечатайте балкон", "что"])
def test_what_asks_nothing_is_missed_and_not_kept_as_a_question(caller: Caller, text: str) -> None:
    caller.says(text)
    assert len(caller.remarks("miss")) == 1
    assert caller.remarks("unanswered") == []


def test_so_is_one_whose_answer_may_not_be_told_but_no_word_of_safety(script: Script) -> None:
    silent = Caller(script, {}, ear=True, mind=MIND)
    silent.says("паспортный стол")
    assert silent.remarks("unanswered") == [{"text": "паспортный стол", "article": "KB01"}]
    danger = Caller(script, {}, ear=True, mind=MIND)
    danger.take(Heard("пахнет"))
    danger.hears_out()
    danger.action_ends("готово", {"имя": "x"})
    assert danger.remarks("unanswered") == []


def test_every_answer_a_meaning_may_lead_to_is_made_ready(script: Script) -> None:
    assert {"Паспортный стол открыт.", "Закройте кран."} <= set(list_fixed_prompts(script, ANSWERS, with_speech=False))
    assert set(script.articles) == set(ARTICLES)


MISTAKES = {
    "IVR209": ("поняв: справка", "поняв: справки"),
    "IVR203": ('ответ: "{справка}"', 'ответ: "{номер}"'),
    "IVR302": ("      - поняв: справка\n        затем: справка\n", ""),
    "IVR303": ("      - поняв: неисправность\n", "      - нажав: 2\n        поняв: неисправность\n"),
    "IVR304": ("    сдаться: срочно\n  человек", "    сдаться: прощание\n  человек"),
    "IVR318": (
        "    ответы:\n      - поняв: адрес\n        затем: верно ли",
        "    ответы:\n      - нажав: 1\n        затем: верно ли",
    ),
    "IVR319": ("поняв: [статус, отмена]", "поняв: [статус, справка]"),
    "IVR320": ("    только вслух: да\n    ответы:\n      - поняв: адрес\n        затем: верно ли",
               "    только вслух: да\n    вслух: Которая?\n    ответы:\n      - поняв: адрес\n        затем: верно ли"),
}  # fmt: skip


@pytest.mark.parametrize("code", MISTAKES)
def test_each_mistake_has_its_code(code: str, tmp_path: Path) -> None:
    before, after = MISTAKES[code]
    text = UNDERSTOOD.read_text(encoding="utf-8")
    assert before in text
    broken = tmp_path / "broken.yaml"
    broken.write_text(text.replace(before, after, 1), encoding="utf-8")
    assert code in {problem.code for problem in read(broken)[1]}


def test_a_story_catches_nothing_that_another_answer_means_wherever_it_stands(tmp_path: Path) -> None:
    text = UNDERSTOOD.read_text(encoding="utf-8")
    file = tmp_path / "story.yaml"
    story = "      - поняв: рассказ\n        услышав: что с моей\n        затем: человек\n"
    first = "      - поняв: неисправность\n"
    plain = "      - поняв: [статус, отмена]\n"
    spoken = plain + "        услышав: что с моей заявкой\n"
    file.write_text(text.replace(first, story + first, 1).replace(plain, spoken, 1), encoding="utf-8")
    script, problems = read(file)
    assert script is not None, problems
    assert problems == []
    mind = PaperMind({"что с моей заявкой": Interpretation({"рассказ": {"описание": "что с моей заявкой"}})})
    caller = Caller(script, ANSWERS, ear=True, mind=mind)
    caller.says("что с моей заявкой")
    caller.hears("Назовите номер")


def test_a_story_is_judged_last_so_its_other_meanings_may_be_another_answer_s(tmp_path: Path) -> None:
    text = UNDERSTOOD.read_text(encoding="utf-8")
    broken = tmp_path / "broken.yaml"
    broken.write_text(text.replace("поняв: справка", "поняв: [справка, отмена, рассказ]", 1), encoding="utf-8")
    (problem,) = (problem for problem in read(broken)[1] if problem.code == "IVR319")
    line = next(number for number, line in enumerate(text.splitlines(), 1) if "поняв: справка" in line)
    assert problem.position.line == line
    assert f"раньше подойдёт ответ в строке {line + 2}" in problem.message
