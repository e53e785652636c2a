"""`callcenter voice`: what staff reads of it when something is amiss."""

from pathlib import Path

import pytest

from callcenter.commands.voice import SoundDirectoryUnusable, compare_voices, describe_voices
from callcenter.settings import Settings, VoiceSettings


@pytest.mark.parametrize("place", ["a file", "a file/below", "/proc/xx", "/proc"])
async def test_a_place_that_takes_no_sounds_is_named_with_the_mend(place: str, tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    told: list[str] = []
    with pytest.raises(SoundDirectoryUnusable, match=f"{place}: сюда не записать.*укажите другой каталог"):
        await compare_voices(Settings(), tmp_path / place, tell=told.append)
    assert told == []


def test_what_a_missing_voice_needs_is_told_in_russian() -> None:
    lines = [line for line in describe_voices(Settings(voice=VoiceSettings(speaker="anna"))) if "нет:" in line]
    assert lines[0].startswith("→ festival")
    assert all("установ" in line or "загрузите" in line or "нет файла" in line for line in lines)
    assert not any(word in line for line in lines for word in ("install it", "the program", "is not"))
