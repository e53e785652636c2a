"""The ear's protocol: whatever the cuts, the messages come out whole; whatever is broken, it is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.hearing.server.engine import RecognizedWord
from callcenter.hearing.wire import (
    LONGEST,
    Audio,
    BrokenWire,
    Close,
    Closed,
    Final,
    Flush,
    Hello,
    Message,
    Open,
    Partial,
    Phrases,
    Settle,
    State,
    Trouble,
    Unpacker,
    pack,
)

MESSAGES: list[tuple[int, Message]] = [
    (1, Open(8000, ("да", "нет воды"))),
    (1, Audio(2**40, b"\x01\x02" * 160)),
    (1, Audio(0, b"")),
    (1, Phrases(None)),
    (2, Settle()),
    (2, Flush()),
    (2, Close()),
    (0, Hello(1, "tones", True)),
    (0, State(3, 0.02, 1.5, 0)),
    (7, Partial("течёт «труба»", 0.5, 1.25, 1.0)),
    (7, Final((RecognizedWord("да", 0.1, 0.4, 0.97),), 0.0, 1.0)),
    (7, Trouble("why")),
    (2**32 - 1, Closed()),
]


@given(st.lists(st.sampled_from(MESSAGES), max_size=12), st.data())
def test_messages_survive_any_cut(messages: list[tuple[int, Message]], data: st.DataObject) -> None:
    stream = b"".join(pack(leg, message) for leg, message in messages)
    unpacker = Unpacker()
    got = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        got += unpacker.feed(stream[:size])
        stream = stream[size:]
    assert got == messages


@pytest.mark.parametrize(
    "broken",
    [
        (LONGEST + 1).to_bytes(4) + b"\x00" * 5,
        (4).to_bytes(4) + b"\x00" * 5,
        (5).to_bytes(4) + b"\xfa\x00\x00\x00\x01",
        (7).to_bytes(4) + b"\x00\x00\x00\x00\x01{}",
        (8).to_bytes(4) + b"\x01\x00\x00\x00\x01abc",
        (11).to_bytes(4) + b"\x08\x00\x00\x00\x01not js",
        pack(1, Open(0)),
        b"GET / HTTP/1.1\r\n\r\n",
    ],
    ids=[
        "too long",
        "too short",
        "unknown kind",
        "a field missing",
        "audio without position",
        "no JSON",
        "rate 0",
        "HTTP",
    ],
)
def test_a_stranger_is_refused(broken: bytes) -> None:
    with pytest.raises(BrokenWire):
        list(Unpacker().feed(broken))


def test_what_came_before_the_break_is_still_given() -> None:
    unpacker = Unpacker()
    given = unpacker.feed(pack(1, Flush()) + b"\xff" * 9)
    assert next(given) == (1, Flush())
    with pytest.raises(BrokenWire):
        next(given)
