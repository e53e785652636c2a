"""Registry of the speech synthesizers; the setting `[voice] engine` selects one by name."""

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
    """No voice has the given name."""


def open_voice(engine: str, choice: VoiceChoice) -> Voice:
    """Creates the voice named `engine`, without starting its program. Raises VoiceNotFound."""
    if engine not in VOICES:
        raise VoiceNotFound(f"нет голоса «{engine}»; есть: {', '.join(VOICES)}")
    return VOICES[engine](choice)


def configured_voice(settings: Settings) -> Voice:
    """Creates the voice selected in the settings. Raises VoiceNotFound."""
    return open_voice(settings.voice.engine, VoiceChoice(settings.voice.speaker, settings.voice_model))
