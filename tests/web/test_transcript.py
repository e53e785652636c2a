"""Which words of a line stand out: those that a danger was found by, with others between them, and nothing else."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from callcenter import app
from callcenter.app import danger_finder
from callcenter.settings import Settings, SpeechRecognitionSettings
from callcenter.understanding.understanding import PhraseFiles, read_phrases
from callcenter.web.desk.transcript import mark_dangers

LEARNED = "мы трое человек лифт закрыт не едет открыть не может"
"""No phrase says that this is a danger; it was learned."""
LEARNED_WORDS = "мы трое человек лифт едет открыть может"


@pytest.mark.parametrize(
    ("line", "found", "marked"),
    [
        ("у нас пахнет газом", ["пахнет газом"], "пахнет газом"),
        ("на кухне из под плиты пахнет очень сильно газом", ["пахнет газом"], "пахнет газом"),
        ("горит свет и ещё горит щиток", ["горит щиток"], "горит щиток"),
        ("ёлка горит", ["елка горит"], "ёлка горит"),
        ("дым и пахнет газом", ["пахнет газом", "дым"], "дым пахнет газом"),
        ("всё хорошо", ["пахнет газом"], ""),
        ("", [""], ""),
    ],
)
def test_words_are_marked_where_they_stand_closest(line: str, found: list[str], marked: str) -> None:
    words = line.split()
    places = mark_dangers(words, lambda text: found if text == line else [])
    assert " ".join(words[place] for place in sorted(places)) == marked


def test_the_centres_own_phrases_find_dangers_and_leave_out_what_is_denied() -> None:
    find = danger_finder(Settings())
    for line, marked in (
        ("на лестнице сильно пахнет газом", "пахнет газом"),
        ("пожара нет", ""),
        (LEARNED, LEARNED_WORDS),
        ("здравствуйте я по квитанции", ""),
    ):
        words = line.split()
        assert " ".join(words[place] for place in sorted(mark_dangers(words, find))) == marked


def test_the_phrases_are_read_before_anybody_asks_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    began: list[Path] = []

    def read(directory: Path) -> PhraseFiles:
        began.append(directory)
        time.sleep(0.2)
        return read_phrases(directory)

    monkeypatch.setattr(app, "read_phrases", read)
    find = danger_finder(Settings(ear=SpeechRecognitionSettings(model="own")))
    give_up = time.monotonic() + 30
    while not began:
        assert time.monotonic() < give_up, "nobody reads them"
        time.sleep(0.01)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(find, [f"пахнет газом {number}" for number in range(4)])) == {("пахнет газом",)}
    assert len(began) == 1
