"""A caller who talks with the engine, and the scripts and actions the tests share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from callcenter.core.problems import Problem
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
from callcenter.dialogue.interpretation.interpretation import Interpreter
from callcenter.dialogue.scripts.reader import read_script
from callcenter.dialogue.scripts.script import ActionSpec, Script

T = TypeVar("T", bound=Command)
SMALL = Path(__file__).with_name("small.yaml")
SPOKEN = SMALL.with_name("spoken.yaml")
UNDERSTOOD = SMALL.with_name("understood.yaml")
ACTIONS = {
    "записать": ActionSpec(
        "записать", needs=("категория",), may_take=("номер",), gives={"готово": ("номер заявки",), "нет базы": ()}
    ),
    "узнать": ActionSpec("узнать", needs=(), gives={"готово": ("имя",)}),
}
ARTICLES = ("KB01", "KB02", "безопасность:WATER")
VALUES = {"категория": ("WATER", "HEAT")}


def read(file: Path) -> tuple[Script | None, list[Problem]]:
    return read_script(file, actions=ACTIONS, articles=ARTICLES, allowed_values=VALUES)


def small_script() -> Script:
    script, problems = read(SMALL)
    assert script is not None, problems
    return script


def spoken_script() -> Script:
    """One whose callers may speak."""
    script, problems = read(SPOKEN)
    assert script is not None, problems
    return script


def understood_script() -> Script:
    """One whose callers are understood, whatever words they choose."""
    script, problems = read(UNDERSTOOD)
    assert script is not None, problems
    return script


@dataclass
class Caller:
    """Feeds events, remembers every command; `hears` lets prompts end until the wanted one is being said."""

    script: Script
    answers: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    ear: bool = False
    """The robot hears this caller."""
    mind: Interpreter | None = None
    last: list[Command] = field(default_factory=list)
    log: list[Command] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.talk = Conversation(self.script, self.answers, self.facts, self.mind)
        self.take(Began())
        if self.ear:
            self.take(EarOpened())

    def take(self, event: Event) -> list[Command]:
        self.last = self.talk.handle_event(event)
        self.log += self.last
        return self.last

    @property
    def awaited(self) -> Say | Listen | Do | None:
        waiting = [command for command in self.log if isinstance(command, Say | Listen | Do)]
        hushed = {command.turn for command in self.log if isinstance(command, Hush)}
        return waiting[-1] if waiting and waiting[-1].turn not in hushed else None

    def hears(self, words: str) -> None:
        """The robot is saying, or comes to say, something with these words."""
        while True:
            said = self.awaited
            assert isinstance(said, Say), f"«{words}» is not said; the robot waits: {said}"
            if words in said.text:
                return
            self.take(SayingEnded(said.turn))

    def hears_out(self) -> None:
        """Lets the robot speak until it listens, acts or is done."""
        while isinstance(said := self.awaited, Say) and not self.talk.ended:
            self.take(SayingEnded(said.turn))

    def presses(self, keys: str) -> None:
        for key in keys:
            self.take(KeyPressed(key))

    def says(self, text: str) -> None:
        """Words said to the question that is asked, once the robot listens."""
        self.hears_out()
        self.take(Said(self.expected, text))

    @property
    def expected(self) -> int:
        """The turn of what is heard now."""
        return next((command.turn for command in reversed(self.log) if isinstance(command, Expect)), 0)

    def keeps_silent(self) -> None:
        self.hears_out()
        assert isinstance(self.awaited, Listen)
        self.take(Silence(self.awaited.turn))

    def hangs_up(self) -> None:
        self.take(HungUp())

    def action_ends(self, outcome: str, facts: Mapping[str, str] | None = None) -> None:
        assert isinstance(self.awaited, Do)
        self.take(ActionDone(self.awaited.turn, outcome, facts or {}))

    @property
    def end(self) -> ToQueue | Hangup | None:
        return next((command for command in self.log if isinstance(command, ToQueue | Hangup)), None)

    def log_of(self, kind: type[T]) -> list[T]:
        """Every command of a kind so far."""
        return [command for command in self.log if isinstance(command, kind)]

    def remarks(self, kind: str) -> list[Mapping[str, str]]:
        return [command.facts for command in self.log if isinstance(command, Remark) and command.kind == kind]
