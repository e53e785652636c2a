"""Checks how prompts sound: their length, the length of menus, and whether prompts and DTMF keys agree."""

import re
from collections.abc import Collection, Iterator

from callcenter.core.problems import Problem
from callcenter.dialogue.scripts.phrases import normalize_words
from callcenter.dialogue.scripts.script import (
    KEYS,
    PERSON_KEY,
    REPEAT_KEY,
    Answer,
    Ask,
    Choice,
    Reference,
    Step,
    Tell,
    Text,
    list_texts,
    list_texts_by_keys,
)
from callcenter.dialogue.scripts.vocabulary import KEY_NAMES, SPEECH_PROMPT, SPEECH_REQUEST_WORDS
from callcenter.wording.spoken import normalize_for_speech

CHARS_PER_SECOND = 11
"""Speech rate, measured with festival's Russian voice, pauses included: 147 letters in 13.5 seconds."""
MAX_PROMPT_SECONDS = 20
"""Estimated duration of the longest prompt that a caller can follow (IVR307)."""
FACT_LETTERS = 45
"""Assumed spoken length of a fact (a number, a term, a phone), whose text is known only during a call."""
MAX_MENU_KEYS = 5
"""Most keys in a menu besides 0 (a person) and * (repeat) (IVR308)."""

_PRESS = re.compile(r"нажмите\s+([а-яё]+|[0-9*#])", re.IGNORECASE)


def check_prompts(steps: Collection[Step]) -> Iterator[Problem]:
    """Yields the problems of prompts and menus.

    These are prompts that are too long or ask callers to speak who may not be recognized, recording notices that can be
    interrupted, long menus, and keys that are duplicate, missing from the prompt, or named without an answer.
    """
    for step in steps:
        for text in list_texts(step):
            yield from _check_length(text)
        for text in list_texts_by_keys(step):
            yield from _check_speech_requests(text)
        if isinstance(step, Tell) and step.is_recording_notice and not step.uninterrupted:
            message = "слова о записи должны прозвучать до конца; добавьте «дослушать: да»"
            yield Problem(step.position, "IVR315", message)
        if isinstance(step, Ask) and isinstance(step.reply, Choice):
            yield from _check_menu(step, step.reply.answers)
            yield from _check_named_keys(step, step.reply.answers, steps)
            yield from _check_speech_only_answers(step)


def estimate_seconds(text: Text) -> float:
    """Estimates the duration of a text in seconds."""
    words = "".join(part if isinstance(part, str) else "х" * FACT_LETTERS for part in text.parts)
    return len(normalize_for_speech(words)) / CHARS_PER_SECOND


def _check_length(text: Text) -> Iterator[Problem]:
    seconds = estimate_seconds(text)
    if seconds > MAX_PROMPT_SECONDS:
        message = f"это около {seconds:.0f} секунд речи, а на слух держат {MAX_PROMPT_SECONDS}; сократите или разделите"
        yield Problem(text.position, "IVR307", message)


def _check_speech_requests(text: Text) -> Iterator[Problem]:
    said = f" {normalize_words(str(text))} "
    for word in SPEECH_REQUEST_WORDS:
        if f" {word} " in said:
            message = f"«{word}»: робот слышит не всегда; просите нажать кнопку, а говорить просите в «{SPEECH_PROMPT}»"
            yield Problem(text.position, "IVR309", message)
            return


def _check_menu(ask: Ask, answers: tuple[Answer, ...]) -> Iterator[Problem]:
    keyed = [answer for answer in answers if answer.key not in (None, PERSON_KEY, REPEAT_KEY)]
    if len(keyed) > MAX_MENU_KEYS:
        message = f"в меню {len(keyed)} пунктов, а запоминают не больше {MAX_MENU_KEYS}; разделите на два вопроса"
        yield Problem(ask.position, "IVR308", message)
    keys: dict[str, int] = {}
    for answer in answers:
        if answer.key is not None and answer.key in keys:
            message = f"кнопка {answer.key} уже занята ответом в строке {keys[answer.key]}"
            yield Problem(answer.position, "IVR301", message)
        elif answer.key is not None:
            keys[answer.key] = answer.position.line


def _check_named_keys(ask: Ask, answers: tuple[Answer, ...], steps: Collection[Step]) -> Iterator[Problem]:
    keys = {answer.key for answer in answers if answer.key is not None}
    named: set[str] = set()
    for text in list_texts(ask):
        pressed = {_find_key(match[1]) for match in _PRESS.finditer(str(text))}
        for key in sorted(key for key in pressed if key and key not in {*keys, PERSON_KEY, REPEAT_KEY}):
            yield Problem(text.position, "IVR310", f"сказано нажать {key}, а такого ответа нет")
        named |= pressed - {""}
    for step in steps:  # the prompt just before a question may name its keys
        if isinstance(step, Tell) and step.next.step == ask.name and not isinstance(step.content, Reference):
            named |= {_find_key(match[1]) for match in _PRESS.finditer(str(step.content))}
    for answer in answers:
        if answer.key is not None and answer.key not in {*named, PERSON_KEY, REPEAT_KEY}:
            message = f"о кнопке {answer.key} звонящему не говорят; добавьте в вопрос «нажмите …»"
            yield Problem(answer.position, "IVR311", message)


def _check_speech_only_answers(ask: Ask) -> Iterator[Problem]:
    """Yields answers that can only be spoken (IVR312).

    An answer by meaning needs no key: it gives facts that no key can give, and callers without speech recognition still
    have the other answers.
    """
    for answer in ask.answers:
        if answer.key is None and not answer.meanings and not ask.is_speech_only:
            message = "этот ответ можно только услышать, а робот слышит не всегда; добавьте «нажав»"
            yield Problem(answer.position, "IVR312", message)


def _find_key(name: str) -> str:
    """Returns the key that a word of a prompt names; empty when it names none."""
    return name if name in KEYS else KEY_NAMES.get(name.lower(), "")
