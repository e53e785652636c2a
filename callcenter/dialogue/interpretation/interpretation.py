"""The interpretation of an utterance: the meanings of the script language that it has, and the facts that they give.

`interpreter.py` implements the interface over the company's data.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Interpretation:
    """One utterance. `meanings`: name in `vocabulary.MEANINGS` -> the facts it gives; there may be several meanings."""

    meanings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    number_candidates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Fact that a question may ask a number for -> candidate digit strings, the most likely first."""
    additional_facts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Fact that a question may ask a number for -> other facts in the answer. «холодная двадцать» in answer to the
    question for an account gives a meter reading."""
    is_hesitation: bool = False
    """The utterance has only fillers such as «э», «ну», «а». A cough may be recognized as one."""


@dataclass(frozen=True, slots=True)
class DangerHeard:
    """A danger and the words that report it. `category`: the code whose safety words the robot says."""

    category: str
    words: str


class Interpreter(Protocol):
    """Interprets utterances. Pure: the same text and facts always give the same result."""

    def interpret(self, text: str, facts: Mapping[str, str]) -> Interpretation:
        """The interpretation of `text` in a conversation that knows `facts`. Corrections are applied to these facts."""
        ...

    def find_danger(self, text: str, *, whole: bool) -> DangerHeard | None:
        """The danger reported in `text`, or None. `whole`: `text` is a final result. In a partial result only a danger
        counts that the next word cannot deny."""
        ...


class NullInterpreter:
    """Implements `Interpreter` with no meanings: only keys and the script's own phrases count."""

    def interpret(self, text: str, facts: Mapping[str, str]) -> Interpretation:
        """An empty interpretation."""
        return Interpretation()

    def find_danger(self, text: str, *, whole: bool) -> DangerHeard | None:
        """None."""
        return None
