"""Signing on with a proof: the registrar here checks the digest by hand, not with our own code."""

import asyncio
import hashlib
import re

import pytest

from tools.softphone.errors import Refused
from tools.softphone.phone import Softphone
from tools.softphone.sip import Address, Message


class Registrar(asyncio.DatagramProtocol):
    """Challenges every REGISTER, accepts `d-1` with «correct horse», grants `expires` seconds."""

    def __init__(self, *, expires: int = 120, stale_after: int = 1000) -> None:
        self.accepted: list[Message] = []
        self._expires = expires
        self._stale_after = stale_after
        self._nonce = 1
        self._transport: asyncio.DatagramTransport | None = None
        self.address: Address = ("", 0)

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport
        self.address = transport.get_extra_info("sockname")[:2]

    def datagram_received(self, data: bytes, addr: Address) -> None:
        request = Message.parse(data)
        assert self._transport is not None
        reply = self._judge(request)
        self._transport.sendto(reply.render(), addr)

    def _judge(self, request: Message) -> Message:
        proof = request.header("authorization")
        challenge = f'Digest realm="callcenter", nonce="n{self._nonce}", algorithm=MD5, qop="auth"'
        if not proof:
            return request.reply(401, tag="r", headers=(("WWW-Authenticate", challenge),))
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', proof))
        if len(self.accepted) >= self._stale_after and given["nonce"] == f"n{self._nonce}" and self._nonce == 1:
            self._nonce = 2
            stale = challenge.replace('"n1"', '"n2"') + ", stale=true"
            return request.reply(401, tag="r", headers=(("WWW-Authenticate", stale),))

        def md5(text: str) -> str:
            return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

        secret, asked = md5("d-1:callcenter:correct horse"), md5(f"REGISTER:{request.uri}")
        wanted = md5(f"{secret}:n{self._nonce}:{given['nc']}:{given['cnonce']}:auth:{asked}")
        if given["response"] != wanted:
            return request.reply(401, tag="r", headers=(("WWW-Authenticate", challenge),))
        self.accepted.append(request)
        contact = f"{request.header('contact')};expires={min(int(request.header('expires')), self._expires)}"
        return request.reply(200, tag="r", headers=(("Contact", contact),))

    async def open(self) -> "Registrar":
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        return self

    def close(self) -> None:
        assert self._transport is not None
        self._transport.close()


async def test_the_phone_proves_itself_and_signs_off() -> None:
    registrar = await Registrar().open()
    async with Softphone(registrar.address, user="d-1", password="correct horse") as phone:
        await phone.register()
        assert phone.registered
    registrar.close()
    assert [request.header("expires") for request in registrar.accepted] == ["120", "0"]
    assert len({request.call_id for request in registrar.accepted}) == 1
    assert [request.sequence for request in registrar.accepted] == [2, 4]


async def test_it_signs_on_again_before_the_time_is_over() -> None:
    registrar = await Registrar(expires=2).open()
    async with Softphone(registrar.address, user="d-1", password="correct horse") as phone:
        await phone.register()
        await asyncio.sleep(1.3)
        assert len(registrar.accepted) == 2
    registrar.close()


async def test_a_stale_nonce_is_answered_once_more() -> None:
    registrar = await Registrar(stale_after=0).open()
    async with Softphone(registrar.address, user="d-1", password="correct horse") as phone:
        await phone.register()
        assert phone.registered
    registrar.close()


async def test_a_wrong_password_is_refused_after_one_try() -> None:
    registrar = await Registrar().open()
    async with Softphone(registrar.address, user="d-1", password="wrong") as phone:
        with pytest.raises(Refused, match="REGISTER of d-1: 401"):
            await phone.register()
        assert not phone.registered
    registrar.close()
    assert registrar.accepted == []
