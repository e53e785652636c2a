"""Figures in a text become the words a person would say."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.wording.spoken import normalize_for_speech, spoken_moment, spoken_phone, spoken_ticket_number

MOSCOW = ZoneInfo("Europe/Moscow")
NOON = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # 12:00 in Moscow

# Written by hand, not taken from the code: the reverse of how digits are said.
WORD_VALUES = {
    "ноль": 0, "один": 1, "два": 2, "три": 3, "четыре": 4, "пять": 5, "шесть": 6, "семь": 7, "восемь": 8, "девять": 9,
    "десять": 10, "одиннадцать": 11, "двенадцать": 12, "тринадцать": 13, "четырнадцать": 14, "пятнадцать": 15,
    "шестнадцать": 16, "семнадцать": 17, "восемнадцать": 18, "девятнадцать": 19, "двадцать": 20, "тридцать": 30,
    "сорок": 40, "пятьдесят": 50, "шестьдесят": 60, "семьдесят": 70, "восемьдесят": 80, "девяносто": 90, "сто": 100,
    "двести": 200, "триста": 300, "четыреста": 400, "пятьсот": 500, "шестьсот": 600, "семьсот": 700,
    "восемьсот": 800, "девятьсот": 900,
}  # fmt: skip


def digits_heard(words: str) -> str:
    """What a careful listener writes down: each group between pauses is one number, spoken zeros are kept."""
    written = ""
    for group in words.split(","):
        values = [WORD_VALUES[word] for word in group.split()]
        if all(value < 10 for value in values):
            written += "".join(map(str, values))
            continue
        zeros = 0
        while values[zeros] == 0:
            zeros += 1
        written += "0" * zeros + str(sum(values[zeros:]))
    return written


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("с 9:00 до 18:00", "с девяти до восемнадцати"),
        ("перерыв 13:00–14:00", "перерыв с тринадцати до четырнадцати"),
        ("с 9:30 до 18:05", "с девяти тридцати до восемнадцати часов пяти минут"),
        ("в 18:30", "в восемнадцать тридцать"),
        ("в 9:05", "в девять ноль пять"),
        ("в 21:00", "в двадцать один час"),
        ("в 22:00", "в двадцать два часа"),
        ("после 23:00", "после двадцати трёх часов"),
        ("до 1:00", "до одного часа"),
        ("к 18:00", "к восемнадцати часам"),
        ("до 0:00", "до нуля часов"),
    ],
)
def test_hours(text: str, words: str) -> None:
    assert normalize_for_speech(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("24.11.2026", "двадцать четвёртого ноября две тысячи двадцать шестого года"),
        ("2026-11-24", "двадцать четвёртого ноября две тысячи двадцать шестого года"),
        ("до 01.03", "до первого марта"),
        ("с 1 марта 2026 года", "с первого марта две тысячи двадцать шестого года"),
        ("в 2026 году", "в две тысячи двадцать шестом году"),
        ("в 2026 г.", "в две тысячи двадцать шестом году"),
        ("с 20 по 25 число", "с двадцатого по двадцать пятое число"),
        ("с 20 по 25 ноября", "с двадцатого по двадцать пятое ноября"),
        ("до 25 числа", "до двадцать пятого числа"),
        ("к 1 декабря", "к первому декабря"),
        ("по 5 мая", "по пятое мая"),
        ("на 3 марта", "на третье марта"),
        ("к 5 числу", "к пятому числу"),
        ("до 15-го", "до пятнадцатого"),
        ("5-й этаж", "пятый этаж"),
        ("на 5 этаже", "на пятом этаже"),
        ("2-я парадная", "вторая парадная"),
    ],
)
def test_days(text: str, words: str) -> None:
    assert normalize_for_speech(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 500 руб.", "одна тысяча пятьсот рублей."),
        ("12,50 руб.", "двенадцать рублей пятьдесят копеек."),
        ("21 ₽", "двадцать один рубль"),
        ("от 500 до 1500 рублей", "от пятисот до одной тысячи пятисот рублей"),
        ("0,15 %", "ноль целых пятнадцать сотых процента"),
        ("15%", "пятнадцать процентов"),
        ("1,5", "одна целая пять десятых"),
        ("в течение 30 дней", "в течение тридцати дней"),
        ("не позднее 12 часов", "не позднее двенадцати часов"),
        ("через 2 минуты", "через две минуты"),
        ("за 1 минуту", "за одну минуту"),
        ("первые 3 месяца", "первые три месяца"),
        ("+18 °C", "плюс восемнадцать градусов"),
        ("3-4 часа", "три — четыре часа"),
    ],
)
def test_amounts(text: str, words: str) -> None:
    assert normalize_for_speech(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("звоните 112", "звоните сто двенадцать"),
        ("104 или 101", "сто четыре или сто один"),
        ("нажмите 9", "нажмите девять"),
        ("№ 5", "номер пять"),
        ("квартира 007", "квартира ноль ноль семь"),
        ("д. 12/2, корп. 3, кв. 17", "дом двенадцать дробь два, корпус три, квартира семнадцать"),
        ("ул. Садовая", "улица Садовая"),
        ("каб. 5. Вход со двора", "кабинет пять. Вход со двора"),
        ("10 руб. Оплата", "десять рублей. Оплата"),
        ("дом 5А", "дом пять А"),
        ("ЖКХ и МФЦ", "жэ ка ха и эм эф цэ"),
        ("ГОСТ", "ГОСТ"),
        ("через Госуслуги.Дом и MAX", "через Госуслуги Дом и Макс"),
        ("info@bereg.ru", "инфо собака берег точка ру"),
        ("https://bereg.ru/help", "берег точка ру слэш хелп"),
        ("нажмите # или *", "нажмите решётка или звёздочка"),
        ("лицевой счёт 7801234567", "лицевой счёт семь восемь ноль, один два три, четыре пять шесть, семь"),
        ("Дом уже тёплый. Ёлка.", "Дом уже тёплый. Ёлка."),
        ("", ""),
    ],
)
def test_numbers_names_and_signs(text: str, words: str) -> None:
    assert normalize_for_speech(text) == words


@pytest.mark.parametrize(
    "written",
    ["8 (800) 555-35-35", "8 800 555 35 35", "88005553535", "8-800-555-35-35"],
)
def test_a_telephone_is_said_in_groups(written: str) -> None:
    assert normalize_for_speech(written) == "восемь, восемьсот, пятьсот пятьдесят пять, тридцать пять, тридцать пять"


def test_a_telephone_keeps_its_zeros() -> None:
    assert (
        normalize_for_speech("+7 (812) 555-01-00")
        == "плюс семь, восемьсот двенадцать, пятьсот пятьдесят пять, ноль один, ноль ноль"
    )


@given(st.from_regex(r"\A8[0-9]{10}\Z"))
def test_a_telephone_is_heard_back_digit_for_digit(phone: str) -> None:
    assert digits_heard(normalize_for_speech(f"Звоните: {phone}.").removeprefix("Звоните: ").removesuffix(".")) == phone
    assert digits_heard(spoken_phone(f"+7{phone[1:]}")) == phone


@given(st.from_regex(r"\A[0-9]{2}-[0-9]{6}\Z"))
def test_a_ticket_number_is_heard_back_digit_for_digit(number: str) -> None:
    digits = number.replace("-", "")
    assert digits_heard(spoken_ticket_number(number)) == digits
    assert digits_heard(normalize_for_speech(f"Заявка № {number}").removeprefix("Заявка номер ")) == digits


@given(st.from_regex(r"\A[0-9]{7,10}\Z"))
def test_an_account_number_is_heard_back_digit_for_digit(account: str) -> None:
    assert digits_heard(normalize_for_speech(f"счёт {account}").removeprefix("счёт ")) == account


@given(
    st.one_of(
        st.text(),
        st.text(alphabet="0123456789:.,-–/%№+()@ абвсдгоруб.чиялABCdehttp"),
        st.lists(
            st.sampled_from(
                ["8", "(800)", "18:30", "24.11", "с", "до", "по", "число", "руб.", "%", "25-го", "№", "д.", "ru", "."]
            )
        ).map(" ".join),
    )
)
def test_whatever_is_written_only_words_are_left(text: str) -> None:
    for sign in normalize_for_speech(text):
        assert not sign.isnumeric(), text
        assert not unicodedata.name(sign, "").startswith("LATIN"), text


@given(st.text(alphabet="абвгдеёжзийклмнопрстуфхцчшщъыьэюя ,!?", min_size=1))
def test_plain_russian_words_stay_as_they_are(text: str) -> None:
    tidy = re.sub(r"\s+", " ", re.sub(r"\s+([,!?])", r"\1", text)).strip()
    assert normalize_for_speech(text) == tidy


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2026, 11, 24, 15, 30, tzinfo=UTC), "сегодня до восемнадцати часов тридцати минут"),
        (datetime(2026, 11, 24, 18, 0, tzinfo=UTC), "сегодня до двадцати одного часа"),
        (datetime(2026, 11, 24, 21, 5, tzinfo=UTC), "завтра до нуля часов пяти минут"),
        (datetime(2026, 11, 25, 6, 1, tzinfo=UTC), "завтра до девяти часов одной минуты"),
        (datetime(2026, 11, 27, 9, 0, tzinfo=UTC), "двадцать седьмого ноября до двенадцати часов"),
        (
            datetime(2027, 1, 1, 9, 0, tzinfo=UTC),
            "первого января две тысячи двадцать седьмого года до двенадцати часов",
        ),
    ],
)
def test_a_term_is_told_by_the_callers_clock(at: datetime, words: str) -> None:
    assert spoken_moment(at, now=NOON, zone=MOSCOW) == words


def test_tomorrow_is_the_centres_tomorrow_not_that_of_utc() -> None:
    late = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)  # already the 25th in Moscow
    assert spoken_moment(datetime(2026, 11, 25, 9, 0, tzinfo=UTC), now=late, zone=MOSCOW).startswith("сегодня")


@given(st.integers(min_value=0, max_value=4_000_000))
def test_any_term_can_be_told(minutes: int) -> None:
    words = spoken_moment(NOON + timedelta(minutes=minutes), now=NOON, zone=MOSCOW)
    assert words == normalize_for_speech(words)
