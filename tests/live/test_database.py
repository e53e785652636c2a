"""PostgreSQL goes away under a call: the call goes on, and what it promised is there afterwards."""

import asyncio
import signal
from datetime import timedelta

import pytest

from callcenter.conducting.action_specs import NO_DATABASE, REGISTER_TICKET
from callcenter.demo.way import play_keys
from callcenter.instance.supervisor import SUPERVISOR
from callcenter.queues.models import TaskKind, TaskState
from tests.live.running_centre import RunningCentre
from tests.live.test_callers import LIFT_FAULT
from tests.live.town import Town

pytestmark = [pytest.mark.live, pytest.mark.timeout(90, func_only=True)]


async def test_a_call_goes_on_without_the_database(town: Town, centre: RunningCentre) -> None:
    call = await town.called(LIFT_FAULT)
    centre.program(SUPERVISOR).send(signal.SIGSTOP)  # it would start PostgreSQL again at once
    await asyncio.to_thread(centre.cluster.stop)
    await town.hears(call, town.asks(LIFT_FAULT), within=25)
    await call.press("1")
    await town.hears(call, promise(town), first=None, within=10)
    begun = call.second()
    await asyncio.sleep(1)
    fresh = await town.call()
    await town.hears(fresh, town.greeting)
    await asyncio.gather(call.hang_up(), fresh.hang_up())
    assert [gap for gap in call.gaps(longer_than=0.1) if gap.second > begun] == []
    centre.program(SUPERVISOR).send(signal.SIGCONT)
    await asyncio.to_thread(centre.cluster.ensure_running)
    record = await town.whole_record(call)
    assert record.ticket is not None
    assert record.ticket.number is not None
    assert record.task is not None
    assert (record.task.kind, record.task.state) == (TaskKind.PROMISE, TaskState.OPEN)
    assert record.task.due_at == record.call.arrived_at + timedelta(minutes=10)
    assert not [event for event in record.events if record.ticket.number in str(event.facts)]
    await town.whole_record(fresh)


def promise(town: Town) -> str:
    """What the robot says when it cannot give a number."""
    way = play_keys(town.edition, f"{LIFT_FAULT}1", outcomes={REGISTER_TICKET: NO_DATABASE})
    return way.turns[-1].says[0].text
