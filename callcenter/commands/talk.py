"""`callcenter talk main`: play the caller in a terminal, and keep the talk as a test of the script."""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from callcenter.commands.paper import open_paper
from callcenter.conducting.action_specs import ACTIONS, CATEGORY
from callcenter.conducting.known import open_mind, read_known
from callcenter.core.clock import SystemClock
from callcenter.core.errors import CallcenterError
from callcenter.core.problems import Place
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
from callcenter.dialogue.interpretation.interpretation import Mind
from callcenter.dialogue.scripts.reader import read_script
from callcenter.dialogue.scripts.rehearsal import CarryOut, run_talk
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
    find_twin,
    read_talks,
    read_usual_outcomes,
)
from callcenter.knowledge.base import read_knowledge
from callcenter.settings import TREE, read_settings

KNOWLEDGE = TREE / "knowledge_base"
_HOW = "Кнопки и Enter; пустой Enter — молчать; т — повесить трубку."
_HOW_HEARD = "Кнопки или слова и Enter; пустой Enter — молчать; т — повесить трубку."
_HANG_UP = ("т", "h")
"""Whichever layout the keyboard has."""


class BrokenFiles(CallcenterError):
    """The script or its talks cannot be read."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("script", help="a script of ivr_scripts/ (main), or a path")
    parser.add_argument("--save", metavar="NAME", help="put the talk into the twin file x.talks.yaml under this name")
    parser.add_argument("--ear", action="store_true", help="the robot hears: words may be typed, too")
    parser.add_argument("--ask-outcomes", action="store_true", help="ask how each action ends")


def run(arguments: argparse.Namespace) -> int:
    file = find_script(arguments.script)
    knowledge = read_knowledge(KNOWLEDGE)
    codes = [category.code for category in knowledge.categories]
    script, problems = read_script(file, actions=ACTIONS, articles=knowledge.names, values={CATEGORY: codes})
    if script is None:
        raise BrokenFiles("\n".join(str(problem) for problem in problems))
    zone = read_settings().company.zone
    known, _ = read_known(KNOWLEDGE, knowledge.categories, zone)
    mind = open_mind(KNOWLEDGE, known, knowledge.articles)[0] if arguments.ear else None
    clock = SystemClock()
    answers = knowledge.answers(clock.now().astimezone(zone).date())
    game = Game(
        script,
        answers,
        read_usual_outcomes(find_twin(file)),
        read=_read_line,
        write=print,
        ask_outcomes=arguments.ask_outcomes,
        ear=arguments.ear,
        mind=mind,
        carry_out=open_paper(known, zone, clock),
    )
    talk = game.play(name=arguments.save or "", place=Place(file))
    if arguments.save:
        save_talk(find_twin(file), talk, script, answers, mind)
        print(f"Разговор «{talk.name}» записан в {find_twin(file)}")
    return 0


def find_script(name: str) -> Path:
    """The file of a script given by its name in `ivr_scripts/` or by its path. Raises BrokenFiles."""
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


def save_talk(file: Path, talk: Talk, script: Script, answers: Mapping[str, str], mind: Mind | None = None) -> None:
    """Puts `talk` at the end of `file`. Raises BrokenFiles, and changes nothing, when it would not read or not pass."""
    differences = run_talk(script, talk, answers=answers, mind=mind)
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
class Game:
    """One conversation played by hand. `read` gives a line for a prompt, None when there are no more."""

    script: Script
    answers: Mapping[str, str]
    usual: Mapping[str, tuple[GivenOutcome, ...]]
    read: Callable[[str], str | None]
    write: Callable[[str], None]
    ask_outcomes: bool = False
    ear: bool = False
    mind: Mind | None = None
    carry_out: CarryOut | None = None
    """Actions that come out as in a real call; all others as the talks usually have them."""
    _conversation: Conversation = field(init=False)
    _turns: list[Turn] = field(default_factory=list)
    _outcomes: dict[str, tuple[GivenOutcome, ...]] = field(default_factory=dict)
    _awaited: Say | Listen | Do | None = None
    _end: End | None = None
    _served: bool = False
    _expected: int = 0

    def __post_init__(self) -> None:
        self._conversation = Conversation(self.script, self.answers, {}, self.mind)

    def play(self, *, name: str, place: Place) -> Talk:
        """Plays to the end and gives the talk back."""
        self.write(self._how)
        commands = self._take(Began())
        if self.ear:
            commands += self._take(EarOpened())
        while self._end is None:
            commands = self._go_on(commands, place)
        self.write(f"Итог: {self._end}{', звонящий обслужен' if self._served else ''}.")
        silent = frozenset(list_told_articles(self.script)) - frozenset(self.answers)
        turns = tuple(self._turns)
        return Talk(name, place, turns, self._end, self._served, self._outcomes, silent, ear=self.ear)

    def _go_on(self, commands: list[Command], place: Place) -> list[Command]:
        hushed = {command.turn for command in commands if isinstance(command, Hush)}
        for command in commands:
            match command:
                case Say(turn, text) if turn not in hushed:
                    self.write(f"Робот: {text}")
                    self._turns.append(self._tell(text, place))
                case ToQueue(reason, priority):
                    self.write(f"[к диспетчерам: {reason}]")
                    danger = priority == DANGER_PRIORITY
                    self._end = End.PUT_THROUGH_IN_DANGER if danger else End.PUT_THROUGH
                case Hangup():
                    self._end = End.GOODBYE
                case Remark("served"):
                    self._served = True
        awaited = [command for command in commands if isinstance(command, Say | Listen | Do)]
        self._awaited = awaited[-1] if awaited else self._awaited  # a key that means nothing changes nothing
        match self._awaited:
            case Say(turn):
                return self._take(SayingEnded(turn))
            case Do(turn, action, known):
                return self._take(self._do(turn, ACTIONS[action], known, place))
            case Listen(turn):
                return self._listen(turn, place)
        return []

    def _listen(self, turn: int, place: Place) -> list[Command]:
        while True:
            line = self.read("Вы: ")
            if line is None or line.strip().lower() in _HANG_UP:
                self._turns.append(CallerHangsUp(place))
                self._end = End.HUNG_UP
                return self._take(HungUp())
            keys = line.strip()
            if not keys:
                self._turns.append(CallerIsSilent(place))
                return self._take(Silence(turn))
            if set(keys) <= set(KEYS):
                self._turns.append(CallerPresses(keys, place))
                return [command for key in keys for command in self._take(KeyPressed(key))]
            if self.ear:
                self._turns.append(CallerSpeaks(keys, place))
                return self._take(Said(self._expected, keys))
            self.write(_HOW)

    @property
    def _how(self) -> str:
        return _HOW_HEARD if self.ear else _HOW

    def _do(self, turn: int, spec: ActionSpec, known: Mapping[str, str], place: Place) -> ActionDone:
        given = self.usual.get(spec.name, ())
        plain = self.carry_out(spec.name, known) if self.carry_out else None
        usual = plain or (given[0] if given else self._imagine(spec, spec.outcomes[0]))
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
                return self._imagine(spec, outcome)

    def _imagine(self, spec: ActionSpec, outcome: str) -> GivenOutcome:
        return GivenOutcome(outcome, {name: f"({name})" for name in spec.gives[outcome]})

    def _tell(self, text: str, place: Place) -> Turn:
        article = next((name for name, answer in self.answers.items() if answer == text), None)
        return RobotAnswers(article, place) if article else RobotSays(text, place)

    def _take(self, event: Event) -> list[Command]:
        commands = self._conversation.take(event)
        self._expected = next((one.turn for one in reversed(commands) if isinstance(one, Expect)), self._expected)
        return commands


def _read_line(prompt: str) -> str | None:
    try:
        return input(prompt)
    except EOFError:
        return None
