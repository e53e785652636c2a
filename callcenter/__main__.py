"""`callcenter COMMAND`: finds the command's file, hands it its arguments, prints our own errors plainly."""

import argparse
import importlib
import sys

from callcenter.core.errors import CallcenterError

COMMANDS = ("setup", "run", "stop", "check", "talk", "say", "reconcile", "demo", "transcribe")


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="callcenter", description="Telephony-first call centre.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    rooms = {}
    for name in COMMANDS:
        room = importlib.import_module(f"callcenter.commands.{name}")
        rooms[name] = room
        room.add_arguments(commands.add_parser(name, help=room.HELP, description=room.HELP))
    arguments = parser.parse_args(words)
    try:
        return int(rooms[arguments.command].run(arguments))
    except CallcenterError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
