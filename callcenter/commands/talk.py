"""`callcenter talk main`: a person types the caller's part of a script; the talk can be saved as a test."""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from callcenter.commands.in_memory_register import open_in_memory_actions
from callcenter.conducting.action_specs import ACTIONS, CATEGORY
from callcenter.conducting.knowledge_snapshot import open_interpreter, read_knowledge_snapshot
from callcenter.core.clock import SystemClock
from callcenter.core.errors import CallcenterError
from callcenter.core.event_kinds import EventKind
from callcenter.core.problems import FileLocation
from callcenter.dialogue.engine.commands import Command, Do, Expect, Hangup, Hush, Listen, Remark, Say, ToQueue
from callcenter.dialogue.engine.conversation import Conversation
from callcenter.dialogue.engine.events import (
    ActionDone,
    Began,
    EarOpened,
    Event,
    HungUp,
    KeyPressed,
    Said,
    SayingEnded,
    Silence,
)
from callcenter.dialogue.engine.priorities import DANGER_PRIORITY
from callcenter.dialogue.interpretation.interpretation import Interpreter
from callcenter.dialogue.scripts.reader import read_script
from callcenter.dialogue.scripts.rehearsal import GetOutcome, run_talk
from callcenter.dialogue.scripts.script import KEYS, ActionSpec, Script, list_told_articles
from callcenter.dialogue.scripts.talk_writer import write_talk
from callcenter.dialogue.scripts.talks import (
    CallerHangsUp,
    CallerIsSilent,
    CallerPresses,
    CallerSpeaks,
    End,
    GivenOutcome,
    RobotAnswers,
    RobotDoes,
    RobotSays,
    Talk,
    Turn,
    find_talks_file,
    read_talks,
    read_usual_outcomes,
)
from callcenter.knowledge.base import read_knowledge
from callcenter.settings import TREE, read_settings

KNOWLEDGE = TREE / "knowledge_base"
_KEYS_HELP = "Кнопки и Enter; пустой Enter — молчать; т — повесить трубку."
_SPEECH_HELP = "Кнопки или слова и Enter; пустой Enter — молчать; т — повесить трубку."
_HANG_UP = ("т", "h")
"""Lines that hang up: «т» (трубка), or `h` when the keyboard layout is Latin."""


class BrokenFiles(CallcenterError):
    """The script or its talks file cannot be read, or a talk cannot be saved."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("script", help="a script of ivr_scripts/ (main), or a path")
    parser.add_argument("--save", metavar="NAME", help="put the talk into the twin file x.talks.yaml under this name")
    parser.add_argument("--ear", action="store_true", help="the robot hears: words may be typed, too")
    parser.add_argument("--ask-outcomes", action="store_true", help="ask how each action ends")


def run(arguments: argparse.Namespace) -> int:
    file = find_script(arguments.script)
    knowledge = read_knowledge(KNOWLEDGE)
    codes = [category.code for category in knowledge.categories]
    script, problems = read_script(
        file, actions=ACTIONS, articles=knowledge.answer_names, allowed_values={CATEGORY: codes}
    )
    if script is None:
        raise BrokenFiles("\n".join(str(problem) for problem in problems))
    zone = read_settings().company.zone
    known, _ = read_knowledge_snapshot(KNOWLEDGE, knowledge.categories, zone)
    mind = open_interpreter(KNOWLEDGE, known, knowledge.articles)[0] if arguments.ear else None
    clock = SystemClock()
    answers = knowledge.render_answers(clock.now().astimezone(zone).date())
    game = ManualTalk(
        script,
        answers,
        read_usual_outcomes(find_talks_file(file)),
        read=_read_line,
        write=print,
        ask_outcomes=arguments.ask_outcomes,
        recognition_enabled=arguments.ear,
        interpreter=mind,
        run_action=open_in_memory_actions(known, zone, clock),
    )
    talk = game.play(name=arguments.save or "", place=FileLocation(file))
    if arguments.save:
        save_talk(find_talks_file(file), talk, script, answers, mind)
        print(f"Разговор «{talk.name}» записан в {find_talks_file(file)}")
    return 0


def find_script(name: str) -> Path:
    """Returns the file of a script, given its name in `ivr_scripts/` or its path. Raises BrokenFiles."""
    places = (TREE / "ivr_scripts" / f"{name}.yaml", Path(name))
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        known = sorted(
            file.stem
            for file in (TREE / "ivr_scripts").glob("*.yaml")
            if not file.stem.endswith(".talks") and file.stem != "dialplan"
        )
        raise BrokenFiles(f"нет сценария «{name}» в ivr_scripts/; есть: {', '.join(known)}")
    return found


def save_talk(
    file: Path, talk: Talk, script: Script, answers: Mapping[str, str], interpreter: Interpreter | None = None
) -> None:
    """Appends `talk` to `file`.

    Raises BrokenFiles, and leaves the file unchanged, when the talk fails or the result cannot be read.
    """
    differences = run_talk(script, talk, answers=answers, interpreter=interpreter)
    if differences:
        raise BrokenFiles("\n".join(str(problem) for problem in differences))
    before = read_talks(file)[0] if file.exists() else ()
    text = file.read_text(encoding="utf-8").rstrip("\n") if file.exists() else "разговоры:"
    draft = file.with_name(f".{file.name}.new")
    draft.write_text(f"{text}\n\n{write_talk(talk)}", encoding="utf-8")
    try:
        after, problems = read_talks(draft)
        if problems or len(after) != len(before) + 1:
            reasons = [str(problem) for problem in problems] or ["«разговоры» must be the last word of the file"]
            raise BrokenFiles(f"{file}: the talk is not saved:\n" + "\n".join(reasons))
        os.replace(draft, file)
    finally:
        draft.unlink(missing_ok=True)


@dataclass(slots=True)
class ManualTalk:
    """A talk whose caller is a person at a terminal. `read(prompt)` returns a line, or None at the end of input."""

    script: Script
    answers: Mapping[str, str]
    default_outcomes: Mapping[str, tuple[GivenOutcome, ...]]
    read: Callable[[str], str | None]
    write: Callable[[str], None]
    ask_outcomes: bool = False
    recognition_enabled: bool = False
    interpreter: Interpreter | None = None
    run_action: GetOutcome | None = None
    """Gives the outcome of an action as in a real call; on None, the outcome comes from `default_outcomes`."""
    _conversation: Conversation = field(init=False)
    _turns: list[Turn] = field(default_factory=list)
    _outcomes: dict[str, tuple[GivenOutcome, ...]] = field(default_factory=dict)
    _awaited_command: Say | Listen | Do | None = None
    _end: End | None = None
    _served: bool = False
    _expected_turn: int = 0

    def __post_init__(self) -> None:
        self._conversation = Conversation(self.script, self.answers, {}, self.interpreter)

    def play(self, *, name: str, place: FileLocation) -> Talk:
        """Plays until the talk ends; returns it."""
        self.write(self._help_text)
        commands = self._feed_event(Began())
        if self.recognition_enabled:
            commands += self._feed_event(EarOpened())
        while self._end is None:
            commands = self._process_commands(commands, place)
        self.write(f"Итог: {self._end}{', звонящий обслужен' if self._served else ''}.")
        silent = frozenset(list_told_articles(self.script)) - frozenset(self.answers)
        turns = tuple(self._turns)
        return Talk(
            name,
            place,
            turns,
            self._end,
            self._served,
            self._outcomes,
            silent,
            speech_declared=self.recognition_enabled,
        )

    def _process_commands(self, commands: list[Command], place: FileLocation) -> list[Command]:
        hushed = {command.turn for command in commands if isinstance(command, Hush)}
        for command in commands:
            match command:
                case Say(turn, text) if turn not in hushed:
                    self.write(f"Робот: {text}")
                    self._turns.append(self._make_robot_turn(text, place))
                case ToQueue(reason, priority):
                    self.write(f"[к диспетчерам: {reason}]")
                    danger = priority == DANGER_PRIORITY
                    self._end = End.PUT_THROUGH_IN_DANGER if danger else End.PUT_THROUGH
                case Hangup():
                    self._end = End.GOODBYE
                case Remark(EventKind.SERVED):
                    self._served = True
        awaited = [command for command in commands if isinstance(command, Say | Listen | Do)]
        self._awaited_command = (
            awaited[-1] if awaited else self._awaited_command
        )  # after an ignored key the engine still waits for the same input
        match self._awaited_command:
            case Say(turn):
                return self._feed_event(SayingEnded(turn))
            case Do(turn, action, known):
                return self._feed_event(self._execute_action(turn, ACTIONS[action], known, place))
            case Listen(turn):
                return self._read_caller_turn(turn, place)
        return []

    def _read_caller_turn(self, turn: int, place: FileLocation) -> list[Command]:
        while True:
            line = self.read("Вы: ")
            if line is None or line.strip().lower() in _HANG_UP:
                self._turns.append(CallerHangsUp(place))
                self._end = End.HUNG_UP
                return self._feed_event(HungUp())
            keys = line.strip()
            if not keys:
                self._turns.append(CallerIsSilent(place))
                return self._feed_event(Silence(turn))
            if set(keys) <= set(KEYS):
                self._turns.append(CallerPresses(keys, place))
                return [command for key in keys for command in self._feed_event(KeyPressed(key))]
            if self.recognition_enabled:
                self._turns.append(CallerSpeaks(keys, place))
                return self._feed_event(Said(self._expected_turn, keys))
            self.write(_KEYS_HELP)

    @property
    def _help_text(self) -> str:
        return _SPEECH_HELP if self.recognition_enabled else _KEYS_HELP

    def _execute_action(self, turn: int, spec: ActionSpec, known: Mapping[str, str], place: FileLocation) -> ActionDone:
        given = self.default_outcomes.get(spec.name, ())
        plain = self.run_action(spec.name, known) if self.run_action else None
        usual = plain or (given[0] if given else self._make_placeholder_outcome(spec, spec.outcomes[0]))
        outcome = self._ask_outcome(spec, usual, given) if self.ask_outcomes else usual
        self.write(f"[{spec.name}: {outcome.outcome}]")
        self._turns.append(RobotDoes(spec.name, dict(known), place))
        self._outcomes[spec.name] = (*self._outcomes.get(spec.name, ()), outcome)
        return ActionDone(turn, outcome.outcome, outcome.facts)

    def _ask_outcome(self, spec: ActionSpec, usual: GivenOutcome, given: Sequence[GivenOutcome]) -> GivenOutcome:
        while True:
            line = self.read(f"Чем кончилось «{spec.name}»? {' | '.join(spec.outcomes)} [{usual.outcome}] ")
            outcome = (line or "").strip() or usual.outcome
            if known := next((one for one in (usual, *given) if one.outcome == outcome), None):
                return known
            if outcome in spec.outcomes:
                return self._make_placeholder_outcome(spec, outcome)

    def _make_placeholder_outcome(self, spec: ActionSpec, outcome: str) -> GivenOutcome:
        return GivenOutcome(outcome, {name: f"({name})" for name in spec.gives[outcome]})

    def _make_robot_turn(self, text: str, place: FileLocation) -> Turn:
        article = next((name for name, answer in self.answers.items() if answer == text), None)
        return RobotAnswers(article, place) if article else RobotSays(text, place)

    def _feed_event(self, event: Event) -> list[Command]:
        commands = self._conversation.handle_event(event)
        self._expected_turn = next(
            (one.turn for one in reversed(commands) if isinstance(one, Expect)), self._expected_turn
        )
        return commands


def _read_line(prompt: str) -> str | None:
    try:
        return input(prompt)
    except EOFError:
        return None
