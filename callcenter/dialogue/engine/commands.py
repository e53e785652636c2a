"""What the engine asks the edge to do. Commands of one `take` are carried out in their order.

After `ToQueue` or `Hangup` no command follows.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from callcenter.dialogue.scripts.script import Ask


@dataclass(frozen=True, slots=True)
class Say:
    """Play `text` (facts already filled in) and report `SayingEnded(turn)`."""

    turn: int
    text: str
    interruptible: bool
    """False: no key but 0 stops it. The edge reports keys all the same, and stops it only when told to `Hush`."""


@dataclass(frozen=True, slots=True)
class Hush:
    """Stop the prompt of `Say(turn)`; its `SayingEnded` is no longer awaited."""

    turn: int


@dataclass(frozen=True, slots=True)
class Listen:
    """Report `Silence(turn)` when nothing comes for `seconds`. A newer command replaces it."""

    turn: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Expect:
    """What is heard from now on has this turn, until the next `Expect`. Only while the caller is heard.

    `ask`: the question it may answer; None: no answer is waited for, only danger. `phrases`: what may come, for a
    recogniser that can be told; None: anything.
    """

    turn: int
    ask: Ask | None
    phrases: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Do:
    """Carry out `action` of the script and report `ActionDone(turn, …)`."""

    turn: int
    action: str
    arguments: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ToQueue:
    """Hand the caller over to the dispatchers, with one of `priorities`."""

    reason: str
    priority: int


@dataclass(frozen=True, slots=True)
class Hangup:
    """The goodbye was said: end the call."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A line for the timeline; asks for nothing.

    Kinds and their facts: `step` {step} entered · `fact` {name: value} remembered · `miss` {step, why, key?} ·
    `gave up` {step} · `unanswered` {text, article?} no answer, or one that may not be told · `danger heard` {words} ·
    `served` {} the caller got what they called for · `notice heard` {} the words about the recording were played to
    their end · `broken` {step, why} the script could not go on, the caller gets a person.
    """

    kind: str
    facts: Mapping[str, str]


Command = Say | Hush | Listen | Expect | Do | ToQueue | Hangup | Remark
