"""Runs test talks (talks.py) on the engine alone, in milliseconds, without telephony and without a database.

Called by `callcenter check` and `callcenter talk`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from callcenter.core.errors import CallcenterError
from callcenter.core.event_kinds import EventKind
from callcenter.core.problems import FileLocation, Problem
from callcenter.dialogue.engine.commands import Command, Do, Expect, Hangup, Hush, Listen, Remark, Say, ToQueue
from callcenter.dialogue.engine.conversation import Conversation
from callcenter.dialogue.engine.events import (
    ActionDone,
    Began,
    EarLost,
    EarOpened,
    Event,
    Heard,
    HungUp,
    KeyPressed,
    Said,
    SayingEnded,
    Silence,
    SpeechBegan,
)
from callcenter.dialogue.engine.priorities import DANGER_PRIORITY
from callcenter.dialogue.interpretation.interpretation import Interpreter
from callcenter.dialogue.scripts.phrases import normalize_words
from callcenter.dialogue.scripts.script import Script, list_told_articles
from callcenter.dialogue.scripts.talks import (
    CallerHangsUp,
    CallerIsSilent,
    CallerPresses,
    CallerSpeaks,
    EarFails,
    End,
    GivenOutcome,
    RobotAnswers,
    RobotDoes,
    RobotSays,
    Talk,
    Turn,
)

GetOutcome = Callable[[str, Mapping[str, str]], GivenOutcome | None]
"""(action, arguments) -> the outcome if the talk gives none; None: the talk must give the outcome of this action."""
LONGEST_MONOLOGUE = 200
"""Most prompts and actions in a row without a question; more means that the script loops."""


def run_talk(
    script: Script,
    test: Talk,
    *,
    answers: Mapping[str, str] | None = None,
    interpreter: Interpreter | None = None,
    get_outcome: GetOutcome | None = None,
) -> list[Problem]:
    """Returns the first difference between the robot and the talk (IVR410); later ones would follow from it.

    `answers`: article id -> spoken text; None: every article that the script may tell gets a placeholder text. Articles
    in `unavailable_articles` of the talk are left out. `interpreter` interprets the caller's utterances; None: only the
    phrases of the script are matched.
    """
    return _collect_failure(
        Rehearsal(script, test, _list_available_articles(script, test, answers), interpreter, get_outcome)
    )


def run_talks(
    script: Script,
    tests: Iterable[Talk],
    *,
    answers: Mapping[str, str] | None = None,
    interpreter: Interpreter | None = None,
    get_outcome: GetOutcome | None = None,
) -> list[Problem]:
    """Returns the first difference of each talk (IVR410) and the steps that no talk enters (IVR411, not fatal)."""
    rehearsals = [
        Rehearsal(script, talk, _list_available_articles(script, talk, answers), interpreter, get_outcome)
        for talk in tests
    ]
    problems = [problem for rehearsal in rehearsals for problem in _collect_failure(rehearsal)]
    entered = {step for rehearsal in rehearsals for step in rehearsal.entered}
    for name, step in script.steps.items():
        if name not in entered:
            message = f"в шаг «{name}» не заходит ни один разговор-проверка; добавьте такой разговор"
            problems.append(Problem(step.position, "IVR411", message, fatal=False))
    return problems


def _list_available_articles(script: Script, talk: Talk, answers: Mapping[str, str] | None) -> Mapping[str, str]:
    if answers is None:
        answers = {article: f"Ответ {article}." for article in list_told_articles(script)}
    return {article: text for article, text in answers.items() if article not in talk.unavailable_articles}


def _collect_failure(rehearsal: "Rehearsal") -> list[Problem]:
    try:
        rehearsal.play()
    except TalkDifference as difference:
        return [Problem(difference.position, "IVR410", f"разговор «{rehearsal.test.name}»: {difference}")]
    return []


class TalkDifference(CallcenterError):
    """The robot did something other than the talk expects."""

    def __init__(self, place: FileLocation, message: str) -> None:
        super().__init__(message)
        self.position = place


@dataclass(slots=True)
class Rehearsal:
    """Runs one talk on one conversation. A prompt or an action is completed only when the next turn requires it."""

    script: Script
    test: Talk
    answers: Mapping[str, str]
    interpreter: Interpreter | None = None
    get_outcome: GetOutcome | None = None
    entered: list[str] = field(default_factory=list)
    """Names of the steps entered so far."""
    _conversation: Conversation = field(init=False)
    _current_command: Say | Listen | Do | None = None
    _expected: int = 0
    _matched: bool = False
    _said: list[str] = field(default_factory=list)
    _done: dict[str, int] = field(default_factory=dict)
    _end: End | None = None
    _served: bool = False

    def __post_init__(self) -> None:
        self._conversation = Conversation(self.script, self.answers, {}, self.interpreter)

    def play(self) -> None:
        """Plays all turns and checks the end. Raises TalkDifference when the robot does something else."""
        self._send_event(Began())
        if self.test.uses_speech:
            self._send_event(EarOpened())
        for turn in self.test.turns:
            self._play(turn)
        self._check_end()

    def _play(self, turn: Turn) -> None:
        match turn:
            case RobotSays(text, place):
                self._expect_prompt(normalize_words(text), place, f"робот не сказал «{text}»")
            case RobotAnswers(article, place):
                answer = self.answers.get(article)
                if answer is None:
                    raise TalkDifference(place, f"у робота нет ответа «{article}»")
                self._expect_prompt(normalize_words(answer), place, f"робот не ответил «{article}»")
            case RobotDoes(action, arguments, place):
                self._expect_action(action, arguments, place)
            case CallerPresses():
                self._press(turn)
            case CallerSpeaks():
                self._speak(turn)
            case EarFails():
                self._send_event(EarLost())
            case CallerIsSilent(place):
                self._send_event(Silence(self._advance_to_input(place)))
            case CallerHangsUp(place):
                if self._end is not None:
                    raise TalkDifference(place, f"вешать трубку поздно: {self._end}")
                self._send_event(HungUp())
                self._end = End.HUNG_UP

    def _press(self, turn: CallerPresses) -> None:
        self._await_turn(turn.position, interrupting=turn.interrupting)
        for key in turn.keys:
            self._send_event(KeyPressed(key))

    def _speak(self, turn: CallerSpeaks) -> None:
        self._await_turn(turn.position, interrupting=turn.interrupting)
        if turn.interrupting:
            self._send_event(SpeechBegan(self._expected))
            self._send_event(Heard(turn.text))
        self._send_event(Said(self._expected, turn.text))

    def _await_turn(self, place: FileLocation, *, interrupting: bool) -> None:
        if not interrupting:
            self._advance_to_input(place)
        elif not isinstance(self._current_command, Say):
            raise TalkDifference(place, "перебить нельзя: робот сейчас не говорит")

    def _check_end(self) -> None:
        for _ in range(LONGEST_MONOLOGUE):
            if not self._advance(self.test.position):
                break
        place = self.test.turns[-1].position if self.test.turns else self.test.position
        if self._end is not self.test.end:
            ended = self._end or f"робот ещё ждёт ответа на «{self._tail()}»"
            raise TalkDifference(place, f"итог другой: {ended}, а не «{self.test.end}»")
        if self.test.served is not None and self._served is not self.test.served:
            raise TalkDifference(place, "звонящий обслужен, а не должен" if self._served else "звонящий не обслужен")

    def _expect_prompt(self, words: str, place: FileLocation, complaint: str) -> None:
        since = len(self._said)
        for _ in range(LONGEST_MONOLOGUE):
            said = normalize_words(self._current_command.text) if isinstance(self._current_command, Say) else ""
            if words in said and not self._matched:
                self._matched = True
                return
            if not self._advance(place):
                break
        heard = self._said[max(0, since - 1) :]
        raise TalkDifference(place, f"{complaint}; сказано: {' / '.join(heard) or 'ничего'}")

    def _expect_action(self, action: str, arguments: Mapping[str, str], place: FileLocation) -> None:
        for _ in range(LONGEST_MONOLOGUE):
            if isinstance(self._current_command, Do) and self._current_command.action == action and not self._matched:
                differing = {
                    name: self._current_command.arguments.get(name)
                    for name, value in arguments.items()
                    if self._current_command.arguments.get(name) != value
                }
                if differing:
                    raise TalkDifference(place, f"«{action}» с другими сведениями: {differing}")
                self._matched = True
                return
            if not self._advance(place):
                break
        raise TalkDifference(place, f"робот не сделал «{action}»")

    def _advance_to_input(self, place: FileLocation) -> int:
        for _ in range(LONGEST_MONOLOGUE):
            if isinstance(self._current_command, Listen):
                return self._current_command.turn
            if not self._advance(place):
                break
        raise TalkDifference(place, f"робот уже не слушает: {self._end or 'круг без вопроса'}")

    def _advance(self, place: FileLocation) -> bool:
        """Completes the current prompt or action. Returns False if the robot waits for the caller or the call ended."""
        match self._current_command:
            case Say(turn):
                self._send_event(SayingEnded(turn))
            case Do(turn, action, arguments):
                outcome = self._find_outcome(action, arguments)
                if outcome is None:
                    raise TalkDifference(
                        place, f"в разговоре не сказано, чем кончилось «{action}»; добавьте в «исходы»"
                    )
                self._send_event(ActionDone(turn, outcome.outcome, outcome.facts))
            case _:
                return False
        return True

    def _find_outcome(self, action: str, arguments: Mapping[str, str]) -> GivenOutcome | None:
        """Returns the outcome that the talk gives for this run of the action, else that of `get_outcome`."""
        given = self.test.outcomes.get(action)
        if not given:
            return self.get_outcome(action, arguments) if self.get_outcome else None
        times = self._done.get(action, 0)
        self._done[action] = times + 1
        return given[min(times, len(given) - 1)]

    def _send_event(self, event: Event) -> None:
        for command in self._conversation.handle_event(event):
            self._apply_command(command)

    def _apply_command(self, command: Command) -> None:
        match command:
            case Say(text=text):
                self._current_command, self._matched = command, False
                self._said.append(text)
            case Listen() | Do():
                self._current_command, self._matched = command, False
            case Expect(turn=turn):
                self._expected = turn
            case Hush():
                self._current_command = None
            case ToQueue(priority=priority):
                danger = priority == DANGER_PRIORITY
                self._current_command, self._end = None, End.PUT_THROUGH_IN_DANGER if danger else End.PUT_THROUGH
            case Hangup():
                self._current_command, self._end = None, End.GOODBYE
            case Remark(EventKind.SERVED):
                self._served = True
            case Remark(EventKind.STEP, facts):
                self.entered.append(facts["step"])
            case Remark():
                pass

    def _tail(self) -> str:
        return self._said[-1] if self._said else ""
