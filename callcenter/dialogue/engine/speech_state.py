"""Speech state of a conversation: which question an utterance may answer now, and whether it reports a danger."""

from collections.abc import Iterator, Mapping

from callcenter.dialogue.engine.answer_endings import is_open, list_expected_phrases, load_expected_words
from callcenter.dialogue.engine.commands import Expect
from callcenter.dialogue.engine.dangers import find_dangers
from callcenter.dialogue.interpretation.interpretation import Interpretation, Interpreter
from callcenter.dialogue.scripts.script import Answer, Ask, Text
from callcenter.dialogue.scripts.vocabulary import ADDRESS


class SpeechState:
    """Speech state of one conversation. Speech answers no question before recognition works (`set_recognition`)."""

    def __init__(self, dangers: tuple[Answer, ...], interpreter: Interpreter) -> None:
        self.is_recognizing = False
        self.asked_by_speech = False
        """The current question was asked with its `speech_prompt`, so it must be asked again if recognition is lost."""
        self.pending_danger: Answer | None = None
        """A danger found in speech and not yet acted on."""
        self._dangers = dangers
        self._interpreter = interpreter
        self.danger_found = False
        """A danger was found in this call. No other is looked for: later speech is about the same danger."""
        self._danger_utterance: str | None = None
        """The partial result in which the danger was found, until its utterance ends. Empty: the danger was found just
        now; None: no such utterance, or it has ended."""
        self._expected_turn: int | None = None

    def is_expected_turn(self, turn: int) -> bool:
        """Whether an utterance of this turn answers the current question."""
        return turn == self._expected_turn

    @property
    def is_expecting_speech(self) -> bool:
        return self._expected_turn is not None

    def choose_prompt(self, ask: Ask) -> Text:
        """The prompt of `ask`: `speech_prompt` if the caller is recognized and there is one, else the keypad prompt."""
        aloud = ask.speech_prompt if self.is_recognizing else None
        self.asked_by_speech = aloud is not None
        return aloud or ask.prompt

    def interpret(self, text: str, facts: Mapping[str, str]) -> Interpretation:
        """The meaning of `text` in a conversation that knows `facts`."""
        return self._interpreter.interpret(text, facts)

    def expect_speech(self, ask: Ask, *, turn: int) -> Expect | None:
        """Accepts speech as an answer to `ask` from now on. None without recognition, or if `ask` accepts only keys."""
        if not self.is_recognizing or not ask.accepts_speech:
            return None
        self._expected_turn = turn
        if is_open(ask):
            return Expect(turn, ask, None)
        return Expect(turn, ask, tuple(dict.fromkeys([*list_expected_phrases(ask), *self._list_dangers()])))

    def stop_expecting_speech(self, *, turn: int) -> Expect | None:
        """Accepts no answer by speech until the next question; None if none was accepted."""
        if self._expected_turn is None:
            return None
        self._expected_turn = None
        return Expect(turn, None, None)

    def set_recognition(self, *, is_recognizing: bool) -> bool:
        """Recognition started or was lost. True if the current question must be asked again with its keypad prompt."""
        self.is_recognizing = is_recognizing
        if not is_recognizing:
            self._expected_turn = None
        return self.asked_by_speech and not is_recognizing

    def find_danger(self, text: str, facts: Mapping[str, str], *, whole: bool) -> str | None:
        """The words that report the first danger of the call, which becomes `pending_danger`.

        None if there is no danger in `text`, if one was found earlier, or if the facts already hold all that it sets.
        `whole`: `text` is a final result.
        """
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
        """The address facts in the utterance that reported the danger; empty if it names no address.

        Acting on the danger may cut the utterance in two; both parts are read together. `whole`: `text` is a final
        result.
        """
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
                yield from load_expected_words()["danger"]
