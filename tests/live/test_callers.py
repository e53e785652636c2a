"""Who calls: what the provider vouches for, what a caller only claims, and a number that is withheld."""

import asyncio

import pytest

from callcenter.calls.models import Outcome
from callcenter.softphone.call import Call
from callcenter.wording.spoken import spoken_ticket_number
from tests.live.town import Town

pytestmark = [pytest.mark.live, pytest.mark.timeout(90, func_only=True)]

VOUCHED, CLAIMED, TYPED = "+79215550777", "+79215550666", "89215550101"
LIFT_FAULT = "152"
"""Keys to a trouble whose registration needs the fewest words."""


async def test_only_the_provider_may_name_a_caller(town: Town) -> None:
    resident = await town.resident()
    vouched, claimed = await asyncio.gather(
        town.call(shown=CLAIMED, asserted=VOUCHED), town.call(resident, shown=None, asserted=CLAIMED)
    )
    for call in (vouched, claimed):
        await town.hears(call, town.greeting)
        await call.hang_up()
    assert (await town.whole_record(vouched)).call.caller_number == VOUCHED
    assert (await town.whole_record(claimed)).call.caller_number == "+79000000900"


async def test_a_withheld_number_is_asked_for_and_called_back(town: Town) -> None:
    known, withheld = await asyncio.gather(
        town.called(f"{LIFT_FAULT}1"),
        town.called(f"{LIFT_FAULT}{TYPED}#1", anonymous=True, asserted=VOUCHED),
    )
    for call, contact in ((known, None), (withheld, f"+7{TYPED[1:]}")):
        await hears_a_number(town, call)
        await call.hang_up()
        record = await town.whole_record(call)
        assert record.ticket is not None
        assert record.ticket.number is not None
        assert record.ticket.contact_phone == (contact or record.call.caller_number)
        assert record.call.outcome is Outcome.ROBOT
        if call is withheld:
            assert (record.call.caller_number, record.call.caller_shown) == (None, "")


async def hears_a_number(town: Town, call: Call) -> None:
    """Waits until the caller has heard the number of the ticket, to the last word."""
    number = spoken_ticket_number(await town.number(call, within=40))
    await town.hears(call, await town.said(call, number, within=5), first=None)
