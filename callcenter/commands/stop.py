"""`callcenter stop`: ends the centre, the supervisor first, so that no ended program is started again."""

import argparse
import signal

from callcenter.asterisk.launch_methods import AsteriskLaunchFailed
from callcenter.asterisk.process import AsteriskProcess
from callcenter.commands.setup import say
from callcenter.instance.instance import find_home
from callcenter.instance.processes import end, find_running
from callcenter.layout import Layout
from callcenter.operations.postgres import PostgresProcess
from callcenter.operations.supervisor import CLERK, CONTROLLER, DESK, EAR, SUPERVISOR


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--keep-calls",
        action="store_true",
        help="stop only our own programs: Asterisk and PostgreSQL go on, and so do the calls (for an upgrade)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Always 0: what does not run is stopped already. Raises ProcessNotEnding.

    Neither settings nor ports are read: a centre that a mistake in them keeps from starting can still be stopped.
    """
    layout = Layout(find_home())
    asterisk = AsteriskProcess(layout)
    if not arguments.keep_calls and asterisk.running() is not None:
        try:
            calls = asterisk.count_calls()
        except AsteriskLaunchFailed:
            calls = 0
        if calls:
            say(f"ВНИМАНИЕ: обрываются разговоры: {calls}. Без обрыва: callcenter stop --keep-calls")
    for name in (SUPERVISOR, DESK, CONTROLLER, CLERK, EAR):  # the supervisor first: it would start the others again
        running = find_running(layout.pid_directory / name)
        if running is not None:
            end(running, first=signal.SIGTERM, grace=10.0)
            say(f"остановлен: {name}")
    if arguments.keep_calls:
        return 0
    if asterisk.running() is not None:
        asterisk.stop()
        say("остановлен: asterisk")
    cluster = PostgresProcess(layout)
    if cluster.running() is not None:
        cluster.stop()
        say("остановлен: postgres")
    return 0
