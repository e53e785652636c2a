"""The town: its residents' telephones, the dispatchers' telephones, and what the centre keeps of a call afterwards.

Every call dials a number of its own, since all numbers lead to the centre: so its record is found for certain.
"""

import asyncio
import itertools
from contextlib import AsyncExitStack
from datetime import datetime

from sqlalchemy import select

from callcenter.alarms.models import Alarm
from callcenter.conducting.action_specs import CATEGORY, REGISTER_TICKET
from callcenter.conducting.scripts import edition_reader
from callcenter.core.database import Database
from callcenter.dialogue.engine.commands import Do, Hangup, Say
from tests.live.records import Check, Record
from tests.live.running_centre import TRUNK_ADDRESS, RunningCentre
from tools.demo.prompt_samples import PromptBook
from tools.demo.script_path import find_way, play_keys
from tools.softphone import audio_analysis
from tools.softphone.call import Call
from tools.softphone.errors import NotHeard
from tools.softphone.g711 import RATE, Samples
from tools.softphone.phone import Manners, Softphone

CALLER_TONE = 1000
DISPATCHER_TONE = 440

_lines = itertools.count(1)


class Town:
    """Made for one test; leaving it hangs everybody up."""

    def __init__(self, centre: RunningCentre, database: Database, *, test: str) -> None:
        self.centre = centre
        self.database = database
        self._test = test
        self.address = ("127.0.0.1", centre.instance.ports.sip)
        self.book = PromptBook(centre.layout)
        read = edition_reader(centre.tree / "ivr_scripts" / "main.yaml", centre.tree / "knowledge_base")
        edition, problems = read(datetime.now(centre.instance.settings.company.zone).date())
        assert edition is not None, problems
        self.edition = edition
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "Town":
        self.trunk = await self._stack.enter_async_context(Softphone(self.address, user="provider", host=TRUNK_ADDRESS))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    # --- telephones

    async def dispatcher(self, number: int = 0, *, manners: Manners | None = None) -> Softphone:
        """Signs the telephone of a dispatcher on; by default it answers by itself and plays a tone."""
        device = self.centre.instance.secrets.devices[number]
        manners = manners or Manners(answer_after=0.2, tone=DISPATCHER_TONE)
        return await self.sign_on(device.name, device.password, manners)

    async def resident(self) -> Softphone:
        """Signs the test resident's telephone on."""
        resident = self.centre.instance.secrets.resident
        return await self.sign_on(resident.name, resident.password)

    async def sign_on(self, name: str, password: str, manners: Manners | None = None) -> Softphone:
        phone = await self._stack.enter_async_context(
            Softphone(self.address, user=name, password=password, manners=manners)
        )
        await asyncio.wait_for(phone.register(), 5)
        return phone

    async def stranger(self) -> Softphone:
        """A telephone that the centre does not know, at an address that is nobody's."""
        return await self._stack.enter_async_context(Softphone(self.address, user="stranger", host="127.0.0.3"))

    def dial(
        self,
        phone: Softphone | None = None,
        *,
        shown: str | None = None,
        anonymous: bool = False,
        asserted: str | None = None,
    ) -> Call:
        """Dials the centre, through the provider's trunk unless `phone` is given; returns at once."""
        line = next(_lines)
        dialled = f"7812555{line:04d}"
        call = (phone or self.trunk).dial(
            dialled, shown=shown or f"7921000{line:04d}", anonymous=anonymous, asserted=asserted
        )
        self.centre.ledger.enter(call, dialled=dialled, test=self._test)
        return call

    async def call(self, phone: Softphone | None = None, **caller: str | bool | None) -> Call:
        """Dials and waits for the answer."""
        call = self.dial(phone, **caller)  # type: ignore[arg-type]
        await call.answered(within=5)
        return call

    async def called(self, keys: str, phone: Softphone | None = None, **caller: str | bool | None) -> Call:
        """A call whose caller presses `keys` into the first words, as those do who know the menus by heart."""
        call = await self.call(phone, **caller)
        await call.hear(self.book.load_prompt(self.greeting)[: RATE // 4], within=3)
        await call.press(keys)
        return call

    # --- what is in the script

    def keys_to_answer(self, article: str) -> str:
        """The shortest way to a reference answer."""
        answer = self.edition.answers[article]
        return find_way(self.edition, lambda command: isinstance(command, Say) and command.text == answer).keys

    def keys_to_end(self, begin: str) -> str:
        """`begin` and the keys from there to the goodbye."""
        return find_way(self.edition, lambda command: isinstance(command, Hangup), begin=begin).keys

    def keys_to_ticket(self, category: str) -> str:
        """The shortest way to a registered ticket, from a number that is shown."""
        return find_way(
            self.edition,
            lambda command: (
                isinstance(command, Do)
                and command.action == REGISTER_TICKET
                and command.arguments.get(CATEGORY) == category
            ),
        ).keys

    @property
    def keys_to_question(self) -> str:
        """The way to a short question below the menus."""
        return self.keys_to_answer("KB01")[:-1]

    def asks(self, keys: str = "") -> str:
        """The last words of the robot after these keys."""
        return play_keys(self.edition, keys).turns[-1].prompts[-1].text

    def answers(self, keys: str) -> str:
        """The first words of the robot after these keys."""
        return play_keys(self.edition, keys).turns[-1].prompts[0].text

    @property
    def greeting(self) -> str:
        return self.answers("")

    # --- what is heard

    async def hears(
        self, call: Call, text: str, *, within: float = 5.0, since: float = 0.0, first: float | None = 2.4
    ) -> audio_analysis.Found:
        """Waits for the `first` seconds of words of the robot; None: for all of them."""
        return await call.hear(_cut(self.book.load_prompt(text), first), within=within, since=since)

    async def hears_sound(
        self, call: Call, name: str, *, within: float = 5.0, since: float = 0.0, first: float | None = 2.4
    ) -> audio_analysis.Found:
        """The same for a sound of the dialplan."""
        return await call.hear(_cut(self.book.load_dialplan_sound(name), first), within=within, since=since)

    async def hears_music(self, call: Call, *, within: float = 8.0) -> float:
        """Waits for the music on hold; the second of the call at which it was heard."""
        music = audio_analysis.read_wav(self.centre.layout.music_on_hold / "callcenter.wav")
        give_up = call.second() + within
        while call.second() < give_up:
            await asyncio.sleep(0.3)
            last = call.heard[-RATE // 2 :]
            if audio_analysis.level(last) > -60 and await asyncio.to_thread(
                audio_analysis.find_prompt, music, last, at_least=0.9
            ):
                return call.second() - 0.5
        raise NotHeard(f"no music: {call.describe()}")

    async def talk(self, call: Call, dispatcher: Softphone, *, within: float = 10.0) -> Call:
        """Waits until both hear each other's tone; the dispatcher's end of the call."""
        begun = call.second()
        call.tone(CALLER_TONE)
        await call.hear_tone(DISPATCHER_TONE, within=within, since=begun, lasting=0.5)
        theirs = dispatcher.calls[-1]
        await theirs.hear_tone(CALLER_TONE, within=3, lasting=0.5)
        return theirs

    # --- what is kept

    def expect(self, call: Call, check: Check) -> None:
        """What the record of this call must tell in the end. That it must be whole goes without saying."""
        self.centre.ledger.entry_of(call).checks.append(check)

    def expect_dropped(self, call: Call, check: Check) -> None:
        """The same of a call that broke off with Asterisk: its record cannot be whole, and must say so."""
        entry = self.centre.ledger.entry_of(call)
        entry.checks.append(check)
        entry.dropped = True

    async def said(self, call: Call, words: str, *, within: float) -> str:
        """The text with these words, once the robot says it."""
        async with asyncio.timeout(within):
            while True:
                record = await self.record(call)
                for event in record.events if record is not None else ():
                    if event.kind == "said" and words in event.facts["text"]:
                        return str(event.facts["text"])
                await asyncio.sleep(0.25)

    async def number(self, call: Call, *, within: float) -> str:
        """The number of the call's ticket, once it has one."""
        async with asyncio.timeout(within):
            while True:
                record = await self.record(call)
                if record is not None and record.ticket is not None and record.ticket.number is not None:
                    return record.ticket.number
                await asyncio.sleep(0.25)

    async def alarms(self) -> list[Alarm]:
        """The alarms that stand."""
        async with self.database.begin() as session:
            return list(await session.scalars(select(Alarm).where(Alarm.cleared_at.is_(None))))

    async def record(self, call: Call) -> Record | None:
        """What is kept of the call by now."""
        ledger = self.centre.ledger
        return await ledger.read(self.database, ledger.entry_of(call).dialled)


def _cut(sound: Samples, seconds: float | None) -> Samples:
    return sound if seconds is None else sound[: int(seconds * RATE)]
