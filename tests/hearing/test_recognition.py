"""Sound in, a conversation's events and the transcript out: through a real ear's process."""

import asyncio
import signal
from datetime import timedelta

import numpy as np
import pytest

from callcenter.calls.live_speech import LiveSpeech
from callcenter.calls.models import Speaker
from callcenter.dialogue.engine.commands import Expect
from callcenter.dialogue.engine.events import EarLost, EarOpened, Heard, Said, Speech, SpeechBegan
from callcenter.dialogue.scripts.script import Ask
from callcenter.hearing.client.client import RecognitionClient
from callcenter.hearing.client.recognition import PooledRecognition
from tests.hearing.running_server import RunningEar
from tests.hearing.sound import cut
from tests.stand_ins.centre import read_spoken_script
from tests.stand_ins.clock import MORNING, FakeClock
from tests.stand_ins.notes import KeptNotes
from tests.stand_ins.tones import say_in_tones, silence


async def test_an_answer_is_told_with_its_turn_and_written_down_with_its_moment(ear: RecognitionClient) -> None:
    notes, told, news = KeptNotes(), list[Speech](), asyncio.Event()

    def take(speech: Speech) -> None:
        told.append(speech)
        news.set()

    question = read_spoken_script().steps["меню"]
    assert isinstance(question, Ask)
    stretch = PooledRecognition(ear, notes=notes, spoken=LiveSpeech(), clock=FakeClock()).open_input(
        "call", Speaker.CALLER, take
    )
    assert told == [EarOpened()]
    stretch.expect(Expect(7, question, ("прорвало", "ничего")))
    for piece in cut(np.concatenate([silence(0.5), say_in_tones("прорвало"), silence(0.4)])):
        stretch.accept_audio(piece)
        await asyncio.sleep(0.015)
    async with asyncio.timeout(10):
        while Said(7, "прорвало") not in told or not notes.facts("call", "transcript"):
            news.clear()
            await asyncio.wait({asyncio.ensure_future(news.wait())}, timeout=0.1)
    assert told.index(SpeechBegan(7)) < told.index(Heard("прорвало")) < told.index(Said(7, "прорвало"))
    (line,) = notes.notes
    assert (line.call_id, line.facts["speaker"], line.facts["text"]) == ("call", "caller", "прорвало")
    assert line.at - MORNING == pytest.approx(timedelta(seconds=0.5), abs=timedelta(seconds=0.1))
    ((word, begins, ends, confidence),) = line.facts["words"]
    assert (word, begins) == ("прорвало", 0)
    assert ends == pytest.approx(0.96, abs=0.1)
    assert confidence > 0.5
    stretch.close()


async def test_a_lost_ear_is_told_and_is_a_gap_in_the_transcript(
    ear: RecognitionClient, ear_program: RunningEar
) -> None:
    notes, told = KeptNotes(), list[Speech]()
    stretch = PooledRecognition(ear, notes=notes, spoken=LiveSpeech(), clock=FakeClock()).open_input(
        "call", Speaker.MEMBER, told.append
    )
    ear_program.send(signal.SIGKILL)
    async with asyncio.timeout(10):
        while EarLost() not in told:  # noqa: ASYNC110 - what is waited for is told to a list
            await asyncio.sleep(0.01)
    (gap,) = notes.facts("call", "transcript")
    assert gap["speaker"] == "member"
    assert gap["fault"]
    assert "text" not in gap
    stretch.close()
