"""One leg in the ear: bounded, honest about what it dropped, and never another leg's trouble."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from callcenter.hearing.server.engine import RATE, EngineFailed, RecognizedWord
from callcenter.hearing.server.leg import Leg, LegResult
from callcenter.hearing.wire import Audio, Close, Closed, Final, Flush, Open, Partial, Phrases, Trouble
from tests.hearing.sound import Sound, cut, to_bytes
from tests.stand_ins.tones import FAULT, ToneEngine, ToneRecogniser, say_in_tones, silence


@dataclass
class Reports:
    """Collects what a leg says; `close` waits for its last word."""

    leg: Leg | None = None
    said: list[LegResult] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def take(self, report: LegResult) -> None:
        self.said.append(report)
        if isinstance(report, Closed):
            self.over.set()

    def close(self) -> list[RecognizedWord]:
        assert self.leg is not None
        self.leg.enqueue(Close())
        assert self.over.wait(10)
        return [word for report in self.said if isinstance(report, Final) for word in report.words]


def begin(
    engine: ToneEngine, *, phrases: tuple[str, ...] | None = None, limit_seconds: float = 60.0
) -> tuple[Leg, Reports]:
    reports = Reports()
    reports.leg = Leg(engine, Open(RATE, phrases), reports.take, max_queued_seconds=limit_seconds)
    return reports.leg, reports


def send(leg: Leg, sound: Sound, *, at: float = 0.0) -> float:
    """Sends a sound whose first sample is at second `at`; the second after its last one."""
    position = round(at * RATE)
    for piece in cut(sound):
        leg.enqueue(Audio(position, piece))
        position += len(piece) // 2
    return position / RATE


@dataclass
class SlowEngine(ToneEngine):
    """Hears nothing until it is let go."""

    go: threading.Event = field(default_factory=threading.Event)
    stuck: threading.Event = field(default_factory=threading.Event)

    def create_recognizer(self, *, rate: int, phrases: Sequence[str] | None) -> ToneRecogniser:
        self.stuck.set()
        assert self.go.wait(10)
        return super().create_recognizer(rate=rate, phrases=phrases)


class SpeakingTwice(ToneEngine):
    """An engine whose times step back, as no engine should."""

    def create_recognizer(self, *, rate: int, phrases: Sequence[str] | None) -> ToneRecogniser:
        class Backwards(ToneRecogniser):
            def finish(self) -> tuple[RecognizedWord, ...]:
                return (RecognizedWord("раз", 1.0, 2.0, 1.0), RecognizedWord("два", 0.5, 0.7, 1.0))

        return Backwards(None)


def test_words_have_the_leg_s_times_whatever_cuts_the_stretches() -> None:
    leg, reports = begin(ToneEngine())
    at = send(leg, np.concatenate([silence(0.5), say_in_tones("вода")]))
    leg.enqueue(Flush())
    at = send(leg, say_in_tones("свет"), at=at)
    leg.enqueue(Phrases(("газ",)))
    send(leg, say_in_tones("газ вода"), at=at)
    words = reports.close()
    assert [word.text for word in words] == ["вода", "свет", "газ", "[unk]"]
    assert [word.begin for word in words] == pytest.approx([0.5, 1.12, 1.74, 2.24], abs=0.03)


@pytest.mark.parametrize(
    ("phrases", "heard"), [(None, [["вода", "свет"]]), (("вода", "свет"), [["вода", "[unk]"], ["[unk]"]])]
)
def test_a_question_that_expects_the_same_breaks_no_word(
    phrases: tuple[str, ...] | None, heard: list[list[str]]
) -> None:
    leg, reports = begin(ToneEngine())
    sound = say_in_tones("вода свет")
    half = len(sound) * 3 // 4
    at = send(leg, sound[:half])
    leg.enqueue(Phrases(phrases))
    send(leg, sound[half:], at=at)
    reports.close()
    assert [[word.text for word in report.words] for report in reports.said if isinstance(report, Final)] == heard


def test_a_gap_in_the_audio_keeps_later_times_right() -> None:
    leg, reports = begin(ToneEngine())
    at = send(leg, say_in_tones("вода"))
    send(leg, say_in_tones("свет"), at=at + 10.0)
    assert [word.begin for word in reports.close()] == pytest.approx([0.0, 10.62], abs=0.03)


def test_a_slow_engine_loses_the_oldest_audio_and_says_how_much() -> None:
    engine = SlowEngine()
    leg, reports = begin(engine, limit_seconds=2.0)
    at = send(leg, silence(0.1))
    assert engine.stuck.wait(10)
    at = send(leg, np.concatenate([say_in_tones("вода"), silence(1.38)]), at=at)
    assert leg.dropped_seconds == 0
    send(leg, say_in_tones("свет"), at=at)
    assert leg.dropped_seconds == pytest.approx(1.02)  # half of what waits at once, so that gaps are few
    engine.go.set()
    words = reports.close()
    assert [word.text for word in words] == ["свет"]
    assert words[0].begin == pytest.approx(at, abs=0.03)


def test_lag_is_measured_and_forgotten_once_told() -> None:
    engine = SlowEngine()
    leg, reports = begin(engine)
    send(leg, silence(0.1))
    assert engine.stuck.wait(10)
    threading.Event().wait(0.2)
    engine.go.set()
    reports.close()
    assert 0.2 <= leg.take_lag() < 2
    assert leg.take_lag() == 0


def test_a_recogniser_that_fails_costs_a_second_and_no_more() -> None:
    leg, reports = begin(ToneEngine())
    at = send(leg, np.concatenate([say_in_tones(f"вода {FAULT}"), silence(1.5)]))
    send(leg, say_in_tones("свет"), at=at)
    assert [word.text for word in reports.close()] == ["свет"]
    assert [report for report in reports.said if isinstance(report, Trouble)] == [
        Trouble("heard the word that it fails on")
    ]
    assert leg.failures == 1
    assert leg.dropped_seconds == pytest.approx(1.0, abs=0.2)


def test_an_engine_that_gives_no_recogniser_fails_the_leg_not_the_ear() -> None:
    class Refusing(ToneEngine):
        def create_recognizer(self, *, rate: int, phrases: Sequence[str] | None) -> ToneRecogniser:
            raise EngineFailed("no memory")

    leg, reports = begin(Refusing())
    send(leg, silence(2.5))
    reports.close()
    assert reports.said[0] == Trouble("no memory")
    assert len(reports.said) <= 4
    assert not leg.thread.is_alive() or leg.thread.join(5) is None


def test_times_never_step_back() -> None:
    leg, reports = begin(SpeakingTwice())
    send(leg, silence(0.3))
    assert [(word.begin, word.end) for word in reports.close()] == [(1.0, 2.0), (2.0, 2.0)]


def test_partials_tell_of_words_and_in_silence_how_far_it_heard() -> None:
    leg, reports = begin(ToneEngine())
    send(leg, np.concatenate([silence(3), say_in_tones("вода"), silence(1)]))
    reports.close()
    partials = [report for report in reports.said if isinstance(report, Partial)]
    assert next(partial.text for partial in partials if partial.text) == "вода"
    assert all(partial.begin == 0 for partial in partials)
    heard_to = [partial.processed_to for partial in partials]
    assert heard_to == sorted(heard_to)


def test_nothing_sent_is_nothing_said() -> None:
    leg, reports = begin(ToneEngine())
    leg.enqueue(Flush())
    assert reports.close() == []
    assert reports.said == [Closed()]


def test_odd_pieces_make_no_difference() -> None:
    leg, reports = begin(ToneEngine())
    sound = to_bytes(say_in_tones("вода"))
    for begin_at in range(0, len(sound), 246):
        leg.enqueue(Audio(begin_at // 2, sound[begin_at : begin_at + 246]))
    assert [word.text for word in reports.close()] == ["вода"]
