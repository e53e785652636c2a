"""A stand-in AMI: greeting, sign-in, the queue's members, pauses, events; over a real socket."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

USER, PASSWORD, QUEUE = "callcenter", "ami secret", "dispatch"


@dataclass
class QueueMember:
    """Status as Asterisk's device states: 1 free, 2 in use, 5 unavailable, 6 ringing."""

    interface: str
    name: str
    status: int = 5
    paused: bool = False
    reason: str = ""
    last_call: int = 0
    wrap_up: int = 0


@dataclass
class StandInAmi:
    """Made by `run_ami`. `deaf` makes it take actions and never answer; `chunk` cuts what it sends into pieces."""

    members: dict[str, QueueMember] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    """Seconds for which each caller has been in the queue, by channel id."""
    actions: list[dict[str, str]] = field(default_factory=list)
    connections: int = 0
    deaf: bool = False
    chunk: int = 65536
    port: int = 0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def add_member(self, interface: str, name: str, *, status: int = 5) -> QueueMember:
        member = QueueMember(interface, name, status)
        self.members[interface] = member
        return member

    def change(self, interface: str, **values: object) -> None:
        """Changes a member and reports it."""
        member = self.members[interface]
        for name, value in values.items():
            setattr(member, name, value)
        self.emit("QueueMemberStatus", _fields(member))

    def emit(self, event: str, fields: dict[str, str]) -> None:
        for writer in self._writers:
            self._write(writer, {"Event": event, "Privilege": "agent,all", **fields})

    def drop(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        try:
            while True:
                packet = (await reader.readuntil(b"\r\n\r\n")).decode()
                lines = packet.removesuffix("\r\n\r\n").split("\r\n")
                action = dict(line.split(": ", 1) for line in lines if ": " in line)
                self.actions.append(action)
                if not self.deaf:
                    self._answer(writer, action)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def _answer(self, writer: asyncio.StreamWriter, action: dict[str, str]) -> None:
        mark = {"ActionID": action["ActionID"]}
        match action["Action"].lower():
            case "login" if (action["Username"], action["Secret"]) == (USER, PASSWORD):
                self._write(writer, {"Response": "Success", **mark, "Message": "Authentication accepted"})
                self._write(writer, {"Event": "FullyBooted", "Privilege": "system,all", "Status": "Fully Booted"})
            case "login":
                self._write(writer, {"Response": "Error", **mark, "Message": "Authentication failed"})
                writer.close()
            case "queuestatus":
                start = {"Response": "Success", **mark, "EventList": "start", "Message": "Queue status will follow"}
                self._write(writer, start)
                self._write(writer, {"Event": "QueueParams", "Queue": QUEUE, "Max": "0", **mark})
                for member in self.members.values():
                    self._write(writer, {"Event": "QueueMember", **_fields(member), **mark})
                for place, (call_id, seconds) in enumerate(self.waiting.items(), 1):
                    entry = {"Queue": QUEUE, "Position": str(place), "Uniqueid": call_id, "Wait": str(seconds)}
                    self._write(writer, {"Event": "QueueEntry", **entry, **mark})
                self._write(writer, {"Event": "QueueStatusComplete", **mark, "EventList": "Complete"})
            case "queuereset" if action["Queue"] == QUEUE:
                for member in self.members.values():
                    member.last_call = 0
                self._write(writer, {"Response": "Success", **mark, "Message": "Queue stats reset successfully"})
            case "queuepause" if action["Interface"] in self.members:
                member = self.members[action["Interface"]]
                member.paused, member.reason = action["Paused"] == "true", action.get("Reason", "")
                self._write(writer, {"Response": "Success", **mark, "Message": "Interface paused successfully"})
                self.emit("QueueMemberPause", _fields(member))
            case "queuepause":
                self._write(writer, {"Response": "Error", **mark, "Message": "Interface not found"})
            case other:
                self._write(writer, {"Response": "Error", **mark, "Message": f"Invalid/unknown command: {other}"})

    def _write(self, writer: asyncio.StreamWriter, fields: dict[str, str]) -> None:
        packet = "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + b"\r\n"
        for start in range(0, len(packet), self.chunk):
            writer.write(packet[start : start + self.chunk])


def _fields(member: QueueMember) -> dict[str, str]:
    return {
        "Queue": QUEUE,
        "Name": member.name,
        "Location": member.interface,
        "StateInterface": member.interface,
        "Membership": "static",
        "Penalty": "0",
        "LastCall": str(member.last_call),
        "InCall": "0",
        "Status": str(member.status),
        "Paused": str(int(member.paused)),
        "PausedReason": member.reason,
        "Wrapuptime": str(member.wrap_up),
    }


@asynccontextmanager
async def run_ami(ami: StandInAmi | None = None, *, port: int = 0) -> AsyncIterator[StandInAmi]:
    ami = ami or StandInAmi()
    server = await asyncio.start_server(ami.serve, "127.0.0.1", port)
    ami.port = server.sockets[0].getsockname()[1]
    try:
        yield ami
    finally:
        ami.drop()
        server.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await server.wait_closed()
