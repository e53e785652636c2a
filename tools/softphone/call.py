"""One call of the softphone: what a person can do and hear on the telephone.

Times in seconds count from the INVITE, sent or received; sample 0 of `heard` is the same moment.
"""

import asyncio
import contextlib
import math
import time
from datetime import UTC, datetime

from tools.softphone import audio_analysis, sdp
from tools.softphone.errors import NotHeard, SoftphoneError
from tools.softphone.g711 import RATE, Samples, decode_alaw
from tools.softphone.received_audio import Gap, Pace, Tape, find_gaps, measure_pace
from tools.softphone.rtp import AudioStream, Pressed
from tools.softphone.session import Session, Side
from tools.softphone.watched import WatchedTasks

_LISTEN_AGAIN = 0.15
"""Seconds between two searches in the received audio."""
_HEAD = 1.2
"""Seconds at the start of a prompt that are searched for first: repeated searches for a long menu take too much CPU."""
_HEAD_MATCH = 0.7
"""Score from which the start of a prompt counts as a candidate."""


class Call:
    """Created by Softphone, which sets `session` at once. `number` is the number of the other side."""

    session: Session

    def __init__(self, tasks: WatchedTasks, *, host: str, number: str) -> None:
        self._tasks = tasks
        self._sending: asyncio.Task[None] | None = None
        self.audio = AudioStream(host)
        self.number = number
        self.began_at = time.monotonic()
        self.began_on = datetime.now(UTC)
        self._tape = Tape(zero=self.began_at)

    # --- state ---------------------------------------------------------------------------------------------------

    @property
    def status(self) -> int:
        """Status code of the final reply to the INVITE; 0 before it."""
        return self.session.status

    @property
    def ended_by(self) -> Side | None:
        """The side that ended the call; `nobody` when the other side never replied, None during the call."""
        return self.session.ended_by

    @property
    def is_over(self) -> bool:
        return self.session.over.is_set()

    @property
    def answered_after(self) -> float | None:
        """Seconds from the INVITE to its 200; None before the answer."""
        return None if self.session.answered_at is None else self.session.answered_at - self.began_at

    @property
    def steps(self) -> list[tuple[float, str]]:
        """All SIP messages: (second of the call, text such as `-> INVITE` or `<- 200 OK`)."""
        return [(step.at - self.began_at, step.text) for step in self.session.steps]

    def second(self, at: float | None = None) -> float:
        """Converts a `time.monotonic()` value to a second of the call; by default now, or the end of an ended call."""
        moment = at if at is not None else self.session.ended_at
        return (time.monotonic() if moment is None else moment) - self.began_at

    def describe(self) -> str:
        """One line about the call, for an error message."""
        steps = ", ".join(f"{second:.2f} {text}" for second, text in self.steps[-8:])
        end = f"ended by {self.ended_by}" if self.ended_by else "lasts"
        return f"call {self.number} {end} at {self.second():.1f} s; {len(self.audio.packets)} packets; SIP: {steps}"

    # --- received audio ------------------------------------------------------------------------------------------

    @property
    def heard(self) -> Samples:
        """All received audio at 8 kHz, from the INVITE on; silence where no packet arrived."""
        self._tape.take(self.audio.packets)
        return self._tape.until(self.second())

    @property
    def keys_heard(self) -> str:
        """The DTMF digits that the other side sent by RFC 4733."""
        return "".join(self.audio.keys_heard)

    @property
    def first_packet_after(self) -> float | None:
        """Seconds from the INVITE to the first audio packet; None before it."""
        return self.audio.packets[0].at - self.began_at if self.audio.packets else None

    @property
    def first_audio_after(self) -> float | None:
        """Seconds from the INVITE to the first packet with an audible sample; None before it."""
        for packet in self.audio.packets:
            if audio_analysis.is_audible(decode_alaw(packet.payload)):
                return packet.at - self.began_at
        return None

    def gaps(self, *, longer_than: float = 0.1) -> list[Gap]:
        """Pauses of more than `longer_than` seconds between two received packets."""
        return find_gaps(self.audio.packets, zero=self.began_at, longer_than=longer_than)

    def pace(self, *, since: float = 0.0, until: float = math.inf) -> Pace:
        """Inter-arrival times of the packets received between two seconds of the call."""
        return measure_pace([packet for packet in self.audio.packets if since <= packet.at - self.began_at <= until])

    async def hear(
        self, prompt: Samples, *, within: float, since: float = 0.0, at_least: float = audio_analysis.MATCH
    ) -> audio_analysis.Found:
        """Waits until `prompt` was heard to its end, after second `since` of the call.

        Raises NotHeard when the prompt does not begin `within` seconds from now, or its score is below `at_least`. To
        interrupt a prompt, pass only its first samples.
        """
        head = audio_analysis.beginning(prompt, _HEAD)
        lasting = len(prompt) / RATE
        give_up = time.monotonic() + within + lasting
        begin = since
        while time.monotonic() < give_up and not self.is_over:
            heard = self.heard
            start = await _find(heard, head, since=begin)
            if start is None or start.score < _HEAD_MATCH:
                begin = max(begin, (len(heard) - len(head)) / RATE - 0.5)
            elif start.second + lasting <= len(heard) / RATE:
                until = start.second + lasting + 1.0  # room for pauses within the prompt
                found = await _find(heard, prompt, since=start.second - 0.1, until=until, whole=at_least)
                if found is not None:
                    return found
                if until <= len(heard) / RATE:
                    begin = start.second + 0.1  # another text with the same first words
                    continue
            await self._wait_a_little()
        heard = self.heard
        found = await _find(heard, prompt, since=since, whole=at_least)
        if found is not None:
            return found
        nearest = await _find(heard, prompt, since=since)
        best = nearest.score if nearest else 0.0
        level = audio_analysis.level(heard[int(since * RATE) :])
        raise NotHeard(
            f"a prompt of {lasting:.1f} s was not heard after second {since:.1f}: best score {best:.2f} of"
            f" {at_least:.2f}, level {level:.0f} dB; {self.describe()}"
        )

    async def hear_tone(
        self, hertz: int, *, within: float, since: float = 0.0, lasting: float = 0.3
    ) -> audio_analysis.Span:
        """Waits `within` seconds for a tone of at least `lasting` seconds after second `since`. Raises NotHeard."""
        give_up = time.monotonic() + within
        while True:
            last = time.monotonic() >= give_up or self.is_over
            for span in audio_analysis.find_tone(self.heard[int(since * RATE) :], hertz):
                if span.seconds >= lasting:
                    return audio_analysis.Span(span.begin + since, span.end + since)
            if last:
                raise NotHeard(f"no {hertz} Hz of {lasting:.1f} s after second {since:.1f}; {self.describe()}")
            await self._wait_a_little()

    # --- actions of the person -----------------------------------------------------------------------------------

    async def press(self, keys: str, *, seconds: float = 0.1, pause: float = 0.1) -> Pressed:
        """Sends `keys` (0-9 * # A-D) by RFC 4733; returns the last one. Raises SoftphoneError when the call is over.

        `seconds`: duration of a key, `pause`: silence after it.
        """
        if self.is_over:
            raise SoftphoneError(f"cannot press {keys}: {self.describe()}")
        try:
            await self.audio.press(keys, seconds=seconds, pause=pause)
        except asyncio.CancelledError:
            if self.is_over:
                raise SoftphoneError(f"the call ended while {keys} was pressed: {self.describe()}") from None
            raise
        return self.audio.pressed[-1]

    async def press_by_info(self, keys: str, *, pause: float = 0.1) -> None:
        """Sends `keys` by SIP INFO, as some phones do. Raises SoftphoneError when one is refused."""
        for key in keys:
            status = await self.session.inform("application/dtmf-relay", f"Signal={key}\r\nDuration=100\r\n")
            if status != 200:
                raise SoftphoneError(f"INFO with key {key} was answered with {status}: {self.describe()}")
            await asyncio.sleep(pause)

    def say(self, samples: Samples) -> None:
        """Queues `samples` (8 kHz) after the speech that is still being sent."""
        self.audio.say(samples)

    def tone(self, hertz: int) -> None:
        """Sends a tone from now on whenever no speech is queued."""
        self.audio.tone(hertz)

    def quiet(self) -> None:
        """Ends speech and tone; silence is sent instead."""
        self.audio.quiet()

    def stop_sending(self, seconds: float = math.inf) -> None:
        """Sends no packet for `seconds`, as a phone with silence suppression or on hold does."""
        self.audio.stop_sending(seconds)

    def fall_behind(self, seconds: float) -> None:
        """Sends nothing for `seconds`; then timestamps continue without a gap, like a move to a slower network."""
        self.audio.fall_behind(seconds)

    def hold_back(self, seconds: float) -> None:
        """Sends nothing for `seconds` (less than 0.5), then all delayed packets at once, like network jitter."""
        self.audio.hold_back(seconds)

    def answer(self) -> None:
        """Answers an incoming call."""
        self.session.accept()

    def decline(self, status: int = 486) -> None:
        """Declines an incoming call with `status`."""
        self.session.decline(status)

    async def hang_up(self) -> None:
        """Ends the call: CANCEL before the answer of an outgoing call, a refusal of an incoming one, BYE afterwards."""
        await self.session.hang_up()

    async def answered(self, *, within: float = 32.0) -> None:
        """Waits for the answer. Raises SoftphoneError when the call is refused, ends, or rings longer than `within`."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.session.settled.wait(), within)
        if self.session.answered_at is None:
            raise SoftphoneError(f"not answered: {self.describe()}")

    async def ended(self, *, within: float) -> None:
        """Waits for the end of the call. Raises SoftphoneError when it lasts longer than `within`."""
        try:
            await asyncio.wait_for(self.session.over.wait(), within)
        except TimeoutError:
            raise SoftphoneError(f"not ended within {within:.0f} s: {self.describe()}") from None

    # --- for the session -----------------------------------------------------------------------------------------

    def take_media(self, theirs: sdp.Description) -> None:
        """Sends audio to the address of the other side's description from now on."""
        self.audio.aim(theirs.address if theirs.listens else None, keys_payload=theirs.keys_payload)
        if self._sending is None and not self.is_over:
            self._sending = self._tasks.start(self.audio.run())

    def take_end(self) -> None:
        """Closes the audio stream; the received audio is kept."""
        if self._sending is not None:
            self._sending.cancel()
        self.audio.close()

    async def _wait_a_little(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.session.over.wait(), _LISTEN_AGAIN)


async def _find(
    heard: Samples, prompt: Samples, *, since: float, until: float = math.inf, whole: float | None = None
) -> audio_analysis.Found | None:
    """The best match of `prompt` between two seconds; with `whole`, only a complete match of that score.

    Runs in a thread, so that the audio stream continues meanwhile.
    """
    begin = int(max(since, 0.0) * RATE)
    sound = heard[begin : len(heard) if until == math.inf else int(until * RATE)]
    if whole is None:
        found = await asyncio.to_thread(audio_analysis.find_prompt, sound, prompt, at_least=0.0)
    else:
        found = await asyncio.to_thread(audio_analysis.find_whole, sound, prompt, at_least=whole)
    return None if found is None else audio_analysis.Found(found.second + begin / RATE, found.score)
