"""An address in a conversation: what is missing, what is asked, how a reply goes on."""

import pytest

from callcenter.understanding.address.address import Address, AddressDoubt, what_to_ask
from callcenter.understanding.address.address_book import AddressBook
from callcenter.understanding.words import read_words

SHORT_TYPES = {"улица": "ул.", "проспект": "пр.", "переулок": "пер.", "посёлок": "пос."}
WRITTEN_FORMS = {
    "house": "д. {}", "building": "корп. {}", "structure": "стр. {}", "letter": "лит. {}", "entrance": "парадная {}",
    "floor": "этаж {}", "apartment": "кв. {}",
}  # fmt: skip
PAVLOVA = "павлова четырнадцать квартира двадцать"


def talk(book: AddressBook, *lines: str) -> Address:
    """What is known after these replies; `part: text` answers a question about that part."""
    address = Address()
    for line in lines:
        asked, _, text = line.rpartition(": ")
        address = book.merge_reply(address, read_words(text), asked_part=asked)
    return address


def written(address: Address) -> str:
    """The address as on an envelope: «пр. Энгельса, д. 139, корп. 1, кв. 12», with all parts of the house found."""
    values = {name: value for name, value in address.values.items() if value}
    if address.house is not None:
        listed = ("settlement", "street", "house", "building", "structure", "letter")
        values |= {name: getattr(address.house, name) for name in listed if getattr(address.house, name)}
    names = [values[name] for name in ("settlement", "street") if name in values]
    if "street" not in values and "complex" in values:
        names.append(values["complex"])
    names = [" ".join(SHORT_TYPES.get(word, word) for word in name.split()) for name in names]
    return ", ".join([*names, *(form.format(values[name]) for name, form in WRITTEN_FORMS.items() if name in values)])


@pytest.mark.parametrize(
    ("lines", "ask"),
    [
        (["прорвало трубу"], AddressDoubt("missing", "street")),
        (["савушкина"], AddressDoubt("missing", "house")),
        (["энгельса сто тридцать девять"], AddressDoubt("ambiguous", "building", ("1", "2", "21"))),
        (["казакова десять квартира пять"], AddressDoubt("ambiguous", "building", ("", "1", "2"))),
        (["энгельса сто тридцать девять корпус один"], AddressDoubt("ambiguous", "structure", ("", "2"))),
        (["садовая девять"], AddressDoubt("ambiguous", "letter", ("А", "Б"))),
        (["садовая пять"], AddressDoubt("ambiguous", "settlement", ("", "посёлок Зелёный Бор"))),
        (["тихая одиннадцать"], AddressDoubt("missing", "apartment")),
        (["савушкина сто восемнадцать квартира пять"], None),
        (["жк три кита квартира пять"], None),
    ],
)
def test_asks_for_what_is_missing_or_may_be_several(
    book: AddressBook, lines: list[str], ask: AddressDoubt | None
) -> None:
    assert what_to_ask(talk(book, *lines)) == ask


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("савушкина двести", "house"),
        ("савушкина сто восемнадцать корпус три", "building"),
        ("савушкина сто восемнадцать квартира девятьсот", "apartment"),
        ("савушкина сто восемнадцать девятая парадная", "entrance"),
        ("савушкина сто восемнадцать двенадцатый этаж", "floor"),
        ("савушкина сто восемнадцать первая парадная квартира восемьдесят", "entrance"),
        ("садовая девять литера в", "letter"),
        ("приморский проспект двенадцать", "house"),
    ],
)
def test_what_contradicts_the_list_is_asked_first(book: AddressBook, line: str, part: str) -> None:
    ask = what_to_ask(talk(book, line))
    assert ask is not None
    assert (ask.kind, ask.part) == ("contradictory", part)


def test_several_streets_of_one_sound_are_offered(book: AddressBook) -> None:
    ask = what_to_ask(talk(book, "дачный переулок шесть"))
    assert ask is not None
    assert (ask.part, ask.options) == ("street", ("2-й Дачный переулок", "3-й Дачный переулок"))


def test_an_undecided_speaker_is_asked(book: AddressBook) -> None:
    ask = what_to_ask(talk(book, "дачный проспект два корпус один или два не помню"))
    assert ask == AddressDoubt("ambiguous", "building", ("1", "2"), "один или два")


def test_a_yard_needs_no_flat(book: AddressBook) -> None:
    address = talk(book, "качели сломаны савушкина сто восемнадцать")
    assert what_to_ask(address, needs_apartment=False) is None
    assert what_to_ask(address) == AddressDoubt("missing", "apartment")


@pytest.mark.parametrize(
    ("lines", "known"),
    [
        (["энгельса сто тридцать девять", "корпус два", "квартира пять"], "пр. Энгельса, д. 139, корп. 2, кв. 5"),
        (["street: савушкина", "house: сто восемнадцать", "apartment: двенадцать"], "ул. Савушкина, д. 118, кв. 12"),
        (["street: энгельса", "house: сто пятьдесят двенадцать"], "пр. Энгельса, д. 150, кв. 12"),
        (["энгельса сто тридцать девять", "building: двадцать первый"], "пр. Энгельса, д. 139, корп. 21"),
        (["садовая девять", "letter: бэ"], "Садовая ул., д. 9, лит. Б"),
        (["садовая девять", "letter: литера а"], "Садовая ул., д. 9, лит. А"),
        (["савушкина сто восемнадцать кв пять", "нет квартира шесть"], "ул. Савушкина, д. 118, кв. 6"),
        (["савушкина сто восемнадцать кв пять", "нет бабушкина шестьдесят один"], "ул. Бабушкина, д. 61"),
        (
            ["савушкина сто восемнадцать кв пять", "нет сто двадцать седьмой дом корпус один"],
            "ул. Савушкина, д. 127, корп. 1, кв. 5",
        ),
        ([PAVLOVA, "нет академика павлова"], "ул. Академика Павлова, д. 14, кв. 20"),
        (
            [PAVLOVA, "не павлова а академика павлова"],
            "ул. Академика Павлова, д. 14, кв. 20",
        ),
        (["павлова четырнадцать квартира пятьдесят", "нет академика павлова"], "ул. Академика Павлова, д. 14"),
        ([PAVLOVA, "нет савушкина"], "ул. Савушкина, кв. 20"),
        ([PAVLOVA, "нет савушкина", "house: сто восемнадцать"], "ул. Савушкина, д. 118, кв. 20"),
        (
            ["гавань корпус три квартира двести двадцать", "нет маяк"],
            "ул. Маршала Казакова, д. 50, корп. 1, стр. 1, кв. 220",
        ),
        ([PAVLOVA, "нет не павлова а академика павлова"], "ул. Академика Павлова, д. 14, кв. 20"),
        (["савушкина", "не савушкина а бабушкина"], "ул. Бабушкина, д. 61"),
        (["савушкина", "бабушкина а не савушкина"], "ул. Бабушкина, д. 61"),
        (["савушкина", "нет не савушкина а бабушкина"], "ул. Бабушкина, д. 61"),
        ([PAVLOVA, "нет света на академика павлова"], "ул. Академика Павлова"),
        (
            [PAVLOVA, "нет я сказала академика павлова"],
            "ул. Академика Павлова, д. 14, кв. 20",
        ),
        ([PAVLOVA, "нет бабушкина шестьдесят один"], "ул. Бабушкина, д. 61"),
        (
            [PAVLOVA, "ещё на академика павлова лампа перегорела"],
            "ул. Академика Павлова",
        ),
        (["садовая пять квартира двадцать", "нет дом семь"], "Садовая ул., д. 7, кв. 20"),
        (
            ["комендантский двенадцать корпус один квартира сто", "нет дом одиннадцать"],
            "Комендантский пр., д. 11, кв. 100",
        ),
        (["садовая пять квартира двадцать", "ещё в доме семь лампа перегорела"], "Садовая ул., д. 7"),
        (["садовая пять", "settlement: в зеленом бору"], "пос. Зелёный Бор, Садовая ул., д. 5"),
        (["квартира пять", "тихая одиннадцать"], "Тихая ул., д. 11, кв. 5"),
        (["дачный переулок шесть", "street: второй"], "2-й Дачный пер., д. 6"),
        (["казакова десять", "building: без корпуса", "квартира пять"], "ул. Маршала Казакова, д. 10, кв. 5"),
        (["садовая пять", "settlement: в городе"], "Садовая ул., д. 5"),
        (["street: тихая", "house: одиннадцать"], "Тихая ул., д. 11"),
        (["street: тихая", "house: в одиннадцатом"], "Тихая ул., д. 11"),
        (["тихая одиннадцать", "apartment: ой нет двенадцать"], "Тихая ул., д. 11, кв. 12"),
        (["тихая одиннадцать", "apartment: в пять вернусь"], "Тихая ул., д. 11"),
        (
            ["бабушкина шестьдесят один", "apartment: двенадцать нет не двенадцать двадцать"],
            "ул. Бабушкина, д. 61, кв. 20",
        ),
        (
            ["бабушкина шестьдесят один", "apartment: двенадцать нет не двенадцать а двадцать"],
            "ул. Бабушкина, д. 61, кв. 20",
        ),
        (
            ["бабушкина шестьдесят один", "apartment: двенадцать ой не двенадцать двадцать"],
            "ул. Бабушкина, д. 61, кв. 20",
        ),
        (["бабушкина дом пять нет не пять шестьдесят один квартира два"], "ул. Бабушкина, д. 61, кв. 2"),
        (["бабушкина 61", "apartment: пять то есть шесть"], "ул. Бабушкина, д. 61, кв. 6"),
        (["бабушкина 61", "apartment: пять вернее шесть"], "ул. Бабушкина, д. 61, кв. 6"),
        (["на марсовой дом пять", "street: не марсовой а восьмого марта", "дом четыре"], "ул. 8 Марта, д. 4"),
        (["street: с восьмого марта не греют"], ""),
        (["apartment: два один шесть"], "кв. 216"),
        (["apartment: э ну двести шестнадцатая"], "кв. 216"),
    ],
)
def test_replies_go_on_from_what_is_known(book: AddressBook, lines: list[str], known: str) -> None:
    assert written(talk(book, *lines)) == known


def test_a_mended_contradiction_is_gone(book: AddressBook) -> None:
    address = talk(book, "савушкина двести", "house: сто восемнадцать", "apartment: пять")
    assert what_to_ask(address) is None


def test_each_part_keeps_the_words_it_came_from(book: AddressBook) -> None:
    address = talk(book, "у нас энгельсо сто тридцать девять корпус второй")
    assert {name: part.words for name, part in address.parts.items()} == {
        "street": "энгельсо",
        "house": "сто тридцать девять",
        "building": "корпус второй",
    }
