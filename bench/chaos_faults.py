"""The faults of the chaos bench: what is done to the running centre, and when it is whole again."""

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import text

from callcenter.asterisk.launch_methods import AsteriskLaunchFailed
from callcenter.core.database import Database
from callcenter.core.errors import DatabaseUnavailable
from callcenter.instance.processes import find_running
from callcenter.operations.supervisor import CLERK, CONTROLLER, DESK, EAR, SUPERVISOR
from tests.live.faults import frozen, postgres_of, silence_link, without_room
from tests.live.running_centre import RunningCentre

HURRY_AFTER = 4.0
"""Seconds. Faults come here as often as in years of a centre's life, and a supervisor takes its time with a program
that ends again and again: it is hurried, as `callcenter run` does it."""
HEALED_WITHIN = 400.0
_LOOK_EVERY = 0.3


@dataclass
class Scene:
    """What a fault is done to. `asterisk_start_times`: the moments from which a new Asterisk took calls."""

    centre: RunningCentre
    database: Database
    dice: random.Random
    uses_recognition: bool
    asterisk_start_times: list[datetime] = field(default_factory=list)

    async def kill(self, *names: str) -> None:
        """Ends programs of ours by SIGKILL and waits until they are gone."""
        programs = [self.centre.program(name) for name in names]
        for program in programs:
            program.send(signal.SIGKILL)
        for program in programs:
            await asyncio.to_thread(program.wait, 5.0)

    async def pause(self, least: float, most: float) -> None:
        await asyncio.sleep(self.dice.uniform(least, most))

    async def run(self) -> None:
        """What `callcenter run` comes to when all is set up: a new supervisor, who adopts or starts the others."""
        await asyncio.to_thread(self.centre.start_supervisor)

    async def wait_healed(self) -> float:
        """Waits until every program runs and answers; how long that took. Raises TimeoutError."""
        begun = time.monotonic()
        hurried = begun
        while not await self._is_whole():
            if time.monotonic() - hurried > HURRY_AFTER:
                hurried = time.monotonic()
                supervisor = find_running(self.centre.layout.pid_directory / SUPERVISOR)
                if supervisor is not None:
                    supervisor.send(signal.SIGHUP)
            if time.monotonic() - begun > HEALED_WITHIN:
                raise TimeoutError(f"not whole after {HEALED_WITHIN:.0f} s")
            await asyncio.sleep(_LOOK_EVERY)
        return time.monotonic() - begun

    async def _is_whole(self) -> bool:
        names = (SUPERVISOR, CONTROLLER, CLERK, DESK, *((EAR,) if self.uses_recognition else ()))
        if None in [find_running(self.centre.layout.pid_directory / name) for name in names]:
            return False
        if not await asyncio.to_thread(self.centre.asterisk.serves, "callcenter"):
            return False
        try:
            async with asyncio.timeout(3), self.database.begin() as session:
                await session.execute(text("SELECT 1"))
        except (DatabaseUnavailable, OSError, TimeoutError):
            return False
        return True


Strike = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    """`inject` does it and undoes what does not mend itself. `breaks_line`: sound may fail, calls may end."""

    name: str
    inject: Strike
    breaks_line: bool = False
    spoils_recording: bool = False
    """What is recorded meanwhile may have gaps."""
    needs_ear: bool = False


def _killing(*names: str) -> Strike:
    async def strike(scene: Scene) -> None:
        await scene.kill(*names)
        if SUPERVISOR in names:
            await scene.pause(0, 6)
            await scene.run()

    return strike


def _freezing(name: str, least: float, most: float) -> Strike:
    async def strike(scene: Scene) -> None:
        with frozen(scene.centre.program(name)):
            await scene.pause(least, most)

    return strike


async def _kill_postgres(scene: Scene) -> None:
    postmaster = scene.centre.cluster.running()
    assert postmaster is not None
    postmaster.send(signal.SIGKILL)
    await asyncio.to_thread(postmaster.wait, 5.0)


async def _kill_backend(scene: Scene) -> None:
    """PostgreSQL then ends every other backend and recovers."""
    postmaster = scene.centre.cluster.running()
    backends = [process for process in postgres_of(scene.centre) if process != postmaster]
    scene.dice.choice(backends).send(signal.SIGKILL)


async def _freeze_postgres(scene: Scene) -> None:
    with frozen(*postgres_of(scene.centre)):
        await scene.pause(3, 25)


async def _stop_postgres(scene: Scene) -> None:
    """With the controller killed in the middle, so that its journal is all that is known of the calls."""
    with frozen(scene.centre.program(SUPERVISOR)):  # it would start PostgreSQL again at once
        await asyncio.to_thread(scene.centre.cluster.stop)
        await scene.pause(3, 15)
        await scene.kill(CONTROLLER)
        await scene.pause(1, 5)


async def _kill_asterisk(scene: Scene) -> None:
    running = scene.centre.asterisk.running()
    assert running is not None
    running.send(signal.SIGKILL)
    await asyncio.to_thread(running.wait, 5.0)
    deadline = time.monotonic() + HEALED_WITHIN
    while time.monotonic() < deadline:
        again = scene.centre.asterisk.running()
        try:
            if again is not None and "fully booted" in await asyncio.to_thread(
                scene.centre.asterisk.run_cli, "core waitfullybooted"
            ):
                scene.asterisk_start_times.append(datetime.now(UTC))
                return
        except AsteriskLaunchFailed:
            pass
        await asyncio.sleep(_LOOK_EVERY)


async def _freeze_asterisk(scene: Scene) -> None:
    running = scene.centre.asterisk.running()
    assert running is not None
    with frozen(running):
        await scene.pause(1, 4)


async def _fill_disk(scene: Scene) -> None:
    """For the notes, the tapes and the recordings."""
    with without_room(scene.centre.program(CONTROLLER)), without_room(scene.centre.program(CLERK)):
        await scene.pause(5, 15)


async def _fill_disk_of_asterisk(scene: Scene) -> None:
    running = scene.centre.asterisk.running()
    assert running is not None
    with without_room(running):
        await scene.pause(3, 10)


async def _silence_ari(scene: Scene) -> None:
    silence_link(scene.centre.program(CONTROLLER), scene.centre.instance.ports.asterisk_http)
    await asyncio.sleep(6.0)  # by then it must have been found


FAULTS = (
    Fault("controller killed", _killing(CONTROLLER)),
    Fault("controller frozen", _freezing(CONTROLLER, 2, 12)),
    Fault("clerk killed", _killing(CLERK)),
    Fault("clerk frozen", _freezing(CLERK, 2, 12)),
    Fault("ear killed", _killing(EAR), needs_ear=True),
    Fault("ear frozen", _freezing(EAR, 2, 8), needs_ear=True),
    Fault("desk killed", _killing(DESK)),
    Fault("supervisor killed", _killing(SUPERVISOR)),
    Fault("all our programs killed", _killing(SUPERVISOR, CONTROLLER, CLERK, DESK)),
    Fault("PostgreSQL killed", _kill_postgres),
    Fault("PostgreSQL backend killed", _kill_backend),
    Fault("PostgreSQL frozen", _freeze_postgres),
    Fault("PostgreSQL stopped, controller killed", _stop_postgres),
    Fault("Asterisk killed", _kill_asterisk, breaks_line=True, spoils_recording=True),
    Fault("Asterisk frozen", _freeze_asterisk, breaks_line=True, spoils_recording=True),
    Fault("disk full for our programs", _fill_disk),
    Fault("disk full for Asterisk", _fill_disk_of_asterisk, spoils_recording=True),
    Fault("ARI silent", _silence_ari),
)
