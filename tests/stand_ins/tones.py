"""Speech in tones, and a stand-in speech engine that hears it from the real audio: A-law, lost packets and all.

Any Russian word can be said. A letter is two tones of eight, and no tone follows itself: the next tone is so many
steps further round the eight as the letter's digit (base seven) says, plus one. So a tone may be stretched, shortened
or broken by a lost packet and is still one tone. Every word starts counting anew and ends with a pause.

The engine is loaded like any other: `load_engine("tests.stand_ins.tones", None)`. It fails on purpose when it hears
the word «сбой».
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from callcenter.hearing.server.engine import RATE, UNKNOWN, EngineFailed, RecognizedWord

HERTZ = (500, 700, 950, 1250, 1600, 2000, 2500, 3100)
"""Apart enough for the mel bands of a small Vosk model."""
LETTERS = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
TONE_SECONDS = 0.06
PAUSE_SECONDS = 0.14
FAULT = "сбой"

_WINDOW = RATE // 50
_HOP = RATE // 100
_FAINT = 300.0
"""Root mean square of the quietest window that can hold a tone."""
_SHARE = 0.6
"""Part of a window's energy that one tone carries."""
_SHORTEST = 2
"""Windows of a tone; fewer is a click."""
_WORD_ENDS = 8
"""Windows without a tone (80 ms) after which a word is over: twice a lost packet."""
_ENDPOINT = 50
"""Windows without a tone (0.5 s) after which an utterance is over."""
_TURNS = np.exp(-2j * np.pi / RATE * np.outer(np.arange(_WINDOW), HERTZ))

Samples = npt.NDArray[np.int16]


def spell(word: str) -> list[int]:
    """The tones of a word, as numbers of `HERTZ`. Raises ValueError for what is no Russian letter."""
    tone, tones = 0, []
    for letter in word:
        for digit in divmod(LETTERS.index(letter), 7):
            tone = (tone + 1 + digit) % 8
            tones.append(tone)
    return tones


def read_tones(tones: Sequence[int]) -> str | None:
    """The word of these tones; None when it is none."""
    digits = [(tone - before - 1) % 8 for before, tone in zip((0, *tones), tones, strict=False)]
    if len(digits) % 2 or 7 in digits:
        return None
    numbers = [7 * first + second for first, second in zip(digits[::2], digits[1::2], strict=True)]
    return "".join(LETTERS[number] for number in numbers) if all(number < len(LETTERS) for number in numbers) else None


def say_in_tones(text: str, *, amplitude: int = 8000) -> Samples:
    """A text of Russian words, 8 kHz, with a pause after each word."""
    pieces = []
    for word in text.split():
        tones = np.repeat([HERTZ[tone] for tone in spell(word)], int(TONE_SECONDS * RATE))
        pieces.append(np.sin(np.cumsum(tones) * (2 * np.pi / RATE)) * amplitude)
        pieces.append(np.zeros(int(PAUSE_SECONDS * RATE)))
    return np.concatenate(pieces).astype(np.int16)


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE), dtype=np.int16)


def open_engine(model: Path | None) -> "ToneEngine":
    return ToneEngine()


class ToneEngine:
    """See Engine."""

    name = "tones"
    takes_phrases = True
    result_delay = 0.1

    def create_recognizer(self, *, rate: int, phrases: Sequence[str] | None) -> "ToneRecogniser":
        if rate != RATE:
            raise EngineFailed(f"tones are heard at {RATE} Hz only, not at {rate}")
        return ToneRecogniser({word for phrase in phrases for word in phrase.split()} if phrases else None)


class ToneRecogniser:
    """See Recogniser."""

    def __init__(self, vocabulary: set[str] | None) -> None:
        self._vocabulary = vocabulary
        self._left = np.zeros(0, dtype=np.int16)
        self._window = 0
        self._runs: list[list[int]] = []
        """Of the word that goes on: tone, first window, last window, windows heard."""
        self._quiet = 0
        self._words: list[RecognizedWord] = []

    def accept_audio(self, audio: bytes) -> tuple[RecognizedWord, ...] | None:
        sound = np.concatenate([self._left, np.frombuffer(audio, dtype="<i2")])
        begin = 0
        ended: list[RecognizedWord] = []
        while begin + _WINDOW <= len(sound):
            ended += self._take_window(sound[begin : begin + _WINDOW])
            begin += _HOP
        self._left = sound[begin:]
        return tuple(ended) or None

    def get_partial_text(self) -> str:
        return " ".join(word.text for word in self._words)

    def feed_padding(self, quiet: bytes) -> None:
        self._end_word()
        self._window += len(quiet) // 2 // _HOP

    def finish(self) -> tuple[RecognizedWord, ...]:
        self._end_word()
        words, self._words = self._words, []
        return tuple(words)

    def _take_window(self, window: Samples) -> list[RecognizedWord]:
        """The words of an utterance that ends with this window."""
        self._window += 1
        tone = _find_tone(window)
        if tone is not None:
            self._quiet = 0
            self._add(tone)
            return []
        self._quiet += 1
        if self._quiet == _WORD_ENDS:
            self._end_word()
        if self._quiet == _ENDPOINT:
            return list(self.finish())
        return []

    def _add(self, tone: int) -> None:
        if self._runs and self._runs[-1][0] == tone:
            self._runs[-1][2:] = [self._window, self._runs[-1][3] + 1]
            return
        if self._runs and self._runs[-1][3] < _SHORTEST:  # where two tones meet, one window may hold a third
            self._runs.pop()
            self._add(tone)
            return
        self._runs.append([tone, self._window, self._window, 1])

    def _end_word(self) -> None:
        runs = [run for run in self._runs if run[3] >= _SHORTEST]
        self._runs = []
        if not runs:
            return
        text = read_tones([run[0] for run in runs])
        if text == FAULT:
            raise EngineFailed("heard the word that it fails on")
        if text is None or (self._vocabulary is not None and text not in self._vocabulary):
            text = UNKNOWN
        begin, end = (runs[0][1] - 1) * _HOP / RATE, (runs[-1][2] + 1) * _HOP / RATE
        heard = sum(run[3] for run in runs) * _HOP / RATE
        confidence = min(heard / (len(runs) * TONE_SECONDS), 1.0)
        self._words.append(RecognizedWord(text, round(begin, 2), round(end, 2), round(confidence, 2)))


def _find_tone(window: Samples) -> int | None:
    sound = window.astype(np.float64)
    energy = float(sound @ sound)
    if energy < _FAINT**2 * _WINDOW:
        return None
    carried = np.abs(sound @ _TURNS) ** 2 * (2 / _WINDOW)
    best = int(np.argmax(carried))
    return best if carried[best] >= _SHARE * energy else None
