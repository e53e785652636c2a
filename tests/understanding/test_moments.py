"""Days and hours told from a Wednesday, the 25th of November 2026, noon."""

from datetime import datetime

import pytest

from callcenter.understanding.numbers.moments import find_moments
from callcenter.understanding.words import read_words

NOW = datetime(2026, 11, 25, 12, 0)  # noqa: DTZ001  (local time, as the talk has it)


def shown(text: str, *, ahead: bool = True) -> list[str]:
    moments = find_moments(read_words(text), now=NOW, in_future=ahead)
    return [f"{moment.day or ''} {str(moment.earliest or '')[:5]}-{str(moment.latest or '')[:5]}" for moment in moments]


AHEAD = {
    "завтра после шести": ["2026-11-26 18:00-"],
    "в пятницу с девяти до двенадцати": ["2026-11-27 09:00-12:00"],
    "пятнадцатого мая": ["2027-05-15 -"],
    "послезавтра утром": ["2026-11-27 06:00-12:00"],
    "в девять утра завтра": ["2026-11-26 09:00-09:00"],
    "в среду": ["2026-12-02 -"],
    "в следующий понедельник": ["2026-12-07 -"],
    "в половине седьмого": [" 18:30-18:30"],
    "без пятнадцати семь": [" 18:45-18:45"],
    "полседьмого": [" 18:30-18:30"],
    "четверть девятого утра": [" 08:15-08:15"],
    "завтра с утра": ["2026-11-26 06:00-12:00"],
    "к вечеру в пятницу": ["2026-11-27 17:00-23:00"],
    "завтра в районе одиннадцати": ["2026-11-26 11:00-11:00"],
    "через два часа": ["2026-11-25 14:00-14:00"],
    "через полчаса": ["2026-11-25 12:30-12:30"],
    "до обеда": [" -13:00"],
    "завтра в шесть тридцать вечера": ["2026-11-26 18:30-18:30"],
    "сегодня до восьми вечера": ["2026-11-25 -20:00"],
    "тридцатого числа": ["2026-11-30 -"],
    "завтра в 18:30": ["2026-11-26 18:30-18:30"],
    "пятого декабря две тысячи двадцать шестого года": ["2026-12-05 -"],
}
BEHIND = {
    "позавчера вечером": ["2026-11-23 17:00-23:00"],
    "в прошлую пятницу": ["2026-11-20 -"],
    "с девятого января": ["2026-01-09 -"],
    "три дня назад": ["2026-11-22 -"],
    "в понедельник": ["2026-11-23 -"],
}
NO_MOMENT = ["в пятом подъезде", "с пятого этажа", "до двенадцатой квартиры", "в пять квартир затекло", "дом девять",
             "два часа нет воды", "энгельса сто тридцать девять", ""]  # fmt: skip


@pytest.mark.parametrize(("text", "moments"), AHEAD.items(), ids=AHEAD)
def test_tells_when_something_is_wanted(text: str, moments: list[str]) -> None:
    assert shown(text) == moments


@pytest.mark.parametrize(("text", "moments"), BEHIND.items(), ids=BEHIND)
def test_tells_since_when(text: str, moments: list[str]) -> None:
    assert shown(text, ahead=False) == moments


@pytest.mark.parametrize("text", NO_MOMENT)
def test_numbers_of_an_address_are_no_time(text: str) -> None:
    assert shown(text) == []


def test_says_when_the_half_of_the_day_is_a_guess() -> None:
    assert [moment.is_certain for moment in find_moments(read_words("после шести"), now=NOW)] == [False]
    assert [moment.is_certain for moment in find_moments(read_words("после шести вечера"), now=NOW)] == [True]
