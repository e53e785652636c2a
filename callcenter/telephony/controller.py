"""The controller process: connects Asterisk's events (ARI, AMI) to live calls, recognition and the queue's members.

Each call has its own task.
"""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import structlog

from callcenter.alarms.models import AlarmKind
from callcenter.conducting.actions import ScriptActions
from callcenter.conducting.danger_watch import DangerWatch
from callcenter.conducting.line import LinePorts
from callcenter.conducting.ports import (
    Alarms,
    CallMetrics,
    NoMetrics,
    NoteWriter,
    Prompts,
    Recognition,
    TicketRegister,
)
from callcenter.conducting.scripts import ScriptEditions
from callcenter.conducting.switchboard import Switchboard
from callcenter.conducting.taping import TapedNotes
from callcenter.conducting.texts import texts
from callcenter.core.clock import Clock
from callcenter.core.database import Database
from callcenter.core.errors import CallcenterError
from callcenter.core.ids import new_id
from callcenter.journal.notes import Note
from callcenter.journal.tape import NO_TAPE, Tape, TapeSource
from callcenter.telephony.ami.members import AmiAccess, Members
from callcenter.telephony.ami.talks import CONNECTED, TalkEvent
from callcenter.telephony.ari.adoption import Adoption
from callcenter.telephony.ari.client import AriClient
from callcenter.telephony.ari.generated import Event
from callcenter.telephony.ari.phone import AriPhone
from callcenter.telephony.ari.router import Playbacks, Router
from callcenter.telephony.audio.requests import AudioAriClient
from callcenter.telephony.audio.tap_recognition import TapRecognition
from callcenter.telephony.audio.taps import Taps
from callcenter.telephony.audio.websocket import WebsocketTransport

log = structlog.get_logger()

RELEASE_TIMEOUT_SECONDS = 2.0
"""Seconds for releasing the live calls at a stop. Calls not released by then return to the dialplan by their lease."""
ALARM_DELAY_SECONDS = 5.0
"""Seconds without a connection before the board shows an alarm. Shorter breaks are repaired by reconnecting."""


@dataclass(frozen=True, slots=True)
class AsteriskAccess:
    """Addresses, accounts and names of the instance's Asterisk. `ari_address` is `http://host:port`."""

    ari_address: str
    ami_host: str
    ami_port: int
    user: str
    ari_password: str
    ami_password: str
    application: str = "callcenter"
    queue: str = "dispatch"


class Controller:
    """Builds and runs all parts that conduct calls. The constructor opens no connection and starts no task."""

    def __init__(
        self,
        access: AsteriskAccess,
        *,
        database: Database,
        script_store: ScriptEditions,
        prompts: Prompts,
        notes: NoteWriter,
        register: TicketRegister,
        alarms: Alarms,
        clock: Clock,
        zone: ZoneInfo,
        lease_seconds: int,
        wrap_up_seconds: int,
        extensions: Mapping[str, str],
        tape: Tape = NO_TAPE,
        metrics_recorder: CallMetrics | None = None,
        recognition: Recognition | None = None,
    ) -> None:
        """`extensions`: queue interface -> extension. `zone`: the company's time zone.

        `notes` is only written to; its creator runs and closes it. `recognition`: None turns speech recognition off.
        """
        self._shelf = script_store
        self._alarms = alarms
        self._notes = notes
        self._clock = clock
        self._ari = AriClient(
            access.ari_address,
            user=access.user,
            password=access.ari_password,
            application=access.application,
            tape=tape,
        )
        self._audio_ari: AudioAriClient | None = None
        self._taps: Taps | None = None
        self._tap_recognition: TapRecognition | None = None
        if recognition is not None:
            watch = DangerWatch(
                lambda: script_store.edition.script.dangers,
                notes=notes,
                clock=clock,
                get_interpreter=lambda: script_store.edition.interpreter,
            )
            self._build_recognition(access, recognition, watch, metrics_recorder or NoMetrics())
        playbacks = Playbacks()
        self._channel_control = AriPhone(self._ari, playbacks)
        by_actions = TapedNotes(notes, tape, TapeSource.ACTION_NOTE)
        edges = LinePorts(
            channel_control=self._channel_control,
            prompts=prompts,
            notes=TapedNotes(notes, tape, TapeSource.NOTE),
            actions=ScriptActions(
                register=register,
                notes=by_actions,
                clock=clock,
                zone=zone,
                get_knowledge=lambda: script_store.edition.centre_knowledge,
            ),
            tape=tape,
            clock=clock,
            lease_seconds=lease_seconds,
            metrics_recorder=metrics_recorder or NoMetrics(),
            caller_recognition=self._tap_recognition,
        )
        self._switchboard = Switchboard(edges, start_conversation=script_store.start_conversation)
        self._router = Router(playbacks, admit=self._switchboard.admit, post=self._switchboard.post, clock=clock)
        self._reconciler = Adoption(self._ari, self._switchboard, taps=self._taps, ear=self._tap_recognition)
        self._members = Members(
            AmiAccess(access.ami_host, access.ami_port, access.user, access.ami_password),
            queue=access.queue,
            database=database,
            extensions=extensions,
            wrap_up_seconds=wrap_up_seconds,
            clock=clock,
            tape=tape,
            on_member_call=self._handle_member_call,
            on_connected=self._tap_recognition.resume_recognition if self._tap_recognition is not None else None,
            requeue_caller=self._requeue_caller,
        )
        self._stopping = asyncio.Event()

    def _build_recognition(
        self, access: AsteriskAccess, recognition: Recognition, watch: DangerWatch, measures: CallMetrics
    ) -> None:
        address, user, password = access.ari_address, access.user, access.ari_password
        # A separate client: audio requests are not recorded on tapes and do not delay the requests of calls.
        self._audio_ari = AudioAriClient(address, user=user, password=password, application=access.application)
        transport = WebsocketTransport(self._audio_ari, address=address, user=user, password=password)
        self._taps = Taps(self._audio_ari, transport, measures=measures)
        self._tap_recognition = TapRecognition(self._taps, recognition, watch=watch.check_utterance)

    @property
    def call_ids(self) -> frozenset[str]:
        """Ids of the calls that the controller conducts now."""
        return self._switchboard.call_ids

    @property
    def connected(self) -> bool:
        """True while ARI events arrive."""
        return self._ari.connected

    def stop(self) -> None:
        """Makes `run` release the live calls to the dialplan and return. Safe in a signal handler of the loop."""
        self._stopping.set()

    async def run(self) -> None:
        """Conducts calls until `stop` is called or the task is cancelled; then releases the live calls to the dialplan.

        Raises BrokenScript before anything is started; afterwards only CancelledError.
        """
        await self._shelf.open()
        async with self._ari, self._audio_ari or contextlib.nullcontext(), asyncio.TaskGroup() as group:
            working = [
                group.create_task(work, name=name)
                for name, work in (
                    *((("hearing", self._tap_recognition.run()),) if self._tap_recognition is not None else ()),
                    ("calls", self._switchboard.run()),
                    (
                        "ari",
                        self._ari.stream_events(self._handle_event, on_connected=self._reconciler.reconcile_channels),
                    ),
                    ("members", self._members.run()),
                    ("scripts", self._shelf.run()),
                    ("connections", self._watch_connections()),
                )
            ]
            try:
                await self._stopping.wait()
            finally:
                log.info("the controller stops", calls=len(self._switchboard.call_ids))
                with contextlib.suppress(asyncio.CancelledError):
                    await self._switchboard.release_all(within=RELEASE_TIMEOUT_SECONDS)
                for task in working:
                    task.cancel()

    def _handle_member_call(self, talk: TalkEvent) -> None:
        facts = {"channel": talk.member_channel, "member": talk.member}
        self._notes.write(Note(new_id(), talk.call_id, talk.at, talk.kind, facts))
        if self._tap_recognition is not None and talk.kind == CONNECTED:
            self._tap_recognition.recognize_both_legs(talk.call_id, talk.member_channel)

    async def _requeue_caller(self, call_id: str) -> None:
        try:
            await self._channel_control.requeue_caller(call_id)
        except CallcenterError as error:  # the caller hung up, or the next `QueueStatus` repeats the request
            log.warning("a caller could not be queued anew", call_id=call_id, error=str(error))

    def _handle_event(self, event: Event) -> None:
        if self._taps is None or not self._taps.handle_event(event):
            self._router.route_event(event)

    async def _watch_connections(self) -> None:
        """Raises an alarm for a connection that has been lost for ALARM_DELAY_SECONDS seconds; clears it on
        reconnect."""
        away: dict[str, float] = {}
        shown: dict[str, bool] = {}  # initially unknown: an earlier controller may have left an alarm
        while True:
            now = self._clock.monotonic()
            for name, connected in self._connections():
                since = now if connected else away.setdefault(name, now)
                if connected:
                    away.pop(name, None)
                    if shown.get(name) is not False:
                        await self._alarms.clear_alarm(AlarmKind.TELEPHONY, name)
                        shown[name] = False
                elif now - since >= ALARM_DELAY_SECONDS and not shown.get(name):
                    await self._alarms.raise_alarm(AlarmKind.TELEPHONY, name, texts().alarms[name])
                    shown[name] = True
            await asyncio.sleep(1.0)

    def _connections(self) -> Iterator[tuple[str, bool]]:
        yield "ari", self._ari.connected
        yield "ami", self._members.connected
