"""Commands of the engine to the call line (`conducting.line`), which carries them out.

Commands returned by one `handle_event` are carried out in order. No command follows `ToQueue` or `Hangup`.
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
    """False: no key stops the prompt, except 0 outside the recording notice. The line reports every key in either case,
    and stops playback only on `Hush`."""


@dataclass(frozen=True, slots=True)
class Hush:
    """Stop playback of `Say(turn)`. Its `SayingEnded` is no longer awaited."""

    turn: int


@dataclass(frozen=True, slots=True)
class Listen:
    """Start the input timer: report `Silence(turn)` after `seconds`. The next `Say`, `Listen` or `Do` stops it."""

    turn: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Expect:
    """Speech from now on belongs to this turn, until the next `Expect`. Sent only while speech is recognized.

    `ask`: the question that speech may answer; None: no answer is expected, and only a danger matters. `phrases`:
    the expected phrases, for a recognizer that accepts a grammar; None: free speech.
    """

    turn: int
    ask: Ask | None
    phrases: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Do:
    """Run the script's `action` and report `ActionDone(turn, …)`."""

    turn: int
    action: str
    arguments: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ToQueue:
    """Send the caller to the dispatchers' queue. `reason`: shown to the dispatcher; `priority`: see `priorities.py`."""

    reason: str
    priority: int


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the call; the goodbye was played."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A timeline entry; has no effect on the call, except that the line marks the channel on `notice heard`.

    Kinds and their facts: `step` {step} entered · `fact` {name: value} remembered · `miss` {step, why, key?} an answer
    was not accepted · `gave up` {step} no retries left · `unanswered` {text, article?} no article answers the question,
    or its article may not be spoken · `danger heard` {words} · `served` {} the caller got what they called for ·
    `notice heard` {} the recording notice was played to its end · `broken` {step, why} the script failed, and the
    caller goes to a person.
    """

    kind: str
    facts: Mapping[str, str]


Command = Say | Hush | Listen | Expect | Do | ToQueue | Hangup | Remark
