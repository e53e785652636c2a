"""What happens to a conversation. The edge brings these, one at a time, in order.

`turn` names the command an event belongs to. The engine drops an event of an older turn, so the edge may be late.
"""

from collections.abc import Mapping
from dataclasses import dataclass


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
class Heard:
    """The caller spoke `text` during `Say(turn)` or `Listen(turn)`."""

    turn: int
    text: str


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


Event = Began | SayingEnded | KeyPressed | Heard | Silence | ActionDone | HungUp
