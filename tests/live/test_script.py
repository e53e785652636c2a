"""A broken script never reaches a caller."""

import asyncio

import pytest

from callcenter.alarms.models import AlarmKind
from tests.live.running_centre import RunningCentre
from tests.live.town import Town

pytestmark = [pytest.mark.live, pytest.mark.timeout(60, func_only=True)]


async def test_a_broken_script_is_refused_and_the_last_good_one_stays(town: Town, centre: RunningCentre) -> None:
    script = centre.tree / "ivr_scripts" / "main.yaml"
    good = script.read_text(encoding="utf-8")
    broken = good.replace("затем: название", "затем: назвние", 1)
    assert broken != good
    controller = centre.program("controller")
    try:
        script.write_text(broken, encoding="utf-8")
        await wait_for_alarm(town, stands=True)
        call = await town.call()
        await town.hears(call, town.greeting)
        refused = await asyncio.to_thread(centre.command, "run")
        assert refused.returncode == 1
        assert "назвние" in refused.stdout
        assert centre.program("controller") == controller
    finally:
        script.write_text(good, encoding="utf-8")
    await wait_for_alarm(town, stands=False)
    await town.hears(call, town.asks(), within=15)
    await call.hang_up()


async def wait_for_alarm(town: Town, *, stands: bool) -> None:
    """Waits until the board shows that the script is broken, or shows it no more."""
    async with asyncio.timeout(15):
        while True:
            if any(alarm.kind is AlarmKind.SCRIPT for alarm in await town.alarms()) is stands:
                return
            await asyncio.sleep(0.25)
