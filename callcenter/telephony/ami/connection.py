"""The AMI client, built on panoramisk. It works around these faults of panoramisk:

- It reconnects every two seconds without end, and then resends unanswered actions, e.g. an outdated pause. Here a
  manager serves one connection only; the user opens a new one.
- The future of an action that is never answered never completes. Here every action has a time limit.
- It writes values unchecked, line ends included. Here line ends are replaced by spaces.
- It decodes each TCP segment separately, so a Cyrillic letter split between two segments is lost. Here it receives
  whole messages only.
- Its ping does not check the answer. Here ping is off; the user sends actions often enough to notice a dead connection.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from panoramisk import Manager
from panoramisk.ami_protocol import AMIProtocol

from callcenter.core.errors import CallcenterError

ANSWER_SECONDS = 5.0
"""Time limit in seconds of connecting with log-in, and of each action."""
_NEVER = 10**6
"""A ping interval in seconds that is never reached."""
_END = b"\r\n\r\n"


class AmiUnavailable(CallcenterError):
    """AMI cannot be reached, or did not answer in time."""


class AmiRefused(CallcenterError):
    """AMI rejected the log-in or an action."""


class _WholeMessageProtocol(AMIProtocol):  # type: ignore[misc]
    """Buffers received data and passes on whole messages only."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        whole, end, self._rest = (self._rest + data).rpartition(_END)
        if end:
            super().data_received(whole + end)


class _PanoramiskManager(Manager):  # type: ignore[misc]
    """A manager without reconnection: it sets `lost` when its connection ends."""

    def __init__(self, lost: asyncio.Event, **settings: Any) -> None:
        super().__init__(**settings)
        self._lost = lost

    def connection_lost(self, reason: object) -> None:
        self._connected = False
        self._lost.set()
        if self.pinger is not None:
            self.pinger.cancel()


class Ami:
    """One connection to AMI, opened by `open_ami`. `lost` is set when the connection breaks."""

    def __init__(self, connection: _PanoramiskManager, lost: asyncio.Event) -> None:
        self._connection = connection
        self.lost = lost

    async def execute_action(self, action: Mapping[str, str], *, as_list: bool = False) -> list[Mapping[str, Any]]:
        """Sends an action. Returns its response; with `as_list` followed by the events of the response list.

        Raises AmiUnavailable (connection lost, or no answer in ANSWER_SECONDS), AmiRefused.
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
    """Connects and logs in; `on_event` receives every event. Raises AmiUnavailable, AmiRefused."""
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
    """Replaces unprintable characters by spaces. Otherwise a line end in a value would start a new header, and an empty
    line a new action, so that a text typed by a person could originate a call."""
    return "".join(sign if sign.isprintable() else " " for sign in value)


def _quiet_log() -> logging.Logger:
    """Silences panoramisk, which logs every lost connection as an error. The user of the connection logs the loss."""
    log = logging.getLogger("callcenter.ami")
    log.setLevel(logging.CRITICAL)
    return log
