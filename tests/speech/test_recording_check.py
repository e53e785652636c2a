"""A person's recording is judged before callers hear it, and each fault says what to do."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from callcenter.speech.prompt_recordings.recording_check import UnusableRecording, take_recording
from callcenter.speech.prompts import PromptCache
from callcenter.speech.sentence_sounds import split_sentences
from tests.stand_ins.voice import StandInVoice

RATE = 44100


def speech(seconds: float, *, level: float = 0.3, noise: float = 0.0003, quiet: float = 0.5) -> np.ndarray:
    """A voice of sorts: tone in syllables, with a quiet half second on either side."""
    times = np.arange(int(seconds * RATE)) / RATE
    voiced = level * np.sin(2 * np.pi * 300 * times) * (np.sin(2 * np.pi * 2 * times) > -0.8)
    still = np.zeros(int(quiet * RATE))
    whole = np.concatenate([still, voiced, still])
    return whole + noise * np.random.default_rng(1).standard_normal(len(whole))


def save(directory: Path, samples: np.ndarray) -> Path:
    file = directory / "take.wav"
    soundfile.write(str(file), samples, RATE)
    return file


def test_a_good_one_becomes_a_telephone_sound(tmp_path: Path) -> None:
    target = tmp_path / "prompt.human.wav"
    stereo = np.column_stack([speech(4)] * 2)
    seconds = take_recording(save(tmp_path, stereo), target, expected_seconds=4)
    assert seconds == pytest.approx(4.1, abs=0.2)
    form = soundfile.info(str(target))
    assert (form.samplerate, form.channels, form.subtype) == (8000, 1, "PCM_16")
    assert form.duration == pytest.approx(seconds, abs=0.01)


@pytest.mark.parametrize(
    ("samples", "told"),
    [
        (np.zeros(4 * RATE), "тишина"),
        (speech(4, level=0.004, noise=0), "слишком тихо"),
        (np.clip(speech(4, level=2.0), -1, 1), "перегружен"),
        (speech(4, noise=0.2), "слишком шумно"),
        (speech(20), "текст говорят примерно 4.0 с"),
        (speech(10.5), "текст говорят примерно 4.0 с"),
        (speech(0.7), "текст говорят примерно 4.0 с"),
    ],
)
def test_a_bad_one_is_refused_with_the_mend(tmp_path: Path, samples: np.ndarray, told: str) -> None:
    target = tmp_path / "prompt.human.wav"
    with pytest.raises(UnusableRecording, match=told):
        take_recording(save(tmp_path, samples), target, expected_seconds=4)
    assert not target.exists()


@pytest.mark.parametrize("rate", [1, 2_000_000])
def test_a_rate_at_which_nobody_records_is_refused_unread(tmp_path: Path, rate: int) -> None:
    file = tmp_path / "take.wav"
    soundfile.write(str(file), speech(1), rate)
    with pytest.raises(UnusableRecording, match="нужно от 8000"):
        take_recording(file, tmp_path / "prompt.human.wav", expected_seconds=4)


def test_a_small_file_that_unpacks_to_much_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "long.flac"
    with soundfile.SoundFile(file, "w", samplerate=16000, channels=1, format="FLAC") as sound:
        for _ in range(32):
            sound.write(np.zeros(16000 * 60, np.int16))
    with pytest.raises(UnusableRecording, match="в записи 32 мин"):
        take_recording(file, tmp_path / "prompt.human.wav", expected_seconds=4)


def test_what_is_no_sound_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "take.wav"
    file.write_bytes(b"RIFF but not really")
    with pytest.raises(UnusableRecording, match="нужен файл WAV, FLAC или OGG"):
        take_recording(file, tmp_path / "prompt.human.wav", expected_seconds=4)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Заявка записана. Её номер: 26-000123.", ["Заявка записана.", "Её номер: 26-000123."]),
        ("Приём с 9:00 до 18:00", ["Приём с 9:00 до 18:00"]),
        ("Да? Нет! 5 минут.", ["Да?", "Нет!", "5 минут."]),
    ],
)
def test_a_text_is_its_sentences(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences


async def test_a_recorded_sentence_is_heard_in_a_text_with_a_number(tmp_path: Path) -> None:
    voice = StandInVoice()
    cache = PromptCache(tmp_path, voice)
    first, text = "Заявка записана.", "Заявка записана. Её номер: 26-000123."
    bare = soundfile.info(f"{await cache.get_sound_path(text)}.wav").frames
    take_recording(save(tmp_path, speech(3)), tmp_path / f"{cache.make_file_stem(first)}.human.wav", expected_seconds=3)
    path = f"{await cache.get_sound_path(text)}.wav"
    samples, _ = soundfile.read(path)
    assert voice.texts[1:] == ["Её номер: два шесть, ноль ноль ноль, один два три."]
    assert len(samples) > bare
    spectrum = np.abs(np.fft.rfft(samples[: 3 * 8000]))
    assert np.argmax(spectrum) / 3 == pytest.approx(300, abs=2)  # the person; the stand-in voice sounds at 440
    assert f"{await cache.get_sound_path(text)}.wav" == path
    assert len(voice.texts) == 2  # composed once
    take_recording(save(tmp_path, speech(4)), tmp_path / f"{cache.make_file_stem(first)}.human.wav", expected_seconds=4)
    assert (
        soundfile.info(f"{await cache.get_sound_path(text)}.wav").frames > len(samples) + 4000
    )  # a newer one takes over


async def test_an_exception_of_pronunciation_makes_the_sound_anew(tmp_path: Path) -> None:
    voice = StandInVoice()
    await PromptCache(tmp_path, voice).get_sound_path("Замок.")
    cache = PromptCache(tmp_path, voice, to_words=lambda text: text.replace("Замок", "Зам+ок"))
    await cache.get_sound_path("Замок.")
    await cache.get_sound_path("Замок.")
    assert voice.texts == ["Замок.", "Зам+ок."]
