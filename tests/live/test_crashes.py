"""Programs are killed and frozen under living calls; judged by what caller and dispatcher hear meanwhile."""

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from callcenter.calls.models import Outcome
from callcenter.operations.supervisor import CLERK, CONTROLLER, DESK, SUPERVISOR
from callcenter.tickets.models import TicketState
from tests.live.records import Record
from tests.live.running_centre import RunningCentre
from tests.live.town import CALLER_TONE, DISPATCHER_TONE, Town
from tools.softphone import audio_analysis
from tools.softphone.call import Call
from tools.softphone.g711 import RATE
from tools.softphone.phone import Softphone
from tools.softphone.received_audio import Gap
from tools.softphone.rtp import FRAME_SECONDS

pytestmark = [pytest.mark.live, pytest.mark.timeout(90, func_only=True)]

LEASE = 6.0
MARGIN = 1.0
"""Seconds over the lease: the dialplan's own way to its words."""
SHORT_ANSWER = "KB15"
LONGEST_GAP = 0.25
"""Seconds between two packets that a busy machine may take; a call that is moved loses more."""


Measured = Callable[[str, float], None]


@pytest.fixture
def measured(record_testsuite_property: Callable[[str, object], None], request: pytest.FixtureRequest) -> Measured:
    """Keeps what was measured in the report of the run (pytest --junitxml), for docs/reliability.md."""
    return lambda name, value: record_testsuite_property(f"{request.node.name}: {name}", f"{value:.2f}")


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
    """A quarter of a minute, most of it words that callers must hear out."""
    question, answer = town.keys_to_question, town.keys_to_answer(SHORT_ANSWER)
    to_the_end = town.keys_to_end(answer)
    talking = await town.called("0")
    leaving, queued, asked = await asyncio.gather(town.called(to_the_end), town.called("0"), town.called(question))
    begun, _, member = await asyncio.gather(
        town.hears(leaving, town.answers(answer), within=12),
        town.hears(asked, town.asks(question), first=None, within=12),
        town.talk(talking, dispatcher, within=15),
    )
    await town.hears_music(queued, within=10)
    answered = begun.second + len(town.book.load_prompt(town.answers(answer))) / RATE
    await asyncio.sleep(max(answered - leaving.second() - 1.5, 0))
    greeted = await town.call()
    await asyncio.gather(
        town.hears(greeted, town.greeting, first=1.0), town.hears(leaving, town.asks(to_the_end), first=0.6)
    )
    return Stages(talking, member, queued, asked, greeted, leaving)


def assert_talk_went_on(call: Call, member: Call, *, since: float, member_since: float) -> None:
    """No gap on the caller's side, and both tones were heard all the time from those seconds of the calls on."""
    assert gaps_since(call, since) == []
    for listener, tone, begin in ((call, DISPATCHER_TONE, since), (member, CALLER_TONE, member_since)):
        heard = listener.heard[int(begin * RATE) :]
        sounded = sum(span.seconds for span in audio_analysis.find_tone(heard, tone))
        assert sounded > len(heard) / RATE - 0.4, f"{tone} Hz for {sounded:.1f} of {len(heard) / RATE:.1f} s"


def gaps_since(call: Call, second: float) -> list[Gap]:
    """Without those whose packets were only late, and came at once when the machine had time again."""
    return [gap for gap in call.gaps(longer_than=LONGEST_GAP) if gap.second > second and not came_late(call, gap)]


def came_late(call: Call, gap: Gap) -> bool:
    """Whether as many packets as belong into the gap and a quarter of a second after it have come by then: a sender
    that was held up makes up for it, a call that is moved has lost them."""
    until = gap.second + gap.seconds + LONGEST_GAP
    came = sum(gap.second < packet.at - call.began_at <= until for packet in call.audio.packets)
    return came * FRAME_SECONDS > gap.seconds + LONGEST_GAP - 0.1


def talked(record: Record) -> None:
    assert record.call.outcome is Outcome.TALKED
    assert record.ticket is not None
    assert record.ticket.state is TicketState.DRAFT
    assert record.task is None


def missed(record: Record) -> None:
    assert record.call.outcome is Outcome.ABANDONED
    assert record.ticket is not None
    assert record.ticket.state is TicketState.DRAFT
    assert record.task is not None


async def hang_up_all(*calls: Call) -> None:
    await asyncio.gather(*(call.hang_up() for call in calls))


async def test_a_killed_controller_ends_no_call(town: Town, centre: RunningCentre, measured: Measured) -> None:
    stages = await reach_all_stages(town, await town.dispatcher())
    talking_since, member_since, waiting_since = (
        call.second() for call in (stages.talking, stages.member, stages.queued)
    )
    begun = {call: call.second() for call in stages.with_the_robot}
    centre.kill(CONTROLLER)
    fresh = await town.call()
    found = await town.hears_sound(fresh, "callcenter/notice", within=1.0)
    measured("new call → notice, s", found.second)
    await hear_the_way_out(town, stages, begun, measured)
    await asyncio.to_thread(centre.await_controller)
    await town.hears_sound(stages.asked, "queue-thereare", within=12)
    assert_talk_went_on(stages.talking, stages.member, since=talking_since, member_since=member_since)
    assert gaps_since(stages.queued, waiting_since) == []
    measured("longest pause between packets, conversation, ms", 1000 * stages.talking.pace(since=talking_since).longest)
    measured("longest pause between packets, queue, ms", 1000 * stages.queued.pace(since=waiting_since).longest)
    await hang_up_all(*stages.all[1:], fresh)
    await stages.member.hang_up()
    await stages.talking.ended(within=2)
    for call in (*stages.all, fresh):
        town.expect(call, talked if call is stages.talking else missed)


async def test_a_frozen_controller_loses_its_callers_and_harms_none_when_it_thaws(
    town: Town, centre: RunningCentre, measured: Measured
) -> None:
    stages = await reach_all_stages(town, await town.dispatcher())
    talking_since, member_since = stages.talking.second(), stages.member.second()
    begun = {call: call.second() for call in stages.with_the_robot}
    centre.program(CONTROLLER).send(signal.SIGSTOP)
    fresh = await town.call()
    found, _ = await asyncio.gather(
        town.hears_sound(fresh, "callcenter/notice", within=LEASE + MARGIN),
        hear_the_way_out(town, stages, begun, measured),
    )
    measured("new call → notice, s", found.second)
    await hang_up_all(stages.queued, stages.asked, stages.greeted, fresh)
    second = await town.dispatcher(1)
    member = await town.talk(stages.leaving, second, within=12)
    left, member_left = stages.leaving.second(), member.second()
    centre.program(CONTROLLER).send(signal.SIGCONT)
    await asyncio.sleep(4)
    assert_talk_went_on(stages.leaving, member, since=left, member_since=member_left)
    assert_talk_went_on(stages.talking, stages.member, since=talking_since, member_since=member_since)
    measured("longest pause between packets, conversation, ms", 1000 * stages.talking.pace(since=talking_since).longest)
    measured("longest pause between packets, thaw, ms", 1000 * stages.leaving.pace(since=left).longest)
    await hang_up_all(stages.leaving, stages.talking)
    for call in (*stages.all, fresh):
        town.expect(call, talked if call in (stages.talking, stages.leaving) else missed)


async def hear_the_way_out(town: Town, stages: Stages, begun: dict[Call, float], measured: Measured) -> None:
    """The dialplan speaks to those whom the robot lost; only who was still being greeted has not heard the notice."""
    ways = (
        ("question", stages.asked, "callcenter/connecting"),
        ("greeting", stages.greeted, "callcenter/notice"),
        ("goodbye", stages.leaving, "callcenter/connecting"),
    )
    heard = await asyncio.gather(
        *(town.hears_sound(call, words, within=LEASE + MARGIN, since=begun[call]) for _, call, words in ways)
    )
    for (stage, call, _), found in zip(ways, heard, strict=True):
        measured(f"{stage} → the dialplan's words, s", found.second - begun[call])


async def test_desk_clerk_and_supervisor_come_back_unheard(
    town: Town, centre: RunningCentre, measured: Measured
) -> None:
    dispatcher = await town.dispatcher()
    call = await town.called("0")
    member = await town.talk(call, dispatcher, within=15)
    begun, member_begun = call.second(), member.second()
    controller, desk = centre.program(CONTROLLER), centre.kill(DESK)
    await asyncio.to_thread(desk.wait, 2)
    clerk = centre.kill(CLERK)
    await asyncio.to_thread(clerk.wait, 2)
    for name in (DESK, CLERK):
        await asyncio.to_thread(centre.await_program, name)
    supervisor = centre.kill(SUPERVISOR)
    await asyncio.to_thread(supervisor.wait, 2)
    await asyncio.to_thread(centre.run)
    assert centre.program(CONTROLLER) == controller
    assert centre.program(SUPERVISOR) != supervisor
    assert_talk_went_on(call, member, since=begun, member_since=member_begun)
    measured("longest pause between packets, ms", 1000 * call.pace(since=begun).longest)
    await call.hang_up()
    town.expect(call, talked)
