"""Builds the call center's own speech model and prints the number of its words.

    python -m callcenter.hearing.model_factory DIRECTORY --knowledge DIR --scripts DIR

The names of the staff are read from standard input, one a line. Set-up runs this program (operations.speech_model).
"""

import argparse
import sys
from pathlib import Path

from callcenter.core.errors import CallcenterError
from callcenter.hearing.model_factory.build import read_stress, write_model_directory
from callcenter.hearing.model_factory.text import SOURCES_DIRECTORY, build_text


def main() -> int:
    parser = argparse.ArgumentParser(prog="callcenter.hearing.model_factory")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--knowledge", type=Path, required=True)
    parser.add_argument("--scripts", type=Path, required=True)
    parser.add_argument("--material", type=Path, default=SOURCES_DIRECTORY)
    options = parser.parse_args()
    people = sys.stdin.read().splitlines()
    try:
        text = build_text(
            knowledge=options.knowledge, scripts=options.scripts, people=people, material=options.material
        )
        print(write_model_directory(options.directory, text, read_stress(), options.material))
    except CallcenterError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
