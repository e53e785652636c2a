"""`callcenter setup`: prepares the instance without starting the centre's own programs."""

import argparse

from callcenter.asterisk.debian_root import renew_root
from callcenter.instance.instance import open_instance, test_home
from callcenter.operations.setup import set_up, set_up_for_tests
from callcenter.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--for-tests", action="store_true", help="only what the live tests need, in their own home")
    what.add_argument(
        "--renew-asterisk",
        action="store_true",
        help="only build the root that holds Asterisk anew; the next start of Asterisk uses it",
    )


def run(arguments: argparse.Namespace) -> int:
    """Raises CallcenterError; its message names the remedy."""
    if arguments.for_tests:
        set_up_for_tests(open_instance(home=test_home(), settings=Settings()), progress=say)
    elif arguments.renew_asterisk:
        say(f"Asterisk: готов новый корень {renew_root(say)}; он войдёт в силу со следующим запуском Asterisk")
    else:
        set_up(open_instance(), progress=say)
    return 0


def say(line: str) -> None:
    """Prints a line of progress at once: a person is waiting, so the line must not stay in a buffer."""
    print(line, flush=True)
