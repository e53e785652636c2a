"""Hearing one unbroken stretch of a leg without decoding what nobody says.

Most of a leg is quiet: the other side speaks. After a second of quiet the decoder gets nothing until there is sound
again, and then the last moments before it as well, so that no beginning of a word is lost.

With phrases to expect, sound without a word is begun anew: after 60 frames (1.8 s) of an utterance Kaldi's decoder
determinizes what it has, and where nothing was said and `[unk]` may be anywhere, that takes seconds of processor with
some models. A fresh recogniser hears the last moments again, because a word that has begun may not be guessed yet.

So a recogniser's time is not the stretch's. `_offsets` tells where in the stretch what it heard lies.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from callcenter.hearing.server.engine import Engine, RecognizedWord, Recognizer

_QUIET_PEAK = 260
"""The highest sample of quiet, -42 dB below full scale. The noise of an idle line lies at -50 and lower."""
_IDLE_AFTER_SECONDS = 1.0
"""Of quiet until the decoder rests: an engine's endpoint comes before."""
_PREROLL_SECONDS = 0.4
"""What the decoder hears of the quiet before a sound."""
_PADDING_LOOP_SECONDS = 0.1
"""Of the newest quiet, repeated where more of it is needed than there was yet."""
_WORDLESS_SECONDS = 1.6
_REPLAY_SECONDS = 0.6
"""More than passes between a word's beginning and the first guess of it."""
_BYTES_PER_SAMPLE = 2


class SilenceSkippingRecognizer:
    """To a leg like a Recogniser of `engine`; one may fail with EngineFailed at any method."""

    def __init__(self, engine: Engine, *, rate: int, phrases: Sequence[str] | None) -> None:
        """Raises EngineFailed."""
        self._engine = engine
        self._rate = rate
        self._phrases = phrases
        self._stretch_samples = 0
        """Samples of the stretch; `_fed_samples`: of the recogniser."""
        self._quiet_samples = 0
        self._loud_samples = self._wordless_samples = 0
        """Samples of sound since the last words, and of all since the last guess."""
        self._recent_audio = b""
        """The end of the stretch, as much as may be heard again."""
        self._recogniser: Recognizer
        self._create_recognizer_at(0)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being said, and nothing may still become a word."""
        return self._quiet_samples > _IDLE_AFTER_SECONDS * self._rate

    def accept_audio(self, audio: bytes) -> tuple[RecognizedWord, ...] | None:
        """See Recognizer. Utterances end at the latest when the decoder rests."""
        rested = self.is_idle
        if _is_quiet(audio):
            self._quiet_samples += len(audio) // _BYTES_PER_SAMPLE
        else:
            self._quiet_samples = 0
            self._loud_samples += len(audio) // _BYTES_PER_SAMPLE
        run_up = self._recent_audio[-self._bytes(_PREROLL_SECONDS) :]
        self._stretch_samples += len(audio) // _BYTES_PER_SAMPLE
        self._recent_audio = (self._recent_audio + audio)[-self._bytes(_REPLAY_SECONDS) :]
        if self.is_idle:
            return None if rested else self._enter_idle()
        if rested:
            audio = run_up + audio
            self._offsets.append((self._fed_samples, self._stretch_samples - len(audio) // _BYTES_PER_SAMPLE))
        return self._feed(audio)

    def get_partial_text(self) -> str:
        return self._recogniser.get_partial_text()

    def complete_partial(self) -> None:
        """See Recognizer. The newest sound, of which the caller knows that it is quiet, stands for what comes next."""
        if not self.is_idle and self._recent_audio:
            self._feed_padding()

    def finish(self) -> tuple[RecognizedWord, ...]:
        return self._map_times(self._recogniser.finish())

    def _feed(self, audio: bytes) -> tuple[RecognizedWord, ...] | None:
        self._fed_samples += len(audio) // _BYTES_PER_SAMPLE
        words = self._recogniser.accept_audio(audio)
        if words is not None:
            self._loud_samples = self._wordless_samples = 0
            return self._map_times(words)
        if self._phrases is not None:
            self._wordless_samples = (
                0 if self.get_partial_text() else self._wordless_samples + len(audio) // _BYTES_PER_SAMPLE
            )
            if self._wordless_samples >= _WORDLESS_SECONDS * self._rate:
                return self._restart_recognizer()
        return None

    def _restart_recognizer(self) -> tuple[RecognizedWord, ...] | None:
        self._create_recognizer_at(self._stretch_samples - len(self._recent_audio) // _BYTES_PER_SAMPLE)
        return self._feed(self._recent_audio)

    def _create_recognizer_at(self, place: int) -> None:
        self._recogniser = self._engine.create_recognizer(rate=self._rate, phrases=self._phrases)
        self._fed_samples = self._loud_samples = self._wordless_samples = 0
        self._offsets = [(0, place)]

    def _enter_idle(self) -> tuple[RecognizedWord, ...] | None:
        """Whatever is being guessed has been said, and without phrases a sound may be a word that is no guess before
        its end: a quick «да». After quiet alone the recogniser is kept then, for it knows the voice."""
        self._feed_padding()
        ended = bool(self.get_partial_text()) or (self._phrases is None and self._loud_samples > 0)
        words = self.finish() if ended else ()
        if self._phrases is not None or ended:
            self._create_recognizer_at(self._stretch_samples)
        return words or None

    def _feed_padding(self) -> None:
        wanted = self._bytes(self._engine.result_delay)
        loop = self._recent_audio[-self._bytes(_PADDING_LOOP_SECONDS) :]
        quiet = (loop * (wanted // len(loop) + 1))[:wanted]
        self._recogniser.feed_padding(quiet)
        self._fed_samples += len(quiet) // _BYTES_PER_SAMPLE
        self._offsets.append((self._fed_samples, self._stretch_samples))

    def _map_times(self, words: tuple[RecognizedWord, ...]) -> tuple[RecognizedWord, ...]:
        placed = tuple(
            replace(word, begin=self._map_seconds(word.begin), end=self._map_seconds(word.end)) for word in words
        )
        del self._offsets[:-1]  # later words lie behind the last one
        return placed

    def _map_seconds(self, seconds: float) -> float:
        """The stretch's second of the recogniser's."""
        sample = seconds * self._rate
        number = bisect_right(self._offsets, sample, key=lambda place: place[0])
        begin, place = self._offsets[max(number - 1, 0)]
        when = place + sample - begin
        if number < len(self._offsets):  # it may lie in quiet that nobody heard
            when = min(when, self._offsets[number][1])
        return max(when, 0.0) / self._rate

    def _bytes(self, seconds: float) -> int:
        return int(seconds * self._rate) * _BYTES_PER_SAMPLE


def _is_quiet(audio: bytes) -> bool:
    sound = np.frombuffer(audio, "<i2")
    return len(sound) == 0 or (int(sound.max()) < _QUIET_PEAK and int(sound.min()) > -_QUIET_PEAK)
