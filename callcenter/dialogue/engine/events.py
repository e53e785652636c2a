"""What happens to a conversation. The edge brings these, one at a time, in order.

`turn` names the command an event belongs to. The engine drops an event of an older turn, so the edge may be late.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Began:
    """The caller is on the line and hears us. The first event of a conversation."""


@dataclass(frozen=True, slots=True)
class SayingEnded:
    """The prompt of `Say(turn)` was played to its end, or could not be played at all."""

    turn: int


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """One key of the caller's phone: a digit, `*` or `#`. It belongs to no turn: people press whenever they like."""

    key: str


@dataclass(frozen=True, slots=True)
class EarOpened:
    """From now on the caller is heard. Without it there is no ear, and everything goes by keys."""


@dataclass(frozen=True, slots=True)
class EarLost:
    """From now on the caller is not heard, until `EarOpened`."""


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """After `Expect(turn)` the caller began to speak; what they say is not known yet."""

    turn: int


@dataclass(frozen=True, slots=True)
class Heard:
    """Words so far of what the caller is saying, at any time. They may still change: only danger acts on them."""

    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """After `Expect(turn)` the caller said `text`, to its end. Empty: they spoke, and no word was understood.

    `at`: when the last sound of it came, in monotonic seconds, for whoever measures.
    """

    turn: int
    text: str
    at: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing came for the seconds of `Listen(turn)`."""

    turn: int


@dataclass(frozen=True, slots=True)
class ActionDone:
    """The action of `Do(turn)` ended. An outcome the script does not know sends the caller to a person."""

    turn: int
    outcome: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HungUp:
    """The caller is gone. Nothing is said or done after it."""


Speech = EarOpened | EarLost | SpeechBegan | Heard | Said
"""What an ear tells."""

Event = Began | SayingEnded | KeyPressed | Speech | Silence | ActionDone | HungUp
