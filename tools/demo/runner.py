"""Plays the scenes of the demo concurrently and collects their reports."""

import asyncio
from collections.abc import Sequence

from callcenter.core.errors import CallcenterError
from callcenter.instance.instance import Instance
from tools.demo.scenes import SCENES, Scene
from tools.demo.stage import Stage, open_stage
from tools.demo.trace import Account, Tell

APART = 1.5
"""Seconds between the starts of two scenes: a call's record is identified by its arrival time (stage.SAME_MOMENT)."""


async def play_scenes(instance: Instance, letters: Sequence[str], *, tell: Tell) -> list[Account]:
    """Plays the scenes with the given letters, or all; returns their reports. Raises NotRunning."""
    chosen = [scene for scene in SCENES if not letters or scene.letter in letters]
    async with open_stage(instance) as stage, asyncio.TaskGroup() as group:
        playing = [
            group.create_task(_play_scene(stage, scene, index * APART, tell)) for index, scene in enumerate(chosen)
        ]
    return [play.result() for play in playing]


async def _play_scene(environment: Stage, scene: Scene, delay: float, tell: Tell) -> Account:
    await asyncio.sleep(delay)
    account = Account(scene.letter, scene.title, tell)
    try:
        await scene.play(environment, account)
    except CallcenterError as error:
        account.failure = str(error)
    except Exception as error:  # a failing scene must not end the others
        account.failure = f"{type(error).__name__}: {error}"
    account.add_step(
        account.skip_reason or ("получилось" if account.has_passed else f"НЕ ПОЛУЧИЛОСЬ: {account.failure}")
    )
    return account
