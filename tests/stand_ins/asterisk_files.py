"""Asterisk as far as its files go: writes `cel.jsonl`, `queue_log` and raw recordings the way Asterisk 22 does."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

MEMBER = "PJSIP/d-4f1a9c"
RATE = 8000


class AsteriskFiles:
    """The files of one instance; has the paths of `Layout` that the intake needs."""

    def __init__(self, home: Path) -> None:
        self.journal = home / "journal"
        self.cel_file = home / "log" / "cel.jsonl"
        self.queue_log = home / "log" / "queue_log"
        self.raw_recordings = home / "monitor"
        for directory in (self.journal, self.cel_file.parent, self.raw_recordings):
            directory.mkdir(parents=True, exist_ok=True)

    def cel(
        self,
        kind: str,
        at: datetime,
        channel_id: str,
        *,
        call_id: str | None = None,
        channel: str = "PJSIP/trunk-00000000",
        context: str = "inbound",
        peer: str = "",
        extra: str = "",
        name: str = "",
    ) -> None:
        with self.cel_file.open("a", encoding="utf-8") as file:
            file.write(
                cel_line(
                    kind,
                    at,
                    channel_id,
                    call_id=call_id,
                    channel=channel,
                    context=context,
                    peer=peer,
                    extra=extra,
                    name=name,
                )
                + "\n"
            )

    def queue(self, kind: str, at: datetime, call_id: str, *words: str, member: str = "NONE") -> None:
        line = "|".join([str(int(at.timestamp())), call_id, "dispatch", member, kind, *words])
        with self.queue_log.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def raw(self, call_id: str, samples: npt.NDArray[np.int16]) -> Path:
        """A raw recording: rows are moments, the columns the caller and our side."""
        file = self.raw_recordings / f"{call_id}.raw"
        file.write_bytes(samples.astype("<i2").tobytes())
        return file


class InboundCall:
    """One call from outside, told step by step; every step takes place `seconds` after the arrival."""

    def __init__(self, files: AsteriskFiles, call_id: str, arrived_at: datetime, *, shown: str = "79001112233") -> None:
        self.files = files
        self.call_id = call_id
        self.arrived_at = arrived_at
        self.channel = f"PJSIP/trunk-{call_id.rpartition('.')[2]:0>8}"
        self._shown = shown

    def at(self, seconds: float) -> datetime:
        return self.arrived_at + timedelta(seconds=seconds)

    def arrives(self) -> None:
        self._own("CHAN_START", 0, context="from-trunk")
        self._own("CC_ARRIVED", 0.001, extra=f"+78125550192|{self._shown}")
        self._own("CC_RECORDING", 0.002, extra=f"{self.call_id}.raw")
        self._own("ANSWER", 0.003)
        self._own("APP_START", 0.3)

    def marks(self, kind: str, seconds: float, *, extra: str = "") -> None:
        """One of the dialplan's own events."""
        self._own(kind, seconds, extra=extra)

    def enters_queue(self, seconds: float) -> None:
        self._own("CC_QUEUE_ENTER", seconds, context="to-queue", extra="0|")
        self.files.queue("ENTERQUEUE", self.at(seconds), self.call_id, "", self._shown, "1")

    def rings(self, leg: str, seconds: float, *, member: str = MEMBER) -> None:
        self._member("CHAN_START", leg, seconds, member)

    def connects(self, leg: str, seconds: float, *, member: str = MEMBER) -> None:
        self._member("ANSWER", leg, seconds, member)
        self._member("BRIDGE_ENTER", leg, seconds + 0.001, member)
        self._own("BRIDGE_ENTER", seconds + 0.002, peer=self._member_channel(leg, member))
        self.files.queue("CONNECT", self.at(seconds), self.call_id, "2", leg, "0", member="101")

    def member_ends(self, leg: str, seconds: float, *, member: str = MEMBER, cause: int = 16) -> None:
        self._member("HANGUP", leg, seconds, member, extra=_hangup(cause))
        self._member("CHAN_END", leg, seconds, member)

    def abandons(self, seconds: float) -> None:
        self.files.queue("ABANDON", self.at(seconds), self.call_id, "1", "1", "17")
        self.hangs_up(seconds)

    def hangs_up(self, seconds: float) -> None:
        self._own("HANGUP", seconds, extra=_hangup(16))
        self._own("CHAN_END", seconds)
        self._own("LINKEDID_END", seconds)

    def _own(self, kind: str, seconds: float, *, context: str = "inbound", peer: str = "", extra: str = "") -> None:
        if kind.startswith("CC_"):
            extra = json.dumps({"extra": extra}, ensure_ascii=False) if extra else ""
        self.files.cel(
            kind, self.at(seconds), self.call_id, channel=self.channel, context=context, peer=peer, extra=extra
        )

    def _member(self, kind: str, leg: str, seconds: float, member: str, *, extra: str = "") -> None:
        self.files.cel(
            kind,
            self.at(seconds),
            leg,
            call_id=self.call_id,
            channel=self._member_channel(leg, member),
            context="internal",
            extra=extra,
        )

    def _member_channel(self, leg: str, member: str) -> str:
        return f"{member}-{leg.rpartition('.')[2]:0>8}"


def cel_line(
    kind: str,
    at: datetime,
    channel_id: str,
    *,
    call_id: str | None = None,
    channel: str,
    context: str,
    peer: str = "",
    extra: str = "",
    name: str = "",
    number: str = "79001112233",
    exten: str = "s",
    app: str = "",
    arguments: str = "",
) -> str:
    """A line as `cel_custom` writes it: of all signs only the quotation mark is escaped."""
    fields = {
        "eventtype": kind,
        "userdeftype": kind if kind.startswith("CC_") else "",
        "eventtime": f"{int(at.timestamp())}.{at.microsecond:06d}",
        "name": name,
        "num": number,
        "exten": exten,
        "context": context,
        "channame": channel,
        "appname": app,
        "appdata": arguments,
        "uniqueid": channel_id,
        "linkedid": call_id or channel_id,
        "peer": peer,
        "eventextra": extra,
    }
    written = (
        f'"{field}":{text}' if field == "eventtime" else f'"{field}":"{_escape(text)}"'
        for field, text in fields.items()
    )
    return "{" + ",".join(written) + "}"


def _escape(text: str) -> str:
    return text.replace('"', '\\"')


def _hangup(cause: int) -> str:
    return json.dumps({"hangupcause": cause, "hangupsource": "", "dialstatus": ""}, separators=(",", ":"))
