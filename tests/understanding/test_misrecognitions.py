"""Which word of the phrases a misheard one was meant to be."""

import random

import pytest
from rapidfuzz import process
from rapidfuzz.distance import OSA

from callcenter.understanding.phrases.edit_distance import SimilarWords
from callcenter.understanding.phrases.misrecognitions import Misrecognitions


@pytest.mark.parametrize("least", [0.6, 0.7, 0.8])
def test_none_that_is_alike_enough_is_left_out(least: float) -> None:
    chance = random.Random(8)
    words = ["".join(chance.choices("аиуклмнпрст", k=chance.randint(3, 9))) for _ in range(1500)]
    likeness = SimilarWords(words)
    for text in [*words[:100], "аа", "ааааааа", "лифт", "x5"]:
        found = process.extract(text, words, scorer=OSA.normalized_similarity, score_cutoff=least, limit=None)
        assert likeness.find_similar(text, least) == [(word, score) for word, score, _ in found]
        assert likeness.find_similar(text, least, max_results=2) == [(word, score) for word, score, _ in found[:2]]


def test_what_a_slip_is_does_not_hang_on_what_was_asked_before() -> None:
    slips = Misrecognitions()
    slips.add(["прорвало"])
    torn = slips.find_closest_text("порвало", "порвало")
    assert torn is not None
    assert torn[0] == "прорвало"
    assert slips.find_closest_text("порвало", "порвать", in_dictionary=True) is None, (
        "a word of the dictionary was meant"
    )
    assert slips.find_closest_text("порвало", "порвало") == torn
