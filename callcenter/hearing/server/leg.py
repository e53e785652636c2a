"""One leg in the recognition server: its queue, its thread and its recognizer.

The server calls `enqueue`, which never blocks: when the thread cannot keep up, the oldest audio is dropped and counted.
The thread gathers 0.1 s of audio for each call of the recognizer, which costs half as much as a call for every packet.
Recognizers release the GIL, so legs use all cores. A failed recognizer is replaced; other legs do not notice.

A segment is audio without gaps that one recognizer processes, except for silence (silence_skipping.py). A gap in the
audio, new phrases and a Flush end the segment and its recognizer. The leg converts segment times into leg times.

At most one recognizer a processor runs at a time. If all ran at once, every result would be as late as the last one.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from callcenter.hearing.server.engine import Engine, RecognizedWord
from callcenter.hearing.server.silence_skipping import SilenceSkippingRecognizer
from callcenter.hearing.wire import Audio, Close, Closed, Final, Flush, Open, Partial, Phrases, Settle, Trouble

log = structlog.get_logger()

MAX_QUEUED_SECONDS = 5.0
"""Seconds of audio that may wait in the queue; beyond it audio is dropped. A gap is better than results 5 s late."""
CHUNK_SECONDS = 0.1
"""Seconds of audio given to the recognizer in one call."""
_REPORT_SECONDS = 1.0
"""Seconds of audio after which an unchanged partial result is sent again."""
_SKIP_AFTER_FAILURE_SECONDS = 1.0
"""Seconds of audio that are dropped after a recognizer has failed, before a new one starts."""
_BYTES_PER_SAMPLE = 2
_processor_slots = threading.Semaphore(len(os.sched_getaffinity(0)))

LegCommand = Audio | Phrases | Settle | Flush | Close
LegResult = Partial | Final | Trouble | Closed


@dataclass(frozen=True, slots=True)
class _QueuedCommand:
    order: LegCommand
    since: float


class Leg:
    """Recognizes one leg in its own thread, which starts at once and ends after a Close.

    `send_report` is called in the leg's thread; its last report is `Closed`.
    """

    def __init__(
        self,
        engine: Engine,
        opening: Open,
        send_report: Callable[[LegResult], None],
        *,
        max_queued_seconds: float = MAX_QUEUED_SECONDS,
    ) -> None:
        self.failures = 0
        self._engine = engine
        self._rate = opening.rate
        self._phrases = opening.phrases
        self._send_report = send_report
        self._limit = int(max_queued_seconds * opening.rate)
        self._chunk = int(CHUNK_SECONDS * opening.rate)
        self._queue_changed = threading.Condition()
        self._queue: deque[_QueuedCommand] = deque()
        self._queued = 0
        self._dropped = 0
        self._lag = 0.0
        self._recogniser: SilenceSkippingRecognizer | None = None
        self._stretch_begin = 0
        """Position of the segment's first sample. It, `_utterance_begin` and `_heard_to` count samples of the leg."""
        self._utterance_begin = 0
        self._heard_to = 0
        """Position up to which the recognizer has got audio."""
        self._newest_arrival = 0.0
        """Monotonic time at which the newest part of the current chunk arrived."""
        self._skip_until = 0
        self._last_end = 0.0
        self._reported = Partial("", 0.0, 0.0, 0.0)
        self.thread = threading.Thread(target=self._run, name="leg", daemon=True)
        self.thread.start()

    @property
    def dropped_seconds(self) -> float:
        """Seconds of audio dropped because the server was too slow or after a failure of a recognizer."""
        return self._dropped / self._rate

    def take_lag(self) -> float:
        """Worst lag in seconds since the last call; resets it."""
        with self._queue_changed:
            lag, self._lag = self._lag, 0.0
        return lag

    def enqueue(self, order: LegCommand) -> None:
        """Queue audio or another order; returns at once."""
        with self._queue_changed:
            self._queue.append(_QueuedCommand(order, time.monotonic()))
            if isinstance(order, Audio):
                self._queued += _count_samples(order)
                if self._queued > self._limit:
                    self._drop_oldest()
            if len(self._queue) == 1 or self._queued >= self._chunk or not isinstance(order, Audio):
                self._queue_changed.notify()  # not for every packet: waking the thread costs more than a packet

    def _drop_oldest(self) -> None:
        """Drop the oldest audio down to half the limit, in one piece.

        Each gap needs a new recognizer, so many small gaps would slow down an overloaded server further.
        """
        kept: deque[_QueuedCommand] = deque()
        for waiting in self._queue:
            if isinstance(waiting.order, Audio) and self._queued > self._limit // 2:
                self._queued -= _count_samples(waiting.order)
                self._dropped += _count_samples(waiting.order)
            else:
                kept.append(waiting)
        self._queue = kept

    # --- the leg's thread

    def _run(self) -> None:
        while True:
            audio, order = self._next()
            try:
                with _processor_slots:
                    self._execute(audio, order)
            except Exception as error:  # an engine may raise anything; other legs must not be affected
                self._handle_failure(error)
            match order:
                case Phrases():
                    self._phrases = order.phrases
                case Close():
                    self._send_report(Closed())
                    return

    def _execute(self, audio: Audio | None, order: Phrases | Settle | Flush | Close | None) -> None:
        if audio is not None:
            self._recognize(audio)
        match order:
            case Settle():
                self._report_partial_now()
            case Phrases(phrases) if phrases == self._phrases and self._has_partial_words:
                pass  # a new recognizer would gain nothing and would cut the word in progress in two
            case Phrases() | Flush() | Close():
                self._finish_recognizer()

    def _next(self) -> tuple[Audio | None, Phrases | Settle | Flush | Close | None]:
        """Wait for the next chunk of audio or the next other order.

        A chunk is shorter than CHUNK_SECONDS when it has waited that long, or when an order or a gap follows it.
        """
        with self._queue_changed:
            self._queue_changed.wait_for(lambda: self._queue)
            self._queue_changed.wait_for(
                lambda: self._queued >= self._chunk or not isinstance(self._queue[-1].order, Audio),
                timeout=CHUNK_SECONDS,
            )
            pieces: list[Audio] = []
            gathered = 0
            while self._queue and isinstance(order := self._queue[0].order, Audio):
                if pieces and order.position != pieces[-1].position + _count_samples(pieces[-1]):
                    break
                if gathered >= self._chunk:
                    break
                gathered += _count_samples(order)
                self._newest_arrival = self._queue.popleft().since
                self._queued -= _count_samples(order)
                pieces.append(order)
            if pieces:
                return Audio(pieces[0].position, b"".join(piece.samples for piece in pieces)), None
            order = self._queue.popleft().order
            return None, order if not isinstance(order, Audio) else None

    def _recognize(self, audio: Audio) -> None:
        end = audio.position + _count_samples(audio)
        if end <= self._skip_until:
            self._dropped += _count_samples(audio)
            return
        if audio.position != self._heard_to:
            self._finish_recognizer()
        self._heard_to = end
        if self._recogniser is None:
            self._stretch_begin = self._utterance_begin = audio.position
            self._recogniser = SilenceSkippingRecognizer(self._engine, rate=self._rate, phrases=self._phrases)
        words = self._recogniser.accept_audio(audio.samples)
        if words is not None:
            self._report_final(words)
        elif self._recogniser.is_idle:
            self._report_partial("", behind=0.0)
        else:
            self._report_partial(self._recogniser.get_partial_text(), behind=self._engine.result_delay)
        with self._queue_changed:
            self._lag = max(self._lag, time.monotonic() - self._newest_arrival)

    @property
    def _has_partial_words(self) -> bool:
        return self._recogniser is not None and bool(self._recogniser.get_partial_text())

    def _report_partial_now(self) -> None:
        if self._recogniser is not None:
            self._recogniser.complete_partial()
            self._report_partial(self._recogniser.get_partial_text(), behind=0.0, wanted=True)

    def _finish_recognizer(self) -> None:
        recogniser, self._recogniser = self._recogniser, None
        if recogniser is not None:
            self._report_final(recogniser.finish())

    def _handle_failure(self, error: Exception) -> None:
        self.failures += 1
        self._recogniser = None
        self._skip_until = self._heard_to + int(_SKIP_AFTER_FAILURE_SECONDS * self._rate)
        log.warning(
            "a recogniser failed", why=str(error), engine=self._engine.name, second=self._seconds(self._heard_to)
        )
        self._send_report(Trouble(str(error) or type(error).__name__))

    def _report_final(self, words: tuple[RecognizedWord, ...]) -> None:
        base = self._stretch_begin / self._rate
        placed = []
        for word in words:
            begin = max(base + word.begin, self._last_end)
            end = max(base + word.end, begin)
            placed.append(RecognizedWord(word.text, round(begin, 3), round(end, 3), round(word.confidence, 3)))
            self._last_end = end
        begin, self._utterance_begin = self._utterance_begin, self._heard_to
        if placed:
            self._send_report(Final(tuple(placed), self._seconds(begin), self._seconds(self._heard_to)))
        heard_to = self._seconds(self._heard_to)
        self._reported = Partial("", self._seconds(self._utterance_begin), heard_to, heard_to)

    def _report_partial(self, text: str, *, behind: float, wanted: bool = False) -> None:
        """Send a partial result if it is due. `behind`: seconds at the end of the audio whose words may be missing."""
        heard_to = self._seconds(self._heard_to)
        partial = Partial(text, self._seconds(self._utterance_begin), heard_to, round(max(heard_to - behind, 0.0), 3))
        told_since = partial.processed_to - self._reported.processed_to
        if wanted or text != self._reported.text or told_since >= _REPORT_SECONDS:
            self._reported = partial
            self._send_report(partial)

    def _seconds(self, samples: int) -> float:
        return round(samples / self._rate, 3)


def _count_samples(audio: Audio) -> int:
    return len(audio.samples) // _BYTES_PER_SAMPLE
