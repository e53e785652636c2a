"""The dangers that a script names («опасные слова»), found in what is said: by its phrases, and by what is meant."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from callcenter.dialogue.interpretation.interpretation import Interpreter
from callcenter.dialogue.scripts.phrases import find_phrase
from callcenter.dialogue.scripts.script import Answer
from callcenter.dialogue.scripts.vocabulary import CATEGORY


def find_dangers(
    dangers: Iterable[Answer], interpreter: Interpreter, text: str, *, whole: bool
) -> Iterator[tuple[Answer, str]]:
    """Each danger in the words with what told of it, in the order of the script; `whole` as in Mind.

    The facts of one that was understood hold its category.
    """
    for danger in dangers:
        phrase = find_phrase(danger.phrases, text)
        if phrase is not None:
            yield danger, phrase.source
        elif danger.meanings and (heard := interpreter.find_danger(text, whole=whole)) is not None:
            yield replace(danger, remembered_facts=((CATEGORY, heard.category), *danger.remembered_facts)), heard.words
