"""Programs are killed and frozen under living calls; judged by what caller and dispatcher hear meanwhile."""

import asyncio
import signal
from dataclasses import dataclass

import pytest

from callcenter.calls.models import Outcome
from callcenter.demo.way import play_keys
from callcenter.instance.supervisor import CONTROLLER, DESK, SUPERVISOR
from callcenter.softphone import ears
from callcenter.softphone.call import Call
from callcenter.softphone.g711 import RATE
from callcenter.softphone.heard import Gap
from callcenter.softphone.phone import Softphone
from callcenter.tickets.models import TicketState
from tests.live.running_centre import RunningCentre
from tests.live.town import CALLER_TONE, DISPATCHER_TONE, Town

pytestmark = [pytest.mark.live, pytest.mark.timeout(90, func_only=True)]

LEASE = 6.0
MARGIN = 1.0
"""Seconds over the lease: the dialplan's own way to its words."""
QUESTION = "21"
"""Keys that lead to a short question."""
ANSWER_AND_END = "253"
"""Keys that lead to a short answer and, pressed beforehand, past the question after it to the goodbye."""


@dataclass(frozen=True, slots=True)
class Stages:
    """Callers, each at another stage of a call; `member` is the dispatcher's end of the conversation."""

    talking: Call
    member: Call
    queued: Call
    asked: Call
    greeted: Call
    leaving: Call

    @property
    def with_the_robot(self) -> tuple[Call, Call, Call]:
        return self.asked, self.greeted, self.leaving

    @property
    def all(self) -> tuple[Call, ...]:
        return self.talking, self.queued, *self.with_the_robot


async def reach_all_stages(town: Town, dispatcher: Softphone) -> Stages:
    """About 18 seconds, most of them words that callers must hear out."""
    talking = await town.called("0")
    leaving, queued, asked = await asyncio.gather(town.called(ANSWER_AND_END), town.called("0"), town.called(QUESTION))
    member = await town.talk(talking, dispatcher, within=15)
    await town.hears_music(queued, within=10)
    answer = play_keys(town.edition, ANSWER_AND_END).turns[-1].says[0].text
    begun = await town.hears(leaving, answer)
    await town.hears(asked, town.asks(QUESTION), first=None)
    await asyncio.sleep(max(begun.second + len(town.book.of(answer)) / RATE - leaving.second() - 1.0, 0))
    greeted = await town.call()
    await town.hears(leaving, town.asks(ANSWER_AND_END), first=0.6)
    return Stages(talking, member, queued, asked, greeted, leaving)


def assert_talk_went_on(call: Call, member: Call, *, since: float, member_since: float) -> None:
    """No gap on the caller's side, and both tones were heard all the time from those seconds of the calls on."""
    assert gaps_since(call, since) == []
    for listener, tone, begin in ((call, DISPATCHER_TONE, since), (member, CALLER_TONE, member_since)):
        heard = listener.heard[int(begin * RATE) :]
        sounded = sum(span.seconds for span in ears.find_tone(heard, tone))
        assert sounded > len(heard) / RATE - 0.4, f"{tone} Hz for {sounded:.1f} of {len(heard) / RATE:.1f} s"


def gaps_since(call: Call, second: float) -> list[Gap]:
    return [gap for gap in call.gaps(longer_than=0.1) if gap.second > second]


async def hang_up_all(*calls: Call) -> None:
    await asyncio.gather(*(call.hang_up() for call in calls))


async def test_a_killed_controller_ends_no_call(town: Town, centre: RunningCentre) -> None:
    stages = await reach_all_stages(town, await town.dispatcher())
    talked, member_talked, waited = (call.second() for call in (stages.talking, stages.member, stages.queued))
    begun = {call: call.second() for call in stages.with_the_robot}
    centre.program(CONTROLLER).send(signal.SIGKILL)
    fresh = await town.call()
    await asyncio.gather(
        town.hears_sound(fresh, "callcenter/notice", within=1.0),
        *(town.hears_sound(call, words, within=LEASE + MARGIN, since=begun[call]) for call, words in way_out(stages)),
    )
    await asyncio.to_thread(centre.await_controller)
    await town.hears_sound(fresh, "queue-thereare", within=20)
    assert_talk_went_on(stages.talking, stages.member, since=talked, member_since=member_talked)
    assert gaps_since(stages.queued, waited) == []
    await hang_up_all(*stages.all[1:], fresh)
    await stages.member.hang_up()
    await stages.talking.ended(within=2)
    for call in (*stages.all, fresh):
        record = await town.whole_record(call)
        assert record.call.outcome is (Outcome.TALKED if call is stages.talking else Outcome.ABANDONED)
        assert record.ticket is not None
        assert record.ticket.state is TicketState.DRAFT
        assert (record.task is None) == (call is stages.talking)


async def test_a_frozen_controller_loses_its_callers_and_harms_none_when_it_thaws(
    town: Town, centre: RunningCentre
) -> None:
    stages = await reach_all_stages(town, await town.dispatcher())
    talked, member_talked = stages.talking.second(), stages.member.second()
    begun = {call: call.second() for call in stages.with_the_robot}
    centre.program(CONTROLLER).send(signal.SIGSTOP)
    fresh = await town.call()
    await asyncio.gather(
        town.hears_sound(fresh, "callcenter/notice", within=LEASE + MARGIN),
        *(town.hears_sound(call, words, within=LEASE + MARGIN, since=begun[call]) for call, words in way_out(stages)),
    )
    await hang_up_all(stages.queued, stages.asked, stages.greeted, fresh)
    second = await town.dispatcher(1)
    member = await town.talk(stages.leaving, second, within=12)
    left, member_left = stages.leaving.second(), member.second()
    centre.program(CONTROLLER).send(signal.SIGCONT)
    await asyncio.sleep(4)
    assert_talk_went_on(stages.leaving, member, since=left, member_since=member_left)
    assert_talk_went_on(stages.talking, stages.member, since=talked, member_since=member_talked)
    await hang_up_all(stages.leaving, stages.talking)
    for call in (*stages.all, fresh):
        record = await town.whole_record(call)
        talked_with = call in (stages.talking, stages.leaving)
        assert record.call.outcome is (Outcome.TALKED if talked_with else Outcome.ABANDONED)


def way_out(stages: Stages) -> tuple[tuple[Call, str], ...]:
    """What the dialplan says first to those whom the robot lost; who was being greeted has not heard the notice."""
    connecting = "callcenter/connecting"
    return ((stages.asked, connecting), (stages.greeted, "callcenter/notice"), (stages.leaving, connecting))


async def test_desk_and_supervisor_come_back_unheard(town: Town, centre: RunningCentre) -> None:
    dispatcher = await town.dispatcher()
    call = await town.called("0")
    member = await town.talk(call, dispatcher, within=15)
    begun, member_begun = call.second(), member.second()
    desk, controller = centre.program(DESK), centre.program(CONTROLLER)
    desk.send(signal.SIGKILL)
    await asyncio.to_thread(desk.wait, 2)
    await asyncio.to_thread(centre.await_program, DESK)
    supervisor = centre.program(SUPERVISOR)
    supervisor.send(signal.SIGKILL)
    await asyncio.to_thread(supervisor.wait, 2)
    await asyncio.to_thread(centre.run)
    assert centre.program(CONTROLLER) == controller
    assert centre.program(SUPERVISOR) != supervisor
    assert_talk_went_on(call, member, since=begun, member_since=member_begun)
    await call.hang_up()
    await town.whole_record(call)
