"""`callcenter replay TAPE`: replays the tape of a call through event router, dialogue engine and call record.

Prints the transcript of the call, then the differences between the tape and the replay.
"""

import argparse
import shutil
from pathlib import Path

from callcenter.core.logging import configure_logging
from callcenter.journal.editions import edition_file
from callcenter.journal.tape import read_tape
from callcenter.replay.anonymize import anonymize_tape
from callcenter.replay.replay import find_edition, replay

MOST_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tape", type=Path, help="a file *.tape.jsonl beside a recording")
    parser.add_argument(
        "--copy",
        type=Path,
        metavar="FILE",
        help="write a copy with made-up numbers and no names, and the edition it needs, for a report or a test",
    )


def run(arguments: argparse.Namespace) -> int:
    """Returns 0 when the replay equals the tape, 1 when it differs. Raises BrokenTape, EditionNotFound."""
    configure_logging("ERROR")
    if arguments.copy is not None:
        copy_tape(arguments.tape, arguments.copy)
    played = replay(arguments.copy or arguments.tape)
    print("\n".join(played.transcript))
    if not played.differences:
        print("\nРасхождений нет: звонок повторился строка в строку.")
        return 0
    print(f"\nРасхождений: {len(played.differences)}.")
    for difference in played.differences[:MOST_SHOWN]:
        print(difference)
    if len(played.differences) > MOST_SHOWN:
        print(f"… и ещё {len(played.differences) - MOST_SHOWN}: обычно они следуют из первых.")
    return 1


def copy_tape(tape: Path, copy: Path) -> None:
    """Writes an anonymized copy of the tape, and its script edition to `editions/` beside the copy.

    Raises BrokenTape, EditionNotFound, OSError.
    """
    lines = read_tape(tape)
    edition = find_edition(lines, directory=tape.parent)
    copy.write_bytes(anonymize_tape(lines))
    if edition is not None:
        kept = edition_file(copy.parent, edition.stem)
        kept.parent.mkdir(exist_ok=True)
        if not kept.exists():
            shutil.copyfile(edition, kept)
