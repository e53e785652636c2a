"""The whole way: a real caller speaks in tones, through a real Asterisk, a tap, an ear process and the listener."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from callcenter.hearing.client import EarClient
from callcenter.hearing.listener import Said
from callcenter.hearing.listening import Listening
from callcenter.hearing.wire import Final
from callcenter.softphone.call import Call
from callcenter.telephony.audio.taps import Side
from tests.audio.conftest import Line
from tests.hearing.conftest import RunningEar, client_of
from tests.hearing.test_listening import Dialogue
from tests.stand_ins.tone_model import write_tone_model
from tests.stand_ins.tones import say_in_tones, silence

pytestmark = pytest.mark.live


@pytest.fixture(params=["tones", "vosk"])
async def ear(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[EarClient]:
    program = RunningEar(tmp_path / "ear.sock")
    if request.param == "vosk":
        model = write_tone_model(tmp_path / "model", ["вода", "течёт", "да", "нет"])
        program.engine = ("--engine", "callcenter.hearing.engines.vosk", "--model", str(model))
    program.start()
    try:
        async with client_of(program.address) as client:
            await client.connect(within=20)
            yield client
    finally:
        program.stop()


async def lose_packets(call: Call, *, every: float, times: int) -> None:
    """One packet of the caller's is lost now and then."""
    for _ in range(times):
        await asyncio.sleep(every)
        call.stop_sending(0.02)


async def test_a_caller_answers_two_questions_over_a_line_that_loses_packets(line: Line, ear: EarClient) -> None:
    dialogue = Dialogue()
    listening = Listening(ear, take=dialogue.events.append, note=dialogue.note)
    tap = await line.taps["websocket"].open(line.channel_id, Side.SAYS, listening.hear)

    listening.ask(("вода", "вода течёт"), would_accept=lambda text: text == "вода течёт")
    line.call.say(np.concatenate([silence(0.3), say_in_tones("вода течёт"), silence(0.6)]))
    await lose_packets(line.call, every=0.45, times=3)
    await until(lambda: bool(dialogue.said))
    listening.ask(("да", "нет"), would_accept=None)
    line.call.say(np.concatenate([silence(0.3), say_in_tones("да"), silence(1)]))
    await until(lambda: len(dialogue.said) > 1)
    assert dialogue.said == [("вода течёт", True), ("да", False)]

    await line.taps["websocket"].close(tap)
    listening.close()
    async with asyncio.timeout(5):
        await dialogue.closed.wait()
    assert dialogue.transcript == "вода течёт да"
    assert measure_early(dialogue) < 0.6


def measure_early(dialogue: Dialogue) -> float:
    """Seconds of sound from the end of the last word of the first answer to its cut."""
    answer = next(event for event in dialogue.events if isinstance(event, Said))
    first = next(told for told in dialogue.notes if isinstance(told, Final))
    return answer.at - first.words[-1].end


async def until(condition: object, *, within: float = 8.0) -> None:
    assert callable(condition)
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - what is waited for is a list of somebody else's
            await asyncio.sleep(0.02)
