"""The words of the dialplan: each that a step or the queue names exists, and none is written that nobody plays."""

import re

from callcenter.asterisk.lint.configuration_parser import read_configuration
from callcenter.asterisk.lint.dialplan import read_dialplan
from callcenter.settings import Settings, TelephonySettings
from callcenter.speech.dialplan_sounds import read_dialplan_texts
from tests.asterisk.rendering import BY_ADDRESS, render

MADE = {"callcenter/beep"}
"""Sounds that are no words: made by callcenter/speech/music.py."""

OF_THE_QUEUE = {"queue-youarenext", "queue-thereare", "queue-callswaiting"}
"""What app_queue plays with `announce-position=yes` unless queues.conf names another sound."""

TEENS = [str(number) for number in range(20)]
TENS = [str(number) for number in range(20, 100, 10)]
HUNDREDS = [str(number) for number in range(100, 600, 100)]
OF_NUMBERS = {f"digits/{number}" for number in [*TEENS, *TENS, *HUNDREDS, "1n", "2n"]}
"""What say.c asks for in Russian: the digits of a phone, and a place in the queue up to 500 (the most lines)."""


def test_every_sound_that_is_played_has_words_and_no_words_are_left_over() -> None:
    assert played_sounds() | OF_THE_QUEUE | OF_NUMBERS == set(read_dialplan_texts()) | MADE


def played_sounds() -> set[str]:
    """Every sound that a step or queues.conf names, whatever settings the file was rendered with."""
    configuration, _ = read_configuration(render(Settings(telephony=TelephonySettings(trunk=BY_ADDRESS))))
    sounds = set()
    for context in read_dialplan(configuration).contexts.values():
        for step in (step for extension in context.extensions for step in extension.steps):
            if step.app == "playback":
                sounds |= set(step.words[0].split("&"))
            elif step.app == "read":
                sounds |= set(step.words[1].split("&"))
    for queue in configuration.of("queues.conf"):
        for entry in queue.entries:
            if re.fullmatch(r"periodic-announce|announce|queue-\w+", entry.key):
                sounds |= set(entry.value.split(","))
    return {sound for sound in sounds if sound and "${" not in sound}  # in the studio: a text, and what was recorded
