"""What a caller's words mean to a talk: which meanings of the script's language they have, and the facts they give."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Interpretation:
    """One thing said. `meanings`: name of vocabulary.MEANINGS -> the facts it gives; one thing may mean several."""

    meanings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    number_candidates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Fact that a number is asked for -> each way to read such a number, in digits, the likeliest first."""
    additional_facts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Fact that a number is asked for -> the facts that such an answer gives besides, or instead: «холодная двадцать»
    to whoever asks for an account."""
    is_hesitation: bool = False
    """Nothing is said but «э», «ну», «а»: a cough is heard as one, too."""


@dataclass(frozen=True, slots=True)
class DangerHeard:
    """A danger, and the words that tell of it. `category` has the safety words."""

    category: str
    words: str


class Interpreter(Protocol):
    """Understands callers. Pure: the same words and facts always mean the same."""

    def interpret(self, text: str, facts: Mapping[str, str]) -> Interpretation:
        """What `text` means to a talk that knows `facts`: a correction is put together with what was said before."""
        ...

    def find_danger(self, text: str, *, whole: bool) -> DangerHeard | None:
        """The danger in these words. Not `whole`: they may go on, and only what no next word could deny counts."""
        ...


class NullInterpreter:
    """Implements `Interpreter` where nothing is understood: only keys and the script's own phrases count."""

    def interpret(self, text: str, facts: Mapping[str, str]) -> Interpretation:
        """Nothing."""
        return Interpretation()

    def find_danger(self, text: str, *, whole: bool) -> DangerHeard | None:
        """None."""
        return None
