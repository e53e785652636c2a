"""The session of one live call: reads its mailbox, passes events to the conversation, executes the returned commands.

Guarantees:

* The caller is never left in silence. A dialogue, prompt or action that fails sends the caller to the queue. If one
  hangs, this session no longer renews the lease, and the dialplan takes the channel back.
* A late command does no harm, even if the controller was frozen in the middle of it. A request for a channel that has
  left the Stasis application fails with ChannelGone, which ends the session quietly.
* The recording keeps real time. Asterisk writes no frames while the caller's phone sends nothing and nothing is played,
  so silence is sent whenever no prompt is playing.

While Asterisk is unreachable, commands stay pending and are retried on every turn, until the lease ends in the queue.
"""

import asyncio
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, assert_never

import structlog

from callcenter.conducting.action_specs import MARK_DANGER
from callcenter.conducting.caller import Arrival
from callcenter.conducting.deadline import run_within
from callcenter.conducting.lease import Lease
from callcenter.conducting.mailbox import Dismissed, Key, Left, Letter, ListenEnded, Mailbox, Reconnected, SoundEnded
from callcenter.conducting.ports import (
    Actions,
    CallMetrics,
    CallRecognition,
    ChannelControl,
    ChannelGone,
    NoMetrics,
    NoteWriter,
    Prompts,
    RecognitionSession,
)
from callcenter.conducting.response_timer import ResponseTimer
from callcenter.conducting.texts import texts
from callcenter.core.clock import Clock
from callcenter.core.errors import AsteriskUnavailable, CallcenterError
from callcenter.core.event_kinds import EventKind
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
from callcenter.journal.tape import NO_TAPE, Tape, TapeSource
from callcenter.wording.stress import hide_stress

log = structlog.get_logger()

TO_QUEUE = "to-queue"
GOODBYE = "goodbye"
FALLBACK = "fallback"
"""Dialplan context: plays the recording notice, or «connecting» if the notice was played already, then queues."""
LONGEST_SOUND = 120.0
"""Seconds until a playback without a reported end counts as ended. The script checker rejects prompts over 20 s."""


class SoundFailed(CallcenterError):
    """Asterisk could not play a prompt."""


class Dialogue(Protocol):
    """The interface of `dialogue.engine.conversation.Conversation`."""

    def handle_event(self, event: Event) -> list[Command]: ...


@dataclass(frozen=True, slots=True)
class LinePorts:
    """The ports (adapters to Asterisk, prompts, journal and others) that all lines share."""

    channel_control: ChannelControl
    prompts: Prompts
    notes: NoteWriter
    actions: Actions
    clock: Clock
    lease_seconds: int
    tape: Tape = NO_TAPE
    timeout_override: float | None = None
    """Seconds for an action or a prompt rendering. None: 70 % of the lease, at most 4 s, to leave time to react."""
    metrics_recorder: CallMetrics = field(default_factory=NoMetrics)
    caller_recognition: CallRecognition | None = None
    """None: callers' speech is not recognized."""

    @property
    def timeout_seconds(self) -> float:
        return min(4.0, self.lease_seconds * 0.7) if self.timeout_override is None else self.timeout_override


@dataclass(frozen=True, slots=True)
class _ActivePlayback:
    playback_id: str
    turn: int | None
    """None: a repeated prompt whose end the conversation does not wait for."""
    since: float


@dataclass(frozen=True, slots=True)
class _ReplayPrompt:
    """Play the last prompt again. `turn`: the turn of the `Say` whose end is still awaited, if any."""

    turn: int | None


class Line:
    """A call from its arrival until its channel leaves the Stasis application."""

    def __init__(self, arrival: Arrival, conversation: Dialogue, services: LinePorts) -> None:
        self.mailbox = Mailbox(posted=self._tape_letter)
        self._arrival = arrival
        self._call_id = arrival.call_id
        self._talk = conversation
        self._edges = services
        self._lease = Lease(
            services.channel_control,
            arrival.call_id,
            seconds=services.lease_seconds,
            clock=services.clock,
            measures=services.metrics_recorder,
        )
        self._pending_commands: deque[Command | _ReplayPrompt] = deque()
        self._playback: _ActivePlayback | None = None
        self._last_prompt: str | None = None
        self._response_timer = ResponseTimer(services.clock, services.metrics_recorder)
        self._listening: Listen | None = None
        self._hearing: RecognitionSession | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._silence_sent = False
        self._priority = ORDINARY_PRIORITY
        self._notice_played = False
        self._has_ended = False

    async def run(self) -> None:
        """Runs the call to its end. Raises only CancelledError, so that a failure does not affect other calls."""
        with structlog.contextvars.bound_contextvars(call_id=self._call_id):
            try:
                await self._process_mailbox()
            except ChannelGone as error:
                log.debug("the call has left us", why=str(error))
            except AsteriskUnavailable as error:
                log.warning("Asterisk is away; the lease will free the call", error=str(error))
            except Exception as error:
                await self._fail_over_to_queue(error)
            finally:
                self._stop_listening()
                if self._hearing is not None:
                    self._hearing.detach_robot()

    async def _process_mailbox(self) -> None:
        arrival = self._arrival
        if self._edges.caller_recognition is not None:
            self._hearing = self._edges.caller_recognition.start_recognition(self._call_id, self.mailbox.post)
        self._note(
            "arrived",
            dialled=arrival.dialled,
            caller_number=arrival.caller_number,
            caller_shown=arrival.caller_shown,
        )
        self._pending_commands.extend(self._talk.handle_event(Began()))
        await self._run_pending_commands()
        while not self._has_ended:
            letter = await self.mailbox.next(within=self._lease.renewal_interval)
            await self._process_letter(letter)

    async def _process_letter(self, letter: Letter | None) -> None:
        if letter is not None:
            await self._handle_letter(letter)
        if self._has_ended:
            return
        await self._run_pending_commands()
        if self._has_ended:
            return
        try:
            await self._lease.renew_if_due()
        except AsteriskUnavailable as error:
            log.warning("the lease was not renewed", error=str(error))

    async def _handle_letter(self, letter: Letter) -> None:
        match letter:
            case Key(key, at):
                self._note(EventKind.KEY, key=key)
                self._stop_repeated_prompt()
                self._feed_event(KeyPressed(key))
                if self._pending_commands:  # no commands: the conversation ignored the key
                    self._response_timer.begin(at)
            case SoundEnded(playback_id, failed):
                self._finish_playback(playback_id, failed=failed)
            case ListenEnded(turn):
                if self._listening is not None and self._listening.turn == turn:
                    self._stop_listening()
                    self._response_timer.forget()  # the next prompt replies to the silence, not to the caller
                    self._feed_event(Silence(turn))
            case SpeechBegan():
                self._stop_repeated_prompt()
                self._feed_event(letter)
            case EarOpened() | EarLost() | Heard() | Said():
                self._feed_event(letter)
                if isinstance(letter, Said) and letter.text and self._pending_commands:
                    self._note(EventKind.HEARD, text=letter.text)
                    self._response_timer.begin(letter.at, by_words=True)
            case Left():
                self._talk.handle_event(HungUp())
                self._has_ended = True
            case Reconnected():
                self._queue_repetition()
            case Dismissed():
                self._has_ended = True
                await self._continue_in_context(FALLBACK)
            case _:
                assert_never(letter)

    def _stop_repeated_prompt(self) -> None:
        """The conversation cannot stop it, because a repeated prompt has no turn."""
        if self._playback is not None and self._playback.turn is None:
            self._pending_commands.append(Hush(turn=-1))

    def _feed_event(self, event: Event) -> None:
        self._pending_commands.extend(self._talk.handle_event(event))

    async def _run_pending_commands(self) -> None:
        """Executes the pending commands in order. A command that does not reach Asterisk stays pending."""
        self._finish_overdue_playback()
        try:
            while self._pending_commands and not self._has_ended:
                await self._carry_out(self._pending_commands[0])
                self._pending_commands.popleft()
                if not self._has_ended:
                    await self._lease.renew_if_due()
            await self._send_silence()
        except AsteriskUnavailable as error:
            log.warning("Asterisk is away", owed=len(self._pending_commands), error=str(error))

    async def _carry_out(self, command: Command | _ReplayPrompt) -> None:
        match command:
            case Say():
                await self._say(command)
            case _ReplayPrompt(turn):
                await self._replay_prompt(turn)
            case Hush():
                await self._stop_prompt()
            case Listen():
                self._listen(command)
            case Expect():
                if self._hearing is not None:
                    self._hearing.expect(command)
            case Do():
                await self._run_script_action(command)
            case ToQueue(reason, priority):
                await self._send_to_queue(reason, priority, by=TO_QUEUE if self._notice_played else FALLBACK)
            case Hangup():
                await self._continue_in_context(GOODBYE)
            case Remark(kind, facts):
                self._note(kind, **facts)
                if kind == "notice heard":
                    await self._edges.channel_control.set_variable(self._call_id, "CC_NOTICE", "1")
                    self._notice_played = True
            case _:
                assert_never(command)

    # Prompts

    async def _say(self, command: Say) -> None:
        self._stop_listening()
        await self._play(command.text, turn=command.turn)
        self._response_timer.end()
        self._last_prompt = command.text
        self._note(EventKind.SAID, text=hide_stress(command.text))

    async def _replay_prompt(self, turn: int | None) -> None:
        """Repeats the prompt after a reconnect, because its end or the digits pressed in reply may have been lost."""
        if self._last_prompt is None:
            return
        if self._timer is not None:
            self._timer.cancel()  # restarted when the repeated prompt ends
        await self._play(self._last_prompt, turn=turn)

    async def _play(self, text: str, *, turn: int | None) -> None:
        await self._stop_prompt()
        await self._send_silence()  # rendering may take a second
        sound = await run_within(self._edges.timeout_seconds, self._edges.prompts.get_sound_path(text))
        # Set before the request: if only the reply is lost the sound may be playing, and a retry must stop it first.
        self._playback = _ActivePlayback(new_id(), turn, self._edges.clock.monotonic())
        self._silence_sent = False
        await self._edges.channel_control.play(self._call_id, sound, playback_id=self._playback.playback_id)

    async def _stop_prompt(self) -> None:
        if self._playback is not None:
            await self._edges.channel_control.stop_prompt(self._playback.playback_id)
            self._playback = None

    def _finish_playback(self, playback_id: str, *, failed: bool) -> None:
        sounding = self._playback
        if sounding is None or sounding.playback_id != playback_id:
            return  # already stopped, or started before a reconnect
        self._playback = None
        if failed:
            raise SoundFailed(f"the sound of «{self._last_prompt}» could not be played")
        if sounding.turn is not None:
            self._feed_event(SayingEnded(sounding.turn))
        elif self._listening is not None:
            self._listen(self._listening)

    def _finish_overdue_playback(self) -> None:
        sounding = self._playback
        if sounding is not None and self._edges.clock.monotonic() - sounding.since > LONGEST_SOUND:
            log.warning("the end of a sound was missed")
            self._finish_playback(sounding.playback_id, failed=False)

    async def _send_silence(self) -> None:
        if self._playback is None and not self._silence_sent and not self._has_ended:
            await self._edges.channel_control.send_silence(self._call_id)
            self._silence_sent = True

    def _queue_repetition(self) -> None:
        if self._pending_commands:
            return  # a newer prompt or question is still pending
        if self._playback is not None:
            self._pending_commands.appendleft(_ReplayPrompt(self._playback.turn))
        elif self._listening is not None:
            self._pending_commands.appendleft(_ReplayPrompt(None))

    # Waiting for the caller; script actions

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

    async def _run_script_action(self, command: Do) -> None:
        self._stop_listening()
        await self._send_silence()
        done = await run_within(
            self._edges.timeout_seconds,
            self._edges.actions.run_action(command.action, arrival=self._arrival, arguments=command.arguments),
        )
        self._note(EventKind.ACTION, action=command.action, outcome=done.outcome)
        if command.action == MARK_DANGER:
            await self._raise_priority()
        self._feed_event(ActionDone(command.turn, done.outcome, done.facts))

    async def _raise_priority(self) -> None:
        """Puts the call at the head of the queue, whether the robot or the dialplan transfers it."""
        self._priority = DANGER_PRIORITY
        await self._edges.channel_control.set_variable(self._call_id, "CC_PRIORITY", str(DANGER_PRIORITY))

    # End of the call

    async def _send_to_queue(self, reason: str, priority: int, *, by: str) -> None:
        phone, priority = self._edges.channel_control, max(priority, self._priority)
        await self._stop_prompt()
        await phone.set_variable(self._call_id, "CC_PRIORITY", str(priority))
        await phone.set_variable(self._call_id, "CC_REASON", reason)
        await self._continue_in_context(by)
        self._note(EventKind.HANDED_OVER, reason=reason, priority=priority)

    async def _continue_in_context(self, context: str) -> None:
        await self._stop_prompt()  # else Asterisk plays the prompt to its end before it continues or sets variables
        await self._edges.channel_control.continue_at(self._call_id, context)
        self._has_ended = True

    async def _fail_over_to_queue(self, error: Exception) -> None:
        """Sends the caller to the queue. If that fails too, the lease expires and the dialplan queues the call."""
        try:
            await self._send_to_queue(texts().robot_failed, ORDINARY_PRIORITY, by=FALLBACK)
        except ChannelGone:
            if isinstance(error, SoundFailed):
                return  # the sound was fine: the channel left while the sound was playing
        except Exception as second:
            log.exception("could not hand the caller over", error=repr(second))
        log.error("the robot failed", exc_info=error)
        self._note(EventKind.FAILED, what=f"{type(error).__name__}: {error}")

    def _tape_letter(self, letter: Letter) -> None:
        content = {"letter": type(letter).__name__, "fields": asdict(letter)}
        self._edges.tape.record_line(TapeSource.LETTER, content, call_id=self._call_id)

    def _note(self, kind: str, **facts: Any) -> None:
        self._edges.notes.write(Note(new_id(), self._call_id, self._edges.clock.now(), kind, facts))
