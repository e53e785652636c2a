"""`callcenter COMMAND`: finds the command's file, hands it its arguments, prints our own errors plainly."""

import argparse
import importlib
import sys

from callcenter.core.errors import CallcenterError

COMMANDS = {
    "setup": "prepare the instance: PostgreSQL, tables, accounts, prompts, Asterisk",
    "run": "start the centre, or one of its programs in the foreground",
    "stop": "stop the centre; calls in progress end",
    "console": "one command of Asterisk's console, e.g. pjsip show contacts",
    "check": "check scripts, knowledge, settings and the rendered Asterisk configuration; all problems at once",
    "talk": "play the caller of a script in a terminal; save the talk as a test",
    "understand": "tell what a resident's words mean: intent, category, danger, address, and by which words",
    "say": "render a text with the centre's voice into a WAV file",
    "voice": "the voices there are, side by side; a person's recordings instead of them",
    "reconcile": "compare channels, bridges, files and rows; print what belongs to nothing",
    "demo": "call the running centre with softphones and show what they hear",
    "replay": "play the tape of a call again, without telephony; tell the call and what differs",
    "ear": "build the centre's own speech model of its words, or install a ready-made one",
    "transcribe": "turn a sound file into text, words with times and confidences",
    "report": "figures of some days: outcomes, callbacks, service level, waits; each with its formula",
}
"""What each does. Only the file of the command that was asked for is imported: some take a second."""


def main(words: list[str] | None = None) -> int:
    words = sys.argv[1:] if words is None else words
    parser = argparse.ArgumentParser(prog="callcenter", description="Telephony-first call centre.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    parsers = {name: commands.add_parser(name, help=does, description=does) for name, does in COMMANDS.items()}
    if not words or words[0] not in COMMANDS:
        parser.parse_args(words)  # prints the help or the mistake, and exits
    room = importlib.import_module(f"callcenter.commands.{words[0]}")
    room.add_arguments(parsers[words[0]])
    arguments = parser.parse_args(words)
    try:
        return int(room.run(arguments))
    except CallcenterError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
