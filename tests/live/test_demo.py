"""The demo tells the truth: all of it on a sound centre, none of it on a broken one."""

import asyncio
import json

import pytest

from tests.live.running_centre import RunningCentre

pytestmark = [pytest.mark.live, pytest.mark.timeout(120, func_only=True)]


def test_the_demo_shows_everything(centre: RunningCentre) -> None:
    shown = centre.command("demo", "--json", seconds=110)
    assert shown.returncode == 0, shown.stderr
    scenes = {scene["scene"]: scene for scene in json.loads(shown.stdout)}
    assert list(scenes) == ["а", "б", "в", "г", "д", "е"]
    assert "модель речи не задана" in scenes.pop("е")["skipped"]
    assert all(scene["ok"] and scene["recording"] and not scene["skipped"] for scene in scenes.values())
    assert scenes["б"]["ticket"]
    tones = {(trace["what"], trace["channel"][:5]) for trace in scenes["в"]["traces"]}
    assert ("тон 1000 Гц", "левый") in tones


async def test_a_broken_dialplan_fails_the_demo(centre: RunningCentre) -> None:
    """The robot is never asked: no lint of ours can see that the name of the application is somebody else's."""
    plan = centre.layout.asterisk_etc / "extensions.conf"
    good = plan.read_text(encoding="utf-8")
    assert "Stasis(callcenter," in good
    try:
        plan.write_text(good.replace("Stasis(callcenter,", "Stasis(nobody,"), encoding="utf-8")
        centre.asterisk.run_cli("dialplan reload")
        shown = await asyncio.to_thread(centre.command, "demo", "--json", "--scene", "д")
    finally:
        plan.write_text(good, encoding="utf-8")
        centre.asterisk.run_cli("dialplan reload")
    assert shown.returncode == 1
    (scene,) = json.loads(shown.stdout)
    assert not scene["ok"]
    assert "was not heard" in scene["trouble"]
