"""One connection to AMI: what panoramisk does not do for us."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from callcenter.telephony.ami import connection
from callcenter.telephony.ami.connection import Ami, AmiRefused, AmiUnavailable, open_ami
from tests.stand_ins.ami import PASSWORD, QUEUE, USER, StandInAmi, run_ami

PHONE = "PJSIP/d-4f1a9c"


@pytest.fixture
async def switch() -> AsyncIterator[StandInAmi]:
    async with run_ami() as switch:
        switch.add_member(PHONE, "Анна Щукина", status=1)
        yield switch


@asynccontextmanager
async def opened(
    switch: StandInAmi, events: list[Mapping[str, Any]] | None = None, *, password: str = PASSWORD
) -> AsyncIterator[Ami]:
    seen = [] if events is None else events
    ami = await open_ami("127.0.0.1", switch.port, user=USER, password=password, on_event=seen.append)
    try:
        yield ami
    finally:
        ami.close()


async def test_a_list_comes_whole(switch: StandInAmi) -> None:
    switch.add_member("PJSIP/d-000002", "Борис", status=2)
    async with opened(switch) as ami:
        messages = await ami.execute_action({"Action": "QueueStatus", "Queue": QUEUE}, as_list=True)
    assert [message["Name"] for message in messages if message.get("Event") == "QueueMember"] == [
        "Анна Щукина",
        "Борис",
    ]


async def test_letters_cut_in_two_by_the_network_are_whole_again(switch: StandInAmi) -> None:
    events: list[Mapping[str, Any]] = []
    switch.chunk = 1
    async with opened(switch, events) as ami:
        messages = await ami.execute_action({"Action": "QueueStatus", "Queue": QUEUE}, as_list=True)
        assert messages[2]["Name"] == "Анна Щукина"
        switch.change(PHONE, status=6)
        async with asyncio.timeout(10):
            while not any(event["Event"] == "QueueMemberStatus" for event in events):  # noqa: ASYNC110
                await asyncio.sleep(0.005)


@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r", "\r\n\r\n"])
async def test_a_line_end_in_a_value_cannot_become_a_header_or_an_action(switch: StandInAmi, line_end: str) -> None:
    reason = f"обед{line_end}Action: Originate{line_end}Channel: PJSIP/900@trunk"
    async with opened(switch) as ami:
        await ami.execute_action({"Action": "QueuePause", "Interface": PHONE, "Paused": "true", "Reason": reason})
        await ami.execute_action({"Action": "QueueStatus", "Queue": QUEUE}, as_list=True)
    assert [action["Action"] for action in switch.actions] == ["Login", "QueuePause", "QueueStatus"]
    assert switch.members[PHONE].reason.startswith("обед ")
    assert "Channel" not in switch.actions[1]


async def test_a_wrong_password_and_an_unknown_action_are_refusals(switch: StandInAmi) -> None:
    with pytest.raises(AmiRefused, match="Authentication failed"):
        async with opened(switch, password="wrong"):
            pass
    async with opened(switch) as ami:
        with pytest.raises(AmiRefused, match="Interface not found"):
            await ami.execute_action({"Action": "QueuePause", "Interface": "PJSIP/nobody", "Paused": "true"})


async def test_nobody_there_is_away(unused_tcp_port: int) -> None:
    with pytest.raises(AmiUnavailable):
        await open_ami("127.0.0.1", unused_tcp_port, user=USER, password=PASSWORD, on_event=lambda _: None)


async def test_whoever_never_answers_is_away(switch: StandInAmi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ANSWER_SECONDS", 0.2)
    async with opened(switch) as ami:
        switch.deaf = True
        with pytest.raises(AmiUnavailable, match="QueueStatus was not answered"):
            await ami.execute_action({"Action": "QueueStatus", "Queue": QUEUE}, as_list=True)
    with pytest.raises(AmiUnavailable):
        async with opened(switch):
            pass


async def test_a_broken_connection_is_told_and_never_used_again(switch: StandInAmi) -> None:
    async with opened(switch) as ami:
        switch.drop()
        async with asyncio.timeout(10):
            await ami.lost.wait()
        with pytest.raises(AmiUnavailable):
            await ami.execute_action({"Action": "QueueStatus", "Queue": QUEUE}, as_list=True)
    await asyncio.sleep(0.1)
    assert switch.connections == 1
