"""A caller speaks: through a real Asterisk, a tap and the ear's own process to the script, and into the transcript.

The words are spelled in tones, for which the stand-in engine has ears.
"""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from callcenter.calls.models import Speaker, Utterance
from callcenter.calls.transcripts import read_transcript
from callcenter.operations.supervisor import CONTROLLER, EAR
from callcenter.settings import TREE
from tests.hearing.sound import cough, noise, quieter
from tests.live.conftest import settle
from tests.live.records import Record
from tests.live.running_centre import RunningCentre
from tests.live.town import Town
from tests.stand_ins.tones import say_in_tones, silence
from tools.softphone.call import Call
from tools.softphone.g711 import RATE
from tools.softphone.phone import Manners

pytestmark = [pytest.mark.live, pytest.mark.timeout(90, func_only=True)]

ENGINE = Path("tests/stand_ins/tones.py")
SETTINGS = """
script = "heard"

[ear]
engine = "tests.stand_ins.tones"
"""
SHOWN = ("core show channels concise", "bridge show all")
ASKED_ALOUD, ASKED_BY_KEYS = "Скажите, что случилось.", "Течёт: нажмите один. Закончить: нажмите два."
AGAIN_ALOUD, AGAIN_BY_KEYS = "Течёт, да или нет? Ответьте голосом.", "Точно: нажмите один. Нет: нажмите два."


@pytest.fixture(scope="module")
def hearing_centre() -> Iterator[RunningCentre]:
    centre = RunningCentre(settings=SETTINGS)
    (centre.tree / ENGINE).parent.mkdir(parents=True)
    shutil.copy(TREE / ENGINE, centre.tree / ENGINE)
    for ending in (".yaml", ".talks.yaml"):
        shutil.copy(TREE / f"tests/stand_ins/spoken{ending}", centre.tree / f"ivr_scripts/heard{ending}")
    try:
        centre.run()
        centre.await_program(EAR)
        yield centre
    finally:
        centre.stop()


@pytest.fixture
def centre(hearing_centre: RunningCentre) -> RunningCentre:
    """The town is around this centre, not around the one of the other files."""
    return hearing_centre


def says(call: Call, words: str) -> None:
    call.say(np.concatenate([say_in_tones(words), silence(0.5)]))


async def read(town: Town, dialled: str) -> tuple[Record, tuple[Utterance, ...]]:
    """What is kept of the call to this number, and what was said in it."""
    record = await town.centre.ledger.read(town.database, dialled)
    assert record is not None
    async with town.database.begin() as session:
        return record, await read_transcript(session, record.call.id)


async def test_a_caller_speaks_the_ear_is_killed_and_the_call_goes_on_by_keys(
    town: Town, hearing_centre: RunningCentre
) -> None:
    call = await town.call()
    asked = await town.hears(call, ASKED_ALOUD, first=0.6, within=8)
    says(call, "течёт")  # into the question
    again = await town.hears(call, AGAIN_ALOUD, first=0.8, within=5)
    assert again.second - asked.second < 3.0
    hearing_centre.kill(EAR)
    await town.hears(call, AGAIN_BY_KEYS, first=1.0, within=5)
    await call.press("1")
    await town.hears(call, "Соединяю.", first=None, within=5)
    await call.hang_up()

    hearing_centre.await_program(EAR)
    other = await town.call()
    await town.hears(other, ASKED_ALOUD, first=None, within=8)
    says(other, "ничего")
    await town.hears(other, "До свидания.", first=None, within=5)
    await other.ended(within=5)

    numbers = [hearing_centre.ledger.entry_of(one).dialled for one in (call, other)]
    assert await settle(hearing_centre) == []
    record, rows = await read(town, numbers[0])
    (said,) = (row for row in rows if row.fault is None)
    assert (said.speaker, said.text, said.words[0][0]) == (Speaker.CALLER, "течёт", "течёт")
    second = (said.at - record.call.arrived_at).total_seconds()
    assert second == pytest.approx(asked.second + 0.6, abs=1.5)
    assert sum(row.fault is not None for row in rows) == 1
    assert "heard" in record.kinds
    assert "transcript" not in record.kinds
    assert [row.text for row in (await read(town, numbers[1]))[1]] == ["ничего"]


async def test_coughs_noise_and_the_question_s_own_echo_do_not_stop_it(town: Town) -> None:
    """All at once, from the first second on. What does stop it, and how soon, is measured by bench/turns.py."""
    call = await town.call()
    echo = quieter(town.book.load_prompt(ASKED_ALOUD), 25)
    coughs = np.concatenate([piece for _ in range(20) for piece in (cough(), silence(0.3))])
    length = 6 * RATE
    call.say(np.resize(echo, length) + noise(6.0, level=-45.0)[:length] + np.resize(coughs, length) // 2)
    await town.hears(call, ASKED_ALOUD, first=None, within=8)
    await call.hang_up()


async def test_both_sides_of_a_talk_are_written_down_by_the_next_controller_too_and_danger_is_an_alarm(
    town: Town, hearing_centre: RunningCentre
) -> None:
    dispatcher = await town.dispatcher(manners=Manners(answer_after=0.2))
    call = await town.call()
    await town.hears(call, ASKED_ALOUD, first=0.6, within=8)
    await call.press("0")
    async with asyncio.timeout(20):
        while not dispatcher.calls or dispatcher.calls[-1].answered_after is None:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    dialled = hearing_centre.ledger.entry_of(call).dialled
    await is_written_down(town, dialled, Speaker.MEMBER, dispatcher.calls[-1], "слушаю вас")
    await is_written_down(town, dialled, Speaker.CALLER, call, "дождь идёт")

    controller = hearing_centre.kill(CONTROLLER)
    await asyncio.to_thread(controller.wait, 5)
    await asyncio.to_thread(hearing_centre.await_controller)
    await is_written_down(town, dialled, Speaker.MEMBER, dispatcher.calls[-1], "да да")
    await is_written_down(town, dialled, Speaker.CALLER, call, "пахнет газ")
    async with asyncio.timeout(5):
        while (record := (await read(town, dialled))[0]).call.danger is None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert record.call.danger == "GAS_SMELL"
    await call.hang_up()


async def is_written_down(town: Town, dialled: str, speaker: Speaker, call: Call, words: str) -> None:
    """Says it, and once more when it was said before the tap was there."""
    for _ in range(4):
        says(call, words)
        for _ in range(15):
            await asyncio.sleep(0.2)
            _, rows = await read(town, dialled)
            if (speaker, words) in [(row.speaker, row.text) for row in rows]:
                return
    raise AssertionError(f"never written down: {words}; {call.describe()}")


async def test_nothing_of_the_taps_is_left_behind(town: Town, hearing_centre: RunningCentre) -> None:
    call = await town.call()
    await town.hears(call, ASKED_ALOUD, first=0.6, within=8)
    await call.hang_up()
    async with asyncio.timeout(8):
        while any("tap-" in hearing_centre.asterisk.run_cli(show) for show in SHOWN):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
