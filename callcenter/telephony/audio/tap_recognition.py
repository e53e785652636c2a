"""Callers heard through taps: what `conducting.ports.Ear` promises.

A call's hearing is a task of its own, apart from the call's line: it outlives the hand-over to the queue, and what goes
wrong in it never reaches the line. A tap that ends while its channel lives is made anew, with growing pauses; that the
channel is no more shows in the attempt. Calls that an earlier controller put through are found by asking Asterisk.
"""

import asyncio
from collections.abc import Callable

import structlog

from callcenter.calls.models import Speaker
from callcenter.conducting.ports import ChannelGone, Recognition, RecognitionStream
from callcenter.core.errors import AsteriskUnavailable
from callcenter.dialogue.engine.commands import Expect
from callcenter.dialogue.engine.events import EarLost, EarOpened, Heard, Said, Speech
from callcenter.telephony.ari.client import RequestRefused
from callcenter.telephony.audio.taps import ChannelSide, Taps
from callcenter.telephony.audio.transport import AudioUnavailable

log = structlog.get_logger()

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0


Watch = Callable[[str, str], bool]
"""A call and words of its caller in; whether to ask no more: `conducting.danger_watch.DangerWatch.hear`."""


class TapRecognitionSession:
    """Implements `ports.RecognitionSession`.

    The conversation is told whenever `is_recognizing` changes: sound comes, a recognition server takes it.
    """

    def __init__(
        self,
        call_id: str,
        speaker: Speaker,
        on_speech: Callable[[Speech], None] | None,
        *,
        check_danger: Watch | None = None,
    ) -> None:
        """`check_danger` is told what is said while nobody takes it, until it has had enough."""
        self.call_id = call_id
        self.speaker = speaker
        self.is_recognizing = False
        self._take = on_speech
        self._watch = check_danger
        self._audio_flowing = self._recognizer_ready = False
        self._listener: RecognitionStream | None = None
        self._expect: Expect | None = None

    def expect(self, expect: Expect) -> None:
        self._expect = expect
        if self._listener is not None:
            self._listener.expect(expect)

    def detach_robot(self) -> None:
        self._take = None
        self.expect(Expect(0, None, None))

    def open_input(self, recognition: Recognition) -> RecognitionStream:
        """A new stretch of sound, with the question that stands."""
        self._recognizer_ready = False
        self._listener = recognition.open_input(self.call_id, self.speaker, self.handle_speech)
        if self._expect is not None:
            self._listener.expect(self._expect)
        return self._listener

    def set_audio_flowing(self, coming: bool) -> None:
        self._audio_flowing = coming
        self._update_state()

    def handle_speech(self, speech: Speech) -> None:
        """What the listener says."""
        if isinstance(speech, EarOpened | EarLost):
            self._recognizer_ready = isinstance(speech, EarOpened)
            self._update_state()
        elif self.is_recognizing and self._take is not None:
            self._take(speech)
        elif isinstance(speech, Heard | Said) and self._watch is not None and self._watch(self.call_id, speech.text):
            self._watch = None

    def _update_state(self) -> None:
        hears = self._audio_flowing and self._recognizer_ready
        if hears != self.is_recognizing:
            self.is_recognizing = hears
            if self._take is not None:
                self._take(EarOpened() if hears else EarLost())


class TapRecognition:
    """Hears all callers of one application. `run` must be running."""

    def __init__(self, taps: Taps, recognition: Recognition, *, watch: Watch | None = None) -> None:
        """`watch`: see TapRecognitionSession; for callers only."""
        self._taps = taps
        self._recognition = recognition
        self._watch = watch
        self._group: asyncio.TaskGroup | None = None
        self._active_channels: set[str] = set()
        """Channels that are heard, or being tapped again."""

    async def run(self) -> None:
        """Keeps the ear and the calls' hearing; ends by being cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            await self._keep_recognition()

    def start_recognition(self, call_id: str, take: Callable[[Speech], None]) -> TapRecognitionSession:
        """See Ear."""
        heard = TapRecognitionSession(call_id, Speaker.CALLER, take, check_danger=self._watch)
        self._start_leg(heard, call_id)
        return heard

    def recognize_both_legs(self, call_id: str, member_channel: str) -> None:
        """A dispatcher has answered: both sides are written down from now on, each once."""
        self.recognize_caller(call_id)
        self._start_leg(TapRecognitionSession(call_id, Speaker.MEMBER, None), member_channel)

    def recognize_caller(self, call_id: str) -> None:
        """A call of an earlier controller is on its way to a dispatcher."""
        self._start_leg(TapRecognitionSession(call_id, Speaker.CALLER, None, check_danger=self._watch), call_id)

    def resume_recognition(self) -> None:
        """Asterisk is in sight again: whoever waits or talks and is not heard is heard from now on."""
        if self._group is not None:
            self._group.create_task(self._resume(), name="hearing talks that go on")

    def _start_leg(self, heard: TapRecognitionSession, channel_id: str) -> None:
        if self._group is not None and channel_id not in self._active_channels:
            self._active_channels.add(channel_id)
            task = self._group.create_task(self._run_leg(heard, channel_id), name=f"hearing {channel_id}")
            task.add_done_callback(lambda _: self._active_channels.discard(channel_id))

    async def _resume(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                talks = await self._taps.list_handed_over_calls()
                break
            except (ChannelGone, AsteriskUnavailable, RequestRefused) as error:
                log.warning("talks that go on are not heard yet", why=str(error), again=pause)
            except Exception:
                log.exception("talks that go on are not heard")
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        for talk in talks:
            self.recognize_caller(talk.call_id)
            if talk.member_channel is not None:
                self.recognize_both_legs(talk.call_id, talk.member_channel)

    async def _keep_recognition(self) -> None:
        while True:
            try:
                await self._recognition.run()
            except Exception:
                log.exception("the ear's connection failed")
            await asyncio.sleep(LONGEST_PAUSE)

    async def _run_leg(self, heard: TapRecognitionSession, channel_id: str) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await self._run_leg_once(heard, channel_id)
                pause = FIRST_PAUSE
            except ChannelGone as error:
                log.debug("nobody is to be heard any more", call_id=heard.call_id, why=str(error))
                return
            except (AudioUnavailable, AsteriskUnavailable, RequestRefused) as error:
                log.warning("nothing is heard", call_id=heard.call_id, side=heard.speaker, why=str(error), again=pause)
            except Exception:
                log.exception("hearing failed", call_id=heard.call_id, side=heard.speaker)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _run_leg_once(self, heard: TapRecognitionSession, channel_id: str) -> None:
        """One tap's life. Raises ChannelGone, AudioUnavailable, AsteriskUnavailable, RequestRefused."""
        listener = heard.open_input(self._recognition)
        try:
            tap = await self._taps.open(channel_id, ChannelSide.SPY_IN, listener.accept_audio)
            try:
                heard.set_audio_flowing(True)
                await tap.audio_ended.wait()
            finally:
                heard.set_audio_flowing(False)
                await self._taps.close(tap)
        finally:
            listener.close()
