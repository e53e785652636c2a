"""Who calls: what the provider vouches for, what a caller only claims, and a number that is withheld."""

import asyncio
from functools import partial

import pytest

from callcenter.calls.models import Outcome
from callcenter.wording.spoken import spoken_ticket_number
from tests.live.records import Record
from tests.live.town import Town
from tools.softphone.call import Call

pytestmark = [pytest.mark.live, pytest.mark.timeout(90, func_only=True)]

VOUCHED, TYPED = "+79215550777", "89215550101"
QUICKEST = "LIFT_FAULT"
"""The trouble whose registration by keys needs the fewest words."""


async def test_a_withheld_number_is_asked_for_and_called_back(town: Town) -> None:
    keys = town.keys_to_ticket(QUICKEST)
    known, withheld = await asyncio.gather(
        town.called(keys), town.called(f"{keys[:-1]}{TYPED}#1", anonymous=True, asserted=VOUCHED)
    )
    for call, contact in ((known, None), (withheld, f"+7{TYPED[1:]}")):
        await hears_a_number(town, call)
        await call.hang_up()
        town.expect(call, partial(has_a_ticket, contact=contact))
    town.expect(withheld, shows_nobody)


def has_a_ticket(record: Record, *, contact: str | None) -> None:
    assert record.call.outcome is Outcome.ROBOT
    assert record.ticket is not None
    assert record.ticket.number is not None
    assert record.ticket.contact_phone == (contact or record.call.caller_number)


def shows_nobody(record: Record) -> None:
    assert (record.call.caller_number, record.call.caller_shown) == (None, "")


async def hears_a_number(town: Town, call: Call) -> None:
    """Waits until the caller has heard the number of the ticket, to the last word."""
    number = spoken_ticket_number(await town.number(call, within=40))
    await town.hears(call, await town.said(call, number, within=5), first=None)
