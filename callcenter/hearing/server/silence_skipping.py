"""Recognition of one segment of a leg (audio without gaps) that does not decode silence.

Most of a leg is silence, because the other side speaks. After 1 s of silence the decoder gets no audio. When sound
returns, the decoder first gets the last 0.4 s before it (pre-roll), so that no beginning of a word is lost.

With expected phrases, the recognizer is replaced after 1.6 s of audio without a word. The reason: after 60 frames
(1.8 s) of an utterance Kaldi's decoder determinizes its lattice, and if there was no word and `[unk]` may be anywhere,
this takes seconds of processor time with some models. The new recognizer gets the last 0.6 s again, because a word that
has begun may not be in the partial result yet.

So recognizer time differs from segment time. `_offsets` maps one to the other.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from callcenter.hearing.server.engine import Engine, RecognizedWord, Recognizer

_QUIET_PEAK = 260
"""Sample value (-42 dBFS) from which audio is not silence. The noise of an idle line is at -50 dBFS or lower."""
_IDLE_AFTER_SECONDS = 1.0
"""Seconds of silence after which decoding stops. An engine's own endpoint comes earlier."""
_PREROLL_SECONDS = 0.4
"""Seconds of audio before a sound that are decoded when decoding resumes."""
_PADDING_LOOP_SECONDS = 0.1
"""Seconds of the newest silence that are repeated to make padding of any length."""
_WORDLESS_SECONDS = 1.6
"""Seconds of audio without a word after which the recognizer is replaced: less than the 1.8 s of Kaldi's decoder."""
_REPLAY_SECONDS = 0.6
"""Seconds of audio given again to a new recognizer: more than from a word's beginning to its first partial result."""
_BYTES_PER_SAMPLE = 2


class SilenceSkippingRecognizer:
    """Used by a leg like a Recognizer of `engine`, with times of the segment. Every method may raise EngineFailed."""

    def __init__(self, engine: Engine, *, rate: int, phrases: Sequence[str] | None) -> None:
        """Raises EngineFailed."""
        self._engine = engine
        self._rate = rate
        self._phrases = phrases
        self._stretch_samples = 0
        """Samples of the segment so far; `_fed_samples`: samples given to the current recognizer."""
        self._quiet_samples = 0
        """Samples of silence at the end of the segment."""
        self._loud_samples = self._wordless_samples = 0
        """Samples that were not silence since the last final result; all samples since the last partial with words."""
        self._recent_audio = b""
        """The last _REPLAY_SECONDS of the segment."""
        self._recogniser: Recognizer
        self._create_recognizer_at(0)

    @property
    def is_idle(self) -> bool:
        """Whether decoding is stopped: after a long silence no audio can become a word any more."""
        return self._quiet_samples > _IDLE_AFTER_SECONDS * self._rate

    def accept_audio(self, audio: bytes) -> tuple[RecognizedWord, ...] | None:
        """See Recognizer. An utterance ends at the latest when decoding stops."""
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
        """Make the partial result complete by padding. To be called when the newest audio is silence."""
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
        """Stop decoding and end the utterance if it has words.

        Without expected phrases any sound ends it too: a quick «да» may appear only in the final result. If there was
        only silence, that recognizer is kept, because it has adapted to the voice.
        """
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
        del self._offsets[:-1]  # later words begin after the last offset
        return placed

    def _map_seconds(self, seconds: float) -> float:
        """Convert recognizer time to segment time, in seconds."""
        sample = seconds * self._rate
        number = bisect_right(self._offsets, sample, key=lambda place: place[0])
        begin, place = self._offsets[max(number - 1, 0)]
        when = place + sample - begin
        if number < len(self._offsets):  # the time may lie in padding, which the segment does not have
            when = min(when, self._offsets[number][1])
        return max(when, 0.0) / self._rate

    def _bytes(self, seconds: float) -> int:
        return int(seconds * self._rate) * _BYTES_PER_SAMPLE


def _is_quiet(audio: bytes) -> bool:
    sound = np.frombuffer(audio, "<i2")
    return len(sound) == 0 or (int(sound.max()) < _QUIET_PEAK and int(sound.min()) > -_QUIET_PEAK)
