"""Finds the keys that lead to a command of a script, and the prompts that the robot says on the way.

The demo contains no menu. It runs the script in the dialogue engine, finds the shortest key sequence, and expects these
prompts on the telephone. So a changed menu needs no change of the demo.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from callcenter.conducting.action_specs import ACTIONS
from callcenter.conducting.scripts import ScriptEdition
from callcenter.core.errors import CallcenterError
from callcenter.dialogue.engine.commands import Command, Do, Hangup, Listen, Say, ToQueue
from callcenter.dialogue.engine.conversation import Conversation
from callcenter.dialogue.engine.events import ActionDone, Began, EarOpened, KeyPressed, SayingEnded, Silence
from callcenter.dialogue.scripts.script import Ask, Digits

_DTMF_KEYS = "1234567890"
_MAX_KEYS = 8
"""Longest key sequence that is searched, and number of silences that `play_silence` plays."""

Reaches = Callable[[Command], bool]


class NoWay(CallcenterError):
    """No key sequence of the script leads to the command."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The prompts of the robot, in order, and the key pressed after them; None: silence, or the end of the way."""

    prompts: tuple[Say, ...]
    key: str | None


@dataclass(frozen=True, slots=True)
class Way:
    """A key sequence with its turns, and all commands of the engine in order."""

    keys: str
    turns: tuple[Turn, ...]
    commands: tuple[Command, ...]
    last_step: str
    """The last step of the script; empty when the conversation is in none."""
    facts: Mapping[str, str]


def play_keys(
    edition: ScriptEdition,
    keys: str,
    *,
    facts: Mapping[str, str] | None = None,
    outcomes: Mapping[str, str] | None = None,
) -> Way:
    """Plays `keys` until the robot waits for another key, hangs up or puts the caller through.

    An action has its first outcome unless `outcomes` names another one. Its facts are taken from `facts`; the name of a
    missing fact stands for its value.
    """
    return _simulate(edition, deque(keys), facts or {}, outcomes or {}, silences=0)


def play_silence(edition: ScriptEdition) -> Way:
    """Plays a caller who never presses a key, to the end."""
    return _simulate(edition, deque(), {}, {}, silences=_MAX_KEYS)


def find_way(edition: ScriptEdition, is_target: Reaches, *, begin: str = "") -> Way:
    """Returns the shortest way after the keys `begin` to a command that satisfies `is_target`. Raises NoWay."""
    ways = deque([begin])
    known = len(play_keys(edition, begin).commands) if begin else 0
    seen: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
    while ways:
        keys = ways.popleft()
        way = play_keys(edition, keys)
        if any(is_target(command) for command in way.commands[known:]):
            return way
        place = (way.last_step, tuple(sorted(way.facts.items())))
        step = edition.script.steps.get(way.last_step)
        if place in seen or len(keys) >= _MAX_KEYS or not isinstance(step, Ask) or isinstance(step.reply, Digits):
            continue
        seen.add(place)
        ways.extend(keys + key for key in _DTMF_KEYS)
    raise NoWay(f"no keys of the script «{edition.script.name}» lead to what the demo shows")


def _simulate(
    edition: ScriptEdition, keys: deque[str], facts: Mapping[str, str], outcomes: Mapping[str, str], *, silences: int
) -> Way:
    pressed = "".join(keys)
    conversation = Conversation(edition.script, edition.answers, {})
    todo = deque(conversation.handle_event(Began()))
    if edition.recognition_enabled:  # the questions are worded for speech; keys answer them, too
        todo.extend(conversation.handle_event(EarOpened()))
    said: list[Say] = []
    turns: list[Turn] = []
    commands: list[Command] = []
    while todo:
        command = todo.popleft()
        commands.append(command)
        match command:
            case Say(turn=turn):
                said.append(command)
                todo.extend(conversation.handle_event(SayingEnded(turn)))
            case Do(turn=turn, action=action):
                possible = ACTIONS[action].gives
                outcome = outcomes.get(action, next(iter(possible)))
                given = {name: facts.get(name, name) for name in possible[outcome]}
                todo.extend(conversation.handle_event(ActionDone(turn, outcome, given)))
            case Listen() if keys:
                key = keys.popleft()
                turns.append(Turn(tuple(said), key))
                said = []
                todo.extend(conversation.handle_event(KeyPressed(key)))
            case Listen(turn=turn) if silences:
                silences -= 1
                turns.append(Turn(tuple(said), None))
                said = []
                todo.extend(conversation.handle_event(Silence(turn)))
            case ToQueue() | Hangup():
                break
            case _:
                pass
    turns.append(Turn(tuple(said), None))
    return Way(pressed, tuple(turns), tuple(commands), conversation.step or "", conversation.facts)
