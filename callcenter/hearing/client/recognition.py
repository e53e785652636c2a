"""Adapter from the recognition servers to the call: turns audio into dialogue events and into the transcript.

Implements the ports `Recognition` and `RecognitionStream` of callcenter.conducting. The transcript gets every final
result of every speaker, and a fault line whenever recognition was interrupted, so that a gap is not read as silence.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from callcenter.calls.live_speech import LiveSpeech
from callcenter.calls.models import Speaker
from callcenter.conducting.ports import NoteWriter
from callcenter.core.clock import Clock
from callcenter.core.ids import new_id
from callcenter.dialogue.engine import events
from callcenter.dialogue.engine.answer_endings import judge_pause
from callcenter.dialogue.engine.commands import Expect
from callcenter.hearing.client.client import LegEvent, LegLost, LegMoved, LegRestored
from callcenter.hearing.client.endpointing import EndpointerEvent, PartialUtterance, SpeechStarted, UtteranceEnded
from callcenter.hearing.client.leg_recognition import LegOpener, LegRecognition
from callcenter.hearing.server.engine import RATE, UNKNOWN, join_words
from callcenter.hearing.wire import Closed, Final, Partial, Trouble
from callcenter.journal.notes import TRANSCRIPT, Note


class RunnableLegOpener(LegOpener, Protocol):
    """Opens legs on recognition servers; keeps the connections while `run` runs. Implemented by ServerPool."""

    async def run(self) -> None: ...


class PooledRecognition:
    """Implements `ports.Recognition` over a pool of recognition servers."""

    def __init__(self, leg_opener: RunnableLegOpener, *, notes: NoteWriter, spoken: LiveSpeech, clock: Clock) -> None:
        self._leg_opener = leg_opener
        self._notes = notes
        self._spoken = spoken
        self._clock = clock

    async def run(self) -> None:
        await self._leg_opener.run()

    def open_input(
        self, call_id: str, speaker: Speaker, on_speech: Callable[[events.Speech], None]
    ) -> "PooledRecognitionStream":
        scribe = TranscriptWriter(call_id, speaker, self._notes, self._spoken, self._clock)
        return PooledRecognitionStream(self._leg_opener, scribe, on_speech, clock=self._clock)


class TranscriptWriter:
    """Writes the transcript of one audio stream of one speaker, and shows partial results live on the call's card."""

    def __init__(self, call_id: str, speaker: Speaker, notes: NoteWriter, spoken: LiveSpeech, clock: Clock) -> None:
        self._call_id = call_id
        self._speaker = speaker
        self._notes = notes
        self._spoken = spoken
        self._clock = clock
        self._began_at: datetime | None = None

    def set_start_time(self, seconds: float) -> None:
        """Record that the stream began `seconds` ago, with its first audio packet. Later calls do nothing."""
        if self._began_at is None:
            self._began_at = self._clock.now() - timedelta(seconds=seconds)

    def write_event(self, told: LegEvent) -> None:
        match told:
            case Partial(text, begin) if self._began_at is not None:
                self._show_live(self._began_at + timedelta(seconds=begin), text.replace(UNKNOWN, " "))
            case Final() if self._began_at is not None:
                # The live line shows the whole text until the page has loaded the transcript row.
                self._show_live(self._began_at + timedelta(seconds=told.begin), join_words(told.words))
                words = [word for word in told.words if word.text != UNKNOWN]
                if words:
                    first = words[0].begin
                    rows = [
                        [word.text, round(word.begin - first, 3), round(word.end - first, 3), word.confidence]
                        for word in words
                    ]
                    self._write_note(self._began_at + timedelta(seconds=first), text=join_words(words), words=rows)
            case LegLost(why) | LegMoved(why) | Trouble(why):
                self._write_note(self._clock.now(), fault=why)
                self._show_live(self._clock.now(), "")
            case Closed():
                self._spoken.end_partials(self._call_id, self._speaker)

    def _show_live(self, at: datetime, words: str) -> None:
        self._spoken.update_partial(self._call_id, self._speaker, at=at, words=" ".join(words.split()))

    def _write_note(self, at: datetime, **facts: object) -> None:
        facts = {"speaker": self._speaker.value, **facts}
        self._notes.write(Note(new_id(), self._call_id, at, TRANSCRIPT, facts))


class PooledRecognitionStream:
    """Implements `ports.RecognitionStream`."""

    def __init__(
        self,
        leg_opener: LegOpener,
        transcript_writer: TranscriptWriter,
        on_speech: Callable[[events.Speech], None],
        *,
        clock: Clock,
    ) -> None:
        self._transcript_writer = transcript_writer
        self._clock = clock
        self._on_speech = on_speech
        self._turn = 0
        self._endpointed_leg = LegRecognition(
            leg_opener, on_event=self._forward_event, on_recognition=self._handle_recognition
        )

    def accept_audio(self, samples: bytes) -> None:
        self._transcript_writer.set_start_time(len(samples) / 2 / RATE)
        self._endpointed_leg.accept_audio(samples)

    def expect(self, expect: Expect) -> None:
        self._turn = expect.turn
        ask = expect.ask
        self._endpointed_leg.start_question(
            expect.phrases, required_pause=None if ask is None else partial(judge_pause, ask)
        )

    def close(self) -> None:
        self._endpointed_leg.close()

    def _forward_event(self, event: EndpointerEvent) -> None:
        match event:
            case SpeechStarted():
                self._on_speech(events.SpeechBegan(self._turn))
            case PartialUtterance(text):
                self._on_speech(events.Heard(text))
            case UtteranceEnded(text, trailing_silence=quiet):
                self._on_speech(events.Said(self._turn, text, self._clock.monotonic() - quiet))

    def _handle_recognition(self, told: LegEvent) -> None:
        self._transcript_writer.write_event(told)
        match told:
            case LegRestored():
                self._on_speech(events.EarOpened())
            case LegLost():
                self._on_speech(events.EarLost())
