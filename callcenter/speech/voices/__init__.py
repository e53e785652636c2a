"""The voices there are: one line each. The settings name one of them."""

from collections.abc import Callable, Mapping

from callcenter.core.errors import CallcenterError
from callcenter.settings import Settings
from callcenter.speech.voice import Voice, VoiceChoice
from callcenter.speech.voices.espeak import EspeakVoice
from callcenter.speech.voices.festival import FestivalVoice
from callcenter.speech.voices.piper import PiperVoice
from callcenter.speech.voices.rhvoice import RHVoice
from callcenter.speech.voices.silero import SileroVoice

VOICES: Mapping[str, Callable[[VoiceChoice], Voice]] = {
    "festival": FestivalVoice.from_options,
    "rhvoice": RHVoice.from_options,
    "piper": PiperVoice.from_options,
    "silero": SileroVoice.from_options,
    "espeak": EspeakVoice.from_options,
}


class VoiceNotFound(CallcenterError):
    """No voice has that name."""


def open_voice(engine: str, choice: VoiceChoice) -> Voice:
    """The voice of that name; nothing runs yet. Raises VoiceNotFound."""
    if engine not in VOICES:
        raise VoiceNotFound(f"нет голоса «{engine}»; есть: {', '.join(VOICES)}")
    return VOICES[engine](choice)


def voice_of(settings: Settings) -> Voice:
    """The voice that the settings name. Raises VoiceNotFound."""
    return open_voice(settings.voice.engine, VoiceChoice(settings.voice.speaker, settings.voice_model))
