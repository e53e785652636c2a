"""What conducting a call needs from the edges. Whoever speaks to Asterisk, PostgreSQL or a voice implements it.

All ids are chosen by us before anything is asked; a call's id is the id of the caller's channel.
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
    """The channel is not ours any more: they hung up, or the dialplan has taken it. Not an error of anybody."""


class Phone(Protocol):
    """Callers' channels that are in our application. Every method raises ChannelGone or AsteriskUnavailable."""

    async def play(self, call_id: str, sound: str, *, playback_id: str) -> None:
        """Starts a sound (path without ending). Its end comes to the call's mailbox as `SoundEnded(playback_id)`."""
        ...

    async def stop_prompt(self, playback_id: str) -> None:
        """Stops a sound at once; one that has ended already is no error."""
        ...

    async def send_silence(self, call_id: str) -> None:
        """Sends silence until the next sound, so that the recording's clock does not depend on the caller's RTP."""
        ...

    async def set_variable(self, call_id: str, name: str, value: str) -> None:
        """Waits until the sound that is playing ends: hush it first."""
        ...

    async def renew_lease(self, call_id: str) -> None:
        """Gives the channel its full lease again, while a sound plays too. Gone: the dialplan has ended the lease."""
        ...

    def forget(self, call_id: str) -> None:
        """The call is over for us: nothing of it is awaited any more."""
        ...

    async def continue_at(self, call_id: str, context: str) -> None:
        """Hands the channel to the dialplan at `context,s,1`. There is no other way out: DELETE would also hang up
        a caller who is talking with a dispatcher by now."""
        ...


class Prompts(Protocol):
    """Texts as sounds."""

    async def get_sound_path(self, text: str) -> str:
        """The sound's path without ending, rendered first if it must be."""
        ...

    async def prepare(self, texts: Iterable[str]) -> object:
        """Renders what is missing. Raises when a text cannot be rendered."""
        ...


class RecognitionSession(Protocol):
    """One caller being heard. No method waits or raises."""

    def expect(self, expect: Expect) -> None:
        """What is heard from now on belongs to this turn; words before it never reach it."""
        ...

    def detach_robot(self) -> None:
        """The robot has done with the call and is told nothing more. Hearing ends with the channel."""
        ...


class CallRecognition(Protocol):
    """Hears callers. Its failures are never a call's: it tells `EarLost`, and `EarOpened` when all is well again."""

    def start_recognition(self, call_id: str, take: Callable[[Speech], None]) -> RecognitionSession:
        """Hears the caller from now on, until their channel ends; returns at once. `take` is told in the event loop,
        first of all `EarOpened`, once audio comes and an ear takes it."""
        ...


class RecognitionStream(Protocol):
    """One stretch of somebody's sound on its way to words. No method waits or raises."""

    def accept_audio(self, samples: bytes) -> None:
        """Takes the next sound: linear, 16 bit, little-endian, 8000 samples a second."""
        ...

    def expect(self, expect: Expect) -> None:
        """See RecognitionSession."""
        ...

    def close(self) -> None:
        """Ends the stretch; what was said so far is still written down."""
        ...


class Recognition(Protocol):
    """Turns sound into words, and writes down what was said."""

    async def run(self) -> None:
        """Keeps the connection to an ear until cancelled."""
        ...

    def open_input(self, call_id: str, speaker: Speaker, take: Callable[[Speech], None]) -> RecognitionStream:
        """A new stretch. `take` is told `EarOpened` while an ear takes its sound, else `EarLost`, and what is heard."""
        ...


class NoteWriter(Protocol):
    """The robot's notes on the call; `journal.notes.NoteBook` keeps them safe."""

    def write(self, note: Note) -> None: ...


@dataclass(frozen=True, slots=True)
class ActionResult:
    """How an action came out: one of its outcomes in `action_specs`, and the facts that outcome gives."""

    outcome: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """One action of one call."""

    arrival: Arrival
    arguments: Mapping[str, str]
    now: datetime


class WriteNote(Protocol):
    """Takes down something an action found out about its call."""

    def __call__(self, request: ActionRequest, kind: str, **facts: str | None) -> None: ...


class Actions(Protocol):
    """What scripts may have done, by name."""

    async def run_action(self, action: str, *, arrival: Arrival, arguments: Mapping[str, str]) -> ActionResult: ...


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """A ticket as its reporter may hear of it: no name, no address."""

    number: str
    category: str
    """Its code."""
    state: str
    """A `TicketState`."""
    due_at: datetime | None


class TicketRegister(Protocol):
    """Tickets, for the actions. Every method raises DatabaseUnavailable."""

    async def register(self, new_ticket: NewTicket) -> RegisteredTicket:
        """Registers a ticket of the call, once for the main trouble and once for each category of additional ones."""
        ...

    async def find_open(self, *, dialled: str, phone: str | None, call_id: str) -> Sequence[OpenTicket]:
        """The tickets still open that were reported from this telephone or in this call, the newest first."""
        ...

    async def find_by_digits(self, digits: str, *, dialled: str) -> tuple[str, datetime | None] | None:
        """State (a `TicketState`) and nearest term of the ticket whose number has these digits; None: there is none."""
        ...

    async def find_reading_doubt(
        self, *, dialled: str, account: str, meter: str, value: int, now: datetime
    ) -> str | None:
        """What is odd about a meter's reading (a `meters.plausible.Doubt`); None: nothing. `meter`: a `MeterKind`."""
        ...


class Alarms(Protocol):
    """The red lines of the board. Never raises: what cannot be shown now is logged."""

    async def raise_alarm(self, kind: AlarmKind, subject: str, message: str) -> None: ...

    async def clear_alarm(self, kind: AlarmKind, subject: str) -> None: ...


class CallMetrics(Protocol):
    """What is counted about our own work, for whoever watches the centre. Never raises and never waits."""

    def record_response_time(self, seconds: float, *, by_words: bool = False) -> None:
        """From a caller's key, or the last sound of their words, until Asterisk has the sound that answers it."""
        ...

    def count_failed_renewal(self) -> None:
        """Asterisk did not hear that a call's lease goes on."""
        ...

    def record_recognition_lag(self, seconds: float) -> None:
        """The longest that the newest sound of a leg waited in an ear during half a second."""
        ...

    def count_dropped_audio(self, seconds: float) -> None:
        """So much of somebody's sound was never heard: no ear, or a slow one."""
        ...

    def count_recognizer_loss(self) -> None:
        """The connection to an ear broke."""
        ...

    def count_silent_stream(self) -> None:
        """Live audio of a channel did not come, or came no more, and was asked for anew."""
        ...


class NoMetrics:
    """Implements `CallMetrics` where nobody watches."""

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
