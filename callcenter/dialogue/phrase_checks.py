"""What callers may say to a question: no phrase twice, and none that an earlier answer has caught before."""

from collections.abc import Collection, Iterator

from callcenter.core.problems import Problem
from callcenter.dialogue.phrases import find_phrase, normalize_words
from callcenter.dialogue.script import Ask, Choice, Phrase, Step
from callcenter.dialogue.vocabulary import ALOUD, UNHEARD


def check_phrases(steps: Collection[Step]) -> Iterator[Problem]:
    """Phrases twice or in vain, and questions asked aloud to which no words are an answer."""
    for step in steps:
        if isinstance(step, Ask):
            if step.aloud is not None and not step.phrases:
                message = f"«{ALOUD}» и «{UNHEARD}» бывают у вопроса, где хоть один ответ можно услышать"
                yield Problem(step.aloud.place, "IVR318", message)
            if isinstance(step.reply, Choice):
                yield from _check_answers(step.reply)


def _check_answers(choice: Choice) -> Iterator[Problem]:
    sources: dict[str, int] = {}
    earlier: list[Phrase] = []
    for answer in choice.answers:
        for phrase in answer.phrases:
            source = normalize_words(phrase.source)
            if source in sources:
                message = f"фраза «{phrase.source}» уже есть в строке {sources[source]}"
                yield Problem(phrase.place, "IVR313", message)
                continue
            sources[source] = phrase.place.line
            caught = next(((way, found) for way in phrase.ways if (found := find_phrase(earlier, way))), None)
            if caught is not None:
                message = (
                    f"«{caught[0]}» сюда не попадёт: раньше подойдёт «{caught[1].source}» в строке "
                    f"{caught[1].place.line}; переставьте этот ответ выше"
                )
                yield Problem(phrase.place, "IVR317", message)
        earlier += answer.phrases
