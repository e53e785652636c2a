"""Checks what callers may say to a question: duplicate phrases, and phrases that an earlier answer matches first."""

from collections.abc import Collection, Iterator

from callcenter.core.problems import Problem
from callcenter.dialogue.scripts.phrases import find_phrase, normalize_words
from callcenter.dialogue.scripts.script import Answer, Ask, Choice, Phrase, Step
from callcenter.dialogue.scripts.vocabulary import NO_MATCH_SPEECH, ONLY_ALOUD, SPEECH_PROMPT, STORY


def check_phrases(steps: Collection[Step]) -> Iterator[Problem]:
    """Yields duplicate and unreachable phrases and meanings, and speech prompts of questions that accept no speech."""
    for step in steps:
        if isinstance(step, Ask):
            if (step.speech_prompt is not None or step.is_speech_only) and not step.accepts_speech:
                names = f"«{SPEECH_PROMPT}», «{ONLY_ALOUD}» и «{NO_MATCH_SPEECH}»"
                message = f"{names} бывают у вопроса, где хоть один ответ можно услышать"
                yield Problem((step.speech_prompt or step.prompt).position, "IVR318", message)
            if step.speech_prompt is not None and step.is_speech_only:
                message = f"вопрос «{ONLY_ALOUD}» и так звучит лишь тем, кого слышат; «{SPEECH_PROMPT}» в нём лишнее"
                yield Problem(step.speech_prompt.position, "IVR320", message)
            if isinstance(step.reply, Choice):
                yield from _check_answers(step.reply)
                yield from _check_meanings(step.reply)


def _check_answers(choice: Choice) -> Iterator[Problem]:
    sources: dict[str, int] = {}
    earlier: list[Phrase] = []
    for answer in _in_engine_order(choice):
        for phrase in answer.phrases:
            source = normalize_words(phrase.source)
            if source in sources:
                message = f"фраза «{phrase.source}» уже есть в строке {sources[source]}"
                yield Problem(phrase.position, "IVR313", message)
                continue
            sources[source] = phrase.position.line
            caught = next(((way, found) for way in phrase.variants if (found := find_phrase(earlier, way))), None)
            if caught is not None:
                remedy = "уберите" if STORY in answer.meanings else "переставьте этот ответ выше"
                message = (
                    f"«{caught[0]}» сюда не попадёт: раньше подойдёт «{caught[1].source}» в строке "
                    f"{caught[1].position.line}; {remedy}"
                )
                yield Problem(phrase.position, "IVR317", message)
        earlier += answer.phrases


def _check_meanings(choice: Choice) -> Iterator[Problem]:
    """Yields meanings that an answer judged earlier has (IVR319)."""
    earlier: dict[str, int] = {}
    for answer in _in_engine_order(choice):
        for name in answer.meanings:
            if name in earlier:
                message = (
                    f"«{name}» сюда не попадёт: раньше подойдёт ответ в строке {earlier[name]}; переставьте или уберите"
                )
                yield Problem(answer.position, "IVR319", message)
        earlier |= {name: answer.position.line for name in answer.meanings}


def _in_engine_order(choice: Choice) -> list[Answer]:
    """The answers as `engine.question.judge_words` tries them: those with «рассказ» last, wherever they stand."""
    return sorted(choice.answers, key=lambda answer: STORY in answer.meanings)
