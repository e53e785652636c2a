"""Which tests fail now and then? The suite, many times, beside one busy core.

    python -m bench.flakes 10 [--only tests|live]

Runs the stages of `make test` again and again while another program keeps one core busy, as on a machine that has other
work. Prints a line a run and at the end every test that failed, with the number of its failures; exit 1 when there was
any. A test that fails one run in a hundred is a bug of the first rank.
"""

import argparse
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tests.run_all import LIVE, QUICK, run_tests, spell

STAGES = {"tests": QUICK, "live": LIVE}


@contextmanager
def busy_core() -> Iterator[None]:
    """One core has nothing to spare."""
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        busy.kill()
        busy.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=int)
    parser.add_argument("--only", choices=tuple(STAGES), help="one stage instead of both")
    arguments = parser.parse_args()
    failures: Counter[str] = Counter()
    lines = []
    with busy_core():
        for number in range(1, arguments.runs + 1):
            begun = time.monotonic()
            stages = [run_tests(name, command) for name, command in STAGES.items() if arguments.only in (None, name)]
            for stage in stages:
                failures.update(stage.failed if stage.failed or stage.ok else [f"({stage.name} did not finish)"])
            lines.append(f"run {number}: {'; '.join(map(str, stages))}; {spell(time.monotonic() - begun)}")
            print(lines[-1], flush=True)
    print("\n".join(lines))
    for name, count in failures.most_common():
        print(f"{count} of {arguments.runs}: {name}")
    print(f"{arguments.runs} runs, {len(failures)} tests that failed at least once")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
