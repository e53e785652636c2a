"""Keeps the instance's programs running, and can itself be killed without anyone noticing.

It holds nothing that is needed for a call: the programs run in sessions of their own and are found again by
their pid files, so a new supervisor adopts what the old one left. One at a time watches an instance.
"""

import asyncio
import contextlib
import fcntl
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from callcenter.alarms.models import AlarmKind
from callcenter.alarms.service import clear_alarm, raise_alarm
from callcenter.asterisk.asterisk import Asterisk
from callcenter.core.database import Database
from callcenter.core.errors import CallcenterError, DatabaseUnavailable
from callcenter.instance.instance import Instance
from callcenter.instance.processes import (
    RunningProcess,
    find_running,
    last_lines,
    record_self,
    recording,
    start_detached,
    step_back,
    wait_recorded,
)
from callcenter.layout import Layout
from callcenter.operations.postgres import PostgresCluster
from callcenter.operations.speech_model import find_model
from callcenter.settings import Settings

log = structlog.get_logger()

LOOP = 3
"""So many ends in a row, none of them after a calm time, are no accident."""

SUPERVISOR = "supervisor"
CONTROLLER = "controller"
CLERK = "clerk"
DESK = "desk"
EAR = "ear"
NICENESS = 4
"""Of our own programs, once they have settled. Sound goes first: Asterisk must send a packet each 20 ms, what we do may
be some milliseconds late, but not the minutes that 10 gave it on a machine with other work."""


class AlreadyRuns(CallcenterError):
    """Another one is at work."""


@dataclass(frozen=True, slots=True)
class SupervisedProcess:
    """A program to keep running.

    `find` tells the live one or None, `start` starts it and returns when it runs (it may block, and may raise
    CallcenterError or OSError). `niceness`: how far it steps back when it has settled.
    """

    name: str
    find: Callable[[], RunningProcess | None]
    start: Callable[[], object]
    niceness: int = 0


Report = Callable[[str, int], Awaitable[None]]
"""Is told a program's name and how often in a row it ended; 0 when it has settled down."""


async def report_nothing(name: str, ends: int) -> None:
    """For a supervisor whom nobody listens to."""


class Supervisor:
    """Starts what does not run, adopts what does, starts again what ended.

    After an end it waits `shortest` seconds, twice as long after each further one, `longest` at most; a program
    that lived for `calm` seconds has earned the short wait again. `report` hears of a program that ends again and
    again, and of one that has settled.
    """

    def __init__(
        self,
        charges: Sequence[SupervisedProcess],
        *,
        report: Report = report_nothing,
        shortest: float = 0.25,
        longest: float = 30.0,
        calm: float = 60.0,
    ) -> None:
        self._charges = tuple(charges)
        self._report = report
        self._shortest = shortest
        self._longest = longest
        self._calm = calm
        self._hurried = asyncio.Event()

    async def run(self) -> None:
        """Watches until it is cancelled; the programs stay."""
        async with asyncio.TaskGroup() as watch:
            for charge in self._charges:
                watch.create_task(self._keep(charge), name=charge.name)

    def hurry(self) -> None:
        """Starts at once what waits to be started again: somebody has mended something. Safe in a signal handler."""
        self._hurried.set()
        self._hurried.clear()  # whoever waits now has been woken; whoever waits later waits his time

    async def _keep(self, charge: SupervisedProcess) -> None:
        ends = 0
        while True:
            running = charge.find()
            if running is not None:
                log.info("adopted", program=charge.name, pid=running.pid)
            else:
                running = await self._start(charge)
            if running is not None and await self._outlive(charge, running):
                ends = 0
            ends += 1
            delay = min(self._shortest * 2 ** min(ends - 1, 20), self._longest)
            if ends >= LOOP:
                log.error("ends again and again", program=charge.name, times=ends, next_try_in=delay)
                await self._report(charge.name, ends)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurried.wait(), delay)
                ends = 0

    async def _outlive(self, charge: SupervisedProcess, running: RunningProcess) -> bool:
        """Returns when the program has ended: whether it had settled before."""
        begun = time.monotonic()
        settled = False
        ended = asyncio.ensure_future(running.ended())
        try:
            await asyncio.wait([ended], timeout=self._calm)
            settled = not ended.done()
            if settled:
                if charge.niceness:
                    step_back(running, charge.niceness)
                await self._report(charge.name, 0)
            await ended
        finally:
            ended.cancel()
        seconds = round(time.monotonic() - begun, 1)
        log.warning("ended", program=charge.name, pid=running.pid, seconds=seconds)
        return settled

    async def _start(self, charge: SupervisedProcess) -> RunningProcess | None:
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


def list_supervised(instance: Instance) -> list[SupervisedProcess]:
    """All programs of a centre."""
    cluster = PostgresCluster(instance.layout, instance.ports)
    asterisk = Asterisk(instance, progress=log.info)
    charges = [
        SupervisedProcess("postgres", cluster.running, cluster.ensure_running),
        SupervisedProcess("asterisk", asterisk.running, asterisk.ensure_running),
        own_program(instance.layout, CONTROLLER),
        own_program(instance.layout, CLERK),
        own_program(instance.layout, DESK),
    ]
    settings = instance.settings
    if settings.own_ear:
        charges.append(own_ear(instance.layout, settings))
    return charges


def own_program(layout: Layout, name: str) -> SupervisedProcess:
    """One of our own programs, `callcenter run NAME`, as a charge."""
    return _module(layout, name, "callcenter", "run", name)


def own_ear(layout: Layout, settings: Settings) -> SupervisedProcess:
    """The ear of this machine as a charge."""
    words = [str(layout.recognizer_socket), "--engine", settings.ear.engine, "--log-level", settings.log_level]
    if (model := find_model(layout, settings)) is not None:
        words += ["--model", str(model)]
    return _module(layout, EAR, "callcenter.hearing.server", *words)


def _module(layout: Layout, name: str, module: str, *words: str) -> SupervisedProcess:
    def start() -> None:
        output = layout.log_directory / f"{name}.log"
        starter = start_detached(
            recording([sys.executable, "-m", module, *words], layout.pid_directory / name),
            log=output,
            environment=os.environ | {"CALLCENTER_HOME": str(layout.home), "PYTHONUNBUFFERED": "1"},
        )
        if wait_recorded(layout.pid_directory / name, starter) is None:
            raise CallcenterError(f"«{module} {' '.join(words)}» ended at once; {output}:\n{last_lines(output)}")

    return SupervisedProcess(name, lambda: find_running(layout.pid_directory / name), start, niceness=NICENESS)


def alarm_reporter(database: Database, layout: Layout) -> Report:
    """Puts a program that ends again and again on the board, and takes it off when it has settled."""

    async def report(name: str, ends: int) -> None:
        try:
            async with database.begin() as session:
                if ends:
                    message = (
                        f"Программа «{name}» не держится: завершилась {ends} раза подряд и запускается снова. "
                        f"Причина в журнале: {layout.log_directory / name}.log"
                    )
                    await raise_alarm(
                        session, kind=AlarmKind.TELEPHONY, subject=name, message=message, now=datetime.now(UTC)
                    )
                else:
                    await clear_alarm(session, kind=AlarmKind.TELEPHONY, subject=name, now=datetime.now(UTC))
        except (DatabaseUnavailable, OSError) as error:  # PostgreSQL may be the very one that does not hold
            log.warning("the board could not be told", program=name, why=str(error))

    return report


async def supervise(instance: Instance) -> None:
    """The supervisor's life: until SIGTERM or SIGINT; SIGHUP hurries it. Raises AlreadyRuns."""
    with hold_alone(instance.layout, SUPERVISOR):
        me = asyncio.current_task()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, lambda: me.cancel() if me else None)
        database = Database(
            PostgresCluster(instance.layout, instance.ports).address(), node_id=instance.settings.node_id
        )
        supervisor = Supervisor(list_supervised(instance), report=alarm_reporter(database, instance.layout))
        loop.add_signal_handler(signal.SIGHUP, supervisor.hurry)
        try:
            await supervisor.run()
        except asyncio.CancelledError:
            log.info("supervisor leaves, the programs stay")
        finally:
            await database.close()


@contextmanager
def hold_alone(layout: Layout, name: str) -> Iterator[None]:
    """For the life of one of our programs: no second one of that name in the instance, and its pid file is ours.

    The lock is the kernel's and ends with us, however we end. Raises AlreadyRuns.
    """
    with (layout.pid_directory / f"{name}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRuns(f"«callcenter run {name}» is at work already in {layout.home}") from None
        record_self(layout.pid_directory / name)
        yield
