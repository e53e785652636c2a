"""`callcenter run`: checks and sets up the instance, starts the supervisor, and waits until the centre answers.

`callcenter run supervisor|controller|clerk|desk` runs one program of the centre in the foreground.
"""

import argparse
import asyncio
import signal
import socket
import time
import urllib.request
from collections.abc import Callable

from callcenter.asterisk.asterisk import Asterisk
from callcenter.commands.setup import say
from callcenter.core.errors import CallcenterError
from callcenter.core.logging import configure_logging
from callcenter.instance.instance import (
    Instance,
    address_for_people,
    describe_port_conflict,
    open_instance,
    suggest_port_change,
)
from callcenter.instance.processes import RunningProcess, find_running, last_lines
from callcenter.operations.setup import set_up
from callcenter.operations.supervisor import (
    CLERK,
    CONTROLLER,
    DESK,
    LOOP,
    SUPERVISOR,
    hold_alone,
    own_program,
    supervise,
)

_START_SECONDS = 30.0
"""Seconds after which a program that does not answer makes the start fail."""


class StartFailed(CallcenterError):
    """The centre did not start."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "program", nargs="?", choices=(SUPERVISOR, CONTROLLER, CLERK, DESK), help="run only this one, here"
    )


def run(arguments: argparse.Namespace) -> int:
    """Returns 0 when every program answers; 1 when scripts, knowledge or settings are invalid, after printing why."""
    if arguments.program is None:
        return start_centre()
    instance = open_instance()
    configure_logging(instance.settings.log_level)
    if arguments.program == SUPERVISOR:
        asyncio.run(supervise(instance))
        return 0
    from callcenter import app

    programs = {CONTROLLER: app.run_controller, CLERK: app.run_clerk, DESK: app.run_desk}
    with hold_alone(instance.layout, arguments.program):
        programs[arguments.program](instance)
    return 0


def start_centre() -> int:
    """Starts the programs that do not run and adopts the running ones; returns the exit code. Raises StartFailed."""
    from callcenter.commands.check import find_problems

    instance = open_instance()
    fatal = [problem for problem in find_problems(instance) if problem.fatal]
    if fatal:
        say("\n".join(str(problem) for problem in fatal))
        say(f"Центр не запущен: ошибок {len(fatal)}. Исправьте их; `callcenter check` покажет, что осталось.")
        return 1
    set_up(instance, progress=say)
    if own_program(instance.layout, DESK).find() is None:
        complaint = describe_port_conflict(
            str(instance.settings.desk.bind_address), instance.ports.desk, socket.SOCK_STREAM
        )
        if complaint:
            raise StartFailed(f"the desk cannot listen: {complaint}; {suggest_port_change(instance.layout)}")
    supervisor = own_program(instance.layout, SUPERVISOR)
    watching = supervisor.find()
    if watching is None:
        supervisor.start()
    else:
        watching.send(signal.SIGHUP)  # ends a long restart delay after earlier failures
    _wait_until_ready(instance)
    say(summarise(instance))
    return 0


def summarise(instance: Instance) -> str:
    """A summary in Russian: the number, addresses and files that a person needs to use the running centre."""
    from callcenter.commands.check import describe_ear

    settings, ports = instance.settings, instance.ports
    sip = f"{address_for_people(settings.telephony.bind_address)}:{ports.sip}"
    lines = [
        "",
        "Центр работает.",
        f"  Номер:            {settings.company.number}",
        f"  SIP-сервер:       {sip} (UDP)",
        f"  Рабочее место:    http://{address_for_people(settings.desk.bind_address)}:{ports.desk}/",
        f"  Учётные записи:   {instance.layout.accounts_file}",
        f"  Журналы:          {instance.layout.log_directory}",
        f"  Asterisk:         {Asterisk(instance).describe()}",
        f"  Речь:             {describe_ear(settings)}",
    ]
    if settings.test_resident:
        lines.append("  Позвонить самому: программный телефон с учётной записью «тестовый житель»")
    return "\n".join([*lines, "  Остановить:       make stop"])


def _wait_until_ready(instance: Instance) -> None:
    """Waits until the desk answers /healthz, the controller is connected to ARI, and the clerk runs.

    Raises StartFailed after _START_SECONDS, or when a program was started LOOP times without answering.
    """
    deadline = time.monotonic() + _START_SECONDS
    asterisk = Asterisk(instance, progress=say)
    answers: dict[str, Callable[[], bool]] = {
        CONTROLLER: lambda: asterisk.serves("callcenter"),
        CLERK: lambda: find_running(instance.layout.pid_directory / CLERK) is not None,
        DESK: lambda: _is_desk_ready(instance),
    }
    lives: dict[str, set[RunningProcess]] = {name: set() for name in answers}
    while True:
        for name in [name for name, answer in answers.items() if answer()]:
            del answers[name]
        if not answers:
            return
        for name in answers:
            running = find_running(instance.layout.pid_directory / name)
            if running is not None:
                lives[name].add(running)
            if len(lives[name]) >= LOOP or time.monotonic() > deadline:
                log = instance.layout.log_directory / f"{name}.log"
                raise StartFailed(
                    f"the {name} was started {len(lives[name])} times and does not answer; "
                    f"the supervisor goes on trying. {log}:\n{last_lines(log)}"
                )
        time.sleep(0.1)


def _is_desk_ready(instance: Instance) -> bool:
    address = f"http://{instance.settings.desk.bind_address}:{instance.ports.desk}/healthz"
    try:
        with urllib.request.urlopen(address, timeout=2.0) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
