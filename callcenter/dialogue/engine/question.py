"""What a key, a pause or words mean to a question. Decides only; the engine carries it out."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from callcenter.dialogue.interpretation.interpretation import Interpretation
from callcenter.dialogue.scripts.asides import find_aside
from callcenter.dialogue.scripts.phrases import find_phrase
from callcenter.dialogue.scripts.script import (
    END_KEY,
    PERSON_KEY,
    REPEAT_KEY,
    Answer,
    Aside,
    Ask,
    Digits,
    Target,
    Text,
)
from callcenter.dialogue.scripts.vocabulary import PERSON, STORY


@dataclass(frozen=True, slots=True)
class Accepted:
    """The question is answered."""

    next: Target
    remembered_facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WantsPerson:
    """The caller asks for a person."""


@dataclass(frozen=True, slots=True)
class WantsRepeat:
    """The caller wants to hear the question again; a number begun is forgotten."""


@dataclass(frozen=True, slots=True)
class AsideFound:
    """The caller says something that any question may be answered with; `facts`: what its meaning gives."""

    global_answer: Aside
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A number has begun."""

    digits: str


@dataclass(frozen=True, slots=True)
class Unmatched:
    """The question has no such answer. `why`: key, digits, words; `said`: the words, where there were any;
    `remembered_facts`: what they told besides."""

    why: str
    key: str = ""
    said: str = ""
    remembered_facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Meaningless:
    """Nothing to react to."""


Meaning = Accepted | WantsPerson | WantsRepeat | AsideFound | Unfinished | Unmatched | Meaningless

_UNIVERSAL_KEYS: Mapping[str, Meaning] = {
    PERSON_KEY: WantsPerson(),
    REPEAT_KEY: WantsRepeat(),
    END_KEY: Meaningless(),  # the end of a number that was complete already: a habit, no mistake
}
"""What the keys mean that a question does not name."""


def judge_key(ask: Ask, key: str, *, digits: str) -> Meaning:
    """What `key` means; `digits` is what was pressed of a number so far."""
    if isinstance(ask.reply, Digits):
        return _judge_digit(ask.reply, key, digits=digits)
    for answer in ask.reply.answers:
        if answer.key == key:
            return Accepted(answer.next, dict(answer.remembered_facts))
    return _UNIVERSAL_KEYS.get(key) or Unmatched("key", key)


def judge_kept_keys(ask: Ask, typeahead_keys: deque[str], *, digits: str) -> Meaning:
    """What keys pressed before the question mean to it: an answer (what follows it stays kept), a number begun, or
    nothing. A key that means nothing here is forgotten and no miss."""
    while typeahead_keys:
        match judge_key(ask, typeahead_keys.popleft(), digits=digits):
            case (Accepted() | WantsPerson()) as meaning:
                return meaning
            case Unfinished(digits):
                pass
            case _:
                digits = ""
    return Unfinished(digits) if digits else Meaningless()


def _judge_digit(reply: Digits, key: str, *, digits: str) -> Meaning:
    if key == REPEAT_KEY:
        return WantsRepeat()
    if key == END_KEY:
        return judge_number(reply, digits)
    if len(digits) + 1 == reply.most:
        return judge_number(reply, digits + key)
    return Unfinished(digits + key)


def judge_number(reply: Digits, digits: str) -> Meaning:
    """What a finished number means; a lone 0 asks for a person here too."""
    if digits == PERSON_KEY:
        return WantsPerson()
    if reply.least <= len(digits) <= reply.most:
        return Accepted(reply.next, {reply.fact: digits})
    return Unmatched("digits", digits)


def judge_words(ask: Ask, text: str, sense: Interpretation, *, danger: bool = False) -> Meaning:
    """What the caller's words mean: the first answer of the file with a phrase found in them, or whose meaning they
    have; then whatever any question may be answered with, a wish for a person before all; a mere hesitation is no
    answer yet; a story only if nothing else. `danger`: one is known of."""
    beside: Mapping[str, str] = {}
    if isinstance(ask.reply, Digits):
        beside = sense.additional_facts.get(ask.reply.fact, {})
        read = sense.number_candidates.get(ask.reply.fact, ())
        fitting = [digits for digits in read if ask.reply.least <= len(digits) <= ask.reply.most]
        if fitting:
            return Accepted(ask.reply.next, {**beside, ask.reply.fact: fitting[0]})
    stories = [answer for answer in ask.answers if STORY in answer.meanings]
    plain = (answer for answer in ask.answers if answer not in stories)
    if accepted := next((found for answer in plain if (found := _judge_answer(answer, text, sense))), None):
        return accepted
    if PERSON in sense.meanings:
        return WantsPerson()
    if aside := find_aside(ask, text, sense, danger=danger):
        return AsideFound(aside, _list_facts(sense, aside.meanings))
    if sense.is_hesitation:
        return Meaningless()
    story = next((found for answer in stories if (found := _judge_answer(answer, text, sense))), None)
    return story or Unmatched("words", said=text, remembered_facts=beside)


def _judge_answer(answer: Answer, text: str, sense: Interpretation) -> Accepted | None:
    if find_phrase(answer.phrases, text) or any(name in sense.meanings for name in answer.meanings):
        return Accepted(answer.next, {**_list_facts(sense, answer.meanings), **dict(answer.remembered_facts)})
    return None


def _list_facts(sense: Interpretation, meanings: Sequence[str]) -> Mapping[str, str]:
    """Those of the first of these meanings that the words have."""
    return next((sense.meanings[name] for name in meanings if name in sense.meanings), {})


def list_misses(ask: Ask, why: str) -> tuple[tuple[Text, ...], ...]:
    """What is said after each miss; `why` as in Missed. Whoever was not understood is asked by keys."""
    if why != "words":
        return ask.no_match_prompts
    return ask.no_match_speech_prompts or ((ask.prompt,),) * len(ask.no_match_prompts)
