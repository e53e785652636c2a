"""The stand-in AMI itself, spoken to by hand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.stand_ins.ami import PASSWORD, QUEUE, USER, StandInAmi, run_ami

PHONE = "PJSIP/d-4f1a9c"


class Visitor:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def sends(self, **fields: str) -> None:
        self.writer.write("".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + b"\r\n")

    async def reads(self) -> dict[str, str]:
        async with asyncio.timeout(10):
            packet = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        return dict(line.split(": ", 1) for line in packet.split("\r\n") if ": " in line)

    async def signs_in(self, password: str = PASSWORD) -> dict[str, str]:
        await self.sends(Action="Login", ActionID="1", Username=USER, Secret=password)
        reply = await self.reads()
        if reply["Response"] == "Success":
            assert (await self.reads())["Event"] == "FullyBooted"
        return reply


@asynccontextmanager
async def visit() -> AsyncIterator[tuple[StandInAmi, Visitor]]:
    async with run_ami() as switch:
        switch.add_member(PHONE, "Анна", status=1)
        reader, writer = await asyncio.open_connection("127.0.0.1", switch.port)
        assert (await reader.readline()).startswith(b"Asterisk Call Manager/")
        try:
            yield switch, Visitor(reader, writer)
        finally:
            writer.close()


async def test_a_wrong_password_is_refused_and_the_line_closed() -> None:
    async with visit() as (_, visitor):
        assert (await visitor.signs_in("guess"))["Message"] == "Authentication failed"
        assert await visitor.reader.read() == b""


async def test_the_queue_is_listed_between_a_start_and_an_end() -> None:
    async with visit() as (_, visitor):
        await visitor.signs_in()
        await visitor.sends(Action="QueueStatus", ActionID="2", Queue=QUEUE)
        replies = [await visitor.reads() for _ in range(4)]
        assert [reply.get("Event") for reply in replies] == [None, "QueueParams", "QueueMember", "QueueStatusComplete"]
        assert {reply["ActionID"] for reply in replies} == {"2"}
        assert (replies[2]["Name"], replies[2]["Status"]) == ("Анна", "1")


async def test_a_pause_is_answered_and_reported() -> None:
    async with visit() as (_, visitor):
        await visitor.signs_in()
        await visitor.sends(Action="QueuePause", ActionID="2", Interface=PHONE, Paused="true", Reason="Обед")
        assert (await visitor.reads())["Response"] == "Success"
        event = await visitor.reads()
        assert (event["Event"], event["Paused"], event["PausedReason"]) == ("QueueMemberPause", "1", "Обед")
        await visitor.sends(Action="QueuePause", ActionID="3", Interface="PJSIP/nobody", Paused="true")
        assert (await visitor.reads())["Message"] == "Interface not found"


async def test_an_empty_line_begins_a_new_action_as_in_asterisk() -> None:
    async with visit() as (switch, visitor):
        await visitor.signs_in()
        reason = "x\r\n\r\nAction: Evil\r\nActionID: 3"
        await visitor.sends(Action="QueuePause", ActionID="2", Interface=PHONE, Paused="true", Reason=reason)
        while (await visitor.reads()).get("ActionID") != "3":
            pass
        assert [action["Action"] for action in switch.actions] == ["Login", "QueuePause", "Evil"]


async def test_a_deaf_one_hears_and_does_not_answer_and_a_dropped_line_is_dropped() -> None:
    async with visit() as (switch, visitor):
        await visitor.signs_in()
        switch.deaf = True
        await visitor.sends(Action="QueueStatus", ActionID="2", Queue=QUEUE)
        switch.change(PHONE, status=6)
        assert (await visitor.reads())["Event"] == "QueueMemberStatus"
        assert switch.actions[-1]["Action"] == "QueueStatus"
        switch.drop()
        async with asyncio.timeout(10):
            assert await visitor.reader.read() == b""
