"""A line read into words: what the rest of the understanding stands on."""

import pytest

from callcenter.understanding.words import read_words, similarity


def test_reads_a_recognisers_line_into_lemmas() -> None:
    words = read_words("ну у нас на кухне прорвало трубу")
    assert [word.lemma for word in words] == ["ну", "у", "мы", "на", "кухня", "прорвать", "труба"]
    assert [word.text for word in words if word.is_filler] == ["ну"]
    assert words[5].has_part_of_speech("VERB")
    assert any("past" in form.grammemes for form in words[5].parses)


def test_keeps_what_stands_between_typed_words() -> None:
    words = read_words("Энгельса, 139к1, ё-моё")
    assert [(word.text, word.separator, word.is_attached) for word in words] == [
        ("энгельса", "", False),
        ("139", ",", False),
        ("к", "", True),
        ("1", "", True),
        ("е", ",", False),
        ("мое", "-", True),
    ]


def test_knows_which_words_the_dictionary_lacks() -> None:
    known, unknown = read_words("лифт энгельсо")
    assert known.in_dictionary
    assert not unknown.in_dictionary


@pytest.mark.parametrize("text", ["", "  ", "—", "!!!", "😀"])
def test_nothing_to_read_gives_no_words(text: str) -> None:
    assert read_words(text) == ()


@pytest.mark.parametrize(
    ("heard", "meant"),
    [("энгельсо", "энгельса"), ("ингельса", "энгельса"), ("козакова", "казакова"), ("щетчик", "счетчик")],
)
def test_slips_of_the_recogniser_are_alike(heard: str, meant: str) -> None:
    assert similarity(heard, meant) > 0.85


@pytest.mark.parametrize(("one", "other"), [("садовая", "заводская"), ("лифт", "лист"), ("дом", "дым")])
def test_different_words_are_less_alike(one: str, other: str) -> None:
    assert similarity(one, other) < 0.8
