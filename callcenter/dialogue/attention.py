"""What a conversation makes of being heard: which question words may answer now, and whether danger was among them."""

from collections.abc import Mapping

from callcenter.dialogue.commands import Expect
from callcenter.dialogue.phrases import find_phrase
from callcenter.dialogue.script import Answer, Ask, Phrase, Text


class Attention:
    """The ear's part of one conversation. Nothing is heard until `hears` is set."""

    def __init__(self, dangers: tuple[Answer, ...]) -> None:
        self.hears = False
        self.asked_aloud = False
        """The question that stands was asked in words that only a caller who is heard can answer."""
        self.danger: Answer | None = None
        """Heard, and not acted on yet."""
        self._dangers = dangers
        self._danger_found = False
        self._expected: int | None = None

    def expects(self, turn: int) -> bool:
        """Whether words of this turn answer the question that stands."""
        return turn == self._expected

    @property
    def expects_words(self) -> bool:
        return self._expected is not None

    def choose_prompt(self, ask: Ask) -> Text:
        """How the question is asked now."""
        aloud = ask.aloud if self.hears else None
        self.asked_aloud = aloud is not None
        return aloud or ask.prompt

    def expect(self, ask: Ask, *, turn: int) -> Expect | None:
        """Has words answer `ask` from now on, if they can."""
        if not self.hears or not ask.phrases:
            return None
        self._expected = turn
        dangers = (phrase for danger in self._dangers for phrase in danger.phrases)
        ways = (way for phrase in (*ask.phrases, *dangers) for way in phrase.ways)
        return Expect(turn, ask, tuple(dict.fromkeys(ways)))

    def stop_expecting(self, *, turn: int) -> Expect | None:
        """The question is over."""
        if self._expected is None:
            return None
        self._expected = None
        return Expect(turn, None, None)

    def change(self, *, hears: bool) -> bool:
        """The ear opened, or is lost: whether the question that stands must be asked again, by keys."""
        self.hears = hears
        if not hears:
            self._expected = None
        return self.asked_aloud and not hears

    def find_danger(self, text: str, facts: Mapping[str, str]) -> Phrase | None:
        """The phrase of the first danger of the call in these words; none for a danger that is known already."""
        if self._danger_found:
            return None
        for danger in self._dangers:
            found = find_phrase(danger.phrases, text)
            known = danger.remember and all(facts.get(name) == value for name, value in danger.remember)
            if found is not None and not known:
                self.danger, self._danger_found = danger, True
                return found
        return None
