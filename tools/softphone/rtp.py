"""The RTP stream of a call (RFC 3550): sends a packet every 20 ms and DTMF by RFC 4733, keeps all received packets.

Sending follows the clock: packets delayed by a late wake-up are sent at once. During a pause in sending, the timestamp
advances as if packets were sent, as with silence suppression. The kernel stamps arrivals (SO_TIMESTAMPNS), so a slow
Python process does not look like a gap on the line.
"""

import asyncio
import contextlib
import random
import socket
import struct
import time
from collections import deque
from dataclasses import dataclass

import numpy as np

from tools.softphone.g711 import RATE, SILENCE, Samples, encode_alaw
from tools.softphone.received_audio import Packet
from tools.softphone.sdp import KEYS, PCMA
from tools.softphone.sip import Address

FRAME = 160
"""Samples, and A-law bytes, of one packet."""
FRAME_SECONDS = FRAME / RATE
KEY_NAMES = "0123456789*#ABCD"
"""The index of a key is its event code in RFC 4733."""

_SO_TIMESTAMPNS = 35  # linux/socket.h; the socket module has no name for it
_TIMESPEC = struct.Struct("@qq")
_HEADER = struct.Struct("!BBHII")
_KEY = struct.Struct("!BBH")
_QUIET = bytes([SILENCE]) * FRAME
_TOO_LATE = 0.5
"""Seconds of delay that are caught up after a stall; the packets before are never sent."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A key that was sent; times of its first and its last packet, by `time.monotonic()`."""

    key: str
    began_at: float
    ended_at: float


@dataclass(slots=True)
class _Pressing:
    key: str
    frames: int
    pause: int
    done: asyncio.Future[None] | None
    sent: int = 0
    timestamp: int = 0
    began_at: float = 0.0


class AudioStream:
    """An RTP socket on `host`. The RTCP socket on the next port is bound, and its packets are ignored."""

    def __init__(self, host: str) -> None:
        self._socket, self._neighbour = _bind_pair(host)
        self.address: Address = self._socket.getsockname()[:2]
        self.packets: list[Packet] = []
        self.keys_heard: list[str] = []
        self.pressed: list[Pressed] = []
        self.strange = 0
        """Number of received datagrams that are neither A-law audio nor a key."""
        self.sent = 0
        self._there: Address | None = None
        self._keys_payload: int | None = KEYS
        self._last_key = -1
        self._sequence = random.getrandbits(15)
        self._first_timestamp = random.getrandbits(31)
        self._source = random.getrandbits(32)
        self._tick = 0
        self._marked = True
        self._speech = bytearray()
        self._tone: bytes | None = None
        self._keys: deque[_Pressing] = deque()
        self._silent_until = 0.0
        self._held_until = 0.0
        asyncio.get_running_loop().add_reader(self._socket, self._read)
        asyncio.get_running_loop().add_reader(self._neighbour, self._ignore)

    def aim(self, there: Address | None, *, keys_payload: int | None) -> None:
        """Sets the destination of our packets; None: nothing is sent, e.g. on hold."""
        self._there = there
        self._keys_payload = keys_payload

    def say(self, samples: Samples) -> None:
        """Queues `samples` after the speech that is still being sent."""
        self._speech += encode_alaw(samples)

    def tone(self, hertz: int, *, amplitude: int = 8000) -> None:
        """Sends a sine tone whenever no speech is queued. `hertz` is an integer, so that one second can be repeated."""
        turns = np.arange(RATE) * (2 * np.pi * hertz / RATE)
        self._tone = encode_alaw((np.sin(turns) * amplitude).astype(np.int16))

    def quiet(self) -> None:
        """Drops speech and tone; silence is still sent."""
        self._speech.clear()
        self._tone = None

    def stop_sending(self, seconds: float) -> None:
        """Sends no packets for `seconds` from now; `inf`: for the rest of the call, 0: resume."""
        self._silent_until = time.monotonic() + seconds

    def fall_behind(self, seconds: float) -> None:
        """Sends nothing for `seconds`, then continues with the next timestamp, like packets late by `seconds`."""
        self.stop_sending(seconds)
        self._first_timestamp -= round(seconds / FRAME_SECONDS) * FRAME

    def hold_back(self, seconds: float) -> None:
        """Sends nothing for `seconds` (less than 0.5), then all delayed packets at once, like network jitter."""
        self._held_until = time.monotonic() + seconds

    async def press(self, keys: str, *, seconds: float, pause: float) -> None:
        """Sends `keys` one after another; returns after the last one.

        Raises ValueError for an unknown key, or when the other side accepts no telephone-event.
        """
        if self._keys_payload is None:
            raise ValueError("the other side takes no keys (no telephone-event in its description)")
        if unknown := set(keys) - set(KEY_NAMES):
            raise ValueError(f"no such key: {''.join(sorted(unknown))}; there are {KEY_NAMES}")
        if not keys:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        frames, rest = max(round(seconds / FRAME_SECONDS), 1), max(round(pause / FRAME_SECONDS), 1)
        self._keys.extend(_Pressing(key, frames, rest, None) for key in keys)
        self._keys[-1].done = done
        await done

    async def run(self) -> None:
        """Sends packets until canceled."""
        began = time.monotonic()
        while True:
            now = time.monotonic()
            due = int((now - began) / FRAME_SECONDS)
            self._tick = max(self._tick, due - int(_TOO_LATE / FRAME_SECONDS))  # limits the burst after a long stall
            while self._tick <= due and now >= self._held_until:
                self._send_frame(now)
                self._tick += 1
            due_at = max(began + self._tick * FRAME_SECONDS, self._held_until)
            await asyncio.sleep(max(due_at - time.monotonic(), 0))

    def close(self) -> None:
        loop = asyncio.get_running_loop()
        for each in (self._socket, self._neighbour):
            loop.remove_reader(each)
            each.close()
        for key in self._keys:
            if key.done is not None and not key.done.done():
                key.done.cancel()

    def _send_frame(self, now: float) -> None:
        speech = self._next_speech()  # speech passes even while nothing is sent
        if self._there is None or now < self._silent_until:
            self._marked = True
            return
        timestamp = (self._first_timestamp + self._tick * FRAME) & 0xFFFFFFFF
        if self._keys and self._send_key(self._keys[0], timestamp, now):
            return
        self._send(PCMA, timestamp, speech, marked=self._marked)
        self._marked = False

    def _send_key(self, key: _Pressing, timestamp: int, now: float) -> bool:
        """Sends a packet of the key, the last one three times against loss; returns False in the pause after it."""
        if key.sent == 0:
            key.timestamp, key.began_at = timestamp, now
        key.sent += 1
        event = KEY_NAMES.index(key.key)
        if key.sent <= key.frames:
            last = key.sent == key.frames
            payload = _KEY.pack(event, 0x8A if last else 0x0A, key.sent * FRAME)
            for _ in range(3 if last else 1):
                self._send(self._keys_payload or KEYS, key.timestamp, payload, marked=key.sent == 1)
            if last:
                self.pressed.append(Pressed(key.key, key.began_at, now))
                if key.done is not None and not key.done.done():
                    key.done.set_result(None)
            return True
        if key.sent >= key.frames + key.pause:
            self._keys.popleft()
        return False

    def _send(self, payload_number: int, timestamp: int, payload: bytes, *, marked: bool) -> None:
        second = payload_number | (0x80 if marked else 0)
        header = _HEADER.pack(0x80, second, self._sequence & 0xFFFF, timestamp, self._source)
        self._sequence += 1
        self.sent += 1
        with contextlib.suppress(OSError):  # a full buffer or «port unreachable» is only a lost packet
            self._socket.sendto(header + payload, self._there or self.address)

    def _next_speech(self) -> bytes:
        if self._speech:
            frame = bytes(self._speech[:FRAME])
            del self._speech[:FRAME]
            return frame.ljust(FRAME, bytes([SILENCE]))
        if self._tone is not None:
            begin = self._tick * FRAME % RATE
            return self._tone[begin : begin + FRAME]
        return _QUIET

    def _read(self) -> None:
        while True:
            try:
                datagram, ancillary, _, _ = self._socket.recvmsg(2048, 64)
            except OSError:  # no more datagrams, or «port unreachable»
                return
            self._take(datagram, _arrival(ancillary))

    def _take(self, datagram: bytes, at: float) -> None:
        if len(datagram) < 12 or datagram[0] >> 6 != 2:
            self.strange += 1
            return
        first, second, sequence, timestamp, source = _HEADER.unpack_from(datagram)
        begin = 12 + 4 * (first & 0x0F)
        if first & 0x10 and len(datagram) >= begin + 4:
            begin += 4 + 4 * int.from_bytes(datagram[begin + 2 : begin + 4])
        payload = datagram[begin : len(datagram) - (datagram[-1] if first & 0x20 else 0)]
        number = second & 0x7F
        if number == PCMA and payload:
            self.packets.append(Packet(at, sequence, timestamp, source, payload, bool(second & 0x80)))
        elif number == (self._keys_payload or KEYS) and len(payload) >= 4:
            self.packets.append(Packet(at, sequence, timestamp, source, b""))
            self._take_key(payload, timestamp)
        else:
            self.strange += 1

    def _take_key(self, payload: bytes, timestamp: int) -> None:
        event, flags, _ = _KEY.unpack_from(payload)
        if flags & 0x80 and timestamp != self._last_key and event < len(KEY_NAMES):
            self._last_key = timestamp
            self.keys_heard.append(KEY_NAMES[event])

    def _ignore(self) -> None:
        with contextlib.suppress(OSError):
            self._neighbour.recv(2048)


def _arrival(ancillary: list[tuple[int, int, bytes]]) -> float:
    now = time.monotonic()
    for level, kind, stamp in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(stamp) >= _TIMESPEC.size:
            seconds, nanoseconds = map(int, _TIMESPEC.unpack_from(stamp))
            return now - max(time.time() - seconds - nanoseconds / 1e9, 0.0)
    return now


def _bind_pair(host: str) -> tuple[socket.socket, socket.socket]:
    """Binds an even port and the next odd one, so that RTCP of this call never arrives at another call's RTP port."""
    while True:
        first, second = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        first.bind((host, 0))
        port = first.getsockname()[1]
        try:
            if port % 2 == 0:
                second.bind((host, port + 1))
                first.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
                first.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
                first.setblocking(False)
                second.setblocking(False)
                return first, second
        except OSError:
            pass  # the odd port is taken: try another pair
        first.close()
        second.close()
