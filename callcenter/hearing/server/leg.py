"""One leg inside the ear: its queue, its thread, its recogniser. Recognisers release the GIL, so legs use all cores.

The network side calls `take`, which never waits: when the thread cannot keep up, the oldest audio is dropped and
counted. The thread gathers a tenth of a second of audio before it calls the recogniser, which costs half as much as
calling it for every packet. A recogniser that fails is replaced; its failure is nobody else's.

A recogniser hears one unbroken stretch, but for the quiet in it (sparing.py). It is finished and thrown away at a gap
in the audio, at other phrases and at a flush; times are kept by the leg, which knows where the stretch began.

Recognisers run no more at a time than there are processors, first come first served: were they all to run at once,
each would be done when all of them are.
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

LIMIT_SECONDS = 5.0
"""Audio that may wait. A caller who is heard five seconds late is better heard with a gap."""
CHUNK_SECONDS = 0.1
_REPORT_SECONDS = 1.0
_SKIP_AFTER_FAILURE_SECONDS = 1.0
_BYTES_PER_SAMPLE = 2
_processor_slots = threading.Semaphore(len(os.sched_getaffinity(0)))

Order = Audio | Phrases | Settle | Flush | Close
Report = Partial | Final | Trouble | Closed


@dataclass(frozen=True, slots=True)
class _QueuedCommand:
    order: Order
    since: float


class Leg:
    """`say` is called from the leg's thread. Starts at once; ends after a Close, with `Closed`."""

    def __init__(
        self,
        engine: Engine,
        opening: Open,
        send_report: Callable[[Report], None],
        *,
        max_queued_seconds: float = LIMIT_SECONDS,
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
        """The stretch's first sample; with `_heard_to` in samples of the leg."""
        self._utterance_begin = 0
        self._heard_to = 0
        self._newest_arrival = 0.0
        """When the newest piece of the audio being heard came."""
        self._skip_until = 0
        self._last_end = 0.0
        self._reported = Partial("", 0.0, 0.0, 0.0)
        self.thread = threading.Thread(target=self._run, name="leg", daemon=True)
        self.thread.start()

    @property
    def dropped_seconds(self) -> float:
        """Seconds of audio that nobody heard because the ear was slow or a recogniser had failed."""
        return self._dropped / self._rate

    def take_lag(self) -> float:
        """The worst lag since this was last asked, in seconds."""
        with self._queue_changed:
            lag, self._lag = self._lag, 0.0
        return lag

    def enqueue(self, order: Order) -> None:
        """Queues an order; returns at once."""
        with self._queue_changed:
            self._queue.append(_QueuedCommand(order, time.monotonic()))
            if isinstance(order, Audio):
                self._queued += _count_samples(order)
                if self._queued > self._limit:
                    self._drop_oldest()
            if len(self._queue) == 1 or self._queued >= self._chunk or not isinstance(order, Audio):
                self._queue_changed.notify()  # a wake-up for every packet would cost more than the packet

    def _drop_oldest(self) -> None:
        """Half of what waits at once: every gap costs a recogniser, and many small ones would slow a slow ear more."""
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
            except Exception as error:  # whatever an engine raises is this leg's trouble alone
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
                pass  # another recogniser would know no more, and a word that is just being said would break in two
            case Phrases() | Flush() | Close():
                self._finish_recognizer()

    def _next(self) -> tuple[Audio | None, Phrases | Settle | Flush | Close | None]:
        """A chunk of audio, less when it has waited for as long or an order or a gap follows it; or the next order."""
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
        """`behind`: seconds of the newest audio of which words may still be missing."""
        heard_to = self._seconds(self._heard_to)
        partial = Partial(text, self._seconds(self._utterance_begin), heard_to, round(max(heard_to - behind, 0.0), 3))
        told_since = partial.processed_to - self._reported.processed_to
        if wanted or text != self._reported.text or told_since >= _REPORT_SECONDS:
            self._reported = partial
            self._send_report(partial)

    def _seconds(self, samples: int) -> float:
        return round(samples / self._rate, 3)


def _count_samples(audio: Audio) -> int:
    """Samples."""
    return len(audio.samples) // _BYTES_PER_SAMPLE
