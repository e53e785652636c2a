"""Global answers («на любой вопрос»): replies accepted by any question besides its own answers, e.g. «повторите».

The engine looks for a global answer after the answers of the question itself (engine/question.py).
"""

from dataclasses import replace

from callcenter.dialogue.interpretation.interpretation import Interpretation
from callcenter.dialogue.scripts.phrases import normalize_words
from callcenter.dialogue.scripts.script import Aside, Ask, Step, Target

MAX_GLOBAL_ANSWERS = 3
"""Global answers accepted for one question. The next one counts as a miss; otherwise a caller who cannot hear the robot
would ask for a repeat forever."""
MAX_EXTRA_WORDS = 3
"""Most words of an utterance besides the phrase of a global answer. «ой подождите минутку» matches; a story in which
somebody was told to wait does not."""


def add_asides(step: Step, asides: tuple[Aside, ...]) -> Step:
    """Returns the step with the global answers if it is a question that accepts speech, else the step unchanged."""
    return replace(step, global_answers=asides) if isinstance(step, Ask) and step.accepts_speech else step


def find_aside(ask: Ask, text: str, sense: Interpretation, *, danger: bool) -> Aside | None:
    """Returns the first global answer that the utterance `text` matches, or None.

    A phrase matches when the utterance has at most MAX_EXTRA_WORDS other words. A meaning matches when `sense` has it.
    `danger`: a danger was reported in this call; global answers that go to another step are then skipped.
    """
    said = normalize_words(text)
    for aside in ask.global_answers:
        if danger and isinstance(aside.response, Target):
            continue
        for phrase in aside.phrases:
            rest = phrase.pattern.sub(" ", said)
            if rest != said and len(rest.split()) <= MAX_EXTRA_WORDS:
                return aside
        if any(name in sense.meanings for name in aside.meanings):
            return aside
    return None
