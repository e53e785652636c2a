"""Counts failed attempts at one question and chooses the next prompt. Every question gets a new counter."""

from callcenter.dialogue.engine.question import list_no_match_prompts
from callcenter.dialogue.scripts.asides import MAX_GLOBAL_ANSWERS
from callcenter.dialogue.scripts.script import Ask, Text


class RetryCounter:
    """Attempts at one question. Returned prompts are None when no attempt is left."""

    def __init__(self) -> None:
        self._misses = self._silences = self._asides = 0
        self._seconds: float | None = None

    def count_no_match(self, ask: Ask, why: str) -> tuple[Text, ...] | None:
        """Counts input that the question does not accept. `why` as in `Unmatched`."""
        self._misses += 1
        return _get_prompts(list_no_match_prompts(ask, why), self._misses)

    def count_no_input(self, ask: Ask) -> tuple[Text, ...] | None:
        """Counts an input timeout."""
        self._silences += 1
        return _get_prompts(ask.no_input_prompts, self._silences)

    def count_global_answer(self) -> bool:
        """Counts input that any question accepts («на любой вопрос»). False when there were more than
        `MAX_GLOBAL_ANSWERS`."""
        self._asides += 1
        return self._asides <= MAX_GLOBAL_ANSWERS

    def extend_timeout(self, seconds: float) -> None:
        """Sets the next input timeout only, in seconds: the caller asked to wait."""
        self._seconds = seconds

    def take_timeout(self, ask: Ask) -> float:
        """The input timeout in seconds; drops an extension, which counts once."""
        seconds, self._seconds = self._seconds, None
        return ask.timeout_seconds if seconds is None else seconds


def _get_prompts(rows: tuple[tuple[Text, ...], ...], count: int) -> tuple[Text, ...] | None:
    return rows[count - 1] if count <= len(rows) else None
