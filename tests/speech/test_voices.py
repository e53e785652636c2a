"""What every voice must do, tried with each voice that is installed on this machine; festival always is.

A voice that needs a model is tried when the settings name it: CALLCENTER_VOICE__ENGINE=piper CALLCENTER_VOICE__MODEL=….
"""

import asyncio
import contextlib
import os
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from callcenter.settings import Settings
from callcenter.speech.voice import Voice, VoiceChoice, VoiceFailed, VoiceMissing
from callcenter.speech.voices import VOICES, configured_voice, open_voice
from callcenter.wording.spoken import normalize_for_speech


def find_voices() -> list[str]:
    """The voices to try: festival, without which the centre is not installed, and whichever else is there."""
    found = ["festival"]
    for name in VOICES:
        try:
            _open(name).check_installed()
            found.append(name)
        except VoiceMissing as missing:
            print(f"{name} is not tried: {missing}")
    return list(dict.fromkeys(found))


def _open(name: str) -> Voice:
    settings = Settings()
    return configured_voice(settings) if name == settings.voice.engine else open_voice(name, VoiceChoice())


SENTENCE = "Здравствуйте! Ситуационный центр. Разговор записывается."


@pytest.fixture(params=find_voices())
async def voice(request: pytest.FixtureRequest) -> AsyncIterator[Voice]:
    voice = _open(request.param)
    yield voice
    await voice.close()


def hear(file: Path) -> npt.NDArray[np.float64]:
    """The samples, full scale 1.0; fails when the file is not what a telephone plays."""
    with wave.open(str(file), "rb") as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2") / 32768


def silence_before(samples: npt.NDArray[np.float64]) -> float:
    """Seconds until the first 10 ms that are no more than 40 dB below the loudest."""
    frames = samples[: len(samples) // 80 * 80].reshape(-1, 80)
    loudness = np.sqrt((frames**2).mean(axis=1))
    return float(np.argmax(loudness > loudness.max() / 100)) / 100


def longest_silence(samples: npt.NDArray[np.float64]) -> float:
    """Seconds of the longest run of 10 ms that are more than 40 dB below full scale."""
    frames = samples[: len(samples) // 80 * 80].reshape(-1, 80)
    quiet = np.sqrt((frames**2).mean(axis=1)) < 0.01
    return max(len(run) for run in "".join("q" if one else " " for one in quiet).split(" ")) / 100


def are_alike(one: Path, other: Path) -> bool:
    """Neural voices vary a little from time to time."""
    lengths = sorted((len(hear(one)), len(hear(other))))
    return lengths[1] <= 1.2 * lengths[0]


async def test_a_sentence_becomes_a_telephone_sound(voice: Voice, tmp_path: Path) -> None:
    file = tmp_path / "hello.wav"
    await voice.render(SENTENCE, file)
    samples = hear(file)
    words_a_second = len(SENTENCE.split()) / (len(samples) / 8000)
    assert 0.8 < words_a_second < 4
    assert np.sqrt((samples**2).mean()) > 0.03
    assert -4 < 20 * np.log10(np.abs(samples).max()) < -2


async def test_the_voice_begins_at_once_and_stops_when_it_is_done(voice: Voice, tmp_path: Path) -> None:
    file = tmp_path / "hello.wav"
    await voice.render(SENTENCE, file)
    samples = hear(file)
    assert silence_before(samples) <= 0.05
    assert silence_before(samples[::-1]) <= 0.15


async def test_a_longer_text_takes_longer(voice: Voice, tmp_path: Path) -> None:
    await voice.render("Нажмите один.", tmp_path / "short.wav")
    await voice.render(" ".join(["Нажмите один, если течёт вода."] * 40), tmp_path / "long.wav")
    assert len(hear(tmp_path / "long.wav")) > 40 * len(hear(tmp_path / "short.wav"))


async def test_one_word_is_enough(voice: Voice, tmp_path: Path) -> None:
    for word in ("ноль", "один", "да", "с", "и"):
        await voice.render(word, tmp_path / "word.wav")
        assert 0.05 < len(hear(tmp_path / "word.wav")) / 8000 < 2, word


async def test_several_callers_at_once_each_get_their_own_text(voice: Voice, tmp_path: Path) -> None:
    texts = {tmp_path / f"{count}.wav": "вода " * count for count in (1, 8, 2, 16, 4)}
    async with asyncio.TaskGroup() as tasks:
        for file, text in texts.items():
            tasks.create_task(voice.render(text, file))
    lengths = [len(hear(file)) for file in sorted(texts, key=lambda file: len(texts[file]))]
    assert lengths == sorted(lengths)
    assert len(set(lengths)) == len(lengths)


async def test_the_same_text_sounds_the_same(voice: Voice, tmp_path: Path) -> None:
    for name in ("one.wav", "two.wav"):
        await voice.render(SENTENCE, tmp_path / name)
    assert are_alike(tmp_path / "one.wav", tmp_path / "two.wav")


@pytest.mark.parametrize(
    "attack",
    [
        '") (system "touch {file}") ("',
        'привет") (system "touch {file}") (format t "',
        '\\") (system \\"touch {file}\\") (',
        'привет\n(system "touch {file}")\n',
        "привет\x00\x04(system 'touch {file}')",
        "`touch {file}` $(touch {file})",
        "привет ' (quit) #\\a ; точка с запятой",
        "(((((((((((((((",
        "(quit)",
    ],
)
async def test_a_text_is_spoken_never_executed(voice: Voice, tmp_path: Path, attack: str) -> None:
    planted = tmp_path / "planted"
    file = tmp_path / "attack.wav"
    await voice.render(attack.format(file=planted) + " привет", file)
    assert len(hear(file)) > 800
    assert os.listdir(tmp_path) == [file.name]
    await voice.render("привет", file)  # and the voice is still there
    assert len(hear(file)) > 800


@pytest.mark.parametrize("text", ["", "   ", "…!?", "ъ", '"\\()'])
async def test_nothing_to_say_is_told_not_played(voice: Voice, tmp_path: Path, text: str) -> None:
    with pytest.raises(VoiceFailed):
        await voice.render(text, tmp_path / "nothing.wav")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "text", ["Hello 42", "щъщъщ", "ёЁйЙ", "а" * 3000, "слово" * 200, "да, " * 500, "— да —", "кое-кто"]
)
async def test_odd_texts_neither_hang_nor_break_the_voice(voice: Voice, tmp_path: Path, text: str) -> None:
    with contextlib.suppress(VoiceFailed):
        await voice.render(text, tmp_path / "odd.wav")
        assert len(hear(tmp_path / "odd.wav")) > 0
    await voice.render("привет", tmp_path / "next.wav")
    assert len(hear(tmp_path / "next.wav")) > 800


async def test_a_voice_speaks_again_after_it_was_closed(voice: Voice, tmp_path: Path) -> None:
    await voice.render("привет", tmp_path / "one.wav")
    await voice.close()
    await voice.render("привет", tmp_path / "two.wav")
    assert are_alike(tmp_path / "one.wav", tmp_path / "two.wav")


async def test_a_stress_mark_is_never_spoken(voice: Voice, tmp_path: Path) -> None:
    lengths = []
    for text in ("зам+ок", "з+амок", "замок"):
        await voice.render(text, tmp_path / "word.wav")
        lengths.append(len(hear(tmp_path / "word.wav")))
    assert max(lengths) < 1.5 * min(lengths)


@pytest.mark.parametrize(
    "text",
    [
        "Здравствуйте! Разговор записывается.",
        "Течёт вода: нажмите один. Нет холодной воды: нажмите два. Нет отопления: нажмите три.",
        "Ваша заявка записана. Её номер: 26-000123. Дежурный займётся ею сегодня до 18:30.",
        "Вы набрали: 89110000001. Верно: нажмите один. Набрать заново: нажмите два.",
    ],
)
async def test_a_prompt_is_spoken_at_a_listeners_pace_without_holes(voice: Voice, tmp_path: Path, text: str) -> None:
    words = normalize_for_speech(text)
    await voice.render(words, tmp_path / "prompt.wav")
    samples = hear(tmp_path / "prompt.wav")
    assert 8 < len(words) / (len(samples) / 8000) < 15
    assert longest_silence(samples) < 0.8
