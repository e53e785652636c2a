"""Protocol between the recognition server and its clients: messages in frames over one stream socket.

A leg is one audio stream of a call, usually the caller's or the dispatcher's side. One connection carries many legs.

A frame is a 32-bit length of the rest of the frame, one byte of message kind, a 32-bit leg number (0: the connection
itself) and the content. All integers are big-endian. The content is JSON; for Audio, a 64-bit position and the samples.

A position is the sample's number in the leg, from 0. Positions let either side drop audio: a gap in the positions is
audio that was not recognized, and the times of later words stay correct. The module does no input or output.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from callcenter.core.errors import CallcenterError
from callcenter.hearing.server.engine import RecognizedWord

PROTOCOL = 2
"""Version of the protocol. Increase it when an older server could not serve a newer client."""
LONGEST = 1 << 20
"""Highest length of a frame in bytes: more than a minute of 8 kHz audio. A larger frame is a protocol error."""
LOWEST_RATE, HIGHEST_RATE = 8_000, 48_000
"""Sample rates that a leg may have. The server divides by the rate: a rate of 0 must not get past this module."""

_HEADER = struct.Struct("!IBI")
_POSITION = struct.Struct("!Q")
_COUNTED_HEADER_BYTES = 5
"""Header bytes included in the length: kind and leg number."""


class BrokenWire(CallcenterError):
    """The peer does not follow the recognition protocol."""


@dataclass(frozen=True, slots=True)
class Open:
    """Client: opens a leg. `rate` is in samples a second; `phrases` as in Engine.create_recognizer.

    A received Open with another rate than LOWEST_RATE to HIGHEST_RATE is a protocol error.
    """

    rate: Annotated[int, Field(ge=LOWEST_RATE, le=HIGHEST_RATE)]
    phrases: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Audio:
    """Client: linear 16-bit little-endian mono samples; `position` is the first sample's number in the leg."""

    position: int
    samples: bytes


@dataclass(frozen=True, slots=True)
class Phrases:
    """Client: ends the current utterance; later audio is recognized with these phrases.

    The same phrases do not end an utterance that already has words.
    """

    phrases: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Settle:
    """Client: requests a Partial with all words so far, at once and not after more audio. Sent in a speaker's pause."""


@dataclass(frozen=True, slots=True)
class Flush:
    """Client: ends the current utterance. Its words come as a Final, if it has any."""


@dataclass(frozen=True, slots=True)
class Close:
    """Client: ends the leg when all earlier messages have been processed."""


@dataclass(frozen=True, slots=True)
class Hello:
    """Server: first message of a connection. `engine` and `takes_phrases` as in Engine."""

    protocol: int
    engine: str
    takes_phrases: bool


@dataclass(frozen=True, slots=True)
class State:
    """Server: load of the whole server, about twice a second.

    `lag` is the worst lag in seconds since the last State: the time from the arrival of a leg's newest audio until it
    was recognized. `dropped` (seconds of audio) and `failures` (of recognizers) are totals since the server's start.
    """

    legs: int
    lag: float
    dropped: float
    failures: int


@dataclass(frozen=True, slots=True)
class Partial:
    """Server: partial result. `text` holds the words so far of the current utterance; empty while there are none.

    All times are seconds of the leg: `begin` of the utterance; `processed_to`, the end of the audio given to the
    recognizer; `complete_to`, the time up to which no word is missing. Sent when the text changes, after a Settle, and
    otherwise once a second of audio.
    """

    text: str
    begin: float
    processed_to: float
    complete_to: float


@dataclass(frozen=True, slots=True)
class Final:
    """Server: final result, at least one word of an utterance that lasted from second `begin` to `processed_to`."""

    words: tuple[RecognizedWord, ...]
    begin: float
    processed_to: float


@dataclass(frozen=True, slots=True)
class Trouble:
    """Server: the leg's recognizer failed. The next second of audio is dropped, then a new recognizer continues."""

    why: str


@dataclass(frozen=True, slots=True)
class Closed:
    """Server: last message of a leg."""


Message = Open | Audio | Phrases | Settle | Flush | Close | Hello | State | Partial | Final | Trouble | Closed

_KINDS: tuple[type[Any], ...] = (
    Open, Audio, Phrases, Settle, Flush, Close, Hello, State, Partial, Final, Trouble, Closed,
)  # fmt: skip
_KIND_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}
_ADAPTERS = {kind: TypeAdapter(kind) for kind in _KINDS}


def pack(leg: int, message: Message) -> bytes:
    """Encode a message as one frame."""
    if isinstance(message, Audio):
        content = _POSITION.pack(message.position) + message.samples
    else:
        content = _ADAPTERS[type(message)].dump_json(message)
    return _HEADER.pack(_COUNTED_HEADER_BYTES + len(content), _KIND_NUMBERS[type(message)], leg) + content


class Unpacker:
    """Decodes frames from a byte stream that arrives in pieces of any length."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, Message]]:
        """Yield (leg number, message) of each frame that `data` completes.

        Raises BrokenWire when a frame is too long, of unknown kind or has invalid content.
        """
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
