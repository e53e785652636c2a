"""PostgreSQL goes away under a call: the call goes on, and what it promised is there afterwards."""

import asyncio
import signal
from datetime import timedelta

import pytest

from callcenter.conducting.action_specs import NO_DATABASE, REGISTER_TICKET
from callcenter.demo.way import play_keys
from callcenter.instance.supervisor import SUPERVISOR
from callcenter.queues.models import TaskKind, TaskState
from tests.live.records import Record
from tests.live.running_centre import RunningCentre
from tests.live.town import Town

pytestmark = [pytest.mark.live, pytest.mark.timeout(90, func_only=True)]

QUICKEST = "LIFT_FAULT"
"""The trouble whose registration by keys needs the fewest words."""


async def test_a_call_goes_on_without_the_database(town: Town, centre: RunningCentre) -> None:
    keys = town.keys_to_ticket(QUICKEST)
    call = await town.called(keys[:-1])
    centre.program(SUPERVISOR).send(signal.SIGSTOP)  # it would start PostgreSQL again at once
    await asyncio.to_thread(centre.cluster.stop)
    await town.hears(call, town.asks(keys[:-1]), within=25)
    await call.press(keys[-1])
    await town.hears(call, promise(town, keys), first=None, within=10)
    begun = call.second()
    await asyncio.sleep(1)
    fresh = await town.call()
    await town.hears(fresh, town.greeting)
    await asyncio.gather(call.hang_up(), fresh.hang_up())
    assert [gap for gap in call.gaps(longer_than=0.1) if gap.second > begun] == []
    centre.program(SUPERVISOR).send(signal.SIGCONT)
    await asyncio.to_thread(centre.cluster.ensure_running)
    town.expect(call, is_kept_as_promised)


def is_kept_as_promised(record: Record) -> None:
    """One ticket, whose number nobody has been told, and one task."""
    assert record.ticket is not None
    assert record.ticket.number is not None
    assert not [event for event in record.events if record.ticket.number in str(event.facts)]
    assert record.task is not None
    assert (record.task.kind, record.task.state) == (TaskKind.PROMISE, TaskState.OPEN)
    assert record.task.due_at == record.call.arrived_at + timedelta(minutes=10)


def promise(town: Town, keys: str) -> str:
    """What the robot says when it cannot give a number."""
    return play_keys(town.edition, keys, outcomes={REGISTER_TICKET: NO_DATABASE}).turns[-1].says[0].text
