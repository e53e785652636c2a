"""How often one question was asked in vain, and what is said next; counted anew for every question."""

from callcenter.dialogue.engine.question import list_misses
from callcenter.dialogue.scripts.asides import MOST_ASIDES
from callcenter.dialogue.scripts.script import Ask, Text


class RetryCounter:
    """`count_no_match` and its like count, and give the words to say; None: it was asked often enough."""

    def __init__(self) -> None:
        self._misses = self._silences = self._asides = 0
        self._seconds: float | None = None

    def count_no_match(self, ask: Ask, why: str) -> tuple[Text, ...] | None:
        """After an answer that is none; `why` as in `Missed`."""
        self._misses += 1
        return _get_prompts(list_misses(ask, why), self._misses)

    def count_no_input(self, ask: Ask) -> tuple[Text, ...] | None:
        """After nothing was said."""
        self._silences += 1
        return _get_prompts(ask.no_input_prompts, self._silences)

    def count_global_answer(self) -> bool:
        """Whether the caller may turn aside once more."""
        self._asides += 1
        return self._asides <= MOST_ASIDES

    def extend_timeout(self, seconds: float) -> None:
        """The caller asked for so much time: once."""
        self._seconds = seconds

    def take_timeout(self, ask: Ask) -> float:
        """How long the caller is waited for now."""
        seconds, self._seconds = self._seconds, None
        return ask.timeout_seconds if seconds is None else seconds


def _get_prompts(rows: tuple[tuple[Text, ...], ...], count: int) -> tuple[Text, ...] | None:
    return rows[count - 1] if count <= len(rows) else None
