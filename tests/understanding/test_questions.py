"""Of what nobody could answer, what is a question that the owner of the knowledge base can answer."""

import pytest

from callcenter.understanding.intents.questions import is_question, is_same_question, list_content_lemmas


@pytest.mark.parametrize(
    "text",
    [
        "можно ли держать в квартире курицу",
        "есть ли у вас вакансия дворника",
        "когда поставят скамейки во дворе",
        "девушка а вот скамейки во дворе когда поставят",
        "ну подскажите пожалуйста а цветы у дома посадят",
        "где купить подъёмник",
        "бухгалтерия в субботу почему закрыта",
        "когда же блядь поставят скамейки во дворе",
    ],
)
def test_a_question_is_known_by_its_words(text: str) -> None:
    assert is_question(text)


@pytest.mark.parametrize(
    "text",
    [
        "диджею с утра",
        "блядь",
        "пал одинокой нашем опечатайте балкон",
        "да какого хрена вы трубку не берёте",
        "какого чёрта",
        "а в эфире программа время и главные новости часа",
        "президент заявил на совещании что курс останется прежним до конца года",
        "алло",
        "что",
        "что что",
        "кто там",
        "ну и где это",
        "пошёл выход алё",
        "билеты на поезд",
        "",
    ],
)
def test_noise_swearing_and_single_words_ask_nothing(text: str) -> None:
    assert not is_question(text)


def test_a_question_said_again_is_the_same_one() -> None:
    assert is_same_question("скамейки когда", "когда поставят скамейки во дворе")
    assert is_same_question("когда поставят скамейки во дворе", "когда наконец поставят скамейку у нас во дворе")
    assert not is_same_question("когда поставят скамейки во дворе", "можно ли держать в квартире курицу")


def test_order_endings_and_fillers_do_not_change_the_matter() -> None:
    assert list_content_lemmas("ну когда поставят скамейки") == list_content_lemmas("скамейку когда поставят")
    assert list_content_lemmas("когда поставят скамейки") != list_content_lemmas("когда покрасят скамейки")
