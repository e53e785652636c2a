"""What a line says beside a trouble: thanks that go on, wishes, the whole house."""

import tomllib
from itertools import product
from typing import Any

import pytest

from callcenter.conducting.knowledge_snapshot import open_interpreter, read_knowledge_snapshot
from callcenter.dialogue.interpretation.courtesy import ends_conversation, is_courtesy, is_gratitude, strip_thanks
from callcenter.dialogue.interpretation.interpretation import Interpreter
from callcenter.dialogue.interpretation.remarks import concerns_whole_house, list_remarks, list_words_before_wish
from callcenter.dialogue.interpretation.trouble_reports import LONGEST_DESCRIPTION
from callcenter.knowledge.base import read_knowledge
from callcenter.settings import TREE, read_settings
from callcenter.understanding.words import read_words

KNOWLEDGE = TREE / "knowledge_base"
TAP = {"описание": "кран течет", "категория": "WAT_TAP_DRIP", "место": "", "ещё": ""}


@pytest.fixture(scope="module")
def mind() -> Interpreter:
    base = read_knowledge(KNOWLEDGE)
    known, _ = read_knowledge_snapshot(KNOWLEDGE, base.categories, read_settings().company.zone)
    return open_interpreter(KNOWLEDGE, known, base.articles)[0]


@pytest.mark.parametrize(
    "line",
    [
        "спасибо", "нет спасибо", "всё больше ничего не надо", "всё ничего не надо больше", "да всё спасибо",
        "спасибо тебе дай бог здоровья", "нет у меня всё", "ну всё тогда до свидания", "спасибо вы мне очень помогли",
        "не спасибо", "ничего больше не надо",
    ],
)  # fmt: skip
def test_whoever_has_enough_says_nothing_else(line: str) -> None:
    assert ends_conversation(read_words(line))


@pytest.mark.parametrize(
    "line",
    [
        "спасибо и еще скажите когда собрание", "спасибо у меня еще кран течет", "ясно спасибо а если не успею",
        "нет а если не успею", "всё равно запишите", "ничего не работает", "понятно", "ну вот", "",
        "вы мне не помогли", "не поняла", "ничего не понятно", "ничего не поняла",
    ],
)  # fmt: skip
def test_thanks_that_go_on_are_no_end(line: str) -> None:
    assert not ends_conversation(read_words(line))


def test_a_courtesy_guesses_no_other_trouble(mind: Interpreter) -> None:
    assert is_courtesy(read_words("ну ладно подожду"))
    assert not is_courtesy(read_words("ладно кран течет"))
    dark = {"описание": "почему света нет и надолго ли", "категория": "EL_NONE_HOUSE", "место": "", "ещё": ""}
    assert "неисправность" not in mind.interpret("ну ладно подожду", dark).meanings


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("спасибо у меня еще кран течет", "у меня еще кран течет"),
        ("ясно спасибо а если не успею", "а если не успею"),
        ("кран течет спасибо", "кран течет"),
        ("хорошо запишите", "хорошо запишите"),
        ("это аварийная служба у нас кран течет", "у нас кран течет"),
        ("это аварийная служба", "это аварийная служба"),
        ("спасибо большое", "спасибо большое"),
    ],
)
def test_what_is_left_without_thanks(line: str, left: str) -> None:
    assert " ".join(word.text for word in strip_thanks(read_words(line))) == left


def test_thanks_for_what_was_done_want_nothing() -> None:
    assert is_gratitude(read_words("вчера трубу прорвало но уже все починили спасибо хотела сказать"))
    assert not is_gratitude(read_words("спасибо что починили а теперь кран течет"))
    assert not is_gratitude(read_words("спасибо мастер не пришел"))


@pytest.mark.parametrize(
    ("line", "category"),
    [
        ("помогите пожалуйста у меня кран течёт спасибо", "WAT_TAP_DRIP"),
        ("почините домофон спасибо", "ICOM_FAULT"),
        ("пусть придёт сантехник батарея течёт спасибо", "HEAT_LEAK"),
        ("приезжал мастер починил кран спасибо теперь батарея течёт", "HEAT_LEAK"),
    ],
)
def test_who_asks_for_help_and_says_thanks_reports_a_trouble(mind: Interpreter, line: str, category: str) -> None:
    meanings = mind.interpret(line, {}).meanings
    assert "благодарность" not in meanings
    assert meanings["неисправность"]["категория"] == category


@pytest.mark.parametrize("line", ["повторите номер", "повторите номер заявки девушка", "какой у нее номер"])
def test_a_number_told_before_is_asked_for_again(mind: Interpreter, line: str) -> None:
    assert "номер ещё раз" in mind.interpret(line, {}).meanings


@pytest.mark.parametrize(
    "line",
    [
        "скажите номер бухгалтерии", "назовите номер аварийной газа", "продиктуйте номер участкового",
        "скажите номер куда звонить",
    ],
)  # fmt: skip
def test_another_number_is_no_ticket_told_before(mind: Interpreter, line: str) -> None:
    assert "номер ещё раз" not in mind.interpret(line, {}).meanings


def test_what_the_master_is_to_know_goes_into_the_ticket(mind: Interpreter) -> None:
    meanings = mind.interpret("да только меня до шести дома не будет", TAP).meanings
    assert meanings["да"] == {"описание": "кран течет. да только меня до шести дома не будет"}
    meanings = mind.interpret("верно код домофона двадцать пять", TAP).meanings
    assert meanings["да"]["описание"].endswith("код домофона двадцать пять")
    assert "неисправность" not in meanings
    before = list_words_before_wish(read_words("меня до шести дома не будет"))
    assert before is not None
    assert [word.text for word in before] == ["меня", "до", "шести"]


HERE = {**TAP, "место": "улица: проспект Энгельса; дом: 139; корпус: 1; квартира: 5"}


def test_a_wish_beside_another_flat_takes_the_flat_and_is_no_yes(mind: Interpreter) -> None:
    said = "верно только квартира двенадцать буду дома после шести"
    meanings = mind.interpret(said, HERE).meanings
    assert "да" not in meanings
    assert meanings["адрес"]["место"].endswith("квартира: 12")
    assert meanings["адрес"]["описание"] == f"кран течет. {said}"
    assert "да" in mind.interpret("верно квартира пять буду дома после шести", HERE).meanings
    assert "да" not in mind.interpret("да квартира двенадцать", HERE).meanings
    missing = {**TAP, "место": "улица: проспект Энгельса; дом: 139; корпус: 1"}
    assert "да" in mind.interpret("да квартира двенадцать", missing).meanings


def test_a_code_of_the_door_beside_another_flat_is_no_trouble(mind: Interpreter) -> None:
    meanings = mind.interpret("нет квартира двенадцать код домофона пять", HERE).meanings
    assert "неисправность" not in meanings
    assert meanings["адрес"]["место"].endswith("квартира: 12")
    assert "код домофона пять" in meanings["адрес"]["описание"]


@pytest.mark.parametrize(
    ("said", "category", "more"),
    [
        ("приходите скорее лифт не работает", "LIFT_FAULT", ""),
        ("лифт не работает код домофона пять", "LIFT_FAULT", ""),
        ("да приходите скорее и лифт не работает", "WAT_TAP_DRIP", "LIFT_FAULT"),
        ("нет это не кран а батарея приходите после шести", "HEAT_LEAK", ""),
    ],
)
def test_another_trouble_beside_a_wish_is_not_lost(mind: Interpreter, said: str, category: str, more: str) -> None:
    meanings = mind.interpret(said, HERE).meanings
    assert (meanings["неисправность"]["категория"], meanings["неисправность"]["ещё"]) == (category, more)
    assert meanings.get("да", {}).get("ещё", "") == more


def test_of_a_long_story_the_newest_words_are_kept(mind: Interpreter) -> None:
    long = {**TAP, "описание": "кран течет " * 54 + "конец"}
    for said in ("пусть придут после шести", "лифт не работает"):
        meanings = mind.interpret(said, long).meanings
        kept = meanings.get("пожелание") or meanings["неисправность"]
        assert kept["описание"].endswith(f". {said}")
        assert kept["описание"].startswith("кран течет")
        assert len(kept["описание"]) <= LONGEST_DESCRIPTION


def test_a_yes_with_another_trouble_adds_it_only_where_it_is_joined(mind: Interpreter) -> None:
    assert mind.interpret("да и еще лифт не работает", TAP).meanings["да"]["ещё"] == "LIFT_FAULT"
    assert mind.interpret("да лифт не работает", TAP).meanings["да"].get("ещё", "") == ""


def test_the_whole_house_has_no_flat_and_its_entrance_no_flat_to_be_in(mind: Interpreter) -> None:
    assert concerns_whole_house(read_words("дом весь без воды"))
    assert concerns_whole_house(read_words("во всех квартирах и у всех в доме нет воды"))
    place = mind.interpret("весь подъезд без воды тельмана тридцать два корпус один второй подъезд", {}).meanings[
        "адрес"
    ]
    assert "парадная: 2" in place["место"]
    assert "квартира: " in place["место"]


@pytest.mark.parametrize(
    "line",
    [
        "во всём доме свет есть а у меня нет", "весь дом с водой только у нас нет",
        "только у меня света нет а весь дом со светом",
    ],
)  # fmt: skip
def test_a_flat_that_the_whole_house_is_set_against_is_asked_for(mind: Interpreter, line: str) -> None:
    assert not concerns_whole_house(read_words(line))
    assert "адрес" not in mind.interpret(line, {}).meanings


def test_an_entrance_nobody_knows_contradicts_no_flat(mind: Interpreter) -> None:
    known = {"место": "улица: улица Тельмана; дом: 32; корпус: 1; парадная: ", "спрошено": "apartment"}
    assert "квартира: 5" in mind.interpret("квартира пять", known).meanings["адрес"]["место"]


def test_three_troubles_are_told_the_accident_first(mind: Interpreter) -> None:
    told = mind.interpret("у нас и домофон не работает и в подъезде грязно и батарея течет", {}).meanings
    assert told["неисправность"]["категория"] == "HEAT_LEAK"
    assert told["неисправность"]["ещё"] == "ICOM_FAULT, CLEAN_ENTRANCE"


def test_a_trouble_beside_a_question_comes_first_and_the_question_after(mind: Interpreter) -> None:
    told = mind.interpret("когда бухгалтер принимает и у меня кран течет", {}).meanings["неисправность"]
    assert (told["категория"], told["ещё"]) == ("WAT_TAP_DRIP", "KB05")


def read_rows(file: str) -> dict[str, Any]:
    return tomllib.loads((TREE / "callcenter" / "dialogue" / "interpretation" / file).read_text(encoding="utf-8"))


def test_no_phrase_holds_a_shorter_one_of_its_row() -> None:
    rows = read_rows("remarks.toml")
    told = {**rows["said"], **{name: row for name, row in rows["beside"].items() if name != "wishes"}}
    pairs = ((one, other) for row in told.values() for one, other in product(row, row) if one != other)
    assert [one for one, other in pairs if f" {other} " in f" {one} "] == []


def test_every_phrase_of_having_enough_is_found_however_long() -> None:
    phrases = read_rows("courtesy.toml")["enough"]
    assert [phrase for phrase in phrases if not ends_conversation(read_words(phrase))] == []


def test_the_companys_name_comes_from_its_facts() -> None:
    assert "кто вы" in list_remarks(read_words("это северный берег"))
    assert "кто вы" not in list_remarks(read_words("это южный берег"))
    assert strip_thanks(read_words("это северный берег у нас течёт кран"))[0].text == "у"
