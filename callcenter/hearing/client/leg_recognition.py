"""One caller listened to: the leg in the ear and the listener that tells when something was said, joined.

`take` is told when speech begins, what is heard and what is said; `note` (the transcript) everything the ear says. Both
run in the event loop.
"""

from collections.abc import Callable
from typing import Protocol

from callcenter.hearing.client.client import LegLost, RecognitionLeg, Told
from callcenter.hearing.client.endpointing import Endpointer, FellQuiet, FellSilent, ListenerEvent, Said
from callcenter.hearing.client.voice_activity import FRAME_BYTES


class LegOpener(Protocol):
    """Where legs are opened: an EarClient, or Ears."""

    def open_leg(self, on_event: Callable[[Told], None]) -> RecognitionLeg: ...


class LegRecognition:
    """Begins at once; `close` ends it, and `Closed` is the last thing that `note` is told."""

    def __init__(
        self,
        leg_opener: LegOpener,
        *,
        on_event: Callable[[ListenerEvent], None],
        on_recognition: Callable[[Told], None],
    ) -> None:
        self._on_event = on_event
        self._on_recognition = on_recognition
        self._endpointer = Endpointer()
        self._frame_remainder = b""
        self._leg = leg_opener.open_leg(self._handle_recognition)

    def accept_audio(self, samples: bytes) -> None:
        """Takes the next 8 kHz sound, of any length."""
        self._leg.send_audio(samples)
        sound = self._frame_remainder + samples
        whole = len(sound) - len(sound) % FRAME_BYTES
        self._frame_remainder = sound[whole:]
        for begin in range(0, whole, FRAME_BYTES):
            self._handle_endpointing(self._endpointer.accept_frame(sound[begin : begin + FRAME_BYTES]))

    def start_question(self, phrases: tuple[str, ...] | None, *, required_pause: Callable[[str], float] | None) -> None:
        """A question is asked: which phrases may come, and the seconds of quiet after which words are the answer."""
        self._endpointer.start_question(required_pause)
        self._leg.set_phrases(phrases)

    def close(self) -> None:
        self._leg.close()

    def _handle_recognition(self, told: Told) -> None:
        if isinstance(told, LegLost):  # what was heard before is an answer, afterwards keys are
            self._handle_endpointing(self._endpointer.handle_recognition(told))
            self._on_recognition(told)
        else:
            self._on_recognition(told)
            self._handle_endpointing(self._endpointer.handle_recognition(told))

    def _handle_endpointing(self, events: list[ListenerEvent]) -> None:
        for event in events:
            match event:
                case FellQuiet():
                    self._leg.request_partial()
                case FellSilent():
                    self._leg.end_utterance()
                case Said(before_endpoint=True):
                    self._leg.end_utterance()
                    self._on_event(event)
                case _:
                    self._on_event(event)
