"""A SIP dialog (RFC 3261 section 12), and requests with authentication (section 22)."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from tools.softphone.digest import Challenge
from tools.softphone.sip import Address, Message, address_of, new_branch, new_tag, parameter, uri_of
from tools.softphone.transactions import OnProvisional, SipSocket

Headers = tuple[tuple[str, str], ...]

AGENT = "callcenter-softphone"
ALLOWED = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, NOTIFY"
_SDP: Headers = (("Content-Type", "application/sdp"),)


@dataclass(slots=True)
class Dialog:
    """State of a dialog. `ours` and `theirs` are complete values of From and To in our requests, tags included."""

    ours: str
    theirs: str
    call_id: str
    contact: str
    """Our own Contact value."""
    target: str
    """The request URI: the remote target."""
    peer: Address
    """The next hop: the address that datagrams are sent to."""
    routes: list[str] = field(default_factory=list)
    sequence: int = 0

    @classmethod
    def outgoing(cls, *, ours: str, target: str, contact: str, peer: Address) -> "Dialog":
        return cls(
            ours=f"{ours};tag={new_tag()}",
            theirs=f"<{target}>",
            call_id=secrets.token_hex(12),
            contact=contact,
            target=target,
            peer=peer,
        )

    @classmethod
    def incoming(cls, invite: Message, *, contact: str, peer: Address) -> "Dialog":
        return cls(
            ours=f"{invite.header('to')};tag={new_tag()}",
            theirs=invite.header("from"),
            call_id=invite.call_id,
            contact=contact,
            target=uri_of(invite.header("contact")) or uri_of(invite.header("from")),
            peer=peer,
            routes=invite.all("record-route"),
        )

    @property
    def our_tag(self) -> str:
        return parameter(self.ours, "tag")

    def follow(self, reply: Message) -> None:
        """Takes remote tag, Contact and route set from a reply that creates or refreshes the dialog."""
        self.theirs = reply.header("to")
        if contact := reply.header("contact"):
            self.target = uri_of(contact)
        if routes := reply.all("record-route"):
            self.routes = routes[::-1]
            self.peer = address_of(uri_of(self.routes[0]))

    def request(
        self,
        method: str,
        local: Address,
        *,
        headers: Headers = (),
        description: bytes = b"",
        same_sequence: bool = False,
    ) -> Message:
        """Creates a request with a new branch. `same_sequence` keeps the CSeq number, for an ACK."""
        if not same_sequence:
            self.sequence += 1
        fixed: Headers = (
            ("Via", f"SIP/2.0/UDP {local[0]}:{local[1]};rport;branch={new_branch()}"),
            ("Max-Forwards", "70"),
            *(("Route", route) for route in self.routes),
            ("From", self.ours),
            ("To", self.theirs),
            ("Call-ID", self.call_id),
            ("CSeq", f"{self.sequence} {method}"),
            ("Contact", self.contact),
            ("Allow", ALLOWED),
            ("User-Agent", AGENT),
        )
        typed = _SDP if description else ()
        return Message((*fixed, *headers, *typed), description, method=method, uri=self.target)


@dataclass(frozen=True, slots=True)
class Credentials:
    user: str
    password: str = field(repr=False)


MakeRequest = Callable[[Headers], Message]


async def ask_proving(
    socket: SipSocket,
    make: MakeRequest,
    to: Address,
    credentials: Credentials | None,
    *,
    on_provisional: OnProvisional | None = None,
) -> tuple[Message, Message]:
    """Sends a request with authentication; returns the last request sent and its final reply.

    `make(headers)` builds the request with additional headers. A challenge is answered once, and a second time when the
    nonce is stale. Raises NoReply, UnknownChallenge.
    """
    request = make(())
    reply = await socket.ask(request, to, on_provisional=on_provisional)
    for _ in range(2):
        asked, proved = {
            401: ("www-authenticate", "Authorization"),
            407: ("proxy-authenticate", "Proxy-Authorization"),
        }.get(reply.status, ("", ""))
        if not asked or credentials is None:
            break
        if request.header(proved) and "stale=true" not in reply.header(asked).lower().replace(" ", "").replace('"', ""):
            break
        challenge = Challenge.parse(reply.header(asked))
        proof = challenge.prove(
            user=credentials.user,
            password=credentials.password,
            method=request.method,
            uri=request.uri,
            own_nonce=secrets.token_hex(8),
        )
        request = make(((proved, proof),))
        reply = await socket.ask(request, to, on_provisional=on_provisional)
    return request, reply
