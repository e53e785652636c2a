"""Finds the dangers of a script («опасные слова») in speech, by the script's phrases and by the interpreter."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from callcenter.dialogue.interpretation.interpretation import Interpreter
from callcenter.dialogue.scripts.phrases import find_phrase
from callcenter.dialogue.scripts.script import Answer
from callcenter.dialogue.scripts.vocabulary import CATEGORY


def find_dangers(
    dangers: Iterable[Answer], interpreter: Interpreter, text: str, *, whole: bool
) -> Iterator[tuple[Answer, str]]:
    """Yields each danger in `text` with the words that report it, in the order of the script.

    `whole`: `text` is a final result, see `Interpreter.find_danger`. A danger found by the interpreter also sets the
    fact `категория`.
    """
    for danger in dangers:
        phrase = find_phrase(danger.phrases, text)
        if phrase is not None:
            yield danger, phrase.source
        elif danger.meanings and (heard := interpreter.find_danger(text, whole=whole)) is not None:
            yield replace(danger, remembered_facts=((CATEGORY, heard.category), *danger.remembered_facts)), heard.words
