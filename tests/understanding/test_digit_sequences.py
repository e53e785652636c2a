"""Numbers as they are dictated: telephones, tickets, accounts, meters."""

import pytest

from callcenter.understanding.numbers.digit_sequences import (
    find_figures,
    read_account,
    read_phone,
    read_reading,
    read_ticket,
)
from callcenter.understanding.numbers.numbers import digit_strings, find_numbers, group_consecutive
from callcenter.understanding.words import read_words

NUMBERS = {
    "двести двенадцать": ["212"],
    "двухсот двенадцати": ["212"],
    "двести двенадцатая": ["212"],
    "два один два": ["2", "1", "2"],
    "сто э тридцать девять": ["139"],
    "ноль ноль семь": ["0", "0", "7"],
    "три нуля пять": ["000", "5"],
    "две семёрки": ["77"],
    "тысяча двести три": ["1203"],
    "пять тысяч сорок": ["5040"],
    "пейсят два": ["52"],
    "пядьдесят": ["50"],
    "стописят": ["150"],
    "семнацать": ["17"],
    "007 и 5-й": ["007", "5"],
    "сорок десять": ["40", "10"],
    "сороковой пять": ["40", "5"],
    "двадцать двенадцать": ["20", "12"],
    "мою семью затопило": [],
    "сорока на балконе": ["40"],
    "у соседей одни проблемы": [],
}


@pytest.mark.parametrize(("text", "digits"), NUMBERS.items(), ids=NUMBERS)
def test_reads_numbers_in_any_case(text: str, digits: list[str]) -> None:
    assert [number.digits for number in find_numbers(read_words(text))] == digits


def test_gives_every_way_to_cut_a_row() -> None:
    words = read_words("двести двенадцать")
    (row,) = group_consecutive(words, find_numbers(words))
    assert digit_strings(row) == ("212", "20012")


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("восемь девятьсот одиннадцать двести тридцать три сорок пять шестьдесят семь", "+79112334567"),
        ("плюс семь девятьсот двадцать один ноль ноль один ноль два ноль три", "+79210010203"),
        ("девять один один два три три четыре пять шесть семь", "+79112334567"),
        ("восемь восемьсот двенадцать пятьсот пятьдесят пять ноль один девяносто два", "+78125550192"),
        ("8 (911) 233-45-67", "+79112334567"),
        ("восемь девятьсот один двести три ноль четыре ноль пять", "+79012030405"),
        ("двести тридцать три сорок пять шестьдесят семь", "2334567"),
    ],
)
def test_reads_telephones_in_any_grouping(text: str, phone: str) -> None:
    assert phone in read_phone(read_words(text))
    assert read_phone(read_words(text))[0] == phone


@pytest.mark.parametrize(
    ("text", "ticket"),
    [
        ("двадцать шесть дробь сто сорок два", "26-000142"),
        ("двадцать шесть тире ноль ноль ноль сто сорок два", "26-000142"),
        ("два шесть ноль ноль ноль один четыре два", "26-000142"),
        ("двадцать шесть три нуля сто сорок два", "26-000142"),
        ("26-000142", "26-000142"),
        ("заявка номер сто сорок два", "142"),
    ],
)
def test_reads_ticket_numbers(text: str, ticket: str) -> None:
    assert read_ticket(read_words(text))[0] == ticket


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("сто двадцать три и четыре", ("123.4",)),
        ("сто двадцать три запятая сорок пять", ("123.45",)),
        ("сто двадцать три точка ноль пять", ("123.05",)),
        ("сто двадцать три целых пять сотых", ("123.05",)),
        ("сто двадцать три целых четыре десятых", ("123.4",)),
        ("двенадцать с половиной", ("12.5",)),
        ("00123,456", ("123.456",)),
        ("ноль ноль один два три", ("123",)),
        ("сто двадцать три", ("123",)),
        ("сто двадцать три сорок пять", ("12345", "123.45")),
    ],
)
def test_reads_meters_and_keeps_the_doubt(text: str, values: tuple[str, ...]) -> None:
    assert read_reading(read_words(text))[: len(values)] == values


def test_an_account_keeps_its_zeros() -> None:
    words = read_words("ноль ноль сорок пять двенадцать семьдесят восемь")
    assert read_account(words, digits=8)[0] == "00451278"


def test_an_account_of_unknown_length_is_not_cut_to_be_longer() -> None:
    assert read_account(read_words("нет сто двадцать пять")) == ("125",)
    assert read_account(read_words("семь восемь один двести три")) == ("781203",)


@pytest.mark.parametrize(
    "text",
    [
        "не сто двадцать а сто десять", "сто десять а не сто двадцать", "нет не сто двадцать сто десять",
        "сто двадцать ой сто десять", "сто двадцать то есть сто десять", "сто двадцать нет не сто двадцать сто десять",
        "сто двадцать вернее сто десять", "за двадцатое число сто десять", "не один два ноль один один ноль",
    ],
)  # fmt: skip
def test_a_reading_that_is_denied_is_none(text: str) -> None:
    assert read_reading(read_words(text))[0] == "110"


@pytest.mark.parametrize(
    "text", ["день тысяча двести ночь восемьсот", "на кухне двадцать в ванной тридцать", "сто двадцать ой пять"]
)
def test_of_two_readings_none_is_chosen(text: str) -> None:
    assert read_reading(read_words(text)) == ()


def test_an_account_goes_on_after_a_pause_and_not_after_a_correction() -> None:
    assert "781203" in read_account(read_words("семь восемь один подождите два ноль три"))
    assert read_account(read_words("семь восемь один ой два ноль три")) == ("203",)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (
            "мой телефон восемь девятьсот одиннадцать двести тридцать три сорок пять шестьдесят семь",
            [("phone", "+79112334567")],
        ),
        ("что с заявкой двадцать шесть дробь сто сорок два", [("ticket", "26-000142")]),
        ("лицевой счет ноль один два три", [("account", "0123")]),
        ("холодная сто двадцать три и четыре", [("reading", "123.4")]),
        ("квартиры двенадцать и тринадцать", [("number", "12"), ("number", "13")]),
        ("воды нет", []),
    ],
)
def test_tells_kinds_apart_in_any_line(text: str, kinds: list[tuple[str, str]]) -> None:
    assert [(figure.kind, figure.value) for figure in find_figures(read_words(text))] == kinds
