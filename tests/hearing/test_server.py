"""The ear as a program: many legs, a crash, a freeze, a stranger, a farewell. Real processes, real signals."""

import asyncio
import signal
import socket
import time
from collections.abc import Callable

import numpy as np
import pytest

from callcenter.hearing.address import BrokenAddress, TcpAddress, read_address
from callcenter.hearing.client.client import LegLost, LegRestored, RecognitionClient, RecognizerUnavailable
from callcenter.hearing.server.server import STATE_SECONDS
from callcenter.hearing.wire import Final, Open, Partial, State, Trouble, pack
from tests.hearing.running_server import Counted, RunningEar, client_of, open_leg
from tests.stand_ins.tones import FAULT, say_in_tones, silence

SPEECH = {word: np.concatenate([silence(0.2), say_in_tones(word), silence(0.2)]) for word in ("вода", "свет", "газ")}


async def has_state(ear: RecognitionClient, fits: Callable[[State], bool]) -> State:
    async with asyncio.timeout(10):
        while ear.state is None or not fits(ear.state):  # noqa: ASYNC110 - what is waited for is an attribute
            await asyncio.sleep(0.05)
    return ear.state


async def test_many_legs_are_heard_at_once_each_its_own(ear: RecognitionClient) -> None:
    words = [list(SPEECH)[number % 3] for number in range(20)]
    legs = [open_leg(ear) for _ in words]
    for leg, word in zip(legs, words, strict=True):
        leg.speak(SPEECH[word])
        await leg.waits_for(Partial)  # so that the socket is read meanwhile
    assert [await leg.closes() for leg in legs] == words
    assert ear.hello is not None
    assert ear.hello.engine == "tones"


async def test_a_crash_costs_a_second_of_hearing_and_no_leg(ear: RecognitionClient, ear_program: RunningEar) -> None:
    leg = open_leg(ear, phrases=("вода",))
    leg.speak(SPEECH["вода"])
    leg.leg.end_utterance()
    await leg.waits_for(Final)
    ear_program.send(signal.SIGKILL)
    await leg.waits_for(LegLost)
    assert not ear.connected
    leg.speak(silence(1.0))
    ear_program.wait()
    ear_program.start()
    await leg.waits_for(LegRestored)
    leg.speak(SPEECH["вода"])
    leg.speak(SPEECH["свет"])
    assert await leg.closes() == "вода вода [unk]"
    words = [word for told in leg.told if isinstance(told, Final) for word in told.words]
    assert [word.begin for word in words] == pytest.approx([0.2, 2.22, 3.24], abs=0.03)
    assert leg.leg.dropped_seconds == pytest.approx(1.0)
    assert ear.disconnects == 1


async def test_a_frozen_ear_is_given_up(ear: RecognitionClient, ear_program: RunningEar) -> None:
    leg = open_leg(ear)
    await leg.waits_for(LegRestored)
    ear_program.send(signal.SIGSTOP)
    try:
        lost = await leg.waits_for(LegLost, within=6)
    finally:
        ear_program.send(signal.SIGCONT)
    assert isinstance(lost, LegLost)
    assert "said nothing" in lost.why
    await leg.waits_for(LegRestored)
    leg.speak(SPEECH["газ"])
    assert await leg.closes() == "газ"


async def test_audio_that_an_ear_dropped_is_counted_once_however_often_one_connects(
    ear: RecognitionClient, ear_program: RunningEar
) -> None:
    counted = ear.metrics_recorder = Counted()
    leg = open_leg(ear)
    await has_state(ear, lambda state: state.legs == 1)
    leg.speak(np.concatenate([say_in_tones(FAULT), silence(1.5)]))
    await has_state(ear, lambda state: state.dropped > 0)
    await leg.closes()
    await has_state(ear, lambda state: state.legs == 0)
    dropped = counted.dropped
    assert dropped == pytest.approx(1.0, abs=0.3)
    ear_program.send(signal.SIGSTOP)
    while ear.connected:  # noqa: ASYNC110 - what is waited for is an attribute
        await asyncio.sleep(0.05)
    ear_program.send(signal.SIGCONT)
    await has_state(ear, lambda state: state.dropped > 0)
    assert counted.losses == 1
    assert counted.dropped == pytest.approx(dropped)


async def test_a_leg_that_fails_hurts_no_other(ear: RecognitionClient) -> None:
    failing, well = open_leg(ear), open_leg(ear)
    failing.speak(np.concatenate([say_in_tones(FAULT), silence(1.5), say_in_tones("свет")]))
    well.speak(SPEECH["вода"])
    await failing.waits_for(Trouble)
    assert await well.closes() == "вода"
    assert await failing.closes() == "свет"


async def test_a_farewell_leaves_nobody_without_their_words(ear: RecognitionClient, ear_program: RunningEar) -> None:
    legs = [open_leg(ear) for _ in range(3)]
    for leg in legs:
        leg.speak(SPEECH["вода"])
        await leg.waits_for(Partial)
    ear_program.send(signal.SIGTERM)
    assert [await leg.closes() for leg in legs] == ["вода"] * 3
    assert ear_program.wait() == 0


async def test_who_talks_on_to_an_ear_that_goes_reads_its_last_words(
    ear: RecognitionClient, ear_program: RunningEar
) -> None:
    leg = open_leg(ear)
    leg.speak(SPEECH["вода"])
    await leg.waits_for(Partial)
    ear_program.send(signal.SIGTERM)
    time.sleep(0.5)  # noqa: ASYNC251 - the client reads nothing meanwhile, and then writes first
    leg.speak(silence(0.5))
    assert await leg.closes() == "вода"
    assert ear_program.wait() == 0


async def test_a_stranger_is_shown_the_door_and_the_others_go_on(
    ear: RecognitionClient, ear_program: RunningEar
) -> None:
    reader, writer = await asyncio.open_unix_connection(str(ear_program.address))
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    async with asyncio.timeout(10):
        await reader.read()
    writer.close()
    reader, writer = await asyncio.open_unix_connection(str(ear_program.address))
    writer.write(pack(1, Open(8000)) * 2)
    async with asyncio.timeout(10):
        await reader.read()
    writer.close()
    leg = open_leg(ear)
    leg.speak(SPEECH["газ"])
    assert await leg.closes() == "газ"


@pytest.mark.parametrize("rate", [0, -8000, 10**9])
async def test_a_leg_of_an_impossible_rate_is_refused_and_the_others_go_on(
    ear: RecognitionClient, ear_program: RunningEar, rate: int
) -> None:
    leg = open_leg(ear)
    reader, writer = await asyncio.open_unix_connection(str(ear_program.address))
    writer.write(pack(1, Open(rate)))
    async with asyncio.timeout(2):
        await reader.read()
    writer.close()
    await asyncio.sleep(2 * STATE_SECONDS)
    leg.speak(SPEECH["газ"])
    assert await leg.closes() == "газ"
    assert ear.disconnects == 0


async def test_state_is_told_twice_a_second(ear: RecognitionClient) -> None:
    leg = open_leg(ear)
    state = await has_state(ear, lambda state: state.legs == 1)
    assert state.lag < 1
    await leg.closes()


async def test_no_ear_is_no_error_of_a_leg(tmp_path: object) -> None:
    async with client_of(read_address(f"{tmp_path}/nobody.sock")) as ear:
        leg = open_leg(ear)
        leg.speak(SPEECH["вода"])
        assert ear.dropped_seconds == pytest.approx(1.02, abs=0.1), "what is less than a piece was not to be sent yet"
        with pytest.raises(RecognizerUnavailable, match=r"nobody\.sock"):
            await ear.wait_for_connection(within=0.1)
        assert await leg.closes() == ""


async def test_an_ear_may_be_on_another_machine() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = TcpAddress("127.0.0.1", probe.getsockname()[1])
    program = RunningEar(address)
    program.start()
    try:
        async with client_of(address) as ear:
            await ear.wait_for_connection(within=10)
            leg = open_leg(ear)
            leg.speak(SPEECH["вода"])
            assert await leg.closes() == "вода"
    finally:
        program.send(signal.SIGTERM)
        program.wait()


@pytest.mark.parametrize("text", ["", "ear", "host:0", "host:70000", "host:", ":5", "a b:5", "/" + "x" * 100])
def test_a_broken_address_is_refused(text: str) -> None:
    with pytest.raises(BrokenAddress):
        read_address(text)


def test_addresses_are_paths_or_hosts() -> None:
    assert str(read_address("/run/ear.sock")) == "/run/ear.sock"
    assert read_address("10.0.0.7:2700") == TcpAddress("10.0.0.7", 2700)
    assert read_address("[::1]:2700") == TcpAddress("::1", 2700)
