"""Plays the scenes beside each other, as calls come in life, and keeps each one's account."""

import asyncio
from collections.abc import Sequence

from callcenter.core.errors import CallcenterError
from callcenter.instance.instance import Instance
from tools.demo.scenes import SCENES, Scene
from tools.demo.stage import Stage, open_stage
from tools.demo.trace import Account, Tell

APART = 1.5
"""Seconds between the beginnings of two calls: an arrival is recognised by its moment."""


async def play_scenes(instance: Instance, letters: Sequence[str], *, tell: Tell) -> list[Account]:
    """The accounts of the scenes with these letters; all of them when there are none. Raises NotRunning."""
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
    except Exception as error:  # a scene that breaks must not take the others' accounts with it
        account.failure = f"{type(error).__name__}: {error}"
    account.add_step(
        account.skip_reason or ("получилось" if account.has_passed else f"НЕ ПОЛУЧИЛОСЬ: {account.failure}")
    )
    return account
