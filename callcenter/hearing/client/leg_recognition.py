"""Recognition of one leg with endpointing: joins a leg of the recognition server with an Endpointer."""

from collections.abc import Callable
from typing import Protocol

from callcenter.hearing.client.client import LegEvent, LegLost, RecognitionLeg
from callcenter.hearing.client.endpointing import (
    Endpointer,
    EndpointerEvent,
    PartialRequested,
    UtteranceEnded,
    UtteranceEndRequested,
)
from callcenter.hearing.client.voice_activity import FRAME_BYTES


class LegOpener(Protocol):
    """Opens legs: a RecognitionClient or a ServerPool."""

    def open_leg(self, on_event: Callable[[LegEvent], None]) -> RecognitionLeg: ...


class LegRecognition:
    """Sends audio to the server and to the endpointer, and endpoints the server's results.

    The leg opens at once; `close` ends it. `on_event` receives EndpointerEvents; `on_recognition` receives
    every event of the leg, `Closed` last (the transcript uses these). Both are called in the event loop.
    """

    def __init__(
        self,
        leg_opener: LegOpener,
        *,
        on_event: Callable[[EndpointerEvent], None],
        on_recognition: Callable[[LegEvent], None],
    ) -> None:
        self._on_event = on_event
        self._on_recognition = on_recognition
        self._endpointer = Endpointer()
        self._frame_remainder = b""
        self._leg = leg_opener.open_leg(self._handle_recognition)

    def accept_audio(self, samples: bytes) -> None:
        """Add 8 kHz audio (linear 16-bit little-endian mono) of any length."""
        self._leg.send_audio(samples)
        sound = self._frame_remainder + samples
        whole = len(sound) - len(sound) % FRAME_BYTES
        self._frame_remainder = sound[whole:]
        for begin in range(0, whole, FRAME_BYTES):
            self._handle_endpointing(self._endpointer.accept_frame(sound[begin : begin + FRAME_BYTES]))

    def start_question(self, phrases: tuple[str, ...] | None, *, required_pause: Callable[[str], float] | None) -> None:
        """Begin a question: set the expected phrases (None: any speech) and the endpointing rule.

        `required_pause` maps the words so far to the seconds of silence that complete the answer. None: no question is
        pending.
        """
        self._endpointer.start_question(required_pause)
        self._leg.set_phrases(phrases)

    def close(self) -> None:
        self._leg.close()

    def _handle_recognition(self, told: LegEvent) -> None:
        if isinstance(told, LegLost):  # words recognized before the loss answer the question; then DTMF takes over
            self._handle_endpointing(self._endpointer.handle_recognition(told))
            self._on_recognition(told)
        else:
            self._on_recognition(told)
            self._handle_endpointing(self._endpointer.handle_recognition(told))

    def _handle_endpointing(self, events: list[EndpointerEvent]) -> None:
        for event in events:
            match event:
                case PartialRequested():
                    self._leg.request_partial()
                case UtteranceEndRequested():
                    self._leg.end_utterance()
                case UtteranceEnded(before_endpoint=True):
                    self._leg.end_utterance()
                    self._on_event(event)
                case _:
                    self._on_event(event)
