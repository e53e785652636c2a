"""SIP messages: what RFC 3261 allows is read, anything else is refused and never breaks the phone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.softphone import sdp
from tools.softphone.errors import MalformedMessage
from tools.softphone.sip import Message, address_of, parameter, uri_of, user_of

INVITE = b"\r\n".join(
    [
        b"INVITE sip:bob@biloxi.com SIP/2.0",
        b"v: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds",
        b"Via: SIP/2.0/UDP other.atlanta.com",
        b"Max-Forwards: 70",
        b"t: Bob <sip:bob@biloxi.com>",
        b"f: Alice <sip:alice@atlanta.com>;tag=1928301774",
        b"i: a84b4c76e66710@pc33.atlanta.com",
        b"CSeq: 314159 INVITE",
        b"Subject: folded",
        b" over two lines",
        b"m: <sip:alice@pc33.atlanta.com:5070>",
        b"l: 4",
        b"",
        b"bodyand something behind it",
    ]
)


def test_a_request_with_compact_and_folded_headers_is_read() -> None:
    message = Message.parse(INVITE)
    assert (message.method, message.uri, message.body) == ("INVITE", "sip:bob@biloxi.com", b"body")
    assert message.branch == "z9hG4bK776asdhds"
    assert len(message.all("via")) == 2
    assert message.from_tag == "1928301774"
    assert message.to_tag == ""
    assert (message.sequence, message.sequence_method) == (314159, "INVITE")
    assert message.header("subject") == "folded over two lines"


def test_a_reply_goes_back_the_way_the_request_came() -> None:
    reply = Message.parse(Message.parse(INVITE).reply(486, tag="b0b").render())
    assert (reply.status, reply.reason) == (486, "Busy Here")
    assert reply.all("via") == Message.parse(INVITE).all("via")
    assert reply.to_tag == "b0b"
    assert reply.call_id == "a84b4c76e66710@pc33.atlanta.com"


def test_a_tag_that_is_there_stays() -> None:
    request = Message.parse(INVITE.replace(b"t: Bob <sip:bob@biloxi.com>", b"t: Bob <sip:bob@biloxi.com>;tag=old"))
    assert request.reply(200, tag="new").to_tag == "old"


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\x00\x01\x02\xff",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"INVITE sip:bob@biloxi.com SIP/2.0\r\n\r\n",
        INVITE.replace(b"l: 4", b"l: 4000"),
        INVITE.replace(b"l: 4", b"l: four"),
        INVITE.replace(b"314159 INVITE", b"many INVITE"),
        INVITE.replace(b"Max-Forwards: 70", b"no colon here"),
    ],
)
def test_anything_else_is_refused(datagram: bytes) -> None:
    with pytest.raises(MalformedMessage):
        Message.parse(datagram)


@given(st.binary(max_size=200), st.integers(0, len(INVITE)), st.integers(0, 40))
def test_no_datagram_breaks_the_reader(noise: bytes, begin: int, removed: int) -> None:
    datagram = INVITE[:begin] + noise + INVITE[begin + removed :]
    try:
        message = Message.parse(datagram)
        message.reply(200, tag="t").render()
    except MalformedMessage:
        pass


def test_addresses_are_taken_apart() -> None:
    assert uri_of('"A, B" <sip:a@h:5070;transport=udp>;tag=x') == "sip:a@h:5070;transport=udp"
    assert uri_of("sip:a@h;tag=x") == "sip:a@h"
    assert user_of("<sip:+79210000000@h>") == "+79210000000"
    assert user_of("<sip:h:5060>") == ""
    assert address_of("sip:a@127.0.0.1:5070;lr") == ("127.0.0.1", 5070)
    assert address_of("sip:127.0.0.1") == ("127.0.0.1", 5060)
    assert parameter("<sip:a@h;tag=inner>;tag=outer", "tag") == "outer"


def test_an_offer_is_understood_and_answered() -> None:
    theirs = sdp.parse_description(sdp.offer(("127.0.0.1", 4000)))
    assert theirs == sdp.Description(("127.0.0.1", 4000), alaw=True, keys_payload=101)
    assert theirs.listens
    assert b"m=audio 5000 RTP/AVP 8 101" in sdp.answer(("127.0.0.1", 5000), theirs)


def test_a_foreign_number_for_keys_is_kept() -> None:
    body = sdp.offer(("127.0.0.1", 4000)).replace(b" 101", b" 96").replace(b":101", b":96")
    theirs = sdp.parse_description(body)
    assert theirs is not None
    assert theirs.keys_payload == 96
    assert b"a=rtpmap:96 telephone-event/8000" in sdp.answer(("127.0.0.1", 5000), theirs)


def test_hold_is_answered_by_hold() -> None:
    theirs = sdp.parse_description(sdp.offer(("127.0.0.1", 4000)).replace(b"sendrecv", b"sendonly"))
    assert theirs is not None
    assert not theirs.listens
    assert b"a=recvonly" in sdp.answer(("127.0.0.1", 5000), theirs)


def test_without_sound_there_is_no_description() -> None:
    assert sdp.parse_description(b"") is None
    assert sdp.parse_description(b"v=0\r\nm=video 4000 RTP/AVP 31\r\nc=IN IP4 127.0.0.1\r\n") is None
    assert sdp.parse_description(sdp.offer(("127.0.0.1", 0))) is None
