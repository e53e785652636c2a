"""Whatever happens in whatever order, a caller is always asked something, told something, or on the way to a person."""

from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.conducting.action_specs import ACTIONS, CATEGORY
from callcenter.dialogue.engine.commands import Command, Do, Expect, Hangup, Listen, Say, ToQueue
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
from callcenter.dialogue.scripts.reader import read_script
from callcenter.dialogue.scripts.script import KEYS, ActionSpec, Ask, Choice, Script
from callcenter.knowledge.base import read_knowledge
from callcenter.settings import TREE
from tests.dialogue.talking import ACTIONS as SMALL_ACTIONS
from tests.dialogue.talking import small_script, spoken_script

MOST_TURNS_TO_THE_END = 30
"""Of somebody who does not answer: prompts, silences and actions until a person or the goodbye."""
KNOWLEDGE = read_knowledge(TREE / "knowledge_base")


def main_script() -> Script:
    codes = [category.code for category in KNOWLEDGE.categories]
    file = TREE / "ivr_scripts" / "main.yaml"
    script, problems = read_script(
        file, actions=ACTIONS, articles=KNOWLEDGE.answer_names, allowed_values={CATEGORY: codes}
    )
    assert script is not None, problems
    return script


SCRIPTS: Mapping[str, tuple[Script, Mapping[str, str], Mapping[str, ActionSpec]]] = {
    "small": (small_script(), {"KB01": "Паспортный стол открыт."}, SMALL_ACTIONS),
    "spoken": (spoken_script(), {}, SMALL_ACTIONS),
    "main": (main_script(), KNOWLEDGE.render_answers(date(2026, 11, 24)), ACTIONS),
}

AWAITED = 0
"""The turn that is awaited now; other figures are turns before and after it."""
turns = st.sampled_from((AWAITED, AWAITED, AWAITED, -1, -2, 1))
happenings = st.one_of(
    st.tuples(st.just("key"), st.sampled_from((*KEYS, "0", "1", "1", "2", "A", ""))),
    st.tuples(st.just("said"), turns),
    st.tuples(st.just("said"), turns),
    st.tuples(st.just("silence"), turns),
    st.tuples(st.just("words"), turns, st.sampled_from(("у нас прорвало", "пахнет газом", "алло", ""))),
    st.tuples(st.just("guess"), st.sampled_from(("у нас", "пахнет газом"))),
    st.tuples(st.just("speech"), turns),
    st.sampled_from((("ear",), ("ear",), ("no ear",))),
    st.tuples(st.just("done"), turns, st.integers(0, 4), st.booleans()),
    st.sampled_from((*[("began",)] * 4, ("hung up",))),
)
lives = st.lists(happenings, max_size=60)


class Watched:
    """A conversation, and what it asked for last."""

    def __init__(self, name: str) -> None:
        script, answers, self.actions = SCRIPTS[name]
        self.talk = Conversation(script, answers, {})
        self.awaited: Say | Listen | Do | None = None
        self.expected = 0
        self.ends: list[Command] = []
        self.take(Began())

    def take(self, event: Event) -> list[Command]:
        commands = self.talk.handle_event(event)
        for command in commands:
            assert not self.ends, f"{command} after the end"
            if isinstance(command, Say | Listen | Do):
                assert self.awaited is None or command.turn > self.awaited.turn
                self.awaited = command
            elif isinstance(command, Expect):
                assert command.turn > self.expected
                self.expected = command.turn
            elif isinstance(command, ToQueue | Hangup):
                self.ends.append(command)
        return commands

    def event(self, happening: tuple[object, ...]) -> Event:
        turn = self.awaited.turn if self.awaited else 0
        event: Event = HungUp()
        match happening:
            case ("key", str(key)):
                event = KeyPressed(key)
            case ("said", int(shift)):
                event = SayingEnded(turn + shift)
            case ("silence", int(shift)):
                event = Silence(turn + shift)
            case ("words", int(shift), str(text)):
                event = Said(self.expected + shift, text)
            case ("guess", str(text)):
                event = Heard(text)
            case ("speech", int(shift)):
                event = SpeechBegan(self.expected + shift)
            case ("ear",):
                event = EarOpened()
            case ("no ear",):
                event = EarLost()
            case ("done", int(shift), int(number), bool(complete)):
                event = self.outcome(turn + shift, number, complete=complete)
            case ("began",):
                event = Began()
        return event

    def outcome(self, turn: int, number: int, *, complete: bool) -> ActionDone:
        """One of the outcomes of the awaited action, or one it does not have; facts may be missing."""
        spec = self.actions[self.awaited.action] if isinstance(self.awaited, Do) else None
        outcomes = (*spec.outcomes, "взрыв") if spec else ("взрыв",)
        outcome = outcomes[number % len(outcomes)]
        gives = spec.gives.get(outcome, ()) if spec and complete else ()
        return ActionDone(turn, outcome, dict.fromkeys(gives, "раз два"))


def live(watched: Watched, life: list[tuple[object, ...]]) -> None:
    for happening in life:
        watched.take(watched.event(happening))


@pytest.mark.parametrize("name", SCRIPTS)
@settings(max_examples=100, deadline=None)
@given(life=lives)
def test_a_call_is_over_or_something_is_awaited(name: str, life: list[tuple[object, ...]]) -> None:
    watched = Watched(name)
    for happening in life:
        watched.take(watched.event(happening))
        assert watched.talk.ended or watched.awaited is not None
        assert len(watched.ends) <= 1
    if watched.ends:
        assert watched.talk.ended


@pytest.mark.parametrize("name", SCRIPTS)
@settings(max_examples=80, deadline=None)
@given(life=lives, number=st.integers(0, 4), stubborn=st.booleans())
def test_whoever_stops_answering_soon_reaches_a_person_or_the_goodbye(
    name: str, life: list[tuple[object, ...]], number: int, stubborn: bool
) -> None:
    watched = Watched(name)
    live(watched, [happening for happening in life if happening != ("hung up",)])
    for _ in range(MOST_TURNS_TO_THE_END):
        match watched.awaited:
            case _ if watched.talk.ended:
                break
            case Say(turn):
                watched.take(SayingEnded(turn))
            case Do(turn):
                watched.take(watched.outcome(turn, number, complete=True))
            case Listen(turn):
                key = find_wrong_key(SCRIPTS[name][0], watched.talk.step)
                watched.take(KeyPressed(key) if stubborn and key else Silence(turn))
    assert len(watched.ends) == 1


def find_wrong_key(script: Script, step: str | None) -> str | None:
    """A key that the question does not know; None when it knows them all, as a number does."""
    ask = script.steps.get(step or "")
    if not isinstance(ask, Ask) or not isinstance(ask.reply, Choice):
        return None
    known = {answer.key for answer in ask.reply.answers}
    return next((key for key in "987654321" if key not in known), None)


@pytest.mark.parametrize("name", SCRIPTS)
@settings(max_examples=100, deadline=None)
@given(
    life=lives,
    late=st.tuples(
        st.sampled_from((SayingEnded, Silence, Said, ActionDone)),
        st.integers(-5, 5).filter(lambda turn: turn != AWAITED),
    ),
)
def test_a_late_event_changes_nothing_at_all(
    name: str, life: list[tuple[object, ...]], late: tuple[type[Event], int]
) -> None:
    """Two equal conversations, one of which gets the late event, go on alike."""
    kind, shift = late
    one, other = Watched(name), Watched(name)
    half = len(life) // 2
    live(one, life[:half])
    live(other, life[:half])
    turn = (one.awaited.turn if one.awaited else 0) + shift
    heard = (one.expected or 1000) + shift
    given_late: dict[type[Event], Event] = {
        SayingEnded: SayingEnded(turn),
        Silence: Silence(turn),
        Said: Said(heard, "у нас прорвало"),
        ActionDone: ActionDone(turn, "готово", {"номер заявки": "1", "категория": "HEAT"}),
    }
    assert one.take(given_late[kind]) == []
    assert one.talk.facts == other.talk.facts
    for happening in life[half:]:
        assert one.take(one.event(happening)) == other.take(other.event(happening))


@settings(max_examples=30, deadline=None)
@given(life=lives)
def test_the_same_life_is_the_same_call(life: list[tuple[object, ...]]) -> None:
    one, other = Watched("main"), Watched("main")
    for happening in life:
        assert one.take(one.event(happening)) == other.take(other.event(happening))
