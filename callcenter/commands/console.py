"""`callcenter console "pjsip show registrations"`: runs one command on the console of the instance's Asterisk."""

import argparse

from callcenter.asterisk.asterisk import Asterisk
from callcenter.commands.setup import say
from callcenter.instance.instance import open_instance


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="+", metavar="WORD", help='e.g. pjsip show contacts; "help" lists all')


def run(arguments: argparse.Namespace) -> int:
    """Raises AsteriskLaunchFailed when Asterisk's console does not answer."""
    say(Asterisk(open_instance()).run_cli(" ".join(arguments.words)))
    return 0
