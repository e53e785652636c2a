"""Keeps the instance's programs running. The supervisor may be killed at any time without effect on calls.

It holds nothing that a call needs: the programs run in their own sessions and are found by their pid files, so a new
supervisor adopts the programs of the old one. Only one supervisor at a time runs in an instance.
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
"""Number of consecutive ends or failed starts from which a program is reported; a calm time resets the count."""

SUPERVISOR = "supervisor"
CONTROLLER = "controller"
CLERK = "clerk"
DESK = "desk"
EAR = "ear"
NICENESS = 4
"""Niceness of our own programs once they have settled; Asterisk stays at 0 because it must send a packet every 20 ms.

At 10, a machine with other work delayed call records by minutes. On one busy core with 200 callers, 4 reduced the gaps
in the sound from 54 to 24 ms at p99 (docs/decisions/0013).
"""


class AlreadyRuns(CallcenterError):
    """The program already runs in this instance."""


@dataclass(frozen=True, slots=True)
class SupervisedProcess:
    """A program that the supervisor keeps running.

    `find` returns the live process or None. `start` starts the program and returns when it runs; it may block, and may
    raise CallcenterError or OSError. `niceness`, 0 to 19, is set once the program has settled.
    """

    name: str
    find: Callable[[], RunningProcess | None]
    start: Callable[[], object]
    niceness: int = 0


Report = Callable[[str, int], Awaitable[None]]
"""(program name, number of consecutive ends); the number is 0 when the program has settled."""


async def report_nothing(name: str, ends: int) -> None:
    """A Report that does nothing."""


class Supervisor:
    """Adopts the programs that run, starts the others, and restarts a program after its end.

    The restart delay is `shortest` seconds; it doubles with each consecutive end, up to `longest`. A program that ran
    for `calm` seconds has settled, and its delay starts at `shortest` again. `report` is called at each end from the
    LOOP-th consecutive one, and when a program settles.
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
        """Runs until canceled; the programs keep running."""
        async with asyncio.TaskGroup() as watch:
            for charge in self._charges:
                watch.create_task(self._keep(charge), name=charge.name)

    def hurry(self) -> None:
        """Ends all restart delays now, because the cause may be fixed. Safe in a signal handler."""
        self._hurried.set()
        self._hurried.clear()  # wakes the present waiters only; later delays keep their length

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
        """Waits for the end of the program; returns whether it had settled."""
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
    """All programs of an instance; the recognition server only when this machine recognizes speech."""
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
    """The program `callcenter run NAME`."""
    return _module(layout, name, "callcenter", "run", name)


def own_ear(layout: Layout, settings: Settings) -> SupervisedProcess:
    """The recognition server of this machine."""
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
    """Returns a Report that raises an alarm for a program that keeps ending, and clears it when the program settles."""

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
        except (DatabaseUnavailable, OSError) as error:  # PostgreSQL itself may be the failing program
            log.warning("the board could not be told", program=name, why=str(error))

    return report


async def supervise(instance: Instance) -> None:
    """Runs the supervisor until SIGTERM or SIGINT; SIGHUP ends the restart delays. Raises AlreadyRuns."""
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
    """Holds the lock of program `name`, so that it runs once in the instance, and writes its pid file.

    The kernel releases the lock at the end of the process, whatever ends it. Raises AlreadyRuns.
    """
    with (layout.pid_directory / f"{name}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRuns(f"«callcenter run {name}» is at work already in {layout.home}") from None
        record_self(layout.pid_directory / name)
        yield
