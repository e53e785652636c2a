"""The environment of the scenes: the softphones, the prompt sounds, and read access to the centre's database."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from callcenter.calls.models import Call as CallRow
from callcenter.calls.models import Recording, RecordingState
from callcenter.calls.views import CallFilters, find_calls, one_call
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.conducting.scripts import ScriptEdition, edition_reader
from callcenter.core.database import Database
from callcenter.core.errors import CallcenterError
from callcenter.instance.instance import Instance
from callcenter.operations.postgres import PostgresCluster
from callcenter.settings import TREE
from callcenter.tickets.models import Ticket
from callcenter.tickets.views import clocks_of, ticket_of_call
from callcenter.wording.spoken import spoken_moment
from tools.demo.prompt_samples import PromptBook
from tools.demo.script_path import Turn
from tools.demo.trace import Account
from tools.softphone.call import Call
from tools.softphone.errors import SoftphoneError
from tools.softphone.g711 import RATE
from tools.softphone.phone import Manners, Softphone

DISPATCHER_TONES = (440, 550)
"""Hz, one per dispatcher. There are two, so that the wrap-up after a conversation does not delay the next caller."""
CALLER_TONE = 1000
"""Hz."""
SAME_MOMENT = 0.7
"""Seconds by which our INVITE and the arrival in the call record may differ; less than `runner.APART`."""
_POLL_SECONDS = 0.2
_BARGE_IN_SECONDS = 1.5
"""Seconds of an interruptible prompt that are heard before the key is pressed."""

T = TypeVar("T")


class DemoFailed(CallcenterError):
    """An expected event of the scene did not happen."""


class NotRunning(CallcenterError):
    """The centre does not run, or lacks something that the demo needs."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A running centre and the registered softphones of the demo."""

    instance: Instance
    edition: ScriptEdition
    prompt_sounds: PromptBook
    database: Database
    resident: Softphone
    dispatchers: tuple[Softphone, ...]

    async def dial(self, report: Account) -> Call:
        """Calls the centre's number and waits for the answer. Raises SoftphoneError."""
        number = self.instance.settings.company.number
        report.add_step(f"житель звонит на {number}")
        call = await self.resident.call(number)
        report.add_step(f"на звонок ответили через {1000 * (call.answered_after or 0):.0f} мс")
        return call

    async def follow_turns(self, call: Call, turns: tuple[Turn, ...], report: Account, *, since: float) -> float:
        """Waits for the prompts of each turn and presses its key; returns the second at which the last prompt began.

        The last prompt before a key is interrupted after its first words, if it is interruptible; all other prompts are
        heard to their end. Raises NotHeard.
        """
        for turn in turns:
            for say in turn.prompts:
                interrupted = turn.key is not None and say is turn.prompts[-1] and say.interruptible
                first = _BARGE_IN_SECONDS if interrupted else None
                since = await self.wait_for_prompt(call, say.text, report, since=since, first=first)
            if turn.key is not None:
                await call.press(turn.key)
                report.add_step(f"житель нажал {turn.key}")
        return since

    async def wait_for_prompt(
        self, call: Call, text: str, report: Account, *, since: float, within: float = 12.0, first: float | None = None
    ) -> float:
        """Waits for a prompt, or only its `first` seconds; returns the second at which it began. Raises NotHeard."""
        sound = self.prompt_sounds.load_prompt(text)
        if first is not None:
            sound = sound[: int(first * RATE)]
        found = await call.hear(sound, within=within, since=since)
        report.add_step(f"слышно на секунде {found.second:.1f} (совпадение {found.score:.2f}): «{_shorten(text)}»")
        return found.second

    async def wait_for_conversation(self, call: Call, report: Account, *, within: float) -> tuple[Call, int, float]:
        """Waits until the caller hears a dispatcher's tone and the dispatcher hears the caller's.

        Returns the dispatcher's call, the dispatcher's tone in Hz, and the second of `call` at which the tone began.
        Raises NotHeard.
        """
        begun = call.second()
        call.tone(CALLER_TONE)
        waits = {
            asyncio.ensure_future(call.hear_tone(tone, within=within, since=begun, lasting=0.5)): tone
            for tone in DISPATCHER_TONES
        }
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        await asyncio.wait(waits)
        first = done.pop()
        tone, span = waits[first], first.result()
        report.add_step(f"жителю слышен тон диспетчера {tone} Гц с секунды {span.begin:.1f}")
        phone = self.dispatchers[DISPATCHER_TONES.index(tone)]
        theirs = phone.calls[-1]
        heard = await theirs.hear_tone(CALLER_TONE, within=3, lasting=0.5)
        report.add_step(f"диспетчеру слышен тон жителя {CALLER_TONE} Гц с секунды {heard.begin:.1f} его разговора")
        return theirs, tone, span.begin

    async def find_call_row(self, call: Call, report: Account) -> CallRow:
        """Finds the centre's record of `call` by number and arrival time. Raises DemoFailed after 10 s without one."""
        shown = self.instance.secrets.resident.extension

        async def look() -> CallRow | None:
            async with self.database.begin() as session:
                page = await find_calls(
                    session, DEFAULT_COMPANY_ID, CallFilters(since=call.began_on - timedelta(seconds=2))
                )
            near = [row.call for row in page.rows if row.call.caller_shown.endswith(shown)]
            near.sort(key=lambda row: _seconds_between(row.arrived_at, call.began_on))
            return near[0] if near and _seconds_between(near[0].arrived_at, call.began_on) <= SAME_MOMENT else None

        row = await eventually(look, within=10, missing="у центра нет записи об этом звонке")
        report.call_id = row.id
        return row

    async def wait_for_ended_call(self, call_id: str) -> CallRow:
        """Returns the call record once it has an outcome. Raises DemoFailed after 15 s."""

        async def look() -> CallRow | None:
            async with self.database.begin() as session:
                row = await one_call(session, DEFAULT_COMPANY_ID, call_id)
            return row if row is not None and row.ended_at is not None and row.outcome is not None else None

        return await eventually(look, within=15, missing=f"в карточке {call_id} звонок не завершён")

    async def wait_for_ticket(self, call_id: str) -> Ticket:
        """Returns the registered ticket of a call. Raises DemoFailed after 15 s without one."""

        async def look() -> Ticket | None:
            async with self.database.begin() as session:
                ticket = await ticket_of_call(session, call_id)
            return ticket if ticket is not None and ticket.number is not None else None

        return await eventually(look, within=15, missing=f"заявка по звонку {call_id} не зарегистрирована")

    async def say_deadline(self, ticket: Ticket) -> str:
        """The nearest deadline of the ticket, worded as at its registration. Raises DemoFailed without a deadline."""
        async with self.database.begin() as session:
            clocks = await clocks_of(session, ticket.id)
        if not clocks or ticket.registered_at is None:
            raise DemoFailed(f"у заявки {ticket.number} нет срока")
        return spoken_moment(clocks[0].due_at, now=ticket.registered_at, zone=self.instance.settings.company.zone)

    async def wait_for_recording(self, call_id: str, report: Account) -> Path:
        """Returns the file of an ended call's recording. Raises DemoFailed after 30 s, or when filing failed."""

        async def look() -> Recording | None:
            async with self.database.begin() as session:
                recording = await session.get(Recording, call_id)
            return recording if recording is not None and recording.state is not RecordingState.PENDING else None

        recording = await eventually(look, within=30, missing=f"запись разговора {call_id} не сдана в архив")
        if recording.state is not RecordingState.FILED or recording.path is None:
            raise DemoFailed(f"запись разговора {call_id}: {recording.state}, {recording.fault or 'файла нет'}")
        file = self.instance.settings.recordings_directory / recording.path
        report.recording = str(file)
        report.add_step(f"запись: {file}")
        return file


@asynccontextmanager
async def open_stage(instance: Instance) -> AsyncIterator[Stage]:
    """Registers the softphones at the running centre. Raises NotRunning; its message names the cause."""
    settings, ports, secrets = instance.settings, instance.ports, instance.secrets
    if not settings.test_resident:
        raise NotRunning(
            "the demo needs the test resident's account, which is off (production, telephony.test_resident)"
        )
    if len(secrets.devices) < len(DISPATCHER_TONES):
        raise NotRunning(f"the demo needs {len(DISPATCHER_TONES)} dispatchers' phones (queue.dispatchers)")
    script = TREE / "ivr_scripts" / f"{settings.script}.yaml"
    read = edition_reader(script, TREE / "knowledge_base", recognition_enabled=settings.callers_are_heard)
    edition, problems = await asyncio.to_thread(read, datetime.now(settings.company.zone).date())
    if edition is None:
        raise NotRunning("\n".join(str(problem) for problem in problems))
    centre = (str(settings.telephony.bind_address), ports.sip)
    database = Database(PostgresCluster(instance.layout, ports).address())
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(database.close)

        async def sign_on(name: str, password: str, manners: Manners | None = None) -> Softphone:
            phone = await stack.enter_async_context(Softphone(centre, user=name, password=password, manners=manners))
            try:
                await asyncio.wait_for(phone.register(), 5)
            except (TimeoutError, SoftphoneError) as error:
                raise NotRunning(
                    f"{centre[0]}:{centre[1]}: {name} cannot sign on ({error or 'no reply'}); make run"
                ) from error
            return phone

        # The last devices of the list: people may use the first ones.
        devices = secrets.devices[-len(DISPATCHER_TONES) :]
        dispatchers = [
            await sign_on(device.name, device.password, Manners(answer_after=0.5, tone=tone))
            for device, tone in zip(devices, DISPATCHER_TONES, strict=True)
        ]
        resident = await sign_on(secrets.resident.name, secrets.resident.password)
        yield Stage(instance, edition, PromptBook(instance.layout), database, resident, tuple(dispatchers))


async def eventually(look: Callable[[], Awaitable[T | None]], *, within: float, missing: str) -> T:
    """Calls `look` until it returns a result. After `within` seconds, raises DemoFailed with the message `missing`."""
    give_up = time.monotonic() + within
    while True:
        found = await look()
        if found is not None:
            return found
        if time.monotonic() >= give_up:
            raise DemoFailed(f"{missing} (ждали {within:.0f} с)")
        await asyncio.sleep(_POLL_SECONDS)


def _seconds_between(one: datetime, other: datetime) -> float:
    return abs((one - other).total_seconds())


def _shorten(text: str) -> str:
    return text if len(text) <= 70 else f"{text[:67]}…"
