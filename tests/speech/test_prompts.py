"""Each text is rendered once, a person's recording wins, and a reader never sees half a file."""

import asyncio
import os
import re
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from callcenter.speech.prompts import UNUSED_LIFETIME, PromptCache
from callcenter.speech.voice import VoiceFailed
from tests.stand_ins.voice import StandInVoice

GREETING = "Здравствуйте! Ситуационный центр."


@pytest.fixture
def voice() -> StandInVoice:
    return StandInVoice()


@pytest.fixture
def cache(tmp_path: Path, voice: StandInVoice) -> PromptCache:
    return PromptCache(tmp_path / "prompts", voice, limit_seconds=1.0)


def record(cache: PromptCache, text: str, samples: np.ndarray, rate: int, *, kind: str = "WAV") -> Path:
    """Puts a person's recording beside the prompt of a text."""
    cache.directory.mkdir(exist_ok=True)
    file = cache.directory / f"{cache.make_file_stem(text)}.human.wav"
    soundfile.write(str(file), samples, rate, format=kind, subtype="PCM_16")
    return file


def sound_file(path: str) -> Path:
    """The file that Asterisk finds for a path without ending."""
    return Path(f"{path}.wav")


def tone(seconds: float, rate: int) -> np.ndarray:
    return 0.1 * np.sin(2 * np.pi * 500 * np.arange(int(seconds * rate)) / rate)


async def test_the_path_is_what_asterisk_wants(cache: PromptCache) -> None:
    path = await cache.get_sound_path(GREETING)
    assert path == str(cache.directory / cache.make_file_stem(GREETING))
    assert re.fullmatch(r"zdravstvuyte-situatsionnyy-tsentr-[0-9a-f]{10}", cache.make_file_stem(GREETING))
    assert sound_file(path).stat().st_mode & 0o444 == 0o444  # Asterisk is another user


async def test_a_text_is_rendered_once(cache: PromptCache, voice: StandInVoice) -> None:
    assert await cache.get_sound_path(GREETING) == await cache.get_sound_path(f"  {GREETING}\n")
    assert voice.texts == [GREETING]


async def test_figures_reach_the_voice_as_words(cache: PromptCache, voice: StandInVoice) -> None:
    await cache.get_sound_path("Приём с 9:00 до 18:00.")
    assert voice.texts == ["Приём с девяти до восемнадцати."]


async def test_a_second_cache_finds_the_work_of_the_first(cache: PromptCache, voice: StandInVoice) -> None:
    await cache.get_sound_path(GREETING)
    await PromptCache(cache.directory, voice).get_sound_path(GREETING)
    assert voice.texts == [GREETING]


async def test_another_voice_speaks_everything_anew_under_the_same_name(cache: PromptCache) -> None:
    first = await cache.get_sound_path(GREETING)
    other = StandInVoice("stand-in-2")
    assert await PromptCache(cache.directory, other).get_sound_path(GREETING) == first
    assert other.texts == [GREETING]


async def test_callers_with_the_same_text_wait_for_one_rendering(tmp_path: Path) -> None:
    slow = StandInVoice(slow_seconds=0.05)
    cache = PromptCache(tmp_path, slow)
    async with asyncio.TaskGroup() as tasks:
        sounds = [tasks.create_task(cache.get_sound_path(GREETING)) for _ in range(10)]
    assert len({task.result() for task in sounds}) == 1
    assert slow.texts == [GREETING]


async def test_a_caller_who_hangs_up_does_not_take_the_text_from_the_others(tmp_path: Path) -> None:
    slow = StandInVoice(slow_seconds=0.05)
    cache = PromptCache(tmp_path, slow)
    leaving = asyncio.create_task(cache.get_sound_path(GREETING))
    staying = asyncio.create_task(cache.get_sound_path(GREETING))
    await asyncio.sleep(0.01)
    leaving.cancel()
    assert sound_file(await staying).exists()


async def test_a_voice_that_takes_too_long_is_not_waited_for(tmp_path: Path) -> None:
    cache = PromptCache(tmp_path, StandInVoice(slow_seconds=30), limit_seconds=0.05)
    with pytest.raises(VoiceFailed, match="Здравствуйте"):
        await cache.get_sound_path(GREETING)
    assert os.listdir(tmp_path) == []


async def test_a_broken_voice_leaves_nothing_half_made(cache: PromptCache, voice: StandInVoice) -> None:
    voice.broken = True
    with pytest.raises(VoiceFailed):
        await cache.get_sound_path(GREETING)
    assert list(cache.directory.iterdir()) == []
    voice.broken = False
    await cache.get_sound_path(GREETING)


async def test_a_recording_of_a_person_wins(cache: PromptCache, voice: StandInVoice) -> None:
    await cache.get_sound_path(GREETING)
    file = record(cache, GREETING, tone(1, 8000), 8000)
    assert await cache.get_sound_path(GREETING) == str(file.with_suffix(""))
    file.unlink()
    assert await cache.get_sound_path(GREETING) == str(cache.directory / cache.make_file_stem(GREETING))


async def test_a_recording_outlives_a_change_of_voice(cache: PromptCache) -> None:
    file = record(cache, GREETING, tone(1, 8000), 8000)
    other = StandInVoice("stand-in-2")
    assert await PromptCache(cache.directory, other).get_sound_path(GREETING) == str(file.with_suffix(""))
    assert other.texts == []


@pytest.mark.parametrize(("rate", "channels", "kind"), [(44100, 1, "WAV"), (16000, 2, "WAV"), (48000, 2, "FLAC")])
async def test_a_recording_in_another_format_is_made_fit(
    cache: PromptCache, rate: int, channels: int, kind: str
) -> None:
    loud = np.concatenate([np.zeros(rate), tone(1, rate), np.zeros(rate)])
    record(cache, GREETING, np.column_stack([loud] * channels), rate, kind=kind)
    samples, found_rate = soundfile.read(f"{await cache.get_sound_path(GREETING)}.wav")
    assert found_rate == 8000
    assert samples.ndim == 1
    assert 1.0 < len(samples) / 8000 < 1.2  # the second of silence on either side is gone
    spectrum = np.abs(np.fft.rfft(samples))
    assert abs(np.argmax(spectrum) * 8000 / len(samples) - 500) < 2
    assert 0.65 < np.abs(samples).max() < 0.75


async def test_a_newer_recording_replaces_the_fitted_one(cache: PromptCache) -> None:
    record(cache, GREETING, tone(1, 16000), 16000)
    length = soundfile.info(f"{await cache.get_sound_path(GREETING)}.wav").frames
    await asyncio.sleep(0.02)
    record(cache, GREETING, tone(2, 16000), 16000)
    assert soundfile.info(f"{await cache.get_sound_path(GREETING)}.wav").frames > 1.5 * length


@pytest.mark.parametrize("content", [b"", b"RIFFxxxx", b"\x00" * 5000])
async def test_a_recording_that_is_no_sound_is_reported_and_the_voice_speaks(
    cache: PromptCache, content: bytes
) -> None:
    file = record(cache, GREETING, tone(1, 8000), 8000)
    file.write_bytes(content)
    assert await cache.get_sound_path(GREETING) == str(cache.directory / cache.make_file_stem(GREETING))
    prepared = await cache.prepare([GREETING])
    assert len(prepared.unusable) == 1
    assert file.name in prepared.unusable[0]


@pytest.mark.parametrize("recorded", [GREETING, "Здравствуйте!"])
async def test_a_full_disk_costs_the_recording_and_not_the_prompt(
    cache: PromptCache, voice: StandInVoice, recorded: str
) -> None:
    file = record(cache, recorded, tone(1, 16000), 16000)
    fitted = file.name.replace(".human.wav", ".human8k.wav")
    draft = cache.directory / f".{fitted}.{os.getpid()}"
    draft.symlink_to("/dev/full")
    assert await cache.get_sound_path(GREETING) == str(cache.directory / cache.make_file_stem(GREETING))
    assert voice.texts == [GREETING]
    assert not (cache.directory / fitted).exists()


async def test_a_silent_recording_is_reported(cache: PromptCache) -> None:
    record(cache, GREETING, np.zeros(16000), 16000)
    prepared = await cache.prepare([GREETING])
    assert "тишина" in prepared.unusable[0]
    assert prepared.rendered == 1


async def test_a_recording_that_is_deleted_while_its_text_is_rendered_fails_that_text(
    cache: PromptCache, voice: StandInVoice
) -> None:
    recorded, rendered = GREETING.split(maxsplit=1)
    file = record(cache, recorded, tone(1, 8000), 8000)
    voice.slow_seconds = 0.2
    asking = asyncio.create_task(cache.get_sound_path(GREETING))
    while rendered not in voice.texts:  # noqa: ASYNC110 - what is waited for is an attribute
        await asyncio.sleep(0.01)
    file.unlink()
    with pytest.raises(VoiceFailed, match=file.name):
        await asking
    voice.slow_seconds = 0.0
    assert await cache.get_sound_path(GREETING) == str(cache.directory / cache.make_file_stem(GREETING))


async def test_sentences_whose_recordings_are_all_silent_fail_their_text(cache: PromptCache) -> None:
    for sentence in GREETING.split(maxsplit=1):
        record(cache, sentence, np.zeros(8000), 8000)
    with pytest.raises(VoiceFailed, match="тишина"):
        await cache.get_sound_path(GREETING)


async def test_preparing_renders_what_is_missing_and_tells_how_far_it_is(
    cache: PromptCache, voice: StandInVoice
) -> None:
    await cache.get_sound_path("Один.")
    record(cache, "Два.", tone(1, 8000), 8000)
    steps: list[tuple[int, int, str]] = []
    prepared = await cache.prepare(
        ["Один.", "Два.", "Три.", "Три."], progress=lambda done, total, text: steps.append((done, total, text))
    )
    assert (prepared.kept, prepared.human, prepared.rendered) == (1, 1, 1)
    assert steps == [(1, 3, "Один."), (2, 3, "Два."), (3, 3, "Три.")]
    assert voice.texts == ["Один.", "Три."]


async def test_a_caller_gets_between_the_prompts_that_are_being_prepared(tmp_path: Path) -> None:
    slow = StandInVoice(slow_seconds=0.02)
    cache = PromptCache(tmp_path, slow)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(cache.prepare([f"Подсказка {number}." for number in range(20)]))
        await asyncio.sleep(0.05)
        await cache.get_sound_path("Заявка 26-000123.")
    position = slow.texts.index("Заявка два шесть, ноль ноль ноль, один два три.")
    assert position < 10


async def test_the_index_tells_whoever_records_which_file_says_what(cache: PromptCache) -> None:
    await cache.prepare(["Нажмите 9.", GREETING])
    lines = (cache.directory / "index.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "stem\tvoice\ttext\twords"
    rows = {fields[0]: fields[1:] for fields in (line.split("\t") for line in lines[1:])}
    assert rows == {
        cache.make_file_stem("Нажмите 9."): ["stand-in-1", "Нажмите 9.", "Нажмите девять."],
        cache.make_file_stem(GREETING): ["stand-in-1", GREETING, GREETING],
    }


async def test_a_line_of_the_index_cut_by_a_crash_costs_one_rendering(cache: PromptCache, voice: StandInVoice) -> None:
    await cache.get_sound_path(GREETING)
    index = cache.directory / "index.tsv"
    index.write_bytes(index.read_bytes()[:-20])
    await PromptCache(cache.directory, voice).get_sound_path(GREETING)
    assert voice.texts == [GREETING, GREETING]
    await PromptCache(cache.directory, voice).get_sound_path(GREETING)
    assert voice.texts == [GREETING, GREETING]


async def test_what_only_one_call_knew_is_forgotten_a_day_later(cache: PromptCache) -> None:
    await cache.prepare([GREETING])
    old, fresh, recorded = "Вы набрали 89110000001.", "Вы набрали 89110000002.", "Вы набрали 89110000003."
    for text in (old, fresh, recorded):
        await cache.get_sound_path(text)
    record(cache, recorded, tone(1, 8000), 8000)
    for text in (GREETING, old, recorded):
        long_ago = time.time() - UNUSED_LIFETIME - 1
        os.utime(cache.directory / f"{cache.make_file_stem(text)}.wav", (long_ago, long_ago))
    await PromptCache(cache.directory, StandInVoice()).prepare([GREETING])
    kept = {
        text
        for text in (GREETING, old, fresh, recorded)
        if (cache.directory / f"{cache.make_file_stem(text)}.wav").exists()
    }
    assert kept == {GREETING, fresh, recorded}
    index = (cache.directory / "index.tsv").read_text(encoding="utf-8")
    assert [text in index for text in (GREETING, old, fresh, recorded)] == [True, False, True, True]


async def test_a_text_said_again_is_not_forgotten(cache: PromptCache) -> None:
    path = sound_file(await cache.get_sound_path("Вы набрали 89110000001."))
    os.utime(path, (0, 0))
    await cache.get_sound_path("Вы набрали 89110000001.")
    await cache.prepare([GREETING])
    assert path.exists()
