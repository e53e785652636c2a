"""Callers heard through taps: over a stand-in line, and a recognition that only says when it can."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from callcenter.calls.models import Speaker
from callcenter.conducting.ports import ChannelGone
from callcenter.core.errors import AsteriskUnavailable
from callcenter.dialogue.engine.commands import Expect
from callcenter.dialogue.engine.events import EarLost, EarOpened, Heard, Said, Speech, SpeechBegan
from callcenter.telephony.audio import tap_recognition
from callcenter.telephony.audio.requests import HandedOverCall
from callcenter.telephony.audio.tap_recognition import TapRecognition, TapRecognitionSession
from callcenter.telephony.audio.taps import Taps
from tests.telephony.audio.stand_in_line import PACKET, StandInLine


@dataclass
class Sound:
    """See `ports.RecognitionStream`."""

    call_id: str
    speaker: Speaker
    tell: Callable[[Speech], None]
    heard: list[bytes] = field(default_factory=list)
    expected: list[Expect] = field(default_factory=list)
    closed: bool = False

    def accept_audio(self, samples: bytes) -> None:
        self.heard.append(samples)

    def expect(self, expect: Expect) -> None:
        self.expected.append(expect)

    def close(self) -> None:
        self.closed = True


@dataclass
class Recognising:
    """See `ports.Recognition`."""

    there: bool = True
    sounds: list[Sound] = field(default_factory=list)
    failure: Exception | None = None
    runs: int = 0

    async def run(self) -> None:
        self.runs += 1
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        await asyncio.Event().wait()

    def open_input(self, call_id: str, speaker: Speaker, take: Callable[[Speech], None]) -> Sound:
        sound = Sound(call_id, speaker, take)
        self.sounds.append(sound)
        if self.there:
            take(EarOpened())
        return sound


@dataclass
class Scene:
    line: StandInLine
    recognition: Recognising
    ear: TapRecognition
    told: list[Speech] = field(default_factory=list)
    watched: list[tuple[str, str]] = field(default_factory=list)

    def open(self, call_id: str = "call") -> TapRecognitionSession:
        return self.ear.start_recognition(call_id, self.told.append)

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110 - what is waited for is a state of several objects
                await asyncio.sleep(0.005)


@asynccontextmanager
async def begin(line: StandInLine | None = None, **recognition: object) -> AsyncIterator[Scene]:
    line, recognising = line or StandInLine(), Recognising(**recognition)  # type: ignore[arg-type]
    taps = Taps(line, line)
    line.deliver = taps.handle_event
    watched: list[tuple[str, str]] = []

    def watch(call_id: str, text: str) -> bool:
        watched.append((call_id, text))
        return text == "газ"

    ear = TapRecognition(taps, recognising, watch=watch)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(ear.run())
        await asyncio.sleep(0)
        yield Scene(line, recognising, ear, watched=watched)
        running.cancel()


async def test_a_caller_is_heard_once_sound_comes_and_an_ear_takes_it() -> None:
    async with begin() as scene:
        scene.open()
        await scene.until(lambda: scene.told)
        (sound,) = scene.recognition.sounds
        assert (sound.call_id, sound.speaker, sound.heard) == ("call", Speaker.CALLER, [PACKET])
        sound.tell(Heard("вода"))
        assert scene.told == [EarOpened(), Heard("вода")]


async def test_an_ear_that_comes_late_and_goes_is_told_in_its_time() -> None:
    async with begin(there=False) as scene:
        scene.open()
        await scene.until(lambda: scene.recognition.sounds and scene.recognition.sounds[0].heard)
        (sound,) = scene.recognition.sounds
        await asyncio.sleep(0.02)
        assert scene.told == []
        for speech in (EarOpened(), EarLost(), Said(1, "late"), EarLost(), EarOpened()):
            sound.tell(speech)
        assert scene.told == [EarOpened(), EarLost(), EarOpened()]


async def test_a_tap_that_ends_is_made_anew_with_the_question_that_stands() -> None:
    async with begin() as scene:
        heard = scene.open()
        await scene.until(lambda: scene.told)
        question = Expect(7, None, ("вода",))
        heard.expect(question)
        scene.line.overs[0].set()
        await scene.until(lambda: len(scene.told) == 3)
        assert scene.told == [EarOpened(), EarLost(), EarOpened()]
        first, second = scene.recognition.sounds
        assert first.closed
        assert second.expected == [question]


async def test_hearing_ends_with_the_channel_and_leaves_nothing() -> None:
    async with begin() as scene:
        scene.open()
        await scene.until(lambda: scene.told)
        scene.line.fails_at, scene.line.failure = "snoop", ChannelGone("hung up")
        scene.line.overs[0].set()
        await scene.until(lambda: len(scene.recognition.sounds) == 2 and scene.recognition.sounds[1].closed)
        await scene.until(lambda: not scene.line.things)
        await asyncio.sleep(0.3)
        assert len(scene.recognition.sounds) == 2


async def test_a_line_that_cannot_be_tapped_is_tried_again_and_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tap_recognition, "FIRST_PAUSE", 0.01)
    line = StandInLine(failure=AsteriskUnavailable("no answer"), fails_at="media")
    async with begin(line) as scene:
        scene.open()
        await scene.until(lambda: len(scene.recognition.sounds) > 2)
        assert scene.told == []
        line.failure = None
        await scene.until(lambda: scene.told == [EarOpened()])


async def test_a_robot_that_has_done_with_a_call_is_told_nothing_while_it_is_still_written_down() -> None:
    async with begin() as scene:
        heard = scene.open()
        await scene.until(lambda: scene.told)
        heard.detach_robot()
        (sound,) = scene.recognition.sounds
        sound.tell(Heard("вода"))
        scene.line.overs[0].set()
        await scene.until(lambda: len(scene.recognition.sounds) == 2)
        assert scene.told == [EarOpened()]
        assert sound.expected == [Expect(0, None, None)]


async def test_a_talk_is_heard_on_both_sides_each_once() -> None:
    async with begin() as scene:
        scene.open()
        await scene.until(lambda: scene.told)
        scene.ear.recognize_both_legs("call", "member")
        scene.ear.recognize_both_legs("call", "member")
        await scene.until(lambda: len(scene.line.takes) == 2)
        assert [(sound.call_id, sound.speaker) for sound in scene.recognition.sounds] == [
            ("call", Speaker.CALLER),
            ("call", Speaker.MEMBER),
        ]


async def test_a_failure_of_the_connection_is_nobodys_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tap_recognition, "LONGEST_PAUSE", 0.01)
    async with begin(failure=RuntimeError("unforeseen")) as scene:
        await scene.until(lambda: scene.recognition.runs == 2)
        scene.open()
        await scene.until(lambda: scene.told == [EarOpened()])


async def test_words_of_danger_are_watched_for_once_the_robot_has_done_and_until_they_are_found() -> None:
    async with begin() as scene:
        heard = scene.open()
        await scene.until(lambda: scene.told)
        (caller,) = scene.recognition.sounds
        caller.tell(Heard("газ"))
        heard.detach_robot()
        for speech in (Heard("тут"), SpeechBegan(0), Said(0, "газ"), Heard("газ")):
            caller.tell(speech)
        scene.ear.recognize_both_legs("call", "member")
        await scene.until(lambda: len(scene.recognition.sounds) == 2)
        scene.recognition.sounds[1].tell(Heard("газ"))
    assert scene.watched == [("call", "тут"), ("call", "газ")]


async def test_talks_of_an_earlier_controller_are_heard_though_asterisk_answers_late() -> None:
    talks = (HandedOverCall("waits", None), HandedOverCall("call", "member"))
    line = StandInLine(talks=talks, failure=AsteriskUnavailable("not yet"), fails_at="talks")
    async with begin(line) as scene:
        scene.open()
        await scene.until(lambda: scene.told)
        scene.ear.resume_recognition()
        await asyncio.sleep(0)
        line.failure = None
        await scene.until(lambda: len(line.takes) == 3)
        assert [(sound.call_id, sound.speaker) for sound in scene.recognition.sounds] == [
            ("call", Speaker.CALLER),
            ("waits", Speaker.CALLER),
            ("call", Speaker.MEMBER),
        ]
