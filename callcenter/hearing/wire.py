"""What the ear and its clients say to each other over one stream socket: frames of length, kind, leg and content.

A frame is a big-endian 32-bit length of what follows it, one byte of kind, a 32-bit number of the leg (0: the
connection itself) and the content: JSON, or for Audio a 64-bit position and the samples. Pure: bytes in, messages out.

Positions count the leg's samples from its first one. They let either side drop audio: a gap in the positions is
silence that was not heard, and the times of later words stay right.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from callcenter.core.errors import CallcenterError
from callcenter.hearing.server.engine import RecognizedWord

PROTOCOL = 2
"""Changes whenever an old ear could not serve a new client."""
LONGEST = 1 << 20
"""Bytes of a frame. Nobody sends half a minute of audio at once."""

_HEADER = struct.Struct("!IBI")
_POSITION = struct.Struct("!Q")
_COUNTED_HEADER_BYTES = 5
"""Bytes of the head that the length counts."""


class BrokenWire(CallcenterError):
    """The other side does not speak the ear's protocol."""


@dataclass(frozen=True, slots=True)
class Open:
    """A new leg. `phrases` as in Engine.listen."""

    rate: int
    phrases: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Audio:
    """Linear 16-bit little-endian samples; the first of them is the leg's sample number `position`."""

    position: int
    samples: bytes


@dataclass(frozen=True, slots=True)
class Phrases:
    """Ends the utterance that goes on; what follows is heard with other phrases."""

    phrases: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Settle:
    """It is quiet: a Partial with all that was said so far is wanted now, not when more sound has come."""


@dataclass(frozen=True, slots=True)
class Flush:
    """Ends the utterance that goes on."""


@dataclass(frozen=True, slots=True)
class Close:
    """Ends the leg, after what was sent before is heard."""


@dataclass(frozen=True, slots=True)
class Hello:
    """The ear's first message: who it is. See Engine."""

    protocol: int
    engine: str
    takes_phrases: bool


@dataclass(frozen=True, slots=True)
class State:
    """The whole ear, about twice a second: legs, the worst lag since the last report, seconds of audio dropped so far.

    The lag is how long the newest audio of a leg waited until it was heard.
    """

    legs: int
    lag: float
    dropped: float
    failures: int


@dataclass(frozen=True, slots=True)
class Partial:
    """The words so far of the utterance that goes on since second `begin`; empty while there are none.

    `processed_to`: seconds of the leg that the recogniser has taken in; `complete_to`: those of which no word is
    missing. Sent when the words change, after a Settle, and once a second otherwise.
    """

    text: str
    begin: float
    processed_to: float
    complete_to: float


@dataclass(frozen=True, slots=True)
class Final:
    """The words of an utterance that went on from second `begin` to `processed_to`. At least one word."""

    words: tuple[RecognizedWord, ...]
    begin: float
    processed_to: float


@dataclass(frozen=True, slots=True)
class Trouble:
    """The leg's recogniser failed; the leg goes on with another one after a second of deafness."""

    why: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The leg is over; nothing follows."""


Message = Open | Audio | Phrases | Settle | Flush | Close | Hello | State | Partial | Final | Trouble | Closed

_KINDS: tuple[type[Any], ...] = (
    Open, Audio, Phrases, Settle, Flush, Close, Hello, State, Partial, Final, Trouble, Closed,
)  # fmt: skip
_KIND_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}
_ADAPTERS = {kind: TypeAdapter(kind) for kind in _KINDS}


def pack(leg: int, message: Message) -> bytes:
    """One frame."""
    if isinstance(message, Audio):
        content = _POSITION.pack(message.position) + message.samples
    else:
        content = _ADAPTERS[type(message)].dump_json(message)
    return _HEADER.pack(_COUNTED_HEADER_BYTES + len(content), _KIND_NUMBERS[type(message)], leg) + content


class Unpacker:
    """Frames out of a stream that may be cut anywhere."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, Message]]:
        """The legs and messages that `data` completes. Raises BrokenWire."""
        self._kept += data
        begin = 0
        try:
            while len(self._kept) - begin >= _HEADER.size:
                length, kind, leg = _HEADER.unpack_from(self._kept, begin)
                if not _COUNTED_HEADER_BYTES <= length <= LONGEST or kind >= len(_KINDS):
                    raise BrokenWire(f"a frame of {length} bytes and kind {kind}")
                end = begin + 4 + length
                if len(self._kept) < end:
                    break
                content = bytes(self._kept[begin + _HEADER.size : end])
                begin = end
                yield leg, _decode_content(_KINDS[kind], content)
        finally:
            del self._kept[:begin]


def _decode_content(kind: type[Any], content: bytes) -> Message:
    try:
        if kind is Audio:
            return Audio(_POSITION.unpack_from(content)[0], content[_POSITION.size :])
        message: Message = _ADAPTERS[kind].validate_json(content)
    except (ValidationError, struct.error) as error:
        raise BrokenWire(f"a broken {kind.__name__}: {error}") from error
    return message
