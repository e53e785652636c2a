"""Stress marks: heard by the voice, hidden from the eye, and in nobody's way while words are made."""

import pytest

from callcenter.wording.spoken import normalize_for_speech
from callcenter.wording.stress import hide_stress, to_acute, to_plus


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Сломан замо\u0301к.", "Сломан зам+ок."),
        ("Сломан зам+ок.", "Сломан зам+ок."),
        ("Проспект +Энгельса, д. 5", "Проспект +Энгельса, дом пять"),
        ("1 мин+ута и 2 кварт+иры", "одна мин+ута и две кварт+иры"),
        ("тариф + 5 рублей", "тариф пять рублей"),
        ("5+5, звоните +7 812 555 01 92", "пять пять, звоните плюс семь, восемьсот двенадцать, пятьсот пятьдесят пять, "
         "ноль один, девяносто два"),
        ("8+, с++", "восемь, с"),
    ],
)  # fmt: skip
def test_marks_survive_the_making_of_words(text: str, words: str) -> None:
    assert normalize_for_speech(text) == words


def test_the_two_notations_are_one() -> None:
    assert to_plus("Замо\u0301к и +ельник") == "Зам+ок и +ельник"
    assert to_acute("зам+ок и +Ельник") == "замо\u0301к и Е\u0301льник"


def test_the_eye_sees_neither() -> None:
    assert hide_stress("Замо\u0301к, зам+ок, тариф + 5, +7 812") == "Замок, замок, тариф + 5, +7 812"
