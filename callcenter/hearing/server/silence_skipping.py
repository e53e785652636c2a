"""Hearing one unbroken stretch of a leg without decoding what nobody says.

Most of a leg is quiet: the other side speaks. After a second of quiet the decoder gets nothing until there is sound
again, and then the last moments before it as well, so that no beginning of a word is lost.

With phrases to expect, sound without a word is begun anew: after 60 frames (1.8 s) of an utterance Kaldi's decoder
determinizes what it has, and where nothing was said and `[unk]` may be anywhere, that takes seconds of processor with
some models. A fresh recogniser hears the last moments again, because a word that has begun may not be guessed yet.

So a recogniser's time is not the stretch's. `_places` tells where in the stretch what it heard lies.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from callcenter.hearing.server.engine import Engine, Recogniser, Word

_FAINT = 260
"""The highest sample of quiet, -42 dB below full scale. The noise of an idle line lies at -50 and lower."""
_REST_SECONDS = 1.0
"""Of quiet until the decoder rests: an engine's endpoint comes before."""
_RUN_UP_SECONDS = 0.4
"""What the decoder hears of the quiet before a sound."""
_LOOP_SECONDS = 0.1
"""Of the newest quiet, repeated where more of it is needed than there was yet."""
_WORDLESS_SECONDS = 1.6
_AGAIN_SECONDS = 0.6
"""More than passes between a word's beginning and the first guess of it."""
_BYTES = 2


class SparingRecogniser:
    """To a leg like a Recogniser of `engine`; one may fail with EngineFailed at any method."""

    def __init__(self, engine: Engine, *, rate: int, phrases: Sequence[str] | None) -> None:
        """Raises EngineFailed."""
        self._engine = engine
        self._rate = rate
        self._phrases = phrases
        self._heard = 0
        """Samples of the stretch; `_fed`: of the recogniser."""
        self._quiet = 0
        self._sound = self._wordless = 0
        """Samples of sound since the last words, and of all since the last guess."""
        self._newest = b""
        """The end of the stretch, as much as may be heard again."""
        self._recogniser: Recogniser
        self._begin_at(0)

    @property
    def resting(self) -> bool:
        """Whether nothing is being said, and nothing may still become a word."""
        return self._quiet > _REST_SECONDS * self._rate

    def hear(self, audio: bytes) -> tuple[Word, ...] | None:
        """See Recogniser. Utterances end at the latest when the decoder rests."""
        rested = self.resting
        if _is_faint(audio):
            self._quiet += len(audio) // _BYTES
        else:
            self._quiet = 0
            self._sound += len(audio) // _BYTES
        run_up = self._newest[-self._bytes(_RUN_UP_SECONDS) :]
        self._heard += len(audio) // _BYTES
        self._newest = (self._newest + audio)[-self._bytes(_AGAIN_SECONDS) :]
        if self.resting:
            return None if rested else self._rest()
        if rested:
            audio = run_up + audio
            self._places.append((self._fed, self._heard - len(audio) // _BYTES))
        return self._feed(audio)

    def guess(self) -> str:
        return self._recogniser.guess()

    def settle(self) -> None:
        """See Recogniser. The newest sound, of which the caller knows that it is quiet, stands for what comes next."""
        if not self.resting and self._newest:
            self._fill_up()

    def finish(self) -> tuple[Word, ...]:
        return self._place(self._recogniser.finish())

    def _feed(self, audio: bytes) -> tuple[Word, ...] | None:
        self._fed += len(audio) // _BYTES
        words = self._recogniser.hear(audio)
        if words is not None:
            self._sound = self._wordless = 0
            return self._place(words)
        if self._phrases is not None:
            self._wordless = 0 if self.guess() else self._wordless + len(audio) // _BYTES
            if self._wordless >= _WORDLESS_SECONDS * self._rate:
                return self._begin_anew()
        return None

    def _begin_anew(self) -> tuple[Word, ...] | None:
        self._begin_at(self._heard - len(self._newest) // _BYTES)
        return self._feed(self._newest)

    def _begin_at(self, place: int) -> None:
        self._recogniser = self._engine.listen(rate=self._rate, phrases=self._phrases)
        self._fed = self._sound = self._wordless = 0
        self._places = [(0, place)]

    def _rest(self) -> tuple[Word, ...] | None:
        """Whatever is being guessed has been said, and without phrases a sound may be a word that is no guess before
        its end: a quick «да». After quiet alone the recogniser is kept then, for it knows the voice."""
        self._fill_up()
        ended = bool(self.guess()) or (self._phrases is None and self._sound > 0)
        words = self.finish() if ended else ()
        if self._phrases is not None or ended:
            self._begin_at(self._heard)
        return words or None

    def _fill_up(self) -> None:
        wanted = self._bytes(self._engine.delay)
        loop = self._newest[-self._bytes(_LOOP_SECONDS) :]
        quiet = (loop * (wanted // len(loop) + 1))[:wanted]
        self._recogniser.settle(quiet)
        self._fed += len(quiet) // _BYTES
        self._places.append((self._fed, self._heard))

    def _place(self, words: tuple[Word, ...]) -> tuple[Word, ...]:
        placed = tuple(replace(word, begin=self._when(word.begin), end=self._when(word.end)) for word in words)
        del self._places[:-1]  # later words lie behind the last one
        return placed

    def _when(self, seconds: float) -> float:
        """The stretch's second of the recogniser's."""
        sample = seconds * self._rate
        number = bisect_right(self._places, sample, key=lambda place: place[0])
        begin, place = self._places[max(number - 1, 0)]
        when = place + sample - begin
        if number < len(self._places):  # it may lie in quiet that nobody heard
            when = min(when, self._places[number][1])
        return max(when, 0.0) / self._rate

    def _bytes(self, seconds: float) -> int:
        return int(seconds * self._rate) * _BYTES


def _is_faint(audio: bytes) -> bool:
    sound = np.frombuffer(audio, "<i2")
    return len(sound) == 0 or (int(sound.max()) < _FAINT and int(sound.min()) > -_FAINT)
