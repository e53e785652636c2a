"""HTTP to Asterisk: replies go to whoever asked, and what is not a reply is a failure."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from callcenter.telephony.ari.transport import MAX_CONNECTIONS, HttpAriTransport, NoReply, Reply

OK = b"HTTP/1.1 200 OK\r\nContent-type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@dataclass
class Server:
    """Answers each request with the next of `replies`, the last of them again and again."""

    replies: list[bytes] = field(default_factory=lambda: [OK])
    late: list[float] = field(default_factory=list)
    """Seconds by which the next replies are late."""
    asked: list[str] = field(default_factory=list)
    connections: int = 0
    hangs_up: bool = False
    """Closes after a reply without having said so."""
    serving: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                lengths = [line for line in head.split("\r\n") if line.startswith("Content-Length")]
                content = await reader.readexactly(int(lengths[0].partition(":")[2]) if lengths else 0)
                self.asked.append(head + content.decode())
                await asyncio.sleep(self.late.pop(0) if self.late else 0)
                writer.write(self.replies.pop(0) if len(self.replies) > 1 else self.replies[0])
                if self.hangs_up:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def run(server: Server, *, reply_within: float = 5.0) -> AsyncIterator[HttpAriTransport]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    wire = HttpAriTransport(address, user="u", password="p", reply_within=reply_within)
    async with listening:
        try:
            yield wire
        finally:
            await wire.close()
            for task in server.serving:
                task.cancel()
            await asyncio.gather(*server.serving, return_exceptions=True)
            await asyncio.sleep(0)  # in which the transports are closed


async def test_requests_follow_each_other_on_one_connection() -> None:
    server = Server([OK, b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 404 Not Found\r\ncontent-length: 3\r\n\r\nno!"])
    async with run(server) as wire:
        assert (await wire.send_request("GET", "/channels")).json() == {}
        assert await wire.send_request("DELETE", "/bridges/b1") == Reply(204, "")
        assert await wire.send_request("POST", "/x", parameters={"a": "1 ?&=я"}, body={"b": "ю"}) == Reply(404, "no!")
    assert server.connections == 1
    assert server.asked[0].startswith("GET /ari/channels HTTP/1.1\r\n")
    assert "Authorization: Basic dTpw\r\n" in server.asked[0]
    assert server.asked[2].startswith("POST /ari/x?a=1%20%3F%26%3D%D1%8F HTTP/1.1\r\n")
    assert "\r\nContent-Length: 15\r\n" in server.asked[2]
    assert server.asked[2].endswith('\r\n\r\n{"b": "\\u044e"}')


async def test_requests_at_once_have_connections_of_their_own_which_are_used_again() -> None:
    server = Server(late=[0.05, 0.05, 0.05])
    async with run(server) as wire:
        for _ in range(2):
            await asyncio.gather(*(wire.send_request("GET", f"/{number}") for number in range(3)))
    assert server.connections == 3


async def test_more_requests_than_connections_wait_for_their_turn() -> None:
    server = Server(late=[0.02] * 3 * MAX_CONNECTIONS)
    async with run(server) as wire:
        await asyncio.gather(*(wire.send_request("GET", f"/{number}") for number in range(3 * MAX_CONNECTIONS)))
    assert server.connections == MAX_CONNECTIONS
    assert len(server.asked) == 3 * MAX_CONNECTIONS


@pytest.mark.parametrize("leave", ["cancelled", "late"])
async def test_a_reply_that_nobody_waits_for_any_more_is_nobodys_else(leave: str) -> None:
    server = Server([b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold", OK], late=[1.3])
    async with run(server, reply_within=1.0 if leave == "late" else 5.0) as wire:
        asking = asyncio.create_task(wire.send_request("GET", "/first"))
        if leave == "cancelled":
            while not server.asked:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            asking.cancel()
        with pytest.raises((asyncio.CancelledError, TimeoutError)):
            await asking
        await asyncio.sleep(1.4)
        assert await wire.send_request("GET", "/second") == Reply(200, "{}")
    assert server.connections == 2


async def _closed_by_the_other_side(wire: HttpAriTransport, server: Server) -> None:
    server.hangs_up = True
    await wire.send_request("GET", "/first")
    server.hangs_up = False
    await asyncio.sleep(0.05)


async def _said_to_be_closed(wire: HttpAriTransport, server: Server) -> None:
    server.replies = [b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n", OK]
    await wire.send_request("GET", "/first")


@pytest.mark.parametrize("end", [_closed_by_the_other_side, _said_to_be_closed])
async def test_a_connection_that_has_had_its_day_is_not_used_again(
    end: Callable[[HttpAriTransport, Server], Awaitable[None]],
) -> None:
    server = Server()
    async with run(server) as wire:
        await end(wire, server)
        assert (await wire.send_request("GET", "/second")).status == 200
    assert server.connections == 2


@pytest.mark.parametrize(
    "nonsense",
    [
        b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 fine\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: much\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\nContent-Length: 0\r\n\r\n",
    ],
)
async def test_what_is_no_reply_is_a_failure_and_the_next_request_is_none_the_worse(nonsense: bytes) -> None:
    server = Server([nonsense, OK])
    async with run(server) as wire:
        with pytest.raises(NoReply):
            await wire.send_request("GET", "/first")
        assert (await wire.send_request("GET", "/second")).status == 200


async def test_a_reply_that_breaks_off_is_a_failure() -> None:
    server = Server([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nha"], hangs_up=True)
    async with run(server) as wire:
        with pytest.raises(NoReply):
            await wire.send_request("GET", "/first")


async def test_a_reply_without_an_end_is_not_waited_for() -> None:
    async with run(Server([b"HTTP/1.1 200 OK\r\n\r\nforever"]), reply_within=0.1) as wire:
        with pytest.raises(TimeoutError):
            await wire.send_request("GET", "/first")


async def test_what_may_not_be_asked_twice_is_asked_once() -> None:
    server = Server([OK, b""], hangs_up=False)
    async with run(server) as wire:
        await wire.send_request("GET", "/first")
        server.hangs_up = True  # before any reply
        with pytest.raises(NoReply):
            await wire.send_request("POST", "/second")
    assert len(server.asked) == 2


async def test_nobody_at_the_other_end_is_no_reply() -> None:
    listening = await asyncio.start_server(Server().serve, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    listening.close()
    await listening.wait_closed()
    wire = HttpAriTransport(address, user="u", password="p", reply_within=5.0)
    with pytest.raises(NoReply):
        await wire.send_request("GET", "/first")
    await wire.close()
