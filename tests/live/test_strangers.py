"""What comes from outside: strangers, garbage, and who may say who calls."""

import asyncio
import random
import socket
from functools import partial

import pytest

from tests.live.records import Record
from tests.live.running_centre import RunningCentre
from tests.live.town import Town
from tools.softphone.errors import SoftphoneError

pytestmark = [pytest.mark.live, pytest.mark.timeout(60, func_only=True)]

VOUCHED, CLAIMED = "+79215550777", "+79215550666"


async def test_strangers_get_nothing(town: Town, centre: RunningCentre) -> None:
    stranger = await town.stranger()
    with pytest.raises(SoftphoneError):
        await stranger.register()
    pretender = await town.stranger()
    pretender.user = centre.instance.secrets.devices[0].name
    for phone, number in ((stranger, "101"), (stranger, "78125550192"), (pretender, "101"), (pretender, "112")):
        call = phone.dial(number)
        with pytest.raises(SoftphoneError):
            await call.answered(within=3)
        assert call.status == 401
        assert not call.audio.packets
    dispatcher = await town.dispatcher()
    for number in ("999", "81049301234567", "s", "h"):
        call = dispatcher.dial(number)
        with pytest.raises(SoftphoneError):
            await call.answered(within=3)
        assert call.status == 404


async def test_only_the_provider_may_name_a_caller(town: Town) -> None:
    resident = await town.resident()
    vouched, claimed = await asyncio.gather(
        town.call(shown=CLAIMED, asserted=VOUCHED), town.call(resident, shown=resident.user, asserted=CLAIMED)
    )
    for call in (vouched, claimed):
        await town.hears(call, town.greeting)
        await call.hang_up()
    town.expect(vouched, partial(is_known_as, number=VOUCHED))
    town.expect(claimed, partial(is_known_as, number="+79000000900"))


def is_known_as(record: Record, *, number: str) -> None:
    assert record.call.caller_number == number


async def test_garbage_is_passed_over(town: Town, centre: RunningCentre) -> None:
    dice = random.Random(7)
    running = centre.asterisk.running()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for text in GARBAGE:
            sender.sendto(text.replace("\n", "\r\n").encode(), town.address)
        for size in (1, 20, 200, 1400):
            sender.sendto(dice.randbytes(size), town.address)
    call = await town.call()
    await town.hears(call, town.greeting)
    await call.hang_up()
    assert centre.asterisk.running() == running


GARBAGE = (
    "\n\n",
    "hello\n\n",
    "INVITE\n\n",
    "INVITE sip:101@127.0.0.1 SIP/2.0\n\n",
    "INVITE sip:%00%ff@ SIP/2.0\nVia: SIP/2.0/UDP 1.2.3.4;branch=z9hG4bK1\nFrom: <>\nTo: <>\nCall-ID: 1\n"
    "CSeq: 1 INVITE\n\n",
    "INVITE sip:101@127.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.3:9;branch=z9hG4bK2\nFrom: <sip:a@b>;tag=1\n"
    "To: <sip:101@127.0.0.1>\nCall-ID: g2\nCSeq: 99999999999 INVITE\nContact: <sip:a@127.0.0.3:9>\n"
    "Content-Length: 99999\n\nv=",
    "REGISTER sip:127.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.3:9;branch=z9hG4bK3\nFrom: <sip:101@b>;tag=1\n"
    "To: <sip:101@b>\nCall-ID: g3\nCSeq: 1 REGISTER\nContact: *\nExpires: 0\nContent-Length: 0\n\n",
    "SIP/2.0 200 OK\nVia: SIP/2.0/UDP 127.0.0.3:9;branch=z9hG4bK4\nFrom: <sip:a@b>;tag=1\nTo: <sip:a@b>;tag=2\n"
    "Call-ID: g4\nCSeq: 1 INVITE\nContent-Length: 0\n\n",
    "REFER sip:101@127.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.3:9;branch=z9hG4bK5\nFrom: <sip:a@b>;tag=1\n"
    "To: <sip:101@b>\nCall-ID: g5\nCSeq: 1 REFER\nRefer-To: <sip:89000000000@b>\nContent-Length: 0\n\n",
)
"""Datagrams that are no SIP, or SIP of nobody."""
