"""The callers of the chaos bench: what they do, what they notice, and whether the centre's record tells the same."""

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from sqlalchemy import func, select

from callcenter.calls.models import Call as CallRow
from callcenter.calls.models import CallEvent, Outcome, RecordingState
from callcenter.calls.recordings import KEPT
from callcenter.core.errors import DatabaseUnavailable
from callcenter.reporting.reconciliation import MISSED
from tests.live.records import LENGTH_TOLERANCE, Record
from tests.live.town import CALLER_TONE, DISPATCHER_TONE, Town
from tools.softphone import audio_analysis
from tools.softphone.call import Call
from tools.softphone.errors import SoftphoneError
from tools.softphone.g711 import Samples, decode_alaw

TRIVIAL = 0.5
"""Seconds of sound that may be lost without being missed."""
DEAD_AFTER = 8.0
"""Seconds without a packet after which a caller takes the line for dead."""
RING_SECONDS = 6.0
JUDGED_AFTER, JUDGED_WITHIN = 15.0, 150.0
"""Seconds after the end of a call: late notes may change what is kept; PostgreSQL may be away."""
TROUBLE = "LIFT_FAULT"
ANSWER = "KB15"
SPOKEN = {"spoken": "оператор", "danger": "пахнет газом"}
"""Wishes that are told in words, and the words."""
_LOOK_EVERY = 0.4


class End(StrEnum):
    LASTS = "lasts"
    UNANSWERED = "unanswered"
    HUNG_UP = "the caller hung up"
    ENDED = "the centre ended it"
    DEAD = "no packets any more"


@dataclass
class Story:
    """One call from the caller's side. Moments are of `time.monotonic()`."""

    wish: str
    call: Call
    dialled: str
    begun: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    end: End = End.LASTS
    dispatcher_seconds: float = 0.0
    """Seconds of the dispatcher's tone that were heard."""
    silence: float = 0.0
    """The longest stretch with nothing audible."""
    pause: float = 0.0
    """The longest between two packets."""
    faults: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)
    record: Record | None = None

    def finish(self) -> None:
        """Takes down what was heard."""
        self.ended = time.monotonic()
        self.dispatcher_seconds = sum(
            span.seconds for span in audio_analysis.find_tone(self.call.heard, DISPATCHER_TONE, lasting=0.3)
        )
        packets = [packet for packet in self.call.audio.packets if packet.payload]
        if self.end is End.UNANSWERED or not packets:
            return
        last = packets[-1].at if self.end is End.DEAD else self.call.began_at + self.call.second()
        begun = self.call.began_at + (self.call.answered_after or 0.0)
        loud = [packet.at for packet in packets if audio_analysis.is_audible(decode_alaw(packet.payload))]
        self.silence = float(np.diff([begun, *loud, last]).max())
        self.pause = float(np.diff([packet.at for packet in packets]).max(initial=0.0))


class Callers:
    """Calls all the time, `at_once` at a time, until told to stop; `observed_calls` are all of them, judged or not.

    `spoken`: the sounds of the words of SPOKEN; empty: nobody speaks.
    """

    def __init__(self, town: Town, dice: random.Random, *, at_once: int, spoken: Mapping[str, Samples]) -> None:
        self._town = town
        self._dice = dice
        self._at_once = at_once
        self._spoken = spoken
        self._wishes = ("answer", "ticket", "talk", "talk", "queue", *(2 * tuple(SPOKEN) if spoken else ()))
        self._stopping = asyncio.Event()
        self._answer = town.keys_to_answer(ANSWER)
        self._ticket = town.keys_to_ticket(TROUBLE)
        self.observed_calls: list[Story] = []

    @property
    def active_calls(self) -> list[Story]:
        return [story for story in self.observed_calls if story.end is End.LASTS]

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(self._at_once):
                group.create_task(self._keep_calling(number))

    async def _keep_calling(self, number: int) -> None:
        await asyncio.sleep(number * 1.3)
        while not self._stopping.is_set():
            await self._make_call(self._dice.choice(self._wishes))
            await asyncio.sleep(self._dice.uniform(0.5, 2.0))

    async def _make_call(self, wish: str) -> None:
        call = self._town.dial()
        story = Story(wish, call, self._town.centre.ledger.entry_of(call).dialled)
        self._town.centre.ledger.entries.clear()
        self.observed_calls.append(story)
        try:
            await call.answered(within=RING_SECONDS)
        except SoftphoneError:
            story.end = End.UNANSWERED
        else:
            try:
                await self._play_wish(story)
            except SoftphoneError:  # it ended in the middle of a key
                story.end = End.ENDED
        await self._hang_up(call)
        story.finish()

    async def _play_wish(self, story: Story) -> None:
        call, dice = story.call, self._dice
        if not await self._stay_on_line(story, dice.uniform(1.0, 5.0)):
            return
        if story.wish in SPOKEN:
            call.say(self._spoken[SPOKEN[story.wish]])
        else:
            await call.press({"answer": self._answer, "ticket": self._ticket}.get(story.wish, "0"))
        if story.wish in ("talk", *SPOKEN):
            if story.wish == "talk":  # over a tone nobody is understood
                call.tone(CALLER_TONE)
            if await self._stay_on_line(story, 28.0, until=lambda: self._hears_dispatcher(call)):
                await self._stay_on_line(story, dice.uniform(3.0, 10.0))
        else:
            await self._stay_on_line(story, dice.uniform(6.0, 22.0))

    def _hears_dispatcher(self, call: Call) -> bool:
        return bool(audio_analysis.find_tone(call.heard[-8000:], DISPATCHER_TONE, lasting=0.5))

    async def _stay_on_line(self, story: Story, seconds: float, *, until: Callable[[], bool] = lambda: False) -> bool:
        """On the line for so long, or `until`; False when the call has ended otherwise."""
        call, give_up = story.call, time.monotonic() + seconds
        while time.monotonic() < give_up and not until():
            if call.is_over:
                story.end = End.ENDED
                return False
            last = call.audio.packets[-1].at if call.audio.packets else call.began_at
            if time.monotonic() - last > DEAD_AFTER:
                story.end = End.DEAD
                return False
            await asyncio.sleep(_LOOK_EVERY)
        return True

    async def _hang_up(self, call: Call) -> None:
        lasts = not call.is_over
        try:
            await asyncio.wait_for(call.hang_up(), 4)
        except (TimeoutError, SoftphoneError):
            call.session.abandon()
        if lasts:
            for story in self.observed_calls:
                if story.call is call and story.end is End.LASTS:
                    story.end = End.HUNG_UP


class Judge:
    """Compares each story with the record; nothing of a call is kept in memory afterwards."""

    def __init__(self, town: Town) -> None:
        self._town = town

    async def check_until_right(self, story: Story, *, breaks_line: bool, spoils_sound: bool) -> None:
        """`breaks_line`, `spoils_sound`: what the faults of its time explain. Adds what is wrong to the story."""
        give_up = story.ended + JUDGED_WITHIN
        await asyncio.sleep(max(story.ended + JUDGED_AFTER - time.monotonic(), 0))
        while True:
            await self.check_once(story, breaks_line=breaks_line, spoils_sound=spoils_sound)
            if not story.complaints or time.monotonic() > give_up:
                break
            await asyncio.sleep(3)
        self._town.trunk.calls.remove(story.call)
        story.call.audio.packets.clear()

    async def check_once(self, story: Story, *, breaks_line: bool, spoils_sound: bool) -> None:
        """The same with what is kept by now."""
        try:
            story.complaints = await self._find_complaints(story, breaks_line=breaks_line, spoils_sound=spoils_sound)
        except (DatabaseUnavailable, OSError) as error:
            story.complaints = [f"the database was away for too long: {error!r}"]

    async def _find_complaints(self, story: Story, *, breaks_line: bool, spoils_sound: bool) -> list[str]:
        async with self._town.database.begin() as session:
            rows = await session.scalar(
                select(func.count()).select_from(CallRow).where(CallRow.dialled == story.dialled)
            )
        record = story.record = await self._town.centre.ledger.read(self._town.database, story.dialled)
        if story.end is End.UNANSWERED:
            return [] if breaks_line else ["was not answered"]
        if record is None or rows != 1:
            return [f"LOST: {rows} records"]
        wrong = [*_find_record_errors(record, story)]
        if not breaks_line:
            if story.end is End.DEAD:
                wrong.append("fell silent")
            elif story.end is End.ENDED and record.call.outcome in (Outcome.TALKED, Outcome.ABANDONED):
                wrong.append("was cut off")
        if record.recording is not None and not wrong:
            wrong += _find_recording_errors(record, story, forgiven=spoils_sound)
        return wrong


def is_dropped(story: Story) -> bool:
    """Asterisk broke off; not a talk whose end AMI has told of, for Asterisk's disk was full."""
    kinds = story.record.kinds if story.record is not None else []
    return "lost" in kinds and not {"ended", "talk_ended"} & set(kinds)


def _find_record_errors(record: Record, story: Story) -> list[str]:
    """What every record must hold, and what must not be in it twice."""
    call, kinds = record.call, record.kinds
    wrong = []
    if not record.settled:
        wrong.append(f"LOST: not settled: {call.state}, {call.outcome}, {record.recording and record.recording.state}")
    if record.ticket is None:
        wrong.append("LOST: no ticket, not even a draft")
    if call.outcome in MISSED and record.task is None:
        wrong.append(f"LOST: {call.outcome} and no task")
    if is_dropped(story) and record.task is None:
        wrong.append("LOST: broke off and no task")
    if story.dispatcher_seconds > 1.5 and call.outcome is not Outcome.TALKED:
        wrong.append(f"talked for {story.dispatcher_seconds:.1f} s, but is {call.outcome}")
    talked = (call.ended_at - call.connected_at).total_seconds() if call.ended_at and call.connected_at else 0.0
    if story.dispatcher_seconds == 0 and call.outcome is Outcome.TALKED and talked > 1.5:
        wrong.append("is told to have talked, and has heard nobody")
    for kind in ("arrived", "recording", "answered", "queued", "ended", "lost"):
        if kinds.count(kind) > 1:
            wrong.append(f"{kind} {kinds.count(kind)} times")
    if order := _find_disorder(record.events):
        wrong.append(f"notes out of order: {order}")
    return wrong


def _find_disorder(events: tuple[CallEvent, ...]) -> str:
    """The robot's notes must have been applied in the order in which they were written."""
    notes = sorted((event for event in events if event.key.startswith("note:")), key=lambda event: event.id)
    for before, after in itertools.pairwise(notes):
        if after.at < before.at:
            return f"{after.kind} before {before.kind}"
    return ""


def _find_recording_errors(record: Record, story: Story, *, forgiven: bool) -> list[str]:
    """At most one. `forgiven`: it may lack something, if only it says so."""
    recording = record.recording
    assert recording is not None
    lasted = story.call.second() - (story.call.answered_after or 0.0)
    if recording.state not in KEPT:
        nothing_lost = recording.state is RecordingState.MISSING and (lasted < TRIVIAL or forgiven)
        return [] if nothing_lost else [f"recording is {recording.state}: {recording.fault}"]
    if recording.gaps or forgiven:  # it says what it lacks
        return []
    if recording.state is not RecordingState.FILED:
        return [f"recording is {recording.state}: {recording.fault}"]
    if abs((recording.seconds or 0.0) - lasted) > LENGTH_TOLERANCE:
        return [f"{recording.seconds:.2f} s recorded of {lasted:.2f}"]
    _, told = record.channels()
    kept = sum(span.seconds for span in audio_analysis.find_tone(told, DISPATCHER_TONE, lasting=0.3))
    if story.dispatcher_seconds > 1.0 and abs(kept - story.dispatcher_seconds) > 1.0:
        return [f"{kept:.1f} s of the dispatcher recorded, {story.dispatcher_seconds:.1f} s heard"]
    return []
