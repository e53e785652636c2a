"""Yes and no in the forms of living speech."""

import pytest

from callcenter.understanding.intents.confirmation import ConfirmationAnswer, find_confirmation
from callcenter.understanding.words import read_words

YES = [
    "да", "ага", "угу", "ну да", "да да да", "верно", "всё верно", "да всё правильно", "так и есть", "ну конечно",
    "да конечно", "совершенно верно", "точно", "хорошо", "ага всё так", "именно так да", "нет всё верно", "э ну да",
    "да девушка верно", "да записывайте", "правильно правильно", "не возражаю", "да энгельса", "адрес верный да",
    "ладно", "угу угу", "да спасибо", "нет то есть да", "запишите всё равно", "всё равно запишите пожалуйста",
    "нет всё равно запишите", "записать всё равно", "нет ну вы всё-таки запишите заявку", "запишите на всякий случай",
    "всё равно надо", "да всё равно запишите", "запишите заявку пожалуйста", "запишите",
]  # fmt: skip
NO = [
    "нет", "неа", "нет конечно", "да нет", "да нет конечно", "не надо", "нет не надо", "да не надо", "не совсем",
    "неправильно", "неверно", "не так", "нет не так", "ну нет", "нет вы ошиблись", "нет корпус два", "нет дом семь",
    "конечно нет", "никак нет", "да нет же", "нет нет", "не то", "ничего подобного", "нет другой адрес",
    "да то есть нет", "неправильно корпус второй", "не верно", "да ну нет",
    "всё равно не записывайте", "не надо всё равно",
]  # fmt: skip
UNCLEAR = [
    "да нет наверное", "не знаю", "может быть", "наверное", "и да и нет", "вроде да", "в смысле", "да но не совсем",
    "как сказать", "всё равно", "мне всё равно",
]  # fmt: skip
NOTHING = ["", "прорвало трубу", "энгельса сто тридцать девять", "надо мастера вызвать", "у меня не работает лифт",
           "воды нет", "нет воды", "есть запах газа", "можно узнать график", "что делать если топят",
           "запишите адрес"]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "answer"),
    [(text, ConfirmationAnswer.YES) for text in YES]
    + [(text, ConfirmationAnswer.NO) for text in NO]
    + [(text, ConfirmationAnswer.UNCLEAR) for text in UNCLEAR],
)
def test_reads_the_answer(text: str, answer: ConfirmationAnswer) -> None:
    found = find_confirmation(read_words(text))
    assert found is not None
    assert found.answer is answer


@pytest.mark.parametrize("text", NOTHING)
def test_other_words_are_no_answer(text: str) -> None:
    assert find_confirmation(read_words(text)) is None


def test_tells_where_the_correction_begins() -> None:
    words = read_words("нет нет дом семь")
    found = find_confirmation(words)
    assert found is not None
    assert [word.text for word in words[found.rest_start :]] == ["дом", "семь"]
