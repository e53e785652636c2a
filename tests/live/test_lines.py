"""As many calls at once as there are lines, one more, and callers who hang up whenever they like."""

import asyncio
import random
from datetime import timedelta

import pytest

from callcenter.callbacks.models import CallbackKind
from callcenter.calls.models import Outcome
from tests.live.records import Record
from tests.live.running_centre import LINES
from tests.live.town import Town
from tools.softphone.call import Call

pytestmark = [pytest.mark.live, pytest.mark.timeout(90, func_only=True)]

LONGEST = 9.0


async def test_one_caller_more_than_lines_is_told_so_and_called_back(town: Town) -> None:
    dice = random.Random(20)
    callers = await asyncio.gather(*(town.call() for _ in range(LINES)))
    overflow = await town.call()
    leaving = [asyncio.create_task(hang_up_sometime(call, dice.uniform(0.0, LONGEST))) for call in callers]
    await town.hears_sound(overflow, "callcenter/overflow", first=None)
    await overflow.ended(within=3)
    assert overflow.ended_by == "them"
    await asyncio.gather(*leaving)
    town.expect(overflow, is_called_back)
    for call in callers:
        town.expect(call, is_served_or_called_back)


def is_called_back(record: Record) -> None:
    assert record.call.outcome is Outcome.OVERFLOW
    assert record.task is not None
    assert (record.task.kind, record.task.phone) == (CallbackKind.OVERFLOW, record.call.caller_number)
    assert record.task.due_at == record.call.arrived_at + timedelta(minutes=10)


def is_served_or_called_back(record: Record) -> None:
    assert record.call.outcome in (Outcome.ABANDONED, Outcome.ROBOT)
    assert (record.task is None) == (record.call.outcome is Outcome.ROBOT)


async def hang_up_sometime(call: Call, seconds: float) -> None:
    """Presses keys meanwhile, as impatient people do."""
    for _ in range(int(seconds / 1.5)):
        await asyncio.sleep(1.3)
        await call.press("2")
    await asyncio.sleep(seconds % 1.5)
    await call.hang_up()
