"""The formulas of the queue's figures, by small examples worked out by hand, and within their bounds for any queue."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.callbacks.statistics import CallbackFigures, count_callbacks
from callcenter.queues.models import MemberState
from callcenter.queues.statistics import QueueFigures, Visit, add_up, count_queue
from tests.stand_ins.clock import MORNING

AFTERNOON = MORNING + timedelta(hours=6)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def of(*visits: Visit, **times: float) -> QueueFigures:
    return count_queue(
        visits,
        {MemberState(state): seconds for state, seconds in times.items()},
        service_level_seconds=20,
        short_abandon_seconds=5,
    )


def answered(waited: float, talked: float = 60) -> Visit:
    return Visit(waited, answered=True, talk_seconds=talked)


def abandoned(waited: float) -> Visit:
    return Visit(waited, abandoned=True)


LEFT_A_MESSAGE = Visit(600)

HOUR = of(
    answered(10, talked=100),
    answered(20, talked=200),
    answered(21, talked=60),
    abandoned(4.9),
    abandoned(5),
    abandoned(90),
    LEFT_A_MESSAGE,
    talking=400,
    wrap_up=45,
    free=300,
    ringing=55,
    paused=900,
    absent=5000,
)


def test_the_service_level_leaves_short_abandons_out_and_takes_the_threshold_in() -> None:
    assert (HOUR.offered, HOUR.short_abandons, HOUR.answered_in_time) == (7, 1, 2)
    assert HOUR.service_level == pytest.approx(2 / 6)


def test_abandonment_counts_neither_short_abandons_nor_messages() -> None:
    assert HOUR.abandoned == 3
    assert HOUR.abandonment_rate == pytest.approx(2 / 6)


def test_waits_are_those_of_the_answered() -> None:
    assert HOUR.average_wait == pytest.approx((10 + 20 + 21) / 3)
    assert HOUR.longest_wait == 90, "the wait of a caller who left a message is no wait for an answer"


def test_handling_is_talk_with_hold_and_wrap_up_over_the_answered() -> None:
    assert HOUR.average_handling_time == pytest.approx((360 + 45) / 3)


def test_occupancy_is_over_the_time_logged_in_and_not_paused() -> None:
    assert HOUR.occupancy == pytest.approx((400 + 45) / (400 + 45 + 300 + 55))


def test_nobody_knows_how_long_a_caller_waited_who_was_cut_off() -> None:
    cut_off = of(Visit(0, abandoned=True, was_lost=True))
    assert (cut_off.short_abandons, cut_off.abandonment_rate) == (0, 1)


def test_an_empty_queue_has_no_figures_rather_than_bad_ones() -> None:
    nothing = of()
    assert nothing.offered == 0
    assert {nothing.service_level, nothing.average_wait, nothing.average_handling_time} == {None}
    assert {nothing.abandonment_rate, nothing.occupancy, nothing.longest_wait} == {None}


def test_a_queue_of_short_abandons_has_no_service_level() -> None:
    assert of(abandoned(1), abandoned(2)).service_level is None


def test_callbacks_are_in_time_up_to_their_very_term() -> None:
    figures = count_callbacks(
        [
            (MORNING, MORNING),
            (MORNING, MORNING + minutes(1)),
            (MORNING, None),
            (AFTERNOON, None),
        ],
        now=AFTERNOON,
    )
    assert figures == CallbackFigures(in_time=1, late=2, waiting=1)
    assert figures.in_time_rate == pytest.approx(1 / 3)
    assert CallbackFigures(0, 0, 5).in_time_rate is None


def test_a_stretch_counts_as_far_as_it_lies_in_the_period() -> None:
    free, talking = MemberState.FREE, MemberState.TALKING
    times = add_up(
        [
            (free, MORNING - minutes(30), MORNING + minutes(10)),
            (talking, MORNING + minutes(10), MORNING + minutes(12)),
            (free, MORNING + minutes(12), MORNING + minutes(13)),
            (talking, MORNING + minutes(50), MORNING + minutes(90)),
            (free, MORNING - minutes(90), MORNING - minutes(80)),
        ],
        since=MORNING,
        until=MORNING + minutes(60),
    )
    assert times == {free: 11 * 60, talking: 12 * 60}


seconds = st.floats(min_value=0, max_value=1e5)
visits = st.lists(
    st.one_of(
        st.builds(lambda waited, talked: Visit(waited, answered=True, talk_seconds=talked), seconds, seconds),
        st.builds(lambda waited, cut: Visit(waited, abandoned=True, was_lost=cut), seconds, st.booleans()),
        st.builds(Visit, seconds),
    )
)


@given(
    visits,
    st.dictionaries(st.sampled_from(list(MemberState)), seconds),
    st.floats(min_value=1, max_value=600),
    st.floats(min_value=0, max_value=60),
)
def test_whatever_the_queue_its_figures_stay_within_bounds(
    visits: list[Visit], times: dict[MemberState, float], threshold: float, short: float
) -> None:
    figures = count_queue(visits, times, service_level_seconds=threshold, short_abandon_seconds=short)
    for share in (figures.service_level, figures.abandonment_rate, figures.occupancy):
        assert share is None or 0 <= share <= 1 + 1e-9
    if figures.service_level is not None and figures.abandonment_rate is not None:
        assert figures.service_level + figures.abandonment_rate <= 1 + 1e-9
    if figures.average_wait is not None:
        assert figures.longest_wait is not None
        assert 0 <= figures.average_wait <= figures.longest_wait * (1 + 1e-9)
    assert figures.short_abandons <= figures.abandoned <= figures.offered
    assert figures.answered_in_time <= figures.answered <= figures.offered - figures.abandoned
