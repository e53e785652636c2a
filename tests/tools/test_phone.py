"""Two of our telephones call each other over loopback: no Asterisk, real sockets, real time."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from tests.tools.leaky_wire import Fate, LeakyWire
from tools.softphone import audio_analysis
from tools.softphone.errors import NoReply, NotHeard, SoftphoneError
from tools.softphone.g711 import RATE, Samples
from tools.softphone.phone import Manners, Softphone
from tools.softphone.sdp import offer
from tools.softphone.sip import Message, new_branch

NOWHERE = ("127.0.0.1", 9)
SLACK = 0.35
"""Seconds for which a busy machine may hold a phone up."""


@pytest.fixture
async def desk() -> AsyncIterator[Softphone]:
    async with Softphone(NOWHERE, user="desk", manners=Manners(answer_after=0.0)) as phone:
        yield phone


@pytest.fixture
async def resident(desk: Softphone) -> AsyncIterator[Softphone]:
    async with Softphone(desk.address, user="resident") as phone:
        yield phone


def chirp(seconds: float = 1.0) -> Samples:
    """A sound that is like itself only at one shift."""
    seconds_of = np.arange(int(seconds * RATE)) / RATE
    return (np.sin(2 * np.pi * (300 + 600 * seconds_of) * seconds_of) * 8000).astype(np.int16)


async def test_both_hear_each_other(resident: Softphone, desk: Softphone) -> None:
    desk.manners.tone = 440
    call = await resident.call("112", shown="79210000000")
    there = await desk.next_call(within=10)
    assert there.number == "79210000000"
    call.tone(1000)
    tone = await call.hear_tone(440, within=10, lasting=0.5)
    assert tone.begin == pytest.approx(call.answered_after, abs=SLACK)
    await there.hear_tone(1000, within=10, lasting=0.5)
    assert call.first_packet_after is not None
    assert call.first_packet_after < SLACK
    await call.hang_up()
    await there.ended(within=10)
    assert (call.ended_by, there.ended_by) == ("us", "them")
    assert [text for _, text in call.steps] == [
        "-> INVITE", "<- 180 Ringing", "<- 200 OK", "-> ACK", "-> BYE", "<- 200 OK",
    ]  # fmt: skip
    assert call.gaps() == []
    assert call.pace().lost == 0
    assert call.pace().median == pytest.approx(0.02, abs=0.003)


async def test_what_is_said_is_heard_at_its_second(resident: Softphone, desk: Softphone) -> None:
    call = await resident.call("112")
    there = await desk.next_call(within=10)
    await asyncio.sleep(0.4)
    said = call.second()
    call.say(chirp())
    found = await there.hear(chirp(), within=10)
    assert found.score > 0.99
    assert found.second == pytest.approx(said, abs=SLACK)
    with pytest.raises(NotHeard, match="best score"):
        await call.hear(chirp(0.5), within=0.2)


async def test_keys_arrive_once_each_and_speech_goes_on(resident: Softphone, desk: Softphone) -> None:
    call = await resident.call("112")
    there = await desk.next_call(within=10)
    last = await call.press("0123456789*#AD", seconds=0.06, pause=0.04)
    await asyncio.sleep(0.1)
    assert there.keys_heard == "0123456789*#AD"
    assert last.key == "D"
    assert last.began_at <= last.ended_at < last.began_at + 0.04 + SLACK  # a phone that was held up hurries after it
    assert len(call.audio.pressed) == 14
    with pytest.raises(ValueError, match="no such key"):
        await call.press("x")


async def test_the_silent_phone_leaves_a_gap_of_its_length(resident: Softphone, desk: Softphone) -> None:
    call = await resident.call("112")
    there = await desk.next_call(within=10)
    call.tone(1000)
    await there.hear_tone(1000, within=10)
    call.stop_sending(1.0)
    await asyncio.sleep(1.6)
    (gap,) = there.gaps(longer_than=0.6)
    assert gap.seconds == pytest.approx(1.0, abs=SLACK)
    before, after = audio_analysis.find_tone(there.heard, 1000)
    assert after.begin - before.end == pytest.approx(1.0, abs=SLACK)


async def test_a_shaky_network_delays_and_loses_nothing(resident: Softphone, desk: Softphone) -> None:
    call = await resident.call("112")
    there = await desk.next_call(within=10)
    for _ in range(3):
        call.hold_back(0.5)
        await asyncio.sleep(1.0)
    late = there.gaps(longer_than=0.45)
    assert [gap.seconds for gap in late] == pytest.approx([0.5] * 3, abs=SLACK)
    pace = there.pace()
    assert pace.lost == 0
    assert pace.packets == pytest.approx(3 / 0.02, abs=SLACK / 0.02)


async def test_a_busy_phone_refuses(resident: Softphone, desk: Softphone) -> None:
    desk.manners.busy = True
    with pytest.raises(SoftphoneError, match="486 Busy Here"):
        await resident.call("112")
    assert (resident.calls[0].status, resident.calls[0].ended_by) == (486, "them")


async def test_hanging_up_while_it_rings_cancels(resident: Softphone, desk: Softphone) -> None:
    desk.manners.answer_after = None
    call = resident.dial("112")
    there = await desk.next_call(within=10)
    await call.hang_up()
    assert (call.status, call.ended_by) == (487, "us")
    await there.ended(within=10)
    assert (there.status, there.ended_by) == (487, "them")


async def test_hanging_up_before_it_rings(resident: Softphone, desk: Softphone) -> None:
    desk.manners.answer_after = None
    call = resident.dial("112")
    await call.hang_up()
    assert (call.ended_by, call.steps, desk.calls) == ("us", [], [])
    call = resident.dial("112")
    await asyncio.sleep(0)
    await call.hang_up()
    assert (call.status, desk.calls[0].ended_by) == (487, "them")


async def test_a_call_answered_by_hand(resident: Softphone, desk: Softphone) -> None:
    desk.manners.answer_after = None
    call = resident.dial("112")
    there = await desk.next_call(within=10)
    await asyncio.sleep(0.2)
    assert call.answered_after is None
    there.answer()
    await call.answered(within=10)
    await there.hang_up()
    await call.ended(within=10)
    assert call.ended_by == "them"
    with pytest.raises(SoftphoneError, match="cannot press"):
        await call.press("1")


async def test_a_press_cut_off_by_the_end_is_said(resident: Softphone, desk: Softphone) -> None:
    call = await resident.call("112")
    there = await desk.next_call(within=10)

    async def hang_up_soon() -> None:
        await asyncio.sleep(0.15)
        await there.hang_up()

    async with asyncio.TaskGroup() as group:
        group.create_task(hang_up_soon())
        with pytest.raises(SoftphoneError, match="ended while"):
            await call.press("123456789")


async def test_leaving_the_phone_ends_its_calls(desk: Softphone) -> None:
    async with Softphone(desk.address, user="resident") as phone:
        await phone.call("112")
        there = await desk.next_call(within=10)
    await there.ended(within=10)


async def test_anonymous_and_asserted_identities(resident: Softphone, desk: Softphone) -> None:
    seen: list[Message] = []

    def judge(_: int, datagram: bytes) -> Fate:
        seen.append(Message.parse(datagram))
        return Fate.PASSED

    wire = await LeakyWire(desk.address, there=judge, back=lambda *_: Fate.PASSED).open()
    async with Softphone(wire.address, user="d-1") as phone:
        call = await phone.call("112", anonymous=True, asserted="+79210000000")
        await call.hang_up()
    wire.close()
    invite = seen[0]
    assert invite.header("from").startswith('"Anonymous" <sip:anonymous@anonymous.invalid>')
    assert invite.header("privacy") == "id"
    assert "+79210000000" in invite.header("p-asserted-identity")


async def test_nobody_there() -> None:
    async with Softphone(NOWHERE, user="resident") as phone:
        call = phone.dial("112")
        await asyncio.sleep(0.1)
        assert not call.is_over
        phone_closing = asyncio.ensure_future(phone.close())
        await asyncio.wait_for(phone_closing, 5)
        assert call.ended_by == "us"


async def test_lost_signalling_is_repeated_and_counts_once(desk: Softphone) -> None:
    # The first datagram of each kind is lost, every other comes twice.
    kinds: set[str] = set()

    def judge(_: int, datagram: bytes) -> Fate:
        kind = datagram.split(b" ")[0].decode() + ("" if not datagram.startswith(b"SIP") else datagram[8:11].decode())
        if kind in kinds:
            return Fate.DOUBLED
        kinds.add(kind)
        return Fate.LOST

    wire = await LeakyWire(desk.address, there=judge, back=judge).open()
    async with Softphone(wire.address, user="resident") as phone:
        call = await phone.call("112")
        there = await desk.next_call(within=10)
        await asyncio.sleep(1.2)  # the desk repeats its 200 until an ACK gets through
        await call.hang_up()
        await there.ended(within=10)
    wire.close()
    assert wire.lost >= 4
    assert len(desk.calls) == 1
    assert there.ended_by == "them"
    assert {"INVITE", "SIP/2.0200", "ACK", "BYE"} <= kinds


class Peer:
    """A bare SIP end for requests that our phone never makes by itself."""

    def __init__(self, phone: Softphone, template: Message) -> None:
        self._phone = phone
        self._template = template

    async def asks(self, method: str, *, body: bytes = b"", sequence: int = 900) -> Message:
        loop = asyncio.get_running_loop()
        replies: asyncio.Queue[bytes] = asyncio.Queue()

        class Wire(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: object) -> None:
                replies.put_nowait(data)

        transport, _ = await loop.create_datagram_endpoint(Wire, local_addr=("127.0.0.1", 0))
        port = transport.get_extra_info("sockname")[1]
        headers = (
            ("Via", f"SIP/2.0/UDP 127.0.0.1:{port};branch={new_branch()}"),
            ("From", self._template.header("from")),
            ("To", self._template.header("to")),
            ("Call-ID", self._template.call_id),
            ("CSeq", f"{sequence} {method}"),
            ("Content-Type", "application/sdp"),
        )
        request = Message(headers, body, method=method, uri="sip:resident@127.0.0.1")
        transport.sendto(request.render(), self._phone.address)
        try:
            return Message.parse(await asyncio.wait_for(replies.get(), 1))
        finally:
            transport.close()


@pytest.fixture
async def peer(resident: Softphone, desk: Softphone) -> Peer:
    """Speaks within the call that the desk and the resident have, as the resident's other end."""
    call = await resident.call("112")
    there = await desk.next_call(within=10)
    dialog = there.session.dialog
    return Peer(
        resident,
        Message((("From", dialog.ours), ("To", dialog.theirs), ("Call-ID", call.session.call_id)), method="X", uri="x"),
    )


async def test_requests_within_a_call_are_answered(resident: Softphone, peer: Peer) -> None:
    for method, status in (("OPTIONS", 200), ("INFO", 200), ("UPDATE", 200), ("REFER", 603), ("PUBLISH", 405)):
        assert (await peer.asks(method)).status == status
    assert not resident.calls[0].is_over


async def test_hold_and_back_by_update(resident: Softphone, desk: Softphone, peer: Peer) -> None:
    call, there = resident.calls[0], desk.calls[0]
    where = there.audio.address
    hold = await peer.asks("UPDATE", body=offer(where).replace(b"sendrecv", b"sendonly"), sequence=901)
    assert b"a=recvonly" in hold.body
    await asyncio.sleep(0.6)
    back = await peer.asks("UPDATE", body=offer(where), sequence=902)
    assert b"a=sendrecv" in back.body
    await asyncio.sleep(0.3)
    (gap,) = there.gaps(longer_than=0.4)
    assert gap.seconds == pytest.approx(0.6, abs=SLACK)
    assert not call.is_over


async def test_outside_a_call(resident: Softphone) -> None:
    stranger = Peer(
        resident,
        Message(
            (("From", "<sip:x@127.0.0.1>;tag=1"), ("To", "<sip:resident@127.0.0.1>"), ("Call-ID", "no")), method="X"
        ),
    )
    assert (await stranger.asks("OPTIONS")).status == 200
    assert (await stranger.asks("BYE")).status == 481
    unspeakable = await stranger.asks("INVITE", body=offer(("127.0.0.1", 4000)).replace(b"RTP/AVP 8", b"RTP/AVP 0"))
    assert unspeakable.status == 180  # it rings; answering is where the offer is judged
    resident.calls[-1].answer()
    assert resident.calls[-1].status == 488


async def test_garbage_is_counted_and_breaks_nothing(resident: Softphone, desk: Softphone) -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
    for noise in (
        b"\r\n\r\n",
        b"\x00\xff\xfe",
        b"INVITE sip:x SIP/2.0\r\n\r\n",
        b"SIP/2.0 200 OK\r\n\r\n",
        b"x" * 5000,
    ):
        transport.sendto(noise, desk.address)
    call = await resident.call("112")
    for noise in (b"\x80", b"\x00" * 40, b"\x80\x60" + b"\0" * 20, b"\x80\x08" + b"\0" * 10):
        transport.sendto(noise, call.audio.address)
    await asyncio.sleep(0.1)
    transport.close()
    assert desk.malformed == 4
    assert call.audio.strange == 4


async def test_a_registration_outside_asterisk_needs_somebody(resident: Softphone) -> None:
    with pytest.raises((NoReply, TimeoutError)):
        async with Softphone(NOWHERE, user="x", password="y") as phone:
            await asyncio.wait_for(phone.register(), 0.3)
