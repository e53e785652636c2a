"""When somebody has said what they say: by sound and the ear's words, without time passing."""

from collections.abc import Callable, Sequence

import pytest

from callcenter.hearing.client.client import LegEvent, LegLost, LegMoved
from callcenter.hearing.client.endpointing import (
    Endpointer,
    EndpointerEvent,
    PartialRequested,
    PartialUtterance,
    UtteranceEnded,
    UtteranceEndRequested,
)
from callcenter.hearing.server.engine import RecognizedWord
from callcenter.hearing.wire import Final, Partial, Trouble
from tests.hearing.endpointer_feed import hush, listen
from tests.stand_ins.tones import say_in_tones


def partial(text: str, sure_to: float, *, begin: float = 0.0) -> Partial:
    return Partial(text, begin, sure_to, sure_to)


def final(*words: tuple[str, float, float], heard_to: float, begin: float = 0.0) -> Final:
    return Final(tuple(RecognizedWord(text, word_begin, end, 0.9) for text, word_begin, end in words), begin, heard_to)


def accept(*texts: str) -> Callable[[str], float]:
    """A question that is answered by these, and may be by nothing else."""
    return lambda text: 0.2 if text in texts else 0.6


def story(text: str) -> float:
    """A question to which anything may be said."""
    return 0.9


def said(events: Sequence[EndpointerEvent]) -> list[tuple[str, bool]]:
    return [(event.text, event.before_endpoint) for event in events if isinstance(event, UtteranceEnded)]


@pytest.fixture
def listener() -> Endpointer:
    """It has heard «вода» in tones from second 0 to 0.48, then nothing up to second 0.62."""
    listener = Endpointer()
    listen(listener, say_in_tones("вода"))
    return listener


def asked(pause: Callable[[str], float]) -> Endpointer:
    listener = Endpointer()
    listener.start_question(pause)
    listen(listener, say_in_tones("вода"))
    return listener


def test_partial_words_are_told_when_they_change(listener: Endpointer) -> None:
    told = [partial("", 0.1), partial("во", 0.2), partial("во", 0.3), partial("вода", 0.6), partial("вода", 0.7)]
    assert [event for one in told for event in listener.handle_recognition(one)] == [
        PartialUtterance("во"),
        PartialUtterance("вода"),
    ]


def test_the_endpoint_ends_an_answer(listener: Endpointer) -> None:
    events = listener.handle_recognition(final(("вода", 0.0, 0.48), heard_to=1.1))
    assert events == [
        UtteranceEnded("вода", 1.1, before_endpoint=False, words=(RecognizedWord("вода", 0.0, 0.48, 0.9),))
    ]


def test_unknown_speech_is_said_too_but_without_text(listener: Endpointer) -> None:
    assert said(listener.handle_recognition(final(("[unk]", 0.0, 0.48), heard_to=1.1))) == [("", False)]


def test_a_whole_answer_is_taken_after_a_fifth_of_a_second_of_quiet() -> None:
    listener = asked(accept("вода"))
    listener.handle_recognition(partial("вода", 0.62))
    events: list[EndpointerEvent] = []
    while not events:
        events = hush(listener, 0.02)
    assert events == [UtteranceEnded("вода", listener.now, before_endpoint=True)]
    assert 0.68 <= listener.now <= 0.74


def test_a_part_of_an_answer_waits_for_the_endpoint() -> None:
    listener = asked(accept("вода течёт"))
    listener.handle_recognition(partial("вода", 0.62))
    assert said(hush(listener, 2)) == []
    assert said(listener.handle_recognition(final(("вода", 0.0, 0.48), heard_to=2.6))) == [("вода", False)]


def test_nothing_is_taken_early_while_the_ear_is_still_behind() -> None:
    listener = asked(accept("вода"))
    listener.handle_recognition(Partial("вода", 0.0, processed_to=0.62, complete_to=0.3))
    assert said(hush(listener, 1)) == []
    assert said(listener.handle_recognition(Partial("вода", 0.0, processed_to=0.7, complete_to=0.4))) == []
    assert said(listener.handle_recognition(Partial("вода", 0.0, processed_to=0.7, complete_to=0.7))) == [
        ("вода", True)
    ]


def test_the_ear_is_asked_for_all_words_once_after_each_speech() -> None:
    listener = asked(accept())
    assert hush(listener, 2) == [PartialRequested()]
    assert PartialRequested() not in listen(listener, say_in_tones("течёт"))
    assert hush(listener, 2) == [PartialRequested()]


def test_what_is_said_is_over_when_it_stays_quiet_and_the_ear_is_told_once() -> None:
    listener = asked(accept())
    listener.handle_recognition(partial("вода", 0.62))
    assert hush(listener, 0.4) == [PartialRequested()]
    assert hush(listener, 3) == [UtteranceEndRequested()]


@pytest.mark.parametrize("heard", [None, partial("", 0.7), partial("вода", 0.3)])
def test_nothing_is_over_when_nothing_is_heard_or_the_ear_is_still_behind(heard: Partial | None) -> None:
    listener = asked(accept())
    if heard is not None:
        listener.handle_recognition(heard)
    assert UtteranceEndRequested() not in hush(listener, 3)


def test_words_that_come_where_no_speech_is_seen_are_waited_for() -> None:
    listener = asked(accept())
    listener.handle_recognition(partial("вода", 0.62))
    hush(listener, 0.4)
    listener.handle_recognition(partial("вода течёт", 1.0))
    assert hush(listener, 0.5) == [PartialRequested()]
    listener.handle_recognition(partial("вода течёт", 1.5))
    assert hush(listener, 0.2) == [UtteranceEndRequested()]


def test_without_a_question_the_ear_decides_alone(listener: Endpointer) -> None:
    listener.handle_recognition(partial("вода", 0.62))
    assert hush(listener, 3) == []


def test_a_story_is_over_only_after_a_longer_pause() -> None:
    listener = asked(story)
    listener.handle_recognition(partial("вода", 0.62))
    assert hush(listener, 0.7) == [PartialRequested()]
    assert hush(listener, 0.2) == [UtteranceEndRequested()]


def test_a_pause_in_a_story_ends_it_for_the_ear_only() -> None:
    """Vosk's endpoint came half a second after the first sentence, in which the next one had begun."""
    listener = asked(story)
    listener.handle_recognition(partial("вода", 0.62))
    assert hush(listener, 0.5) == [PartialRequested()]
    assert listener.handle_recognition(final(("вода", 0.0, 0.48), heard_to=1.1)) == []
    assert said(listen(listener, say_in_tones("течёт"))) == []
    assert listener.handle_recognition(partial("течёт", listener.now, begin=1.1)) == [PartialUtterance("вода течёт")]
    hush(listener, 0.85)
    words = (("вода", 0.0, 0.48), ("течёт", 1.15, 1.7))
    events = listener.handle_recognition(final(words[1], heard_to=listener.now, begin=1.1))
    assert events == [
        UtteranceEnded(
            "вода течёт", listener.now, before_endpoint=False, words=tuple(RecognizedWord(*word, 0.9) for word in words)
        ),
    ]


def test_an_answer_that_the_ear_has_ended_is_complete_when_its_pause_is_over() -> None:
    listener = asked(story)
    listener.handle_recognition(partial("вода", 0.62))
    hush(listener, 0.5)
    listener.handle_recognition(final(("вода", 0.0, 0.48), heard_to=1.1))
    assert said(hush(listener, 0.2)) == []
    (event,) = hush(listener, 0.3)
    assert event == UtteranceEnded("вода", 1.1, before_endpoint=False, words=(RecognizedWord("вода", 0.0, 0.48, 0.9),))
    assert 0.88 <= event.trailing_silence <= 1.0
    listener.start_question(story)
    assert said(hush(listener, 3)) == []


def test_the_ear_s_end_of_a_whole_answer_is_taken_though_somebody_speaks_on() -> None:
    listener = asked(accept("вода"))
    listen(listener, say_in_tones("течёт"))
    assert said(listener.handle_recognition(final(("вода", 0.0, 0.48), heard_to=0.7))) == [("вода", False)]


def test_two_pieces_may_be_one_whole_answer() -> None:
    listener = asked(accept("вода течёт"))
    hush(listener, 0.3)
    assert listener.handle_recognition(final(("вода", 0.0, 0.48), heard_to=0.9)) == []
    listen(listener, say_in_tones("течёт"))
    listener.handle_recognition(partial("течёт", listener.now, begin=0.9))
    assert said(hush(listener, 0.3)) == [("вода течёт", True)]


def test_what_sounds_like_speech_and_is_none_holds_an_answer_up_for_a_moment_only() -> None:
    listener = asked(story)
    hush(listener, 0.4)
    assert listener.handle_recognition(final(("вода", 0.0, 0.48), heard_to=1.0)) == []
    events = listen(listener, say_in_tones("течёт " * 5))
    assert said(events) == [("вода", False)]


def test_a_voice_beside_that_says_none_of_the_words_holds_no_answer_up() -> None:
    listener = asked(accept("да"))
    hush(listener, 0.4)
    assert listener.handle_recognition(final(("вода", 0.0, 0.48), heard_to=1.0)) == []
    assert said(listener.handle_recognition(partial("[unk]", 1.1, begin=1.0))) == []
    events = []
    while listener.now < 4:
        events += listen(listener, say_in_tones("течёт"))
        events += listener.handle_recognition(partial("[unk] [unk]", listener.now, begin=1.0))
    assert said(events) == [("вода", False)]


def test_who_never_stops_is_answered_at_last() -> None:
    listener = asked(story)
    said_so_far: list[tuple[str, bool]] = []
    while not said_so_far:
        begin = listener.now
        assert begin < 30
        listen(listener, say_in_tones("течёт"))
        said_so_far = said(
            listener.handle_recognition(final(("течёт", begin, begin + 0.6), heard_to=listener.now, begin=begin))
        )
    assert begin > 15
    assert said_so_far[0][0].count("течёт") > 10


def test_words_that_the_ear_ended_before_it_was_lost_are_no_less_said() -> None:
    listener = asked(story)
    hush(listener, 0.4)
    listener.handle_recognition(final(("вода", 0.0, 0.48), heard_to=1.0))
    listener.handle_recognition(LegMoved("why", "another"))
    assert said(hush(listener, 2)) == [("вода", False)]


def test_words_that_the_ear_ended_are_said_the_moment_it_is_lost() -> None:
    """Nobody will hear how they go on, and the question is about to be asked anew, for keys."""
    listener = asked(story)
    hush(listener, 0.4)
    assert said(listener.handle_recognition(final(("вода", 0.0, 0.48), heard_to=1.0))) == []
    assert said(listener.handle_recognition(LegLost("why"))) == [("вода", False)]
    assert said(hush(listener, 2)) == []


def test_nothing_is_taken_early_while_somebody_speaks() -> None:
    listener = asked(accept("вода"))
    listener.handle_recognition(partial("вода", 0.6))
    assert said(listen(listener, say_in_tones("течёт"))) == []


def test_words_before_an_early_cut_never_reach_the_next_question() -> None:
    listener = asked(accept("вода"))
    listener.handle_recognition(partial("вода", 0.62))
    assert said(hush(listener, 0.3)) == [("вода", True)]
    assert listener.handle_recognition(final(("вода", 0.0, 0.48), heard_to=0.8)) == []
    assert listener.handle_recognition(partial("вода", 0.8)) == []
    listener.start_question(accept("да"))
    assert said(listener.handle_recognition(final(("да", 1.5, 1.9), heard_to=2.5, begin=0.92))) == [("да", False)]


def test_the_first_words_of_the_next_answer_are_kept_from_the_cut_on() -> None:
    """The caller goes on before the next question is asked: that belongs to it."""
    listener = asked(accept("вода"))
    listener.handle_recognition(partial("вода", 0.62))
    hush(listener, 1.0)
    listener.handle_recognition(partial("да", 1.2, begin=0.92))
    listener.start_question(accept("да"))
    assert listener.now > 1.1
    assert said(listener.handle_recognition(final(("да", 0.95, 1.1), heard_to=1.7, begin=0.92))) == [("да", False)]


def test_a_question_that_follows_no_answer_begins_with_a_clean_slate(listener: Endpointer) -> None:
    listener.handle_recognition(partial("вода", 0.6))
    listener.start_question(accept("вода"))
    assert listener.handle_recognition(partial("вода", 0.7)) == []
    assert said(hush(listener, 1)) == []
    assert listener.handle_recognition(final(("вода", 0.0, 0.48), heard_to=1.1)) == []


def test_what_is_said_over_the_cut_is_heard_on_but_answers_only_when_its_time_is_known(listener: Endpointer) -> None:
    """Danger is looked for in it; the words known by then were heard before."""
    listener.handle_recognition(partial("вода", 0.5))
    listener.start_question(accept("течёт"))  # at 0.62
    listener.start_question(accept("течёт"))
    assert listener.handle_recognition(partial("вода", 0.62)) == []
    listen(listener, say_in_tones("течёт"))
    assert listener.handle_recognition(partial("вода течёт", listener.now)) == [PartialUtterance("течёт")]
    assert listener.handle_recognition(partial("вода течёт", listener.now)) == []
    assert said(hush(listener, 0.3)) == []
    events = listener.handle_recognition(final(("вода", 0.0, 0.48), ("течёт", 0.62, 1.2), heard_to=1.5))
    assert said(events) == [("течёт", False)]
    listener.start_question(None)
    assert listener.handle_recognition(partial("опять", listener.now, begin=1.5)) == [PartialUtterance("опять")]


def test_a_word_across_the_cut_belongs_to_where_most_of_it_is(listener: Endpointer) -> None:
    listener.start_question(None)  # at 0.62
    events = listener.handle_recognition(final(("вода", 0.3, 0.7), ("свет", 0.5, 1.0), heard_to=1.5))
    assert said(events) == [("свет", False)]


@pytest.mark.parametrize("trouble", [LegLost("why"), Trouble("why")])
def test_what_a_lost_ear_was_guessing_is_no_answer(trouble: LegEvent) -> None:
    listener = asked(accept("вода"))
    listener.handle_recognition(partial("вода", 0.62))
    listener.handle_recognition(trouble)
    assert said(hush(listener, 1)) == []


def test_the_dialogue_judges_each_text_once() -> None:
    judged: list[str] = []

    def judge(text: str) -> float:
        judged.append(text)
        return 0.6

    listener = asked(judge)
    hush(listener, 0.3)
    for text in ("во", "вода", "вода"):
        listener.handle_recognition(partial(text, 0.62))
        hush(listener, 0.3)
        listener.handle_recognition(partial(text, listener.now))
    assert judged == ["во", "вода"]


def test_a_frame_has_one_length() -> None:
    with pytest.raises(ValueError, match="320"):
        Endpointer().accept_frame(b"\0" * 318)
