"""SIP messages (RFC 3261 section 7): parsing and rendering, no network."""

import re
import secrets
from dataclasses import dataclass, replace

from tools.softphone.errors import MalformedMessage

Address = tuple[str, int]
"""An IPv4 address and a UDP port."""

MAGIC_COOKIE = "z9hG4bK"
"""Prefix of every branch parameter (RFC 3261 section 8.1.1.7)."""

REASONS = {
    100: "Trying",
    180: "Ringing",
    200: "OK",
    400: "Bad Request",
    405: "Method Not Allowed",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    603: "Decline",
}
_COMPACT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "c": "content-type",
    "l": "content-length",
    "k": "supported",
    "s": "subject",
    "e": "content-encoding",
}
_REQUEST = re.compile(r"^([A-Z]+) (\S+) SIP/2\.0$")
_REPLY = re.compile(r"^SIP/2\.0 (\d{3}) ?(.*)$")
_PORT = re.compile(r"^(?:sips?:)?(?:[^@]*@)?([^:;>?]+)(?::(\d+))?")


@dataclass(frozen=True, slots=True)
class Message:
    """A request (`method` and `uri` are set) or a reply (`status` is set). Header names keep their spelling."""

    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    method: str = ""
    uri: str = ""
    status: int = 0
    reason: str = ""

    @classmethod
    def parse(cls, datagram: bytes) -> "Message":
        """Parses a datagram. Raises MalformedMessage when it is not a complete SIP message."""
        head, _, body = datagram.partition(b"\r\n\r\n")
        try:
            lines = head.decode("utf-8").split("\r\n")
        except UnicodeDecodeError as error:
            raise MalformedMessage from error
        headers: list[tuple[str, str]] = []
        for line in lines[1:]:
            if line[:1] in (" ", "\t") and headers:  # continuation of a folded header
                name, value = headers[-1]
                headers[-1] = (name, f"{value} {line.strip()}")
                continue
            name, colon, value = line.partition(":")
            if not colon:
                raise MalformedMessage(f"not a header: {line[:60]!r}")
            headers.append((name.strip(), value.strip()))
        first = lines[0]
        if request := _REQUEST.match(first):
            message = cls(tuple(headers), method=request[1], uri=request[2])
        elif reply := _REPLY.match(first):
            message = cls(tuple(headers), status=int(reply[1]), reason=reply[2])
        else:
            raise MalformedMessage(f"neither a request nor a reply: {first[:60]!r}")
        if any(not message.header(name) for name in ("via", "from", "to", "call-id", "cseq")):
            raise MalformedMessage("a header that every message needs is missing")
        if not re.fullmatch(r"\d{1,10}\s+[A-Z]+", message.header("cseq")):
            raise MalformedMessage("CSeq is not a number and a method")
        length = message.header("content-length")
        if length:
            if not length.isdigit() or int(length) > len(body):
                raise MalformedMessage("the body is shorter than Content-Length says")
            body = body[: int(length)]
        return replace(message, body=body)

    def render(self) -> bytes:
        """Returns the datagram; adds Content-Length, which `headers` must not contain."""
        first = f"{self.method} {self.uri} SIP/2.0" if self.method else f"SIP/2.0 {self.status} {self.reason}"
        lines = [first, *(f"{name}: {value}" for name, value in self.headers), f"Content-Length: {len(self.body)}"]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + self.body

    def header(self, name: str) -> str:
        """The first value of header `name`, in any case or in compact form; empty when absent."""
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> list[str]:
        """All values of header `name`, in order, not split at commas."""
        wanted = name.lower()
        return [value for key, value in self.headers if _COMPACT.get(key.lower(), key.lower()) == wanted]

    @property
    def branch(self) -> str:
        return parameter(self.header("via"), "branch")

    @property
    def call_id(self) -> str:
        return self.header("call-id")

    @property
    def sequence(self) -> int:
        return int(self.header("cseq").split()[0])

    @property
    def sequence_method(self) -> str:
        return self.header("cseq").split()[1]

    @property
    def from_tag(self) -> str:
        return parameter(self.header("from"), "tag")

    @property
    def to_tag(self) -> str:
        return parameter(self.header("to"), "tag")

    def reply(
        self,
        status: int,
        *,
        tag: str = "",
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
    ) -> "Message":
        """Creates a reply to this request with its routing and dialog headers; adds `tag` to a To without a tag."""
        to = self.header("to")
        if tag and not self.to_tag:
            to = f"{to};tag={tag}"
        copied = [("Via", value) for value in self.all("via")]
        copied += [("Record-Route", value) for value in self.all("record-route")]
        copied += [("From", self.header("from")), ("To", to), ("Call-ID", self.call_id), ("CSeq", self.header("cseq"))]
        return Message((*copied, *headers), body, status=status, reason=REASONS.get(status, "Reply"))


def parameter(value: str, name: str) -> str:
    """A header parameter (`;name=value`) outside the angle brackets; empty when absent."""
    found = re.search(rf";\s*{name}\s*=\s*\"?([^;,\s\"]+)", re.sub(r"<[^>]*>", "", value), re.IGNORECASE)
    return found[1] if found else ""


def uri_of(value: str) -> str:
    """The URI in a From, To, Contact or Record-Route value, without brackets and header parameters."""
    inside = re.search(r"<([^>]*)>", value)
    return inside[1] if inside else value.split(";", maxsplit=1)[0].strip()


def user_of(value: str) -> str:
    """The user part of the SIP URI, or the number of the tel URI, in a header value; empty when absent."""
    found = re.match(r"^sips?:([^@;>]*)@|^tel:([^;>]+)", uri_of(value))
    return (found[1] or found[2]) if found else ""


def address_of(uri: str) -> Address:
    """The host and port of `sip:user@host:port`; the default port is 5060. Raises MalformedMessage."""
    found = _PORT.match(uri)
    if found is None:
        raise MalformedMessage(f"not an address: {uri[:60]!r}")
    return found[1], int(found[2] or 5060)


def new_branch() -> str:
    return MAGIC_COOKIE + secrets.token_hex(8)


def new_tag() -> str:
    return secrets.token_hex(6)
