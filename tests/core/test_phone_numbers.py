"""One rule for telephone numbers: trunks, callers' keys, dispatchers and records all read them with it."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.core.phone_numbers import parse_phone


@pytest.mark.parametrize(
    "written",
    [
        "+78125550192",
        "78125550192",
        "88125550192",
        "8125550192",
        "+7 (812) 555-01-92",
        "8 812 555 01 92",
        "8 (812) 555–01–92",
        " +7.812.555.01.92 ",
    ],
)
def test_one_number_however_it_is_written(written: str) -> None:
    assert parse_phone(written) == "+78125550192"


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+4930901820", "+4930901820"),
        ("8104930901820", "+4930901820"),
        ("004930901820", "+4930901820"),
        ("00493012345678", "+493012345678"),
        ("+49 30 901820", "+4930901820"),
        ("+375172222222", "+375172222222"),
        ("+81312345678", "+81312345678"),
        ("+77012223344", "+77012223344"),
        ("84401234567", "+74401234567"),
        ("79001112233", "+79001112233"),
        ("9215550177", "+79215550177"),
    ],
)
def test_foreign_and_mobile_numbers(written: str, number: str) -> None:
    assert parse_phone(written) == number


@pytest.mark.parametrize(
    "written",
    [
        "",
        "anonymous",
        "unknown",
        "101",
        "112",
        "201",
        "12",
        "+",
        "+7900",
        "5550192",
        "0000000000",
        "+70000000000",
        "٠٩٨٧٦٥٤٣٢١",
        "88005553535; rm",
        "8 921 555-01-77 доб. 5",
        "позвонить соседу 9215550177",
        "d-4f1a9c",
        "7" * 40,
    ],
)
def test_what_is_no_number(written: str) -> None:
    assert parse_phone(written) is None


@given(st.text(max_size=40) | st.from_regex(r"\+?[0-9 ()\-]{0,20}", fullmatch=True))
def test_what_is_read_once_is_read_the_same_again(written: str) -> None:
    number = parse_phone(written)
    if number is not None:
        assert phonenumbers.is_possible_number(phonenumbers.parse(number))
        assert parse_phone(number) == number


@given(
    area=st.sampled_from(["812", "495", "900", "999", "843"]),
    rest=st.integers(0, 9_999_999),
    between=st.sampled_from(["", " ", "-"]),
)
def test_every_spelling_of_a_russian_number_is_the_same_number(area: str, rest: int, between: str) -> None:
    subscriber = f"{area}{between}{rest:07d}"
    spellings = {f"+7{subscriber}", f"7{subscriber}", f"8{subscriber}", subscriber}
    assert {parse_phone(spelling) for spelling in spellings} == {f"+7{area}{rest:07d}"}


@given(
    country=st.sampled_from(["49", "375", "992", "998", "996"]),
    rest=st.integers(100_000_000, 999_999_999),
)
def test_a_foreign_number_is_the_same_with_a_plus_and_as_it_is_dialled(country: str, rest: int) -> None:
    with_plus = parse_phone(f"+{country}{rest}")
    assert with_plus is not None
    assert parse_phone(f"00{country}{rest}") == parse_phone(f"810{country}{rest}") == with_plus
