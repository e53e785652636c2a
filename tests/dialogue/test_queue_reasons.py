"""What the dispatcher reads of why a caller comes: true whether they asked for a person or the robot gave up."""

import pytest

from callcenter.dialogue.engine.commands import Do, ToQueue
from tests.dialogue.main_script import KNOWLEDGE, MAIN, TODAY, shipped_mind
from tests.dialogue.talking import Caller


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (["дайте человека"], "просит диспетчера"),
        (["шурум бурум", "тра ля ля"], "робот не понял"),
        (["", ""], "ответа не слышно"),
        (["хочу передать показания", "не помню"], "не знает, что ответить роботу"),
    ],
)
def test_the_dispatcher_is_told_why_a_caller_comes(said: list[str], reason: str) -> None:
    caller = Caller(MAIN, KNOWLEDGE.render_answers(TODAY), ear=True, mind=shipped_mind())
    for words in said:
        caller.says(words) if words else caller.keeps_silent()
        if isinstance(caller.awaited, Do):
            caller.action_ends("нет счёта")
    caller.hears_out()
    assert caller.end == ToQueue(reason, 0)


def test_an_action_that_breaks_is_no_wish_for_a_person() -> None:
    caller = Caller(MAIN, KNOWLEDGE.render_answers(TODAY))
    caller.hears("нажмите три")
    caller.presses("31#")
    caller.action_ends("сбой")
    caller.hears_out()
    assert caller.end == ToQueue("робот не справился", 0)
