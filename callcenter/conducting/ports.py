"""Interfaces that a call session needs. The adapters to Asterisk, PostgreSQL, speech and metrics implement them.

The controller chooses all ids before it sends a request. A call's id is the id of the caller's channel.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from callcenter.alarms.models import AlarmKind
from callcenter.calls.models import Speaker
from callcenter.conducting.caller import Arrival
from callcenter.core.errors import CallcenterError
from callcenter.dialogue.engine.commands import Expect
from callcenter.dialogue.engine.events import Speech
from callcenter.intake.registration import RegisteredTicket
from callcenter.journal.notes import Note
from callcenter.tickets.new_ticket import NewTicket


class ChannelGone(CallcenterError):
    """The channel has left the Stasis application: the caller hung up, or the dialplan took it back. Not a fault."""


class ChannelControl(Protocol):
    """Control of callers' channels in the Stasis application. Every method except `forget` raises ChannelGone or
    AsteriskUnavailable."""

    async def play(self, call_id: str, sound: str, *, playback_id: str) -> None:
        """Starts a playback. `sound`: path without extension. The call's mailbox gets `SoundEnded(playback_id)` at its
        end."""
        ...

    async def stop_prompt(self, playback_id: str) -> None:
        """Stops a playback at once. A playback that has already ended is no error."""
        ...

    async def send_silence(self, call_id: str) -> None:
        """Sends silence until the next playback, so that the recording keeps time without RTP from the caller."""
        ...

    async def set_variable(self, call_id: str, name: str, value: str) -> None:
        """Sets a channel variable. Asterisk delays it until the current playback ends, so stop the playback first."""
        ...

    async def renew_lease(self, call_id: str) -> None:
        """Renews the full lease, also during a playback. Raises ChannelGone when the dialplan has ended the lease."""
        ...

    def forget(self, call_id: str) -> None:
        """Drops the playbacks still awaited for a call that has ended."""
        ...

    async def continue_at(self, call_id: str, context: str) -> None:
        """Continues the channel in the dialplan at `context,s,1`. A channel is never ended by DELETE, because a late
        DELETE would hang up a caller who is already talking to a dispatcher."""
        ...


class Prompts(Protocol):
    """Converts prompt texts to sound files."""

    async def get_sound_path(self, text: str) -> str:
        """Returns the path of the sound without extension. Renders the text first if it has no sound yet. Raises when
        the text cannot be rendered."""
        ...

    async def prepare(self, texts: Iterable[str]) -> object:
        """Renders the texts that have no sound yet. Raises when a text cannot be rendered."""
        ...


class RecognitionSession(Protocol):
    """Speech recognition of one caller. No method waits or raises."""

    def expect(self, expect: Expect) -> None:
        """Assigns the speech from now on to `expect.turn`. Earlier words are never reported for that turn."""
        ...

    def detach_robot(self) -> None:
        """Stops the events to the robot, which has finished with the call. Recognition runs until the channel ends."""
        ...


class CallRecognition(Protocol):
    """Starts speech recognition for calls. A recognition failure never fails a call: it is reported as `EarLost`, and
    its end as `EarOpened`."""

    def start_recognition(self, call_id: str, take: Callable[[Speech], None]) -> RecognitionSession:
        """Recognizes the caller's speech until the channel ends. Returns at once.

        `take` is called in the event loop. Its first event is `EarOpened`, sent once audio arrives and a recognition
        server accepts it.
        """
        ...


class RecognitionStream(Protocol):
    """One audio stream of a speaker, being recognized. No method waits or raises."""

    def accept_audio(self, samples: bytes) -> None:
        """Accepts the next samples: 16-bit little-endian linear PCM, 8000 samples per second."""
        ...

    def expect(self, expect: Expect) -> None:
        """See `RecognitionSession.expect`."""
        ...

    def close(self) -> None:
        """Ends the stream. The speech up to now is still transcribed."""
        ...


class Recognition(Protocol):
    """Recognizes audio streams and writes the transcripts."""

    async def run(self) -> None:
        """Maintains the connection to a recognition server until cancelled."""
        ...

    def open_input(self, call_id: str, speaker: Speaker, take: Callable[[Speech], None]) -> RecognitionStream:
        """Opens a stream. `take` receives the recognized speech, `EarOpened` when a recognition server accepts the
        audio, and `EarLost` when it no longer does."""
        ...


class NoteWriter(Protocol):
    """Writes the robot's notes on a call. `journal.notes.Journal` stores them durably."""

    def write(self, note: Note) -> None: ...


@dataclass(frozen=True, slots=True)
class ActionResult:
    """The result of an action: one of its outcomes in `action_specs`, and the facts of that outcome."""

    outcome: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """A request to run an action for a call."""

    arrival: Arrival
    arguments: Mapping[str, str]
    now: datetime


class WriteNote(Protocol):
    """Writes a note of an action about its call."""

    def __call__(self, request: ActionRequest, kind: str, **facts: str | None) -> None: ...


class Actions(Protocol):
    """Runs the actions of scripts by name."""

    async def run_action(self, action: str, *, arrival: Arrival, arguments: Mapping[str, str]) -> ActionResult: ...


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """The part of a ticket that may be spoken to its reporter: no name and no address."""

    number: str
    category: str
    """The code of the category."""
    state: str
    """A `TicketState`."""
    due_at: datetime | None


class TicketRegister(Protocol):
    """The tickets and meter readings that actions use. Every method raises DatabaseUnavailable."""

    async def register(self, new_ticket: NewTicket) -> RegisteredTicket:
        """Registers a ticket of the call, once for the main trouble and once for each category of additional ones."""
        ...

    async def find_open(self, *, dialled: str, phone: str | None, call_id: str) -> Sequence[OpenTicket]:
        """Returns the open tickets reported from this phone number or in this call, newest first.

        Like the methods below, of the company whose number was `dialled`.
        """
        ...

    async def find_by_digits(self, digits: str, *, dialled: str) -> tuple[str, datetime | None] | None:
        """Returns state (a `TicketState`) and nearest deadline of the ticket with these digits; None if not found."""
        ...

    async def find_reading_doubt(
        self, *, dialled: str, account: str, meter: str, value: int, now: datetime
    ) -> str | None:
        """Returns why a meter reading is implausible (a `meters.plausible.ReadingDoubt`), or None when it is plausible.
        `meter`: a `MeterKind`."""
        ...


class Alarms(Protocol):
    """The alarms on the board. Never raises: an alarm that cannot be stored is logged."""

    async def raise_alarm(self, kind: AlarmKind, subject: str, message: str) -> None: ...

    async def clear_alarm(self, kind: AlarmKind, subject: str) -> None: ...


class CallMetrics(Protocol):
    """Metrics of the controller's own work, for monitoring. No method raises or waits."""

    def record_response_time(self, seconds: float, *, by_words: bool = False) -> None:
        """Records the time from a caller's key, or the last sound of the caller's words, until Asterisk accepts the
        reply's sound."""
        ...

    def count_failed_renewal(self) -> None:
        """Counts a lease renewal that did not reach Asterisk."""
        ...

    def record_recognition_lag(self, seconds: float) -> None:
        """Records how long the newest audio of a leg waited in a recognition server: the maximum over half a second."""
        ...

    def count_dropped_audio(self, seconds: float) -> None:
        """Counts audio that was never recognized: no recognition server was available, or it was too slow."""
        ...

    def count_recognizer_loss(self) -> None:
        """Counts a broken connection to a recognition server."""
        ...

    def count_silent_stream(self) -> None:
        """Counts a live audio stream of a channel that delivered nothing, or stopped, and is reopened."""
        ...


class NoMetrics:
    """A `CallMetrics` without effect, for use without monitoring."""

    def record_response_time(self, seconds: float, *, by_words: bool = False) -> None:
        """Not counted."""

    def count_failed_renewal(self) -> None:
        """Not counted."""

    def record_recognition_lag(self, seconds: float) -> None:
        """Not counted."""

    def count_dropped_audio(self, seconds: float) -> None:
        """Not counted."""

    def count_recognizer_loss(self) -> None:
        """Not counted."""

    def count_silent_stream(self) -> None:
        """Not counted."""
