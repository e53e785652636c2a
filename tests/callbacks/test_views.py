"""Callbacks as the board asks for them, and the queue's members with the wishes that wait for the controller."""

from datetime import timedelta

from callcenter.callbacks.models import CallbackKind
from callcenter.callbacks.service import open_callback
from callcenter.callbacks.views import open_callbacks
from callcenter.calls.service import admit_call
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.core.database import Database
from callcenter.queues.models import MemberState
from callcenter.queues.service import ask_member, claim_requests, settle_request, write_member
from callcenter.queues.views import members, waiting_requests
from tests.stand_ins.asterisk_files import MEMBER
from tests.stand_ins.clock import MORNING


async def test_tasks_stand_by_their_terms_and_wishes_wait_for_the_controller(database: Database) -> None:
    async with database.begin() as session:
        for number in (2, 1, 3):
            call_id, arrived_at = f"b1-17.{number}", MORNING + timedelta(minutes=number)
            await admit_call(session, call_id, arrived_at=arrived_at)
            await open_callback(
                session,
                company_id=DEFAULT_COMPANY_ID,
                call_id=call_id,
                kind=CallbackKind.ABANDONED,
                phone=None,
                arrived_at=arrived_at,
                now=MORNING,
            )
        assert [task.call_id for task in await open_callbacks(session, DEFAULT_COMPANY_ID)] == [
            "b1-17.1",
            "b1-17.2",
            "b1-17.3",
        ]
        for state in (MemberState.FREE, MemberState.FREE, MemberState.TALKING):
            await write_member(
                session,
                interface=MEMBER,
                name="Место 1",
                extension="201",
                state=state,
                pause_reason=None,
                now=MORNING,
            )
        (member,) = await members(session)
        assert (member.interface, member.state) == (MEMBER, MemberState.TALKING)
        wish = await ask_member(session, interface=MEMBER, paused=True, reason="Обед", author="anna", now=MORNING)
        assert [request.id for request in await waiting_requests(session)] == [wish]
        (claimed,) = await claim_requests(session)
        await settle_request(session, claimed.id, now=MORNING)
        assert await waiting_requests(session) == []
