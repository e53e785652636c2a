"""AMI by panoramisk, kept in one small room. Its traps, and what is done about them:

- it reconnects by itself every two seconds, for ever, and sends unanswered actions again afterwards (an old pause
  would come back): here a connection is used once, and whoever needs another opens one;
- an action that is never answered is a future that never ends: every question here has a time limit;
- it writes values as they are, line ends and all: here none get through;
- it decodes each TCP segment by itself, so a Russian letter on the border of two is lost: here only whole messages
  reach it;
- its own ping does not look at the answer: whoever uses the connection asks often enough to notice.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from panoramisk import Manager
from panoramisk.ami_protocol import AMIProtocol

from callcenter.core.errors import CallcenterError

ANSWER_SECONDS = 5.0
_NEVER = 10**6
_END = b"\r\n\r\n"


class AmiUnavailable(CallcenterError):
    """AMI does not answer."""


class AmiRefused(CallcenterError):
    """AMI will not let us in, or will not do what it was asked."""


class _WholeMessageProtocol(AMIProtocol):  # type: ignore[misc]
    """Hands on whole messages only."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        whole, end, self._rest = (self._rest + data).rpartition(_END)
        if end:
            super().data_received(whole + end)


class _PanoramiskManager(Manager):  # type: ignore[misc]
    """A manager that lives as long as its one connection."""

    def __init__(self, lost: asyncio.Event, **settings: Any) -> None:
        super().__init__(**settings)
        self._lost = lost

    def connection_lost(self, reason: object) -> None:
        self._connected = False
        self._lost.set()
        if self.pinger is not None:
            self.pinger.cancel()


class Ami:
    """One connection to AMI. Make it with `open_ami`; `lost` is set when it breaks."""

    def __init__(self, connection: _PanoramiskManager, lost: asyncio.Event) -> None:
        self._connection = connection
        self.lost = lost

    async def execute_action(self, action: Mapping[str, str], *, as_list: bool = False) -> list[Mapping[str, Any]]:
        """The reply to an action, with `as_list` followed by the events of its list.

        Raises AmiUnavailable, AmiRefused.
        """
        if self.lost.is_set():
            raise AmiUnavailable
        lines = {name: _one_line(value) for name, value in action.items()}
        reply: asyncio.Future[Any] = self._connection.send_action(lines, as_list=as_list)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                messages = await reply
        except TimeoutError as error:
            raise AmiUnavailable(f"{action['Action']} was not answered") from error
        listed = messages if isinstance(messages, list) else [messages]
        if not listed[0].success:
            raise AmiRefused(f"{action['Action']}: {listed[0].message}")
        return listed

    def close(self) -> None:
        self._connection.close()


async def open_ami(
    host: str, port: int, *, user: str, password: str, on_event: Callable[[Mapping[str, Any]], None]
) -> Ami:
    """Connects and signs in; `on_event` gets every event. Raises AmiUnavailable, AmiRefused."""
    loop = asyncio.get_running_loop()
    lost = asyncio.Event()
    connection = _PanoramiskManager(
        lost,
        host=host,
        port=port,
        username=user,
        secret=password,
        ping_delay=_NEVER,
        ping_interval=_NEVER,
        loop=loop,
        protocol_factory=_WholeMessageProtocol,
        log=_quiet_log(),
    )
    connection.register_event("*", lambda _, event: on_event(event))
    opening = loop.create_future()
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            opening.set_result(await loop.create_connection(_WholeMessageProtocol, host, port))
            connection.connection_made(opening)
            entered = await connection.authenticated_future
    except (OSError, TimeoutError) as error:
        connection.close()
        raise AmiUnavailable(f"AMI at {host}:{port}: {error or type(error).__name__}") from error
    if not entered.success:
        connection.close()
        raise AmiRefused(f"AMI at {host}:{port}: {entered.message}")
    return Ami(connection, lost)


def _one_line(value: str) -> str:
    """A line end would begin a header of its own, an empty line an action of its own: somebody's words could call."""
    return "".join(sign if sign.isprintable() else " " for sign in value)


def _quiet_log() -> logging.Logger:
    """panoramisk calls every lost connection an error; whoever opened it says so in the structured log."""
    log = logging.getLogger("callcenter.ami")
    log.setLevel(logging.CRITICAL)
    return log
