"""What a conversation makes of being heard: which question words may answer now, and whether danger was among them."""

from collections.abc import Iterator, Mapping

from callcenter.dialogue.engine.answer_endings import is_open, list_ways, read_expected
from callcenter.dialogue.engine.commands import Expect
from callcenter.dialogue.engine.dangers import find_dangers
from callcenter.dialogue.interpretation.interpretation import Interpretation, Interpreter
from callcenter.dialogue.scripts.script import Answer, Ask, Text
from callcenter.dialogue.scripts.vocabulary import ADDRESS


class Attention:
    """The ear's part of one conversation. Nothing is heard until `is_recognizing` is set."""

    def __init__(self, dangers: tuple[Answer, ...], interpreter: Interpreter) -> None:
        self.is_recognizing = False
        self.asked_by_speech = False
        """The question that stands was asked in words that only a caller who is heard can answer."""
        self.pending_danger: Answer | None = None
        """Heard, and not acted on yet."""
        self._dangers = dangers
        self._interpreter = interpreter
        self.danger_found = False
        """Once a call: all that is heard after it is about the help that comes."""
        self._danger_utterance: str | None = None
        """The words in which the danger was found, while their speaker goes on; None once that breath has ended."""
        self._expected_turn: int | None = None

    def is_expected_turn(self, turn: int) -> bool:
        """Whether words of this turn answer the question that stands."""
        return turn == self._expected_turn

    @property
    def is_expecting_speech(self) -> bool:
        return self._expected_turn is not None

    def choose_prompt(self, ask: Ask) -> Text:
        """How the question is asked now."""
        aloud = ask.speech_prompt if self.is_recognizing else None
        self.asked_by_speech = aloud is not None
        return aloud or ask.prompt

    def interpret(self, text: str, facts: Mapping[str, str]) -> Interpretation:
        """What words mean to a talk that knows `facts`."""
        return self._interpreter.interpret(text, facts)

    def expect_speech(self, ask: Ask, *, turn: int) -> Expect | None:
        """Has words answer `ask` from now on, if they can."""
        if not self.is_recognizing or not ask.accepts_speech:
            return None
        self._expected_turn = turn
        if is_open(ask):
            return Expect(turn, ask, None)
        return Expect(turn, ask, tuple(dict.fromkeys([*list_ways(ask), *self._list_dangers()])))

    def stop_expecting_speech(self, *, turn: int) -> Expect | None:
        """The question is over."""
        if self._expected_turn is None:
            return None
        self._expected_turn = None
        return Expect(turn, None, None)

    def set_recognition(self, *, is_recognizing: bool) -> bool:
        """The ear opened, or is lost: whether the question that stands must be asked again, by keys."""
        self.is_recognizing = is_recognizing
        if not is_recognizing:
            self._expected_turn = None
        return self.asked_by_speech and not is_recognizing

    def find_danger(self, text: str, facts: Mapping[str, str], *, whole: bool) -> str | None:
        """The words of the first danger of the call in these; None for a danger that is known already."""
        if self.danger_found:
            return None
        for danger, told in find_dangers(self._dangers, self._interpreter, text, whole=whole):
            known = danger.remembered_facts and all(facts.get(name) == value for name, value in danger.remembered_facts)
            if not known:
                self.pending_danger, self.danger_found = danger, True
                self._danger_utterance = ""
                return told
        return None

    def find_danger_address(self, text: str, facts: Mapping[str, str], *, whole: bool) -> Mapping[str, str]:
        """Where the danger is, as far as the breath that told of it says so. A breath may be heard in two pieces:
        what was heard before the danger was acted on, and what came after; `whole`: it has ended."""
        if self._danger_utterance is None:
            return {}
        begun = self._danger_utterance
        said = text if not begun or text.startswith(begun) else f"{begun} {text}"
        self._danger_utterance = None if whole else begun or text
        return self._interpreter.interpret(said, facts).meanings.get(ADDRESS, {})

    def _list_dangers(self) -> Iterator[str]:
        for danger in self._dangers:
            for phrase in danger.phrases:
                yield from phrase.variants
            if danger.meanings:
                yield from read_expected()["danger"]
