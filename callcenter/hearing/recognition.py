"""Sound into a conversation's events and into the transcript: what conducting asks of an ear.

Everything that is said to its end is written down, whoever says it and whenever; so is every stretch in which nobody
could listen, for a transcript must not pass a gap off as silence.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from callcenter.calls.models import Speaker
from callcenter.conducting.ports import NoteBook
from callcenter.core.clock import Clock
from callcenter.core.ids import new_id
from callcenter.dialogue import events
from callcenter.dialogue.commands import Expect
from callcenter.dialogue.question import would_accept
from callcenter.hearing.client import EarBack, EarClient, EarLost, Told
from callcenter.hearing.engine import RATE, join_words
from callcenter.hearing.listener import Heard, ListenerEvent, Said, SpeechBegan
from callcenter.hearing.listening import Listening
from callcenter.hearing.wire import Final, Trouble
from callcenter.intake.notes import TRANSCRIPT, Note


class EarRecognition:
    """Implements `ports.Recognition` over one ear."""

    def __init__(self, ear: EarClient, *, notes: NoteBook, clock: Clock) -> None:
        self._ear = ear
        self._notes = notes
        self._clock = clock

    async def run(self) -> None:
        await self._ear.run()

    def listen(self, call_id: str, speaker: Speaker, take: Callable[[events.Speech], None]) -> "Stretch":
        return Stretch(self._ear, Scribe(call_id, speaker, self._notes, self._clock), take)


class Scribe:
    """Writes down one stretch of one speaker."""

    def __init__(self, call_id: str, speaker: Speaker, notes: NoteBook, clock: Clock) -> None:
        self._call_id = call_id
        self._speaker = speaker
        self._notes = notes
        self._clock = clock
        self._began_at: datetime | None = None

    def begin(self, seconds: float) -> None:
        """The first sound has come, so many seconds of it."""
        if self._began_at is None:
            self._began_at = self._clock.now() - timedelta(seconds=seconds)

    def note(self, told: Told) -> None:
        match told:
            case Final(words=words) if self._began_at is not None and (text := join_words(words)):
                first = words[0].begin
                rows = [
                    [word.text, round(word.begin - first, 3), round(word.end - first, 3), word.confidence]
                    for word in words
                ]
                self._write(self._began_at + timedelta(seconds=first), text=text, words=rows)
            case EarLost(why) | Trouble(why):
                self._write(self._clock.now(), fault=why)

    def _write(self, at: datetime, **facts: object) -> None:
        facts = {"speaker": self._speaker.value, **facts}
        self._notes.write(Note(new_id(), self._call_id, at, TRANSCRIPT, facts))


class Stretch:
    """Implements `ports.Listener`."""

    def __init__(self, ear: EarClient, scribe: Scribe, take: Callable[[events.Speech], None]) -> None:
        self._scribe = scribe
        self._tell = take
        self._turn = 0
        self._listening = Listening(ear, take=self._take, note=self._note)

    def hear(self, samples: bytes) -> None:
        self._scribe.begin(len(samples) / 2 / RATE)
        self._listening.hear(samples)

    def expect(self, expect: Expect) -> None:
        self._turn = expect.turn
        ask = expect.ask
        self._listening.ask(expect.phrases, would_accept=None if ask is None else partial(would_accept, ask))

    def close(self) -> None:
        self._listening.close()

    def _take(self, event: ListenerEvent) -> None:
        match event:
            case SpeechBegan():
                self._tell(events.SpeechBegan(self._turn))
            case Heard(text):
                self._tell(events.Heard(text))
            case Said(text):
                self._tell(events.Said(self._turn, text))

    def _note(self, told: Told) -> None:
        self._scribe.note(told)
        match told:
            case EarBack():
                self._tell(events.EarOpened())
            case EarLost():
                self._tell(events.EarLost())
