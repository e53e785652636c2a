"""SDP offer and answer (RFC 8866, RFC 3264) for A-law audio in 20 ms packets and telephone-event (RFC 4733)."""

import re
from dataclasses import dataclass

from tools.softphone.sip import Address

PCMA = 8
KEYS = 101
"""The payload type that we offer for telephone-event."""

_ANSWERED_BY = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}


@dataclass(frozen=True, slots=True)
class Description:
    """The audio stream of the other side's description; `address` is where it receives RTP."""

    address: Address
    alaw: bool
    keys_payload: int | None
    """Payload type of telephone-event; None when the other side accepts no DTMF."""
    direction: str = "sendrecv"
    """The direction attribute as the other side states it."""

    @property
    def listens(self) -> bool:
        """Whether the other side wants to receive audio, i.e. the call is not on hold."""
        return self.direction in ("sendrecv", "recvonly") and self.address[0] != "0.0.0.0"  # noqa: S104 - old hold


def parse_description(body: bytes) -> Description | None:
    """Parses the first audio stream of an SDP body; None without an active one over RTP/AVP and IPv4."""
    text = body.decode("utf-8", "replace")
    media = re.search(r"^m=audio (\d+)[^\r\n ]* RTP/AVP ([\d ]+)", text, re.MULTILINE)
    if media is None or int(media[1]) == 0:
        return None
    stream = re.split(r"^m=", text[media.start() + 2 :], maxsplit=1, flags=re.MULTILINE)[0]
    place = re.search(r"^c=IN IP4 (\S+)", stream, re.MULTILINE) or re.search(r"^c=IN IP4 (\S+)", text, re.MULTILINE)
    if place is None:
        return None
    offered = media[2].split()
    keys = re.search(r"^a=rtpmap:(\d+) telephone-event/8000", stream, re.MULTILINE | re.IGNORECASE)
    direction = re.search(r"^a=(sendrecv|sendonly|recvonly|inactive)\s*$", stream, re.MULTILINE) or re.search(
        r"^a=(sendrecv|sendonly|recvonly|inactive)\s*$", text, re.MULTILINE
    )
    return Description(
        address=(place[1], int(media[1])),
        alaw=str(PCMA) in offered,
        keys_payload=int(keys[1]) if keys else None,
        direction=direction[1] if direction else "sendrecv",
    )


def offer(address: Address, *, version: int = 1) -> bytes:
    """Creates an offer: A-law at `address`, and telephone-event 0-15."""
    return _body(address, keys_payload=KEYS, direction="sendrecv", version=version)


def answer(address: Address, to: Description, *, version: int = 1) -> bytes:
    """Creates an answer to the offer `to`, with its payload type of telephone-event; hold is answered by hold."""
    return _body(address, keys_payload=to.keys_payload, direction=_ANSWERED_BY[to.direction], version=version)


def _body(address: Address, *, keys_payload: int | None, direction: str, version: int) -> bytes:
    host, port = address
    payloads = f"{PCMA}" if keys_payload is None else f"{PCMA} {keys_payload}"
    lines = [
        "v=0",
        f"o=- {port} {version} IN IP4 {host}",
        "s=-",
        f"c=IN IP4 {host}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {payloads}",
        f"a=rtpmap:{PCMA} PCMA/8000",
    ]
    if keys_payload is not None:
        lines += [f"a=rtpmap:{keys_payload} telephone-event/8000", f"a=fmtp:{keys_payload} 0-15"]
    lines += ["a=ptime:20", f"a={direction}"]
    return ("\r\n".join(lines) + "\r\n").encode()
