"""A softphone that is not ours: Debian's baresip signs on as a dispatcher, answers and is heard."""

import asyncio
import contextlib
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from callcenter.instance.secrets import Device
from tests.live.records import Record
from tests.live.running_centre import RunningCentre
from tests.live.town import CALLER_TONE, Town
from tools.softphone import audio_analysis
from tools.softphone.g711 import RATE

pytestmark = [pytest.mark.live, pytest.mark.timeout(60, func_only=True)]

BARESIP_TONE = 620
CONFIGURATION = """\
sip_listen 127.0.0.1:0
net_interface 127.0.0.1
audio_source aufile,{directory}/tone.wav
audio_player aufile,{directory}/heard.wav
audio_alert aufile,/dev/null
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
"""
ACCOUNT = (
    "<sip:{name}@127.0.0.1:{port}>;auth_user={name};auth_pass={password};answermode=auto;audio_codecs=PCMA;regint=60\n"
)


@asynccontextmanager
async def run_baresip(directory: Path, device: Device, port: int) -> AsyncIterator[None]:
    """Runs from its registration until it is told to leave, in its own directory."""
    (directory / "config").write_text(CONFIGURATION.format(directory=directory), encoding="utf-8")
    account = ACCOUNT.format(name=device.name, password=device.password, port=port)
    (directory / "accounts").write_text(account, encoding="utf-8")
    with wave.open(str(directory / "tone.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        turns = np.arange(40 * RATE) * 2 * np.pi * BARESIP_TONE / RATE
        sound.writeframes((np.sin(turns) * 8000).astype("<i2").tobytes())
    process = await asyncio.create_subprocess_exec(
        "baresip", "-f", str(directory), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(10):
            told = b""
            while b"200 OK" not in told:
                line = await process.stdout.readline()
                assert line, told.decode(errors="replace")
                told += line
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()


async def test_baresip_talks_with_a_caller(town: Town, centre: RunningCentre, tmp_path: Path) -> None:
    device = centre.instance.secrets.devices[2]
    async with run_baresip(tmp_path, device, centre.instance.ports.sip):
        call = await town.called("0")
        call.tone(CALLER_TONE)
        tone = await call.hear_tone(BARESIP_TONE, within=20, lasting=2.0)
        await call.hang_up()
    assert call.gaps(longer_than=0.25) == []
    heard = audio_analysis.read_wav(tmp_path / "heard.wav")
    assert sum(span.seconds for span in audio_analysis.find_tone(heard, CALLER_TONE)) > 1.5
    town.expect(call, partial(names_the_member, interface=device.interface, since=tone.begin))


def names_the_member(record: Record, *, interface: str, since: float) -> None:
    assert record.call.member == interface
    _, told = record.channels()
    spans = audio_analysis.find_tone(told, BARESIP_TONE)
    assert min(abs(span.begin - since) for span in spans) < 0.3, (since, spans)
