"""`callcenter setup`: make everything ready, without starting the centre's own programs."""

import argparse

from callcenter.instance.place import open_instance, test_home
from callcenter.instance.setup import set_up, set_up_for_tests
from callcenter.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--for-tests", action="store_true", help="only what the live tests need, in their own home")


def run(arguments: argparse.Namespace) -> int:
    """Raises CallcenterError with the mend."""
    if arguments.for_tests:
        set_up_for_tests(open_instance(home=test_home(), settings=Settings()), progress=say)
    else:
        set_up(open_instance(), progress=say)
    return 0


def say(line: str) -> None:
    """Progress is for whoever waits, so it must not stay in a buffer."""
    print(line, flush=True)
