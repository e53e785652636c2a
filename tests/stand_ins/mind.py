"""A mind that knows by heart what each line means."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from callcenter.dialogue.interpretation.interpretation import DangerHeard, Interpretation


@dataclass
class PaperMind:
    """`senses` and `dangers`: line -> what it means. `doubtful`: lines that are a danger only once they are whole."""

    senses: Mapping[str, Interpretation] = field(default_factory=dict)
    dangers: Mapping[str, DangerHeard] = field(default_factory=dict)
    doubtful: frozenset[str] = frozenset()
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    """Every line made out, and the facts it was made out by."""

    def interpret(self, text: str, facts: Mapping[str, str]) -> Interpretation:
        self.asked.append((text, dict(facts)))
        return self.senses.get(text, Interpretation())

    def find_danger(self, text: str, *, whole: bool) -> DangerHeard | None:
        return self.dangers.get(text) if whole or text not in self.doubtful else None
