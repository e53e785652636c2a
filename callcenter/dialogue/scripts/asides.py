"""What a caller may say to any question instead of an answer («на любой вопрос»), found in their words."""

from dataclasses import replace

from callcenter.dialogue.interpretation.interpretation import Interpretation
from callcenter.dialogue.scripts.phrases import normalize_words
from callcenter.dialogue.scripts.script import Aside, Ask, Step, Target

MOST_ASIDES = 3
"""Asides of one question; one more is a miss, or whoever hears nothing would ask for ever."""
MOST_OTHER_WORDS = 3
"""Beside the phrase of an aside: «ой подождите минутку» is one, a story in which somebody was told to wait is none."""


def add_asides(step: Step, asides: tuple[Aside, ...]) -> Step:
    """The step with what may be said to it besides its answers: to a question that words may answer."""
    return replace(step, global_answers=asides) if isinstance(step, Ask) and step.accepts_speech else step


def find_aside(ask: Ask, text: str, sense: Interpretation, *, danger: bool) -> Aside | None:
    """The aside that the words are, where they are little else. In danger none that leads elsewhere."""
    said = normalize_words(text)
    for aside in ask.global_answers:
        if danger and isinstance(aside.response, Target):
            continue
        for phrase in aside.phrases:
            rest = phrase.pattern.sub(" ", said)
            if rest != said and len(rest.split()) <= MOST_OTHER_WORDS:
                return aside
        if any(name in sense.meanings for name in aside.meanings):
            return aside
    return None
