"""`callcenter replay TAPE`: plays a call's tape through router, engine and record; tells the call and what differs."""

import argparse
from pathlib import Path

from callcenter.core.logging import configure_logging
from callcenter.replay.replay import replay

MOST_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tape", type=Path, help="a file *.tape.jsonl beside a recording")


def run(arguments: argparse.Namespace) -> int:
    """0 when everything comes out as it did, 1 when it differs. Raises BrokenTape, NoEdition."""
    configure_logging("ERROR")
    played = replay(arguments.tape)
    print("\n".join(played.story))
    if not played.differences:
        print("\nРасхождений нет: звонок повторился строка в строку.")
        return 0
    print(f"\nРасхождений: {len(played.differences)}.")
    for difference in played.differences[:MOST_SHOWN]:
        print(difference)
    if len(played.differences) > MOST_SHOWN:
        print(f"… и ещё {len(played.differences) - MOST_SHOWN}: обычно они следуют из первых.")
    return 1
