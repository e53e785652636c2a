"""Speech recognition of live calls: connects the taps of channels to the recognition server.

Each recognized leg has its own task, separate from the call's `Line`. The task continues after the hand-over to the
queue, and its failures never reach the line. When a tap ends, it is reopened with growing pauses until the attempt
raises ChannelGone. Calls that an earlier controller handed over are found by asking Asterisk.
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
"""Bounds in seconds of the pause between attempts; the pause doubles after each attempt."""


Watch = Callable[[str, str], bool]
"""Checks an utterance: (call id, text) -> True when no further utterance of the call need be checked.
See `conducting.danger_watch.DangerWatch.check_utterance`."""


class TapRecognitionSession:
    """Implements `conducting.ports.RecognitionSession` for one leg.

    `is_recognizing` is True while audio arrives and a recognition server accepts it. The conversation receives
    EarOpened or EarLost whenever it changes.
    """

    def __init__(
        self,
        call_id: str,
        speaker: Speaker,
        on_speech: Callable[[Speech], None] | None,
        *,
        check_danger: Watch | None = None,
    ) -> None:
        """`on_speech` receives the robot's events; None for a leg without a robot.

        `check_danger` receives the partial and final results that `on_speech` does not receive, until it returns True.
        """
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
        """Opens a recognition stream and passes it the current expectation."""
        self._recognizer_ready = False
        self._listener = recognition.open_input(self.call_id, self.speaker, self.handle_speech)
        if self._expect is not None:
            self._listener.expect(self._expect)
        return self._listener

    def set_audio_flowing(self, coming: bool) -> None:
        self._audio_flowing = coming
        self._update_state()

    def handle_speech(self, speech: Speech) -> None:
        """Handles an event of the recognition stream."""
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
    """Implements `conducting.ports.CallRecognition` for all calls of one application. `run` must be running."""

    def __init__(self, taps: Taps, recognition: Recognition, *, watch: Watch | None = None) -> None:
        """`watch` is the `check_danger` of the callers' legs; dispatchers' legs are not checked."""
        self._taps = taps
        self._recognition = recognition
        self._watch = watch
        self._group: asyncio.TaskGroup | None = None
        self._active_channels: set[str] = set()
        """Ids of channels that are recognized, or whose tap is being reopened."""

    async def run(self) -> None:
        """Runs the connection to the recognition server and the tasks of the legs until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            await self._keep_recognition()

    def start_recognition(self, call_id: str, take: Callable[[Speech], None]) -> TapRecognitionSession:
        """See CallRecognition."""
        heard = TapRecognitionSession(call_id, Speaker.CALLER, take, check_danger=self._watch)
        self._start_leg(heard, call_id)
        return heard

    def recognize_both_legs(self, call_id: str, member_channel: str) -> None:
        """Transcribes the caller and the dispatcher who answered. A leg that is already recognized is skipped."""
        self.recognize_caller(call_id)
        self._start_leg(TapRecognitionSession(call_id, Speaker.MEMBER, None), member_channel)

    def recognize_caller(self, call_id: str) -> None:
        """Transcribes a caller whom no robot conducts, e.g. a call that an earlier controller left."""
        self._start_leg(TapRecognitionSession(call_id, Speaker.CALLER, None, check_danger=self._watch), call_id)

    def resume_recognition(self) -> None:
        """After a reconnect: finds the calls outside the robot, and recognizes the legs that are not recognized yet."""
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
        """Recognizes the leg until one tap ends. Raises ChannelGone, AudioUnavailable, AsteriskUnavailable,
        RequestRefused."""
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
