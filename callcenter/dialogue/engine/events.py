"""Events of a conversation. The call line (`conducting.line`) passes them to the engine one at a time, in order.

`turn` names the command that an event belongs to. The engine drops events of older turns, so a late event is harmless.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Began:
    """The call is answered and the caller hears prompts. The first event of a conversation."""


@dataclass(frozen=True, slots=True)
class SayingEnded:
    """Playback of `Say(turn)` ended, or its end was missed and is assumed."""

    turn: int


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A DTMF digit: 0 to 9, `*` or `#`. It belongs to no turn, because callers may press a key at any time."""

    key: str


@dataclass(frozen=True, slots=True)
class EarOpened:
    """Speech recognition of the caller works from now on. Until this event the conversation uses keys only."""


@dataclass(frozen=True, slots=True)
class EarLost:
    """Speech recognition of the caller is lost, until `EarOpened`."""


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """The caller began to speak after `Expect(turn)`. No words are recognized yet."""

    turn: int


@dataclass(frozen=True, slots=True)
class Heard:
    """A partial result: the words so far of an utterance, which may still change. It can only report a danger, and
    restart the input timer."""

    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """A final result: the caller said `text` after `Expect(turn)`. Empty: speech, but no word was recognized.

    `at`: monotonic seconds of the end of speech, used to measure the response time.
    """

    turn: int
    text: str
    at: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Silence:
    """The input timer of `Listen(turn)` expired."""

    turn: int


@dataclass(frozen=True, slots=True)
class ActionDone:
    """The action of `Do(turn)` ended. An outcome that the script does not list sends the caller to a person."""

    turn: int
    outcome: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HungUp:
    """The caller hung up. No command follows."""


Speech = EarOpened | EarLost | SpeechBegan | Heard | Said
"""Events of speech recognition."""

Event = Began | SayingEnded | KeyPressed | Speech | Silence | ActionDone | HungUp
