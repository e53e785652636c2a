"""A SIP softphone for the demo, the tests and the bench. It behaves like a real telephone and measures calls.

async with Softphone(("127.0.0.1", 5060), user="d-4f1a9c", password="...") as phone:
    await phone.register()
    call = await phone.call("+78125550192")
    await call.hear(prompt, within=5)
    await call.press("1")
"""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Self

from tools.softphone.call import Call
from tools.softphone.dialog import Credentials, Dialog, Headers, ask_proving
from tools.softphone.errors import NoReply, Refused, SoftphoneError
from tools.softphone.session import Session
from tools.softphone.sip import Address, Message, parameter, user_of
from tools.softphone.transactions import SipSocket
from tools.softphone.watched import WatchedTasks


@dataclass(slots=True)
class Manners:
    """How the phone handles an incoming call; may be changed at any time."""

    answer_after: float | None = None
    """Seconds of ringing before the automatic answer; None: no automatic answer."""
    tone: int | None = None
    """Frequency in Hz of a tone that is sent after the automatic answer; None: no tone."""
    busy: bool = False
    """Declines every call with 486."""


class Softphone:
    """A telephone with one account at `centre`. Leaving the async context hangs up and unregisters.

    `user` and `password` are the account; without a password, challenges are not answered. `host` is the address that
    SIP and RTP are bound to.
    """

    def __init__(
        self,
        centre: Address,
        *,
        user: str,
        password: str = "",
        host: str = "127.0.0.1",
        manners: Manners | None = None,
    ) -> None:
        self.centre = centre
        self.user = user
        self.manners = manners or Manners()
        self.calls: list[Call] = []
        """All calls so far, in order, in both directions."""
        self.registered = False
        self._host = host
        self._credentials = Credentials(user, password) if password else None
        self._socket = SipSocket(self._take_request)
        self._tasks = WatchedTasks()
        self._arrived: asyncio.Queue[Call] = asyncio.Queue()
        self._registration: Dialog | None = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Binds a free port. Raises OSError."""
        await self._socket.open(self._host)

    async def close(self) -> None:
        """Hangs up, unregisters and closes the socket. Raises the first exception of a background task."""
        await asyncio.gather(*(self._hang_up_soon(call) for call in self.calls))
        if self.registered:
            with contextlib.suppress(NoReply, TimeoutError):
                await asyncio.wait_for(self._ask_registration(0), 2)
        try:
            await self._tasks.close()
        finally:
            self._socket.close()

    @property
    def address(self) -> Address:
        """Where the phone listens for SIP."""
        return self._socket.address

    @property
    def malformed(self) -> int:
        """Number of datagrams received on the SIP port that are not SIP messages."""
        return self._socket.malformed

    async def register(self, *, seconds: int = 120) -> None:
        """Registers for `seconds`, and again after half of the granted time. Raises Refused, NoReply."""
        granted = await self._register_once(seconds)
        self._tasks.start(self._stay_registered(granted))

    def dial(
        self,
        number: str,
        *,
        shown: str | None = None,
        anonymous: bool = False,
        asserted: str | None = None,
        headers: Headers = (),
    ) -> Call:
        """Sends the INVITE and returns at once.

        `shown` is the user part of From, by default the account's user; `anonymous` hides it as in RFC 3323.
        `asserted` is the number in P-Asserted-Identity, which a provider's trunk would add.
        """
        host, port = self.centre
        sender = f"<sip:{shown or self.user}@{self._host}>"
        extra = list(headers)
        if anonymous:
            sender = '"Anonymous" <sip:anonymous@anonymous.invalid>'
            extra.append(("Privacy", "id"))
        if asserted is not None:
            extra.append(("P-Asserted-Identity", f"<sip:{asserted}@{self._host}>"))
        dialog = Dialog.outgoing(
            ours=sender, target=f"sip:{number}@{host}:{port}", contact=self._contact, peer=self.centre
        )
        call = self._new_call(number, dialog, invite=None)
        self._tasks.start(call.session.invite(tuple(extra)))
        return call

    async def call(
        self,
        number: str,
        *,
        shown: str | None = None,
        anonymous: bool = False,
        asserted: str | None = None,
    ) -> Call:
        """Dials and waits for the answer. Raises SoftphoneError when the call is not answered."""
        call = self.dial(number, shown=shown, anonymous=anonymous, asserted=asserted)
        await call.answered()
        return call

    async def next_call(self, *, within: float) -> Call:
        """Returns the next incoming call, ringing or answered; each call once. Raises SoftphoneError after `within`."""
        try:
            return await asyncio.wait_for(self._arrived.get(), within)
        except TimeoutError:
            raise SoftphoneError(f"{self.user}: nobody called within {within:.0f} s") from None

    # --- private -------------------------------------------------------------------------------------------------

    @property
    def _contact(self) -> str:
        host, port = self.address
        return f"<sip:{self.user}@{host}:{port}>"

    def _new_call(self, number: str, dialog: Dialog, *, invite: Message | None) -> Call:
        call = Call(self._tasks, host=self._host, number=number)
        call.session = Session(
            self._socket,
            self._tasks,
            dialog,
            sound=call.audio.address,
            on_media=call.take_media,
            on_over=call.take_end,
            credentials=self._credentials,
            invite=invite,
        )
        self.calls.append(call)
        return call

    async def _hang_up_soon(self, call: Call) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(call.hang_up(), 2)
        if not call.is_over:
            call.session.abandon()

    def _take_request(self, request: Message, source: Address) -> None:
        for call in self.calls:
            if call.session.call_id == request.call_id:
                call.session.take(request, source)
                return
        if request.method == "ACK":
            return
        if request.method == "INVITE" and not request.to_tag:
            self._take_invite(request, source)
        elif request.method in ("OPTIONS", "NOTIFY", "MESSAGE"):
            self._socket.answer(request, request.reply(200, tag=self.user), source)
        else:
            self._socket.answer(request, request.reply(481, tag=self.user), source)

    def _take_invite(self, invite: Message, source: Address) -> None:
        dialog = Dialog.incoming(invite, contact=self._contact, peer=source)
        call = self._new_call(user_of(invite.header("from")), dialog, invite=invite)
        self._arrived.put_nowait(call)
        if self.manners.busy:
            call.decline()
            return
        call.session.ring()
        if self.manners.answer_after is not None:
            self._tasks.start(self._answer(call, self.manners.answer_after))

    async def _answer(self, call: Call, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if self.manners.tone is not None:
            call.tone(self.manners.tone)
        call.answer()

    async def _stay_registered(self, granted: int) -> None:
        while True:
            await asyncio.sleep(max(granted / 2, 1))
            try:
                granted = await self._register_once(granted)
            except (NoReply, Refused):  # the centre is unavailable: retry, as a real phone does
                self.registered = False
                granted = 10

    async def _register_once(self, seconds: int) -> int:
        reply = await self._ask_registration(seconds)
        if reply.status != 200:
            self.registered = False
            raise Refused(reply.status, reply.reason, asked=f"REGISTER of {self.user}")
        self.registered = True
        ours = next((contact for contact in reply.all("contact") if f":{self.address[1]}" in contact), "")
        return int(parameter(ours, "expires") or reply.header("expires") or seconds)

    async def _ask_registration(self, seconds: int) -> Message:
        if self._registration is None:
            host, port = self.centre
            self._registration = Dialog.outgoing(
                ours=f"<sip:{self.user}@{host}>",
                target=f"sip:{host}:{port}",
                contact=self._contact,
                peer=self.centre,
            )
            self._registration.theirs = f"<sip:{self.user}@{host}>"
        registration = self._registration

        def make(proof: Headers) -> Message:
            return registration.request("REGISTER", self.address, headers=(("Expires", str(seconds)), *proof))

        _, reply = await ask_proving(self._socket, make, self.centre, self._credentials)
        return reply
