"""What a DTMF digit, a timeout or an utterance means to a question. Pure; `step_runner.py` applies the result."""

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
    """The question is answered: go to `next`."""

    next: Target
    remembered_facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WantsPerson:
    """The caller asks for a person."""


@dataclass(frozen=True, slots=True)
class WantsRepeat:
    """The caller wants to hear the question again. Digits entered so far are dropped."""


@dataclass(frozen=True, slots=True)
class AsideFound:
    """The caller said something that any question accepts («на любой вопрос»). `facts`: the facts of its meaning."""

    global_answer: Aside
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A number is incomplete; `digits`: entered so far."""

    digits: str


@dataclass(frozen=True, slots=True)
class Unmatched:
    """The question does not accept this input.

    `why`: `key`, `digits` or `words`; `said`: the utterance, if any; `remembered_facts`: other facts it gives.
    """

    why: str
    key: str = ""
    said: str = ""
    remembered_facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Meaningless:
    """The input needs no reaction."""


Meaning = Accepted | WantsPerson | WantsRepeat | AsideFound | Unfinished | Unmatched | Meaningless

_UNIVERSAL_KEYS: Mapping[str, Meaning] = {
    PERSON_KEY: WantsPerson(),
    REPEAT_KEY: WantsRepeat(),
    END_KEY: Meaningless(),  # Callers press it after a number that was complete already.
}
"""The meaning of keys that a question does not define itself."""


def judge_key(ask: Ask, key: str, *, digits: str) -> Meaning:
    """The meaning of `key`. `digits`: the digits of a number entered so far."""
    if isinstance(ask.reply, Digits):
        return _judge_digit(ask.reply, key, digits=digits)
    for answer in ask.reply.answers:
        if answer.key == key:
            return Accepted(answer.next, dict(answer.remembered_facts))
    return _UNIVERSAL_KEYS.get(key) or Unmatched("key", key)


def judge_kept_keys(ask: Ask, typeahead_keys: deque[str], *, digits: str) -> Meaning:
    """The meaning of keys pressed before the question: an answer, an incomplete number, or nothing.

    Removes the keys it uses from `typeahead_keys`; keys after an answer stay. A key without a meaning here is dropped
    and is no miss.
    """
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
    """The meaning of a complete number. A single 0 asks for a person."""
    if digits == PERSON_KEY:
        return WantsPerson()
    if reply.least <= len(digits) <= reply.most:
        return Accepted(reply.next, {reply.fact: digits})
    return Unmatched("digits", digits)


def judge_words(ask: Ask, text: str, sense: Interpretation, *, danger: bool = False) -> Meaning:
    """The meaning of an utterance. `sense`: its interpretation; `danger`: a danger was found in this call.

    Checked in this order: a number, if the question asks for one; the first answer in the script whose phrase or
    meaning the utterance has; a request for a person; what any question accepts («на любой вопрос»); hesitation, which
    is no answer; an answer by the meaning «рассказ»; else unmatched.
    """
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
    """The facts of the first of `meanings` that the utterance has."""
    return next((sense.meanings[name] for name in meanings if name in sense.meanings), {})


def list_no_match_prompts(ask: Ask, why: str) -> tuple[tuple[Text, ...], ...]:
    """The prompts after the first miss, the second …; `why` as in `Unmatched`.

    After speech that did not match, the default is the keypad prompt, as often as there are `no_match_prompts`.
    """
    if why != "words":
        return ask.no_match_prompts
    return ask.no_match_speech_prompts or ((ask.prompt,),) * len(ask.no_match_prompts)
