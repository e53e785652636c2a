"""One caller listened to: the leg in the ear and the listener that tells when something was said, joined.

`take` is told when speech begins, what is heard and what is said; `note` (the transcript) everything the ear says. Both
run in the event loop.
"""

from collections.abc import Callable
from typing import Protocol

from callcenter.hearing.client.client import EarLeg, EarLost, Told
from callcenter.hearing.client.endpointing import FellQuiet, FellSilent, Listener, ListenerEvent, Said
from callcenter.hearing.client.voice_activity import FRAME_BYTES


class Opening(Protocol):
    """Where legs are opened: an EarClient, or Ears."""

    def open(self, take: Callable[[Told], None]) -> EarLeg: ...


class Listening:
    """Begins at once; `close` ends it, and `Closed` is the last thing that `note` is told."""

    def __init__(self, ear: Opening, *, take: Callable[[ListenerEvent], None], note: Callable[[Told], None]) -> None:
        self._take = take
        self._note = note
        self._listener = Listener()
        self._rest = b""
        self._leg = ear.open(self._told)

    def hear(self, samples: bytes) -> None:
        """Takes the next 8 kHz sound, of any length."""
        self._leg.hear(samples)
        sound = self._rest + samples
        whole = len(sound) - len(sound) % FRAME_BYTES
        self._rest = sound[whole:]
        for begin in range(0, whole, FRAME_BYTES):
            self._tell(self._listener.hear(sound[begin : begin + FRAME_BYTES]))

    def ask(self, phrases: tuple[str, ...] | None, *, pause: Callable[[str], float] | None) -> None:
        """A question is asked: which phrases may come, and the seconds of quiet after which words are the answer."""
        self._listener.ask(pause)
        self._leg.expect(phrases)

    def close(self) -> None:
        self._leg.close()

    def _told(self, told: Told) -> None:
        if isinstance(told, EarLost):  # what was heard before is an answer, afterwards keys are
            self._tell(self._listener.take(told))
            self._note(told)
        else:
            self._note(told)
            self._tell(self._listener.take(told))

    def _tell(self, events: list[ListenerEvent]) -> None:
        for event in events:
            match event:
                case FellQuiet():
                    self._leg.settle()
                case FellSilent():
                    self._leg.flush()
                case Said(early=True):
                    self._leg.flush()
                    self._take(event)
                case _:
                    self._take(event)
