"""One live call: its mailbox is read one letter at a time, its conversation asked, the commands carried out.

Three promises hold whatever happens in here:

* The caller is never left with us in silence. A dialogue, prompt or action that fails sends the caller to the queue;
  one that hangs stops the turns of this mailbox, and with them the renewal of the lease, and the dialplan takes over.
* Nothing we do late can hurt. All that touches the channel is refused with Gone once it has left our application, and
  Gone ends the line quietly. That includes a controller that was frozen in the middle of a command.
* The recording keeps its length. Asterisk records what the channel reads, and reads nothing when the caller's phone
  sends nothing and we play nothing; so silence is sent whenever no prompt is.

When Asterisk is out of sight (AsteriskUnavailable), commands stay owed and are tried again with each turn; if that
takes longer than the lease, the call is in the queue by then.
"""

import asyncio
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, assert_never

import structlog

from callcenter.conducting.action_specs import MARK_DANGER
from callcenter.conducting.caller import Arrival
from callcenter.conducting.deadline import within
from callcenter.conducting.lease import Lease
from callcenter.conducting.mailbox import Dismissed, Key, Left, Letter, ListenEnded, Mailbox, Reconnected, SoundEnded
from callcenter.conducting.ports import Actions, Ear, Gone, Hearing, Measures, NoteBook, Phone, Prompts, Unmeasured
from callcenter.conducting.turn_time import TurnTime
from callcenter.conducting.words import words
from callcenter.core.clock import Clock
from callcenter.core.errors import AsteriskUnavailable, CallcenterError
from callcenter.core.ids import new_id
from callcenter.dialogue.engine.commands import Command, Do, Expect, Hangup, Hush, Listen, Remark, Say, ToQueue
from callcenter.dialogue.engine.events import (
    ActionDone,
    Began,
    EarLost,
    EarOpened,
    Event,
    Heard,
    HungUp,
    KeyPressed,
    Said,
    SayingEnded,
    Silence,
    SpeechBegan,
)
from callcenter.dialogue.engine.priorities import DANGER_PRIORITY, ORDINARY_PRIORITY
from callcenter.journal.notes import Note
from callcenter.journal.tape import NO_TAPE, Source, Tape
from callcenter.wording.stress import hide_stress

log = structlog.get_logger()

TO_QUEUE = "to-queue"
GOODBYE = "goodbye"
FALLBACK = "fallback"
"""Where the dialplan tells of the recording, unless it knows that it was told, or says «connecting»; then the queue."""
LONGEST_SOUND = 120.0
"""Seconds; a prompt is refused by the checker long before. Past it the end of a sound is taken as missed."""


class SoundFailed(CallcenterError):
    """Asterisk could not play a sound of ours."""


class Talk(Protocol):
    """The conversation: `dialogue.engine.conversation.Conversation`."""

    def take(self, event: Event) -> list[Command]: ...


@dataclass(frozen=True, slots=True)
class Edges:
    """What every line works with."""

    phone: Phone
    prompts: Prompts
    notes: NoteBook
    actions: Actions
    clock: Clock
    lease_seconds: int
    tape: Tape = NO_TAPE
    patience: float | None = None
    """Seconds an action or the rendering of a prompt may take. By default shorter than the lease, so that we can
    still react."""
    measures: Measures = field(default_factory=Unmeasured)
    ear: Ear | None = None
    """None: callers are not heard."""

    @property
    def limit(self) -> float:
        return min(4.0, self.lease_seconds * 0.7) if self.patience is None else self.patience


@dataclass(frozen=True, slots=True)
class _Sounding:
    playback_id: str
    turn: int | None
    """None: a repetition whose end the conversation does not wait for."""
    since: float


@dataclass(frozen=True, slots=True)
class _Repeat:
    """Say the last words again. `turn` is the `Say` that still waits for their end, if one does."""

    turn: int | None


class Line:
    """A call from its arrival until it leaves our application."""

    def __init__(self, arrival: Arrival, talk: Talk, edges: Edges) -> None:
        self.mailbox = Mailbox(posted=self._tape_letter)
        self._arrival = arrival
        self._call_id = arrival.call_id
        self._talk = talk
        self._edges = edges
        self._lease = Lease(
            edges.phone, arrival.call_id, seconds=edges.lease_seconds, clock=edges.clock, measures=edges.measures
        )
        self._owed: deque[Command | _Repeat] = deque()
        self._sounding: _Sounding | None = None
        self._last_words: str | None = None
        self._turn_time = TurnTime(edges.clock, edges.measures)
        self._listening: Listen | None = None
        self._hearing: Hearing | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._silent = False
        self._priority = ORDINARY_PRIORITY
        self._noticed = False
        self._over = False

    async def run(self) -> None:
        """Conducts the call to its end. Raises nothing but CancelledError: other calls must not suffer."""
        with structlog.contextvars.bound_contextvars(call_id=self._call_id):
            try:
                await self._converse()
            except Gone as error:
                log.debug("the call has left us", why=str(error))
            except AsteriskUnavailable as error:
                log.warning("Asterisk is away; the lease will free the call", error=str(error))
            except Exception as error:
                await self._give_up(error)
            finally:
                self._stop_listening()
                if self._hearing is not None:
                    self._hearing.leave()

    async def _converse(self) -> None:
        arrival = self._arrival
        if self._edges.ear is not None:
            self._hearing = self._edges.ear.open(self._call_id, self.mailbox.post)
        self._note(
            "arrived",
            dialled=arrival.dialled,
            caller_number=arrival.caller_number,
            caller_shown=arrival.caller_shown,
        )
        self._owed.extend(self._talk.take(Began()))
        await self._work_off()
        while not self._over:
            letter = await self.mailbox.next(within=self._lease.pause)
            await self._turn(letter)

    async def _turn(self, letter: Letter | None) -> None:
        if letter is not None:
            await self._take(letter)
        if self._over:
            return
        await self._work_off()
        if self._over:
            return
        try:
            await self._lease.renew_if_due()
        except AsteriskUnavailable as error:
            log.warning("the lease was not renewed", error=str(error))

    async def _take(self, letter: Letter) -> None:
        match letter:
            case Key(key, at):
                self._note("key", key=key)
                self._hush_repetition()
                self._tell(KeyPressed(key))
                if self._owed:  # else nobody asked for a key
                    self._turn_time.begin(at)
            case SoundEnded(playback_id, failed):
                self._end_sound(playback_id, failed=failed)
            case ListenEnded(turn):
                if self._listening is not None and self._listening.turn == turn:
                    self._stop_listening()
                    self._turn_time.forget()  # what comes answers the silence
                    self._tell(Silence(turn))
            case SpeechBegan():
                self._hush_repetition()
                self._tell(letter)
            case EarOpened() | EarLost() | Heard() | Said():
                self._tell(letter)
                if isinstance(letter, Said) and letter.text and self._owed:
                    self._note("heard", text=letter.text)
                    self._turn_time.begin(letter.at, by_words=True)
            case Left():
                self._talk.take(HungUp())
                self._over = True
            case Reconnected():
                self._repeat()
            case Dismissed():
                self._over = True
                await self._leave_for(FALLBACK)
            case _:
                assert_never(letter)

    def _hush_repetition(self) -> None:
        """The conversation does not know of it."""
        if self._sounding is not None and self._sounding.turn is None:
            self._owed.append(Hush(turn=-1))

    def _tell(self, event: Event) -> None:
        self._owed.extend(self._talk.take(event))

    async def _work_off(self) -> None:
        """Carries out what is owed, in order; what Asterisk does not hear stays owed."""
        self._end_overlong_sound()
        try:
            while self._owed and not self._over:
                await self._carry_out(self._owed[0])
                self._owed.popleft()
                if not self._over:
                    await self._lease.renew_if_due()
            await self._keep_silence()
        except AsteriskUnavailable as error:
            log.warning("Asterisk is away", owed=len(self._owed), error=str(error))

    async def _carry_out(self, command: Command | _Repeat) -> None:
        match command:
            case Say():
                await self._say(command)
            case _Repeat(turn):
                await self._say_again(turn)
            case Hush():
                await self._hush()
            case Listen():
                self._listen(command)
            case Expect():
                if self._hearing is not None:
                    self._hearing.expect(command)
            case Do():
                await self._do(command)
            case ToQueue(reason, priority):
                await self._put_through(reason, priority, by=TO_QUEUE if self._noticed else FALLBACK)
            case Hangup():
                await self._leave_for(GOODBYE)
            case Remark(kind, facts):
                self._note(kind, **facts)
                if kind == "notice heard":
                    await self._edges.phone.set_variable(self._call_id, "CC_NOTICE", "1")
                    self._noticed = True
            case _:
                assert_never(command)

    # What we say

    async def _say(self, command: Say) -> None:
        self._stop_listening()
        await self._play(command.text, turn=command.turn)
        self._turn_time.end()
        self._last_words = command.text
        self._note("said", text=hide_stress(command.text))

    async def _say_again(self, turn: int | None) -> None:
        """After a reconnect: the end of the words, or the keys that answered them, may be lost."""
        if self._last_words is None:
            return
        if self._timer is not None:
            self._timer.cancel()  # starts anew at the end of the words
        await self._play(self._last_words, turn=turn)

    async def _play(self, text: str, *, turn: int | None) -> None:
        await self._hush()
        await self._keep_silence()  # rendering may take a second
        sound = await within(self._edges.limit, self._edges.prompts.sound(text))
        # Before the request: when its reply is lost it may sound all the same, and must be hushed before the next try.
        self._sounding = _Sounding(new_id(), turn, self._edges.clock.monotonic())
        self._silent = False
        await self._edges.phone.play(self._call_id, sound, playback_id=self._sounding.playback_id)

    async def _hush(self) -> None:
        if self._sounding is not None:
            await self._edges.phone.hush(self._sounding.playback_id)
            self._sounding = None

    def _end_sound(self, playback_id: str, *, failed: bool) -> None:
        sounding = self._sounding
        if sounding is None or sounding.playback_id != playback_id:
            return  # hushed before, or from before a reconnect
        self._sounding = None
        if failed:
            raise SoundFailed(f"the sound of «{self._last_words}» could not be played")
        if sounding.turn is not None:
            self._tell(SayingEnded(sounding.turn))
        elif self._listening is not None:
            self._listen(self._listening)

    def _end_overlong_sound(self) -> None:
        sounding = self._sounding
        if sounding is not None and self._edges.clock.monotonic() - sounding.since > LONGEST_SOUND:
            log.warning("the end of a sound was missed")
            self._end_sound(sounding.playback_id, failed=False)

    async def _keep_silence(self) -> None:
        if self._sounding is None and not self._silent and not self._over:
            await self._edges.phone.keep_silence(self._call_id)
            self._silent = True

    def _repeat(self) -> None:
        if self._owed:
            return  # newer words are still to be said
        if self._sounding is not None:
            self._owed.appendleft(_Repeat(self._sounding.turn))
        elif self._listening is not None:
            self._owed.appendleft(_Repeat(None))

    # What we wait for

    def _listen(self, command: Listen) -> None:
        self._stop_listening()
        self._listening = command
        self._timer = asyncio.get_running_loop().call_later(
            command.seconds, self.mailbox.post, ListenEnded(command.turn)
        )

    def _stop_listening(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._listening = None

    async def _do(self, command: Do) -> None:
        self._stop_listening()
        await self._keep_silence()
        done = await within(
            self._edges.limit,
            self._edges.actions.carry_out(command.action, arrival=self._arrival, arguments=command.arguments),
        )
        self._note("action", action=command.action, outcome=done.outcome)
        if command.action == MARK_DANGER:
            await self._hurry()
        self._tell(ActionDone(command.turn, done.outcome, done.facts))

    async def _hurry(self) -> None:
        """From now on every way to a person leads to the head of the queue, the dialplan's own ways too."""
        self._priority = DANGER_PRIORITY
        await self._edges.phone.set_variable(self._call_id, "CC_PRIORITY", str(DANGER_PRIORITY))

    # How it ends

    async def _put_through(self, reason: str, priority: int, *, by: str) -> None:
        phone, priority = self._edges.phone, max(priority, self._priority)
        await self._hush()
        await phone.set_variable(self._call_id, "CC_PRIORITY", str(priority))
        await phone.set_variable(self._call_id, "CC_REASON", reason)
        await self._leave_for(by)
        self._note("handed_over", reason=reason, priority=priority)

    async def _leave_for(self, context: str) -> None:
        await self._hush()  # Asterisk would play a prompt to its end first; variables wait for that end, too
        await self._edges.phone.continue_at(self._call_id, context)
        self._over = True

    async def _give_up(self, error: Exception) -> None:
        """The caller gets a person. If even that fails, the lease ends in the queue."""
        try:
            await self._put_through(words().robot_failed, ORDINARY_PRIORITY, by=FALLBACK)
        except Gone:
            if isinstance(error, SoundFailed):
                return  # nothing was wrong with the sound: they hung up, or the lease ended, while it played
        except Exception as second:
            log.exception("could not hand the caller over", error=repr(second))
        log.error("the robot failed", exc_info=error)
        self._note("failed", what=f"{type(error).__name__}: {error}")

    def _tape_letter(self, letter: Letter) -> None:
        content = {"letter": type(letter).__name__, "fields": asdict(letter)}
        self._edges.tape.keep(Source.LETTER, content, call_id=self._call_id)

    def _note(self, kind: str, **facts: Any) -> None:
        self._edges.notes.write(Note(new_id(), self._call_id, self._edges.clock.now(), kind, facts))
