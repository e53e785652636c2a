"""Readings of several meters in one breath."""

import pytest

from callcenter.understanding.numbers.digit_sequences import read_account
from callcenter.understanding.numbers.meter_readings import find_readings, skip_readings
from callcenter.understanding.words import read_words


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("холодная двести двенадцать горячая сто три", {"cold": "212", "hot": "103"}),
        ("по холодной воде двести двенадцать по горячей сто три", {"cold": "212", "hot": "103"}),
        ("двести двенадцать холодная сто три горячая", {"cold": "212", "hot": "103"}),
        ("хвс 212 гвс 103", {"cold": "212", "hot": "103"}),
        ("холодная сто двадцать три и четыре десятых", {"cold": "123"}),
        ("горячая вода восемьдесят семь электричество девять тысяч двести", {"hot": "87", "electricity": "9200"}),
        ("холодная ноль ноль двести двенадцать", {"cold": "212"}),
        ("холодная кухня сто двадцать холодная ванная девяносто горячая семь", {"cold": "120 и 90", "hot": "7"}),
        ("холодная на кухне двадцать в ванной тридцать", {"cold": "20 и 30"}),
        ("электричество день тысяча двести ночь восемьсот", {"electricity": "1200 и 800"}),
        ("холодная двадцать квартира пять", {"cold": "20"}),
        ("холодная сто двадцать три куба сорок литров", {"cold": "123"}),
        ("горячая девятнадцать я одна живу", {"hot": "19"}),
        ("горячая сорок пять ой сорок шесть", {"hot": "46"}),
        ("холодная двадцать ой горячая двадцать", {"hot": "20"}),
        ("двести двенадцать холодная сто три горячая счёт семь восемь один два", {"cold": "212", "hot": "103"}),
        ("холодная вода", {}),
        ("счёт за свет семь восемь один два", {}),
        ("двести двенадцать", {}),
    ],
)
def test_each_number_belongs_to_the_meter_named_beside_it(said: str, found: dict[str, str]) -> None:
    assert find_readings(read_words(said)) == found


@pytest.mark.parametrize(
    ("said", "account"),
    [
        ("холодная двадцать горячая десять", ()),
        ("двадцать холодная десять горячая", ()),
        ("семь восемь один два холодная двадцать горячая десять", ("7812",)),
        ("холодная двадцать счёт семь восемь один два", ("7812",)),
        ("семь восемь один два", ("7812",)),
        ("счёт за свет семь восемь один два", ("7812",)),
    ],
)
def test_no_account_is_made_of_readings(said: str, account: tuple[str, ...]) -> None:
    assert read_account(skip_readings(read_words(said))) == account
