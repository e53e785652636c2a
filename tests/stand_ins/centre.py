"""A small centre for tests: our own client, router and switchboard, joined to the stand-in Asterisk.

`Caller` makes a test read like a call.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from callcenter.conducting.action_specs import ACTIONS
from callcenter.conducting.actions import ScriptActions
from callcenter.conducting.line import Dialogue, LinePorts
from callcenter.conducting.ports import Actions, CallMetrics, CallRecognition, NoMetrics
from callcenter.conducting.switchboard import Switchboard
from callcenter.conducting.taping import TapedNotes
from callcenter.core.clock import SystemClock
from callcenter.dialogue.engine.conversation import Conversation
from callcenter.dialogue.scripts.reader import read_script
from callcenter.dialogue.scripts.script import Ask, Script
from callcenter.journal.tape import NO_TAPE, Tape, TapeSource
from callcenter.telephony.ari.adoption import Adoption
from callcenter.telephony.ari.client import AriClient
from callcenter.telephony.ari.phone import AriPhone
from callcenter.telephony.ari.router import Playbacks, Router
from tests.stand_ins.ari import APPLICATION, PASSWORD, USER, StandInAsterisk
from tests.stand_ins.ari_channels import Channel
from tests.stand_ins.notes import KeptNotes
from tests.stand_ins.prompts import ReadablePrompts
from tests.stand_ins.register import PaperRegister

SCRIPT_FILE = Path(__file__).with_name("small.yaml")
SPOKEN_FILE = Path(__file__).with_name("spoken.yaml")
ANSWERS = {"KB_HOURS": "Паспортный стол открыт до пяти."}
MOSCOW = ZoneInfo("Europe/Moscow")


def read_spoken_script() -> Script:
    """A script whose callers may speak."""
    script, problems = read_script(SPOKEN_FILE, actions=ACTIONS, articles=())
    assert script is not None, problems
    return script


def read_small_script(*, listen_seconds: float | None = None) -> Script:
    script, problems = read_script(SCRIPT_FILE, actions=ACTIONS, articles={"KB_HOURS"})
    assert script is not None, problems
    if listen_seconds is None:
        return script
    steps = {
        name: replace(step, timeout_seconds=listen_seconds) if isinstance(step, Ask) else step
        for name, step in script.steps.items()
    }
    return replace(script, steps=steps)


@dataclass
class Caller:
    """The caller of one channel of the stand-in. Every wait ends with an AssertionError that tells what was heard."""

    asterisk: StandInAsterisk
    channel: Channel
    _heard: int = 0

    @property
    def call_id(self) -> str:
        return self.channel.id

    @property
    def heard(self) -> list[str]:
        return [playback.media.removeprefix("sound:prompts/") for playback in self.channel.played]

    async def hears(self, words: str, *, within: float = 10.0) -> None:
        """Waits until a sound with these words begins, later than the last one waited for."""

        def begins() -> bool:
            for number, text in enumerate(self.heard[self._heard :], start=self._heard + 1):
                if words in text:
                    self._heard = number
                    return True
            return False

        await self.waits_until(begins, within, f"never heard «{words}»")

    async def hears_nothing(self, *, within: float = 10.0) -> None:
        """Waits until no prompt is sounding."""
        await self.waits_until(lambda: not self.channel.queued, within, "it went on talking")

    async def is_in(self, place: str, *, within: float = 10.0) -> None:
        await self.waits_until(lambda: self.channel.place == place, within, f"never came to {place}")

    async def has(self, variable: str, value: str, *, within: float = 10.0) -> None:
        await self.waits_until(lambda: self.channel.variables.get(variable) == value, within, f"no {variable}={value}")

    def presses(self, keys: str) -> None:
        for key in keys:
            self.asterisk.press(self.channel, key)

    def hangs_up(self) -> None:
        self.asterisk.hang_up(self.channel)

    async def waits_until(self, condition: Callable[[], bool], within: float, complaint: str) -> None:
        try:
            async with asyncio.timeout(within):
                while not condition():  # noqa: ASYNC110 - what is waited for is a state of several objects
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise AssertionError(f"{complaint}; heard {self.heard}, now in {self.channel.place}") from None


@dataclass
class SmallCentre:
    """Made by `run_centre`."""

    asterisk: StandInAsterisk
    ari: AriClient
    switchboard: Switchboard
    playbacks: Playbacks
    notes: KeptNotes = field(default_factory=KeptNotes)
    prompts: ReadablePrompts = field(default_factory=ReadablePrompts)
    register: PaperRegister = field(default_factory=PaperRegister)

    def call(self, number: str = "79001112233") -> Caller:
        return Caller(self.asterisk, self.asterisk.arrive(number))

    def holds(self, caller: Caller) -> bool:
        return caller.call_id in self.switchboard.call_ids

    async def lets_go_of(self, caller: Caller, *, within: float = 10.0) -> None:
        """Waits until the call's task has ended, with all its notes written."""
        await caller.waits_until(lambda: not self.holds(caller), within, "the line stayed")

    async def is_connected(self, *, within: float = 8.0) -> None:
        async with asyncio.timeout(within):
            while not self.ari.connected:  # noqa: ASYNC110
                await asyncio.sleep(0.005)


@asynccontextmanager
async def run_centre(
    asterisk: StandInAsterisk,
    *,
    address: str | None = None,
    lease_seconds: int = 6,
    patience: float | None = None,
    actions: Actions | None = None,
    begin_talk: Callable[[], Dialogue] | None = None,
    leave_within: float = 5.0,
    reply_within: float = 10.0,
    listen_seconds: float | None = None,
    measures: CallMetrics | None = None,
    tape: Tape = NO_TAPE,
    ear: CallRecognition | None = None,
) -> AsyncIterator[SmallCentre]:
    """A centre that answers with `small.yaml`; without time to say goodbye at the end, like one that is killed.

    `listen_seconds`: how long its questions wait, instead of what the script says.
    """
    script = read_small_script(listen_seconds=listen_seconds)
    clock, playbacks = SystemClock(), Playbacks()
    notes, prompts, register = KeptNotes(), ReadablePrompts(), PaperRegister()
    async with AriClient(
        address or asterisk.address,
        user=USER,
        password=PASSWORD,
        application=APPLICATION,
        reply_within=reply_within,
        tape=tape,
    ) as ari:
        edges = LinePorts(
            channel_control=AriPhone(ari, playbacks),
            prompts=prompts,
            notes=TapedNotes(notes, tape, TapeSource.NOTE),
            actions=actions
            or ScriptActions(
                register=register, notes=TapedNotes(notes, tape, TapeSource.ACTION_NOTE), clock=clock, zone=MOSCOW
            ),
            clock=clock,
            lease_seconds=lease_seconds,
            timeout_override=patience,
            metrics_recorder=measures or NoMetrics(),
            tape=tape,
            caller_recognition=ear,
        )
        switchboard = Switchboard(
            edges,
            start_conversation=begin_talk or (lambda: Conversation(script, ANSWERS, {})),
            leave_within=leave_within,
        )
        router = Router(playbacks, admit=switchboard.admit, post=switchboard.post, clock=clock)
        adoption = Adoption(ari, switchboard, stasis_start_grace=0.2)
        centre = SmallCentre(asterisk, ari, switchboard, playbacks, notes, prompts, register)
        async with asyncio.TaskGroup() as group:
            working = [
                group.create_task(switchboard.run()),
                group.create_task(ari.stream_events(router.route_event, on_connected=adoption.reconcile_channels)),
            ]
            try:
                await centre.is_connected()
                yield centre
            finally:
                for task in working:
                    task.cancel()
