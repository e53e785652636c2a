"""Readings of several meters in one breath."""

import pytest

from callcenter.understanding.meter_readings import find_readings
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
        ("холодная кухня сто двадцать холодная ванная девяносто горячая семь", {"hot": "7"}),
        ("холодная вода", {}),
        ("двести двенадцать", {}),
    ],
)
def test_each_number_belongs_to_the_meter_named_beside_it(said: str, found: dict[str, str]) -> None:
    assert find_readings(read_words(said)) == found
