"""The stand-in voice keeps the promises of `Voice` that other tests lean on."""

from pathlib import Path

import pytest
import soundfile

from callcenter.speech.voice import Voice, VoiceFailed
from tests.stand_ins.voice import StandInVoice


async def test_it_writes_a_telephone_sound_as_long_as_its_text(tmp_path: Path) -> None:
    voice: Voice = StandInVoice()
    await voice.render("а" * 50, tmp_path / "1.wav")
    form = soundfile.info(str(tmp_path / "1.wav"))
    assert (form.samplerate, form.channels, form.subtype, form.frames) == (8000, 1, "PCM_16", 8000)


async def test_it_refuses_an_empty_text_and_breaks_when_told(tmp_path: Path) -> None:
    voice = StandInVoice()
    with pytest.raises(VoiceFailed):
        await voice.render(" ", tmp_path / "1.wav")
    voice.broken = True
    with pytest.raises(VoiceFailed):
        await voice.render("текст", tmp_path / "1.wav")
    assert voice.texts == [" ", "текст"]
