"""Caller numbers, as trunks and people write them."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.conducting.caller import normalise_number


@pytest.mark.parametrize(
    "shown",
    [
        "+78125550192",
        "78125550192",
        "88125550192",
        "8125550192",
        "+7 (812) 555-01-92",
        "8 812 555 01 92",
        " +7.812.555.01.92 ",
    ],
)
def test_one_number_however_it_is_written(shown: str) -> None:
    assert normalise_number(shown) == "+78125550192"


@pytest.mark.parametrize(
    ("shown", "number"),
    [
        ("+4930901820", "+4930901820"),
        ("8104930901820", "+4930901820"),
        ("+375172222222", "+375172222222"),
        ("79001112233", "+79001112233"),
    ],
)
def test_foreign_and_mobile_numbers(shown: str, number: str) -> None:
    assert normalise_number(shown) == number


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "anonymous",
        "Anonymous",
        "unknown",
        "101",
        "112",
        "900",
        "+",
        "0000000000",
        "88005553535; rm",
        "d-4f1a9c",
        "7" * 40,
    ],
)
def test_what_is_no_number(shown: str) -> None:
    assert normalise_number(shown) is None


@given(st.text(max_size=40))
def test_anything_shown_gives_a_valid_number_or_none(shown: str) -> None:
    number = normalise_number(shown)
    if number is not None:
        assert number.isascii()
        assert phonenumbers.is_valid_number(phonenumbers.parse(number))
        assert normalise_number(number) == number


@given(area=st.sampled_from(["812", "495", "900", "999", "843"]), rest=st.integers(0, 9_999_999))
def test_every_spelling_of_a_russian_number_is_the_same_number(area: str, rest: int) -> None:
    subscriber = f"{area}{rest:07d}"
    spellings = {f"+7{subscriber}", f"7{subscriber}", f"8{subscriber}", subscriber}
    assert len({normalise_number(spelling) for spelling in spellings}) == 1
