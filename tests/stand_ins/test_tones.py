"""The speech in tones is unambiguous, survives the telephone, and nothing else sounds like it."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.hearing.server.engine import EngineFailed
from callcenter.speech.voices.festival import FestivalVoice
from tests.hearing.sound import cut, noise, over_the_line, to_bytes
from tests.stand_ins.tones import FAULT, LETTERS, open_engine, read_tones, say_in_tones, spell
from tools.softphone.audio_analysis import read_wav as read_samples

WORDS = st.text(LETTERS, min_size=1, max_size=12)


@given(WORDS)
def test_any_word_is_spelled_unambiguously_and_no_tone_follows_itself(word: str) -> None:
    tones = spell(word)
    assert read_tones(tones) == word
    assert all(before != after for before, after in pairwise(tones))


@given(st.lists(st.integers(0, 7), max_size=12))
def test_any_tones_are_a_word_or_none(tones: list[int]) -> None:
    word = read_tones(tones)
    assert word is None or spell(word) == tones


def test_long_speech_is_heard_over_a_bad_line() -> None:
    text = "здравствуйте у нас на улице ленина дом пять прорвало трубу вода течёт ручьём пришлите слесаря"
    recogniser = open_engine(None).create_recognizer(rate=8000, phrases=None)
    sound = say_in_tones(text)
    recogniser.accept_audio(to_bytes(over_the_line(sound + noise(len(sound) / 8000, level=-45), lost=0.02)))
    assert " ".join(word.text for word in recogniser.finish()) == text


async def test_a_human_voice_is_none_of_its_words(tmp_path: Path) -> None:
    voice = FestivalVoice()
    await voice.render("здравствуйте разговор записывается", tmp_path / "voice.wav")
    await voice.close()
    recogniser = open_engine(None).create_recognizer(rate=8000, phrases=None)
    words = []
    for piece in cut(read_samples(tmp_path / "voice.wav")):
        words += recogniser.accept_audio(piece) or ()
    assert {word.text for word in (*words, *recogniser.finish())} <= {"[unk]"}


def test_it_fails_when_it_is_told_to() -> None:
    with pytest.raises(EngineFailed):
        open_engine(None).create_recognizer(rate=8000, phrases=None).accept_audio(to_bytes(say_in_tones(f"{FAULT} да")))


def test_it_hears_the_telephone_s_rate_only() -> None:
    with pytest.raises(EngineFailed, match="16000"):
        open_engine(None).create_recognizer(rate=16000, phrases=None)
