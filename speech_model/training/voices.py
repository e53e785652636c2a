"""Synthetic voices: each turns a line of words into 8 kHz samples. Some are kept for tests and never train.

espeak-ng (GPL-3) and festival are programs: what they say is free of that. retro-ru-tts is MIT with its sounds.
"""

import io
import random

import numpy as np
import retro_ru_tts

from callcenter.hearing.model_factory.stress import StressDictionary
from speech_model.training.sound import RATE, Samples, change_rate, read_sound, run_for_sound

ESPEAK_TRAINING = (
    "f1",
    "f2",
    "f3",
    "f4",
    "m1",
    "m2",
    "m3",
    "m4",
    "m5",
    "m8",
    "anika",
    "adam",
    "Alicia",
    "Andrea",
    "belinda",
    "linda",
    "steph",
    "grandma",
    "grandpa",
    "klatt",
    "klatt2",
    "klatt4",
    "victor",
    "travis",
    "Gene",
    "Hugo",
    "Lee",
    "Mr",
    "Storm",
    "benjamin",
    "boris",
    "caleb",
    "david",
    "ed",
    "edward",
    "iven",
    "michel",
    "quincy",
    "robert",
    "zac",
    "Denis",
    "Diogo",
    "marcelo",
    "sandro",
    "shelby",
)
"""Variants of the Russian voice."""
ESPEAK_DEVELOPMENT = ("aunty", "Michael")
ESPEAK_TEST = ("f5", "m7", "Annie", "paul")
_RETRO_SCALE = 200.0
_RETRO_RATE = 10000
_RETRO_MALE, _RETRO_FEMALE = 3, 7


def say_with_espeak(text: str, voice: str, chance: random.Random, stress: StressDictionary) -> Samples:
    marked = " ".join(_mark(word, stress, "\u0301") for word in text.split())
    wave = run_for_sound(
        [
            "espeak-ng",
            "-v",
            f"ru+{voice}",
            "-s",
            str(chance.randint(110, 200)),
            "-p",
            str(chance.randint(20, 80)),
            "--stdout",
            marked,
        ]
    )
    held = bytearray(wave)
    held[4:8] = (len(wave) - 8).to_bytes(4, "little")  # espeak writes to a pipe before it knows the length
    held[40:44] = (len(wave) - 44).to_bytes(4, "little")
    samples, rate = read_sound(io.BytesIO(bytes(held)))
    return change_rate(samples, rate, RATE)


def say_with_retro(text: str, chance: random.Random, stress: StressDictionary, *, female: bool = False) -> Samples:
    """ru_tts: diphones of a man; its female voice is kept for tests."""
    marked = " ".join(_mark(word, stress, "+") for word in text.split())
    pcm = retro_ru_tts.synthesize(
        marked,
        play=False,
        normalize=False,
        speech_rate=chance.randint(75, 135),
        voice_pitch=chance.randint(65, 170),
        intonation=chance.randint(40, 140),
        flags=_RETRO_FEMALE if female else _RETRO_MALE,
    )
    return change_rate(np.frombuffer(pcm, dtype=np.int8).astype(np.float32) * _RETRO_SCALE, _RETRO_RATE, RATE)


def _mark(word: str, stress: StressDictionary, mark: str) -> str:
    """The word with `mark` after its stressed vowel; «ё» needs none."""
    place = stress.find_stressed_vowels(word)[0]
    if not place or "ё" in word:
        return word
    seen = 0
    for at, letter in enumerate(word):
        seen += letter in "аеиоуыэюя"
        if seen == place:
            return word[: at + 1] + mark + word[at + 1 :]
    return word
