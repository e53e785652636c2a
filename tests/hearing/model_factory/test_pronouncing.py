"""Russian words as they are said."""

from pathlib import Path

import pytest

from callcenter.hearing.model_factory.phones import OUTPUT
from callcenter.hearing.model_factory.pronouncing import pronounce, transcribe
from callcenter.hearing.model_factory.stress import StressDictionary

DICTIONARY = """MNCL
("вода" n (2))
("воды" n (2))
("воды" n (1))
("не" prt (0))
("подвалова" surname (2))
("завалова" surname (2))
("навалова" surname (2))
"""


@pytest.fixture
def stress(tmp_path: Path) -> StressDictionary:
    file = tmp_path / "dict.scm"
    file.write_text(DICTIONARY, encoding="utf-8")
    return StressDictionary.read(file)


@pytest.mark.parametrize(
    ("word", "stressed", "said"),
    [
        ("вода", 2, "v a d A"),
        ("водяной", 3, "v @ d' i n O j"),
        ("подъезд", 2, "p a d j E s t"),
        ("лестница", 1, "l' E s' n' i c @"),
        ("счётчик", 1, "sch O ch i k"),
        ("сегодня", 2, "s' i v O d n' @"),
        ("холодного", 2, "h a l O d n @ v @"),
        ("много", 1, "m n O g @"),
        ("жильё", 2, "zh y l' j O"),
        ("затопило", 3, "z @ t a p' I l @"),
        ("боится", 2, "b a I c @"),
        ("сделать", 1, "z' d' E l @ t'"),
        ("гриб", 1, "g r' I p"),
        ("ванна", 1, "v A n @"),
        ("что", 1, "sh t O"),
        ("здравствуйте", 1, "z d r A s t v u j t' i"),
    ],
)
def test_words_are_said_by_rule(word: str, stressed: int, said: str) -> None:
    assert " ".join(transcribe(word, stressed)) == said


def test_every_sound_has_an_output_of_the_network(stress: StressDictionary) -> None:
    for word in ("съёмка", "щавель", "электрощитовая", "юбилейный", "объявление", "вьюга", "цирк", "ёж"):
        assert {phone for way in pronounce(word, stress) for phone in way} <= OUTPUT.keys()


def test_stress_comes_from_the_dictionary(stress: StressDictionary) -> None:
    assert stress.find_stressed_vowels("вода") == (2,)
    assert stress.find_stressed_vowels("воды") == (2, 1)
    assert stress.find_stressed_vowels("жильё") == (2,)  # ё is always stressed
    assert stress.find_stressed_vowels("газ") == (1,)


def test_a_strange_word_is_stressed_like_words_that_end_alike(stress: StressDictionary) -> None:
    assert stress.find_stressed_vowels("обвалова") == (2,)


def test_a_word_that_leans_on_others_is_known_said_alone_too(stress: StressDictionary) -> None:
    assert pronounce("не", stress) == [("n'", "i"), ("n'", "E")]


def test_what_cannot_be_said_is_no_word(stress: StressDictionary) -> None:
    assert pronounce("ъ", stress) == []
