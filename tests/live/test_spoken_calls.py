"""Residents speak: synthetic voices over real SIP, the centre's own model in a real Vosk, and the centre's own script
from the first word to the ticket, the alarm, the reading and the question nobody could answer; and a dispatcher watches
one of them in a real browser.
"""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from callcenter.alarms.models import AlarmKind
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.dialogue.engine.priorities import DANGER_PRIORITY
from callcenter.instance.instance import test_home
from callcenter.layout import Layout
from callcenter.meters.views import newest_readings
from callcenter.operations.supervisor import EAR
from callcenter.questions.views import open_questions
from callcenter.wording.stress import hide_stress
from tests.live.conftest import settle
from tests.live.desk import PATIENCE, open_desk
from tests.live.records import Record
from tests.live.residents import HELP, RESIDENTS, converse, record, record_residents, was_told
from tests.live.running_centre import RunningCentre
from tests.live.town import Town
from tests.web.browser.player import reaches
from tools.softphone import audio_analysis
from tools.softphone.call import Call
from tools.softphone.g711 import RATE

pytestmark = [pytest.mark.live, pytest.mark.timeout(240, func_only=True)]

SETTINGS = f"""
[ear]
model = "{Layout(test_home()).built_speech_model}"
"""
"""The centre's own model as `callcenter setup --for-tests` has built it."""
AT_ONCE = 6
DANGER = "у нас в подъезде на первом этаже сильно пахнет газом"
KEEP_FORMING = """() => {
  window.formed = [];
  const look = () => {
    const text = document.querySelector("#transcript .is-forming .said-text")?.textContent;
    if (text && text !== window.formed.at(-1)) window.formed.push(text);
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""
"""From now on: each text that the page shows of a line that is still being said."""


@pytest.fixture(scope="module")
def hearing_centre() -> Iterator[RunningCentre]:
    centre = RunningCentre(settings=SETTINGS)
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


async def test_residents_speak_and_are_helped(town: Town, hearing_centre: RunningCentre, tmp_path: Path) -> None:
    voices = await record_residents(tmp_path)
    lines = asyncio.Semaphore(AT_ONCE)
    ended = await asyncio.gather(
        *(converse(town, name, voices[name], lines) for name in RESIDENTS), return_exceptions=True
    )
    failed = [str(end) for end in ended if isinstance(end, BaseException)]
    assert not failed, "\n".join(failed)
    alarms = {alarm.facts["category"] for alarm in await town.alarms() if alarm.kind is AlarmKind.DANGER}
    assert alarms == {"GAS_SMELL", "LIFT_TRAPPED"}
    kept = {name: await read(town, end) for name, end in zip(RESIDENTS, ended, strict=True) if isinstance(end, Call)}
    assert await settle(hearing_centre) == []

    tickets = {name: (one.ticket.category, one.ticket.address) for name, one in kept.items() if one.ticket is not None}
    assert tickets["в один дух"] == ("WAT_LEAK_RISER", "проспект Энгельса, дом 139, корпус 1, квартира 12")
    assert tickets["поправка"] == ("ICOM_FAULT", "Тихая улица, дом 11, квартира 7")
    assert tickets["жалоба"] == ("COMPLAINT_STAFF", "")
    for name, category, address in (
        ("газ", "GAS_SMELL", "улица Савушкина, дом 118, парадная 1"),
        ("в лифте", "LIFT_TRAPPED", "Приморское шоссе, дом 15"),
    ):
        assert kept[name].call.danger == category
        assert was_told(hide_stress(town.edition.answers[f"безопасность:{category}"]))(kept[name])
        assert tickets[name] == (None, address), "a draft, for the dispatcher"
        assert [event.facts["priority"] for event in kept[name].events if event.kind == "handed_over"] == [
            DANGER_PRIORITY
        ]
    for name, article in (("паспортный стол", "KB01"), ("оплата", "KB15")):
        assert was_told(hide_stress(town.edition.answers[article]))(kept[name])
    assert was_told("меняют задвижку на вводе")(kept["причина известна"])
    async with town.database.begin() as session:
        (reading,) = await newest_readings(session, DEFAULT_COMPANY_ID)
        asked = [question.text for question in await open_questions(session, DEFAULT_COMPANY_ID)]
    assert (reading.account, reading.kind, reading.value) == ("781203", "cold", 123)
    assert asked == [RESIDENTS["о своём"].wish], "once, though it is said to be misheard and said again"


async def test_a_dispatcher_sees_what_is_said_and_hears_it_afterwards(
    town: Town, hearing_centre: RunningCentre, tmp_path: Path
) -> None:
    (sound,) = (await record([DANGER], tmp_path)).values()
    async with open_desk(hearing_centre) as desk:
        call = await town.call()
        dialled = hearing_centre.ledger.entry_of(call).dialled
        await town.said(call, HELP, within=30)
        path = f"/calls/{(await read(town, call)).call.id}"
        card = await desk.open(path)
        link = desk.board.locator(f'[href="{path}"]')
        alarm = desk.board.locator("#board-alarms .alarm-danger").filter(has=link)
        await expect(desk.board.locator("#board-calls .call-row").filter(has=link)).to_be_visible(timeout=PATIENCE)
        await expect(alarm).to_have_count(0)
        for page in (desk.board, card):
            await page.evaluate("window.theSamePage = true")
        await card.evaluate(KEEP_FORMING)

        call.say(sound)
        await expect(alarm).to_be_visible(timeout=PATIENCE)
        line = card.locator("#transcript li[data-sequence]").filter(has_text="пахнет газом")
        await expect(line.locator(".is-danger")).to_have_text(["пахнет", "газом"], timeout=PATIENCE)
        await expect(card.locator(".is-forming")).to_have_count(0, timeout=PATIENCE)
        formed = await card.evaluate("window.formed")
        assert len(formed[0]) < len(formed[-1]), formed
        assert not call.is_over

        await call.hang_up()
        assert await settle(hearing_centre) == []
        await expect(card.locator("[data-waveform] > div")).to_be_attached(timeout=PATIENCE)
        word = line.get_by_text("газом", exact=True)
        second = float(await word.get_attribute("data-second") or 0)
        await word.click()
        await reaches(card, second, before=second + 5)
        for page in (desk.board, card):
            assert await page.evaluate("window.theSamePage")
    kept = await hearing_centre.ledger.read(town.database, dialled)
    assert kept is not None
    caller, _ = kept.channels()
    assert audio_analysis.level(caller[int(second * RATE) : int((second + 0.4) * RATE)]) > -40


def test_the_demo_speaks_and_tells_the_truth(hearing_centre: RunningCentre) -> None:
    """By itself: beside six residents and a browser its telephone may be too late to judge what it hears."""
    demo = hearing_centre.command("demo", "--json", "--scene", "е", seconds=200)
    assert demo.returncode == 0, demo.stderr
    (scene,) = json.loads(demo.stdout)
    assert scene["ok"]
    assert scene["ticket"]


async def read(town: Town, call: Call) -> Record:
    kept = await town.centre.ledger.read(town.database, town.centre.ledger.entry_of(call).dialled)
    assert kept is not None
    return kept
