"""Derives the call's record from a tape: the kinds of its timeline entries and its outcome.

It uses the pure part of the intake and no database. A replay creates no rows, tasks or tickets.
"""

from collections.abc import Iterator, Sequence

from callcenter.calls.models import Outcome
from callcenter.conducting.action_specs import READY, REGISTER_TICKET
from callcenter.intake.cel import parse_cel_line
from callcenter.intake.log_events import kind_of_cel_event, kind_of_queue_event
from callcenter.intake.queue_log import parse_queue_line
from callcenter.intake.settling import judge_call
from callcenter.journal.tape import TapeLine, TapeSource


def read_kinds(lines: Sequence[TapeLine]) -> frozenset[str]:
    """The kinds of timeline entries that follow from CEL lines, queue_log lines and the notes of actions."""
    return frozenset(_iterate_kinds(lines))


def derive_outcome(lines: Sequence[TapeLine], kinds: frozenset[str]) -> Outcome:
    """The outcome of the call whose timeline has entries of these kinds."""
    registered = any(
        line.source is TapeSource.ACTION
        and line.content["action"] == REGISTER_TICKET
        and line.content.get("outcome") == READY
        for line in lines
    )
    return judge_call(kinds, registered=registered).outcome


def _iterate_kinds(lines: Sequence[TapeLine]) -> Iterator[str]:
    for line in lines:
        match line.source:
            case TapeSource.ACTION_NOTE:
                yield line.content["kind"]
            case TapeSource.CEL if (event := parse_cel_line(line.content["line"])) is not None:
                if (kind := kind_of_cel_event(event)) is not None:
                    yield kind
            case TapeSource.QUEUE_LOG if (said := parse_queue_line(line.content["line"])) is not None:
                if (kind := kind_of_queue_event(said)) is not None:
                    yield kind
