"""Every speech engine passes this suite. An engine joins it with a line in `ENGINES` and a voice it understands."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from callcenter.hearing.server.engine import (
    RATE,
    UNKNOWN,
    BrokenModel,
    Engine,
    EngineFailed,
    UnknownEngine,
    load_engine,
)
from tests.hearing.sound import Sound, cut, noise, over_the_line, to_bytes
from tests.stand_ins.tone_model import write_tone_model
from tests.stand_ins.tones import PAUSE_SECONDS, say_in_tones, silence

VOCABULARY = ("да", "нет", "вода", "течёт", "труба", "оператор")

ENGINES: dict[str, Callable[[Path], Engine]] = {
    "tones": lambda _: load_engine("tests.stand_ins.tones", None),
    "vosk": lambda home: load_engine("callcenter.hearing.server.engines.vosk", write_tone_model(home, VOCABULARY)),
    "vosk with a static graph": lambda home: load_engine(
        "callcenter.hearing.server.engines.vosk", write_tone_model(home, VOCABULARY, takes_phrases=False)
    ),
}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    return ENGINES[request.param](tmp_path)


def call(*words: str, quiet: float = 0.4) -> Sound:
    """A third of a second of silence, the words, `quiet` seconds of silence after the last sound."""
    words_in_tones = say_in_tones(" ".join(words))[: -int(PAUSE_SECONDS * RATE)]
    return np.concatenate([silence(0.3), words_in_tones, silence(quiet)])


def hear_all(
    engine: Engine, sound: Sound, *, phrases: tuple[str, ...] | None = None, seconds: float = 0.1
) -> list[str]:
    recogniser = engine.create_recognizer(rate=RATE, phrases=phrases)
    words = []
    for piece in cut(sound, seconds=seconds):
        words += recogniser.accept_audio(piece) or ()
    return [word.text for word in (*words, *recogniser.finish())]


def test_it_names_itself(engine: Engine) -> None:
    assert engine.name
    assert 0 < engine.result_delay < 1


def test_words_come_with_times_and_confidences(engine: Engine) -> None:
    recogniser = engine.create_recognizer(rate=RATE, phrases=None)
    assert recogniser.accept_audio(to_bytes(call("вода", "течёт"))) is None
    words = recogniser.finish()
    assert [word.text for word in words] == ["вода", "течёт"]
    for word, begin, end in zip(words, (0.3, 0.92), (0.78, 1.52), strict=True):
        assert word.begin == pytest.approx(begin, abs=0.06)
        assert word.end == pytest.approx(end, abs=0.06)
        assert 0.5 < word.confidence <= 1


@pytest.mark.parametrize("seconds", [0.02, 0.1, 0.23])
def test_the_size_of_the_pieces_does_not_matter(engine: Engine, seconds: float) -> None:
    assert hear_all(engine, call("нет", "вода"), seconds=seconds) == ["нет", "вода"]


@pytest.mark.parametrize("lost", [0.0, 0.03])
def test_it_hears_over_a_telephone_line(engine: Engine, lost: float) -> None:
    sound = call("труба", "течёт", "вода")
    assert hear_all(engine, over_the_line(sound + noise(len(sound) / RATE, level=-50), lost=lost)) == [
        "труба", "течёт", "вода",
    ]  # fmt: skip


def test_a_guess_grows_while_the_utterance_goes_on(engine: Engine) -> None:
    recogniser = engine.create_recognizer(rate=RATE, phrases=None)
    guesses: list[str] = []
    for piece in cut(call("нет", "вода"), seconds=0.1):
        assert recogniser.accept_audio(piece) is None
        if not guesses or recogniser.get_partial_text() != guesses[-1]:
            guesses.append(recogniser.get_partial_text())
    assert guesses[0] == ""
    assert "нет" in guesses
    assert guesses[-1] == "нет вода"


def test_a_guess_holds_a_word_after_the_promised_delay(engine: Engine) -> None:
    recogniser = engine.create_recognizer(rate=RATE, phrases=None)
    for piece in cut(call("вода", quiet=engine.result_delay)):
        recogniser.accept_audio(piece)
    assert recogniser.get_partial_text() == "вода"


def test_silence_ends_an_utterance_and_the_next_has_later_times(engine: Engine) -> None:
    recogniser = engine.create_recognizer(rate=RATE, phrases=None)
    ended = []
    for piece in cut(np.concatenate([call("да", quiet=1.2), call("нет", quiet=1.2)]), seconds=0.1):
        words = recogniser.accept_audio(piece)
        if words:
            ended.append(words)
            assert recogniser.get_partial_text() == ""
    assert [[word.text for word in words] for words in ended] == [["да"], ["нет"]]
    assert ended[1][0].begin > ended[0][0].end


@pytest.mark.parametrize("level", [-70, -45])
def test_silence_and_noise_are_no_words(engine: Engine, level: float) -> None:
    assert hear_all(engine, noise(3, level=level)) == []


def test_quiet_given_ahead_makes_the_guess_whole_ends_nothing_and_counts(engine: Engine) -> None:
    recogniser = engine.create_recognizer(rate=RATE, phrases=None)
    for piece in cut(call("вода", quiet=0.1)):
        assert recogniser.accept_audio(piece) is None
    recogniser.feed_padding(to_bytes(silence(engine.result_delay)))
    assert recogniser.get_partial_text() == "вода"
    assert recogniser.accept_audio(to_bytes(say_in_tones("течёт"))) is None
    words = recogniser.finish()
    assert [word.text for word in words] == ["вода", "течёт"]
    assert words[1].begin == pytest.approx(0.3 + 0.48 + 0.1 + engine.result_delay, abs=0.07)


def test_other_words_than_the_phrases_are_unknown(engine: Engine) -> None:
    if not engine.takes_phrases:
        assert hear_all(engine, call("оператор"), phrases=("да", "нет")) == ["оператор"]
        return
    heard = hear_all(engine, call("нет", "оператор", "да"), phrases=("да", "нет"))
    assert heard[0] == "нет"
    assert heard[-1] == "да"
    assert UNKNOWN in heard
    assert "оператор" not in heard


def test_phrases_the_model_does_not_know_do_no_harm(engine: Engine) -> None:
    assert hear_all(engine, call("да"), phrases=("да", "абракадабра", "да абракадабра")) == ["да"]


def test_vosk_leaves_out_a_phrase_it_knows_in_part_only(tmp_path: Path) -> None:
    """By itself it would listen for the words it knows, and take another answer for this one."""
    engine = ENGINES["vosk"](tmp_path)
    assert "да" not in hear_all(engine, call("да"), phrases=("нет", "да абракадабра"))


def test_nothing_heard_is_no_error(engine: Engine) -> None:
    assert engine.create_recognizer(rate=RATE, phrases=None).finish() == ()


def test_four_threads_hear_their_own_words(engine: Engine) -> None:
    heard: dict[str, list[list[str]]] = {word: [] for word in VOCABULARY[:4]}

    def hear(word: str) -> None:
        for _ in range(15):
            heard[word].append(hear_all(engine, call(word, "да")))

    threads = [threading.Thread(target=hear, args=(word,)) for word in heard]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == {word: [[word, "да"]] * 15 for word in heard}


def test_an_unknown_engine_is_named() -> None:
    with pytest.raises(UnknownEngine, match=r"tests\.stand_ins\.nothing"):
        load_engine("tests.stand_ins.nothing", None)
    with pytest.raises(UnknownEngine, match="open_engine"):
        load_engine("tests.stand_ins.clock", None)


def test_vosk_without_a_model_says_what_to_set() -> None:
    with pytest.raises(BrokenModel, match=r"\[ear\] model"):
        load_engine("callcenter.hearing.server.engines.vosk", None)


def test_a_used_up_recogniser_says_so_instead_of_crashing(tmp_path: Path) -> None:
    recogniser = ENGINES["vosk"](tmp_path).create_recognizer(rate=RATE, phrases=None)
    recogniser.finish()
    with pytest.raises(EngineFailed):
        recogniser.accept_audio(b"\0\0" * 160)
