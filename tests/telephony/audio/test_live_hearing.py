"""The whole way: a real caller speaks in tones, through a real Asterisk, a tap, an ear process and the listener."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest

from callcenter.hearing.client.client import RecognitionClient
from callcenter.hearing.client.endpointing import UtteranceEnded
from callcenter.hearing.client.leg_recognition import LegRecognition
from callcenter.telephony.audio.taps import ChannelSide
from tests.hearing.kept_events import Dialogue
from tests.hearing.running_server import RunningEar, client_of
from tests.stand_ins.tone_model import write_tone_model
from tests.stand_ins.tones import say_in_tones, silence
from tests.telephony.audio.real_line import Line
from tools.softphone.call import Call

pytestmark = pytest.mark.live


@pytest.fixture(params=["tones", "vosk"])
async def ear(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[RecognitionClient]:
    program = RunningEar(tmp_path / "ear.sock")
    if request.param == "vosk":
        model = write_tone_model(tmp_path / "model", ["вода", "течёт", "да", "нет"])
        program.engine = ("--engine", "callcenter.hearing.server.engines.vosk", "--model", str(model))
    program.start()
    try:
        async with client_of(program.address) as client:
            await client.wait_for_connection(within=20)
            yield client
    finally:
        program.stop()


async def lose_packets(call: Call, *, every: float, times: int) -> None:
    """One packet of the caller's is lost now and then."""
    for _ in range(times):
        await asyncio.sleep(every)
        call.stop_sending(0.02)


async def test_a_caller_answers_two_questions_over_a_line_that_loses_packets(
    line: Line, ear: RecognitionClient
) -> None:
    dialogue = Dialogue()
    listening = LegRecognition(ear, on_event=dialogue.take, on_recognition=dialogue.note)
    tap = await line.taps["websocket"].open(line.channel_id, ChannelSide.SPY_IN, listening.accept_audio)

    async def ask(answer: str, phrases: tuple[str, ...], pause: Callable[[str], float] | None) -> UtteranceEnded:
        """A person repeats it when the robot has misheard: a busy machine loses more packets than this test does."""
        for _ in range(3):
            dialogue.answers = asyncio.Queue()
            listening.start_question(phrases, required_pause=pause)
            line.call.say(np.concatenate([silence(0.3), say_in_tones(answer), silence(1)]))
            await lose_packets(line.call, every=0.45, times=2)
            said = await dialogue.next_said()
            if said.text == answer:
                break
        return said

    answer = await ask("вода течёт", ("вода", "вода течёт"), lambda text: 0.2 if text == "вода течёт" else 0.6)
    assert (answer.text, answer.before_endpoint) == ("вода течёт", True)
    answer = await ask("да", ("да", "нет"), None)
    assert (answer.text, answer.before_endpoint) == ("да", False)

    await line.taps["websocket"].close(tap)
    listening.close()
    async with asyncio.timeout(10):
        await dialogue.closed.wait()
    assert "вода течёт" in dialogue.transcript
    assert dialogue.transcript.endswith("да")
