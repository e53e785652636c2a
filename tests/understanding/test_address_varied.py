"""Any house of the list said in any way is found; lines without an address give none."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callcenter.houses.houses import House, Houses
from callcenter.understanding.address.address_book import AddressBook
from callcenter.understanding.words import inflect, read_words
from callcenter.wording.numbers import cardinal, ordinal

BEFORE = ["", "", "ну ", "у нас прорвало трубу ", "здравствуйте девушка ", "я живу по адресу ", "значит так "]
AFTER = ["", "", " воды нет совсем", " приезжайте скорее", " спасибо", " лифт стоит"]
TALK = """воды, нет, течет, труба, на кухне, лифт, не работает, пятый день, два часа, соседи, сверху, газом пахнет,
в подъезде, темно, девушка, три раза, звонила, батареи, холодные, когда, дадут, горячую, большая, лужа,
во дворе, светлая, плитка, тихо, бабушка, мир, победа, мастер, павлов, северный, ветер, школьный, двор,
садовый, шланг, десять минут, ноль, градусов""".replace("\n", " ").split(", ")


def say_number(digits: str, way: random.Random) -> str:
    """A number in one of the ways it is said."""
    roll = way.random()
    if roll < 0.75:
        return cardinal(digits)
    return ordinal(int(digits), case=way.choice("np"), gender="m")


def say_street(street: str) -> str:
    """A street's words in speech: its number as an ordinal, «2-й» and «8»."""
    words = []
    for word in street.lower().replace("ё", "е").split():
        digits = word.split("-")[0]
        if not digits.isdecimal():
            words.append(word)
        elif digits == "40":
            words.append("сорок")
        else:
            gender = "f" if word.endswith("я") else "m"
            case = "g" if word == digits else "n"
            words.append(ordinal(int(digits), case=case, gender=gender))
    return " ".join(words)


def say(house: House, flat: int | None, way: random.Random) -> str:
    """The address of a house as somebody might say it."""
    number = house.house.split("/")
    said = cardinal(number[0]) if len(number) > 1 else say_number(number[0], way)
    said = " дробь ".join([said, *(cardinal(part) for part in number[1:])])
    parts = [way.choice(["дом ", "дом номер ", ""]) + said]
    if house.building:
        parts.append(f"корпус {say_number(house.building, way)}")
    if house.structure:
        parts.append(f"строение {cardinal(house.structure)}")
    if house.letter:
        parts.append(f"литера {house.letter.lower()}")
    tail = []
    if flat is not None:
        one_number = number[-1].endswith("0") and flat < 10 and len(parts) == 1  # «сто пятьдесят восьмая квартира»
        after = f"{ordinal(flat, gender='f')} квартира"
        tail = [way.choice([f"квартира {cardinal(str(flat))}", *([] if one_number else [after])])]
    place = " ".join([house.settlement.lower(), say_street(house.street)]).strip()
    merges = flat is not None and flat % 10 == 0 and house.street[:1].isdigit()  # «двадцать первая линия» is one number
    line = " ".join([*tail, place, *parts] if way.random() < 0.2 and not merges else [place, *parts, *tail])
    return way.choice(BEFORE) + line + way.choice(AFTER)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_any_house_said_in_any_way_is_found(book: AddressBook, houses: Houses, seed: int) -> None:
    way = random.Random(seed)
    house = way.choice(houses.all)
    flat = way.randint(1, house.apartment_ranges[-1][1]) if way.random() < 0.6 else None
    line = say(house, flat, way)
    expected = {name: getattr(house, name) for name in ("street", "house", "building", "structure", "letter")}
    if house.settlement:
        expected["settlement"] = house.settlement
    if flat is not None:
        expected["apartment"] = str(flat)
    assert book.find_address(read_words(line)).values == {name: value for name, value in expected.items() if value}, (
        line
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.sampled_from(TALK), min_size=1, max_size=9))
def test_talk_without_an_address_gives_none(book: AddressBook, words: list[str]) -> None:
    assert book.find_address(read_words(" ".join(words))).values == {}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet="абвгдежзиклмнопрстуфхцчшщыьэюя 0123456789-/,.", max_size=60))
def test_nothing_said_makes_it_fail(book: AddressBook, text: str) -> None:
    address = book.find_address(read_words(text))
    book.merge_reply(address, read_words(text), asked_part="house")


@pytest.mark.parametrize("name", ["улица савушкина", "по савушкина", "на улице савушкина"])
@pytest.mark.parametrize("digits", ["118", "сто восемнадцать", "сто восемнадцатый", "один один восемь"])
@pytest.mark.parametrize("flat", ["квартира двенадцать", "двенадцатая квартира", "кв 12", "двенадцать"])
def test_the_forms_of_one_address(book: AddressBook, name: str, digits: str, flat: str) -> None:
    found = book.find_address(read_words(f"{name} {digits} {flat}")).values
    assert found == {"street": "улица Савушкина", "house": "118", "apartment": "12"}


def test_a_street_is_found_in_every_case(book: AddressBook) -> None:
    for form in inflect("комендантский")[:6]:
        found = book.find_address(read_words(f"{form} проспект одиннадцать")).values
        assert found == {"street": "Комендантский проспект", "house": "11"}, form
