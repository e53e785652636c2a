"""Keeps the instance's programs running, and can itself be killed without anyone noticing.

It holds nothing that is needed for a call: the programs run in sessions of their own and are found again by
their pid files, so a new supervisor adopts what the old one left. One at a time watches an instance.
"""

import asyncio
import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from callcenter.core.errors import CallcenterError
from callcenter.instance.asterisk import Asterisk
from callcenter.instance.cluster import Cluster
from callcenter.instance.place import Instance
from callcenter.instance.processes import (
    Running,
    find_running,
    last_lines,
    record_self,
    recording,
    start_detached,
    wait_recorded,
)
from callcenter.layout import Layout

log = structlog.get_logger()

SUPERVISOR = "supervisor"
CONTROLLER = "controller"
DESK = "desk"


class AlreadyRuns(CallcenterError):
    """Another one is at work."""


@dataclass(frozen=True, slots=True)
class Charge:
    """A program to keep running.

    `find` tells the live one or None, `start` starts it and returns when it runs (it may block, and may raise
    CallcenterError or OSError).
    """

    name: str
    find: Callable[[], Running | None]
    start: Callable[[], object]


class Supervisor:
    """Starts what does not run, adopts what does, starts again what ended.

    After an end it waits `shortest` seconds, twice as long after each further one, `longest` at most; a program
    that lived for `calm` seconds has earned the short wait again.
    """

    def __init__(
        self, charges: Sequence[Charge], *, shortest: float = 0.25, longest: float = 30.0, calm: float = 60.0
    ) -> None:
        self._charges = tuple(charges)
        self._shortest = shortest
        self._longest = longest
        self._calm = calm

    async def run(self) -> None:
        """Watches until it is cancelled; the programs stay."""
        async with asyncio.TaskGroup() as watch:
            for charge in self._charges:
                watch.create_task(self._keep(charge), name=charge.name)

    async def _keep(self, charge: Charge) -> None:
        delay = self._shortest
        while True:
            running = charge.find()
            if running is not None:
                log.info("adopted", program=charge.name, pid=running.pid)
            else:
                running = await self._start(charge)
            if running is not None:
                begun = time.monotonic()
                await running.ended()
                lived = time.monotonic() - begun
                log.warning("ended", program=charge.name, pid=running.pid, seconds=round(lived, 1))
                if lived >= self._calm:
                    delay = self._shortest
            await asyncio.sleep(delay)
            delay = min(2 * delay, self._longest)

    async def _start(self, charge: Charge) -> Running | None:
        try:
            await asyncio.to_thread(charge.start)
        except (CallcenterError, OSError) as error:
            log.error("does not start", program=charge.name, why=str(error))
            return None
        running = charge.find()
        if running is None:
            log.error("ended at once", program=charge.name)
        else:
            log.info("started", program=charge.name, pid=running.pid)
        return running


def charges_of(instance: Instance) -> list[Charge]:
    """All programs of a centre."""
    cluster = Cluster(instance.layout, instance.ports)
    asterisk = Asterisk(instance, progress=log.info)
    return [
        Charge("postgres", cluster.running, cluster.ensure_running),
        Charge("asterisk", asterisk.running, asterisk.ensure_running),
        own_program(instance.layout, CONTROLLER),
        own_program(instance.layout, DESK),
    ]


def own_program(layout: Layout, name: str) -> Charge:
    """One of our own programs, `callcenter run NAME`, as a charge."""

    def start() -> None:
        output = layout.logs / f"{name}.log"
        starter = start_detached(
            recording([sys.executable, "-m", "callcenter", "run", name], layout.pids / name),
            log=output,
            environment=os.environ | {"CALLCENTER_HOME": str(layout.home), "PYTHONUNBUFFERED": "1"},
        )
        if wait_recorded(layout.pids / name, starter) is None:
            raise CallcenterError(f"«callcenter run {name}» ended at once; {output}:\n{last_lines(output)}")

    return Charge(name, lambda: find_running(layout.pids / name), start)


async def supervise(instance: Instance) -> None:
    """The supervisor's life: until SIGTERM or SIGINT. Raises AlreadyRuns when the instance has one."""
    with hold_alone(instance.layout, SUPERVISOR):
        me = asyncio.current_task()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, lambda: me.cancel() if me else None)
        try:
            await Supervisor(charges_of(instance)).run()
        except asyncio.CancelledError:
            log.info("supervisor leaves, the programs stay")


@contextmanager
def hold_alone(layout: Layout, name: str) -> Iterator[None]:
    """For the life of one of our programs: no second one of that name in the instance, and its pid file is ours.

    The lock is the kernel's and ends with us, however we end. Raises AlreadyRuns.
    """
    with (layout.pids / f"{name}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRuns(f"«callcenter run {name}» is at work already in {layout.home}") from None
        record_self(layout.pids / name)
        yield
