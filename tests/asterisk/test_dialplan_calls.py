"""The dialplan by itself, called by real phones: no controller is there, and still nobody is lost.

A provider of the tests calls from 127.0.0.2, known by that address alone, and says who calls as a provider does.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np
import pytest
from websockets.asyncio.client import connect

from callcenter.asterisk.asterisk import Asterisk
from callcenter.instance.instance import Instance
from callcenter.intake.cel import CelEvent, parse_cel_line
from callcenter.settings import QueueSettings, Settings, TelephonySettings
from tests.asterisk.rendering import BY_ADDRESS
from tests.asterisk.running_asterisk import ASKED_FOR_AWAY, NoisyVoice, complaints, render_words, running
from tools.softphone.audio_analysis import find_prompt, find_tone, read_wav
from tools.softphone.call import Call
from tools.softphone.errors import SoftphoneError
from tools.softphone.g711 import Samples
from tools.softphone.phone import Manners, Softphone

pytestmark = pytest.mark.live

NUMBER = "78125550192"
CALLER = "79001112233"
SETTINGS = Settings(
    telephony=TelephonySettings(trunk=BY_ADDRESS, max_calls=4, lease_seconds=3),
    queue=QueueSettings(
        dispatchers=3,
        ring_seconds=5,
        wrap_up_seconds=0,
        callback_after_seconds=3,
        longest_wait_seconds=6,
        position_every_seconds=10,
    ),
)


@dataclass(frozen=True, slots=True)
class Centre:
    """The running Asterisk, as its callers and its dispatchers know it."""

    instance: Instance
    asterisk: Asterisk

    def prompt(self, name: str) -> Samples:
        return read_wav(self.instance.layout.sounds / "ru" / f"{name}.wav")

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.instance.ports.sip

    @asynccontextmanager
    async def dispatcher(self, place: int = 0, **manners: float) -> AsyncIterator[Softphone]:
        """A registered dispatcher's phone that Asterisk already counts as there."""
        device = self.instance.secrets.devices[place]
        phone = Softphone(self.address, user=device.name, password=device.password, manners=Manners(**manners))
        async with phone:
            await phone.register()
            await seen(lambda: device.name in self.asterisk.run_cli("pjsip show contacts"))
            yield phone

    @asynccontextmanager
    async def dispatcher_at_lunch(self) -> AsyncIterator[None]:
        """A dispatcher who is there and takes no calls: callers wait, and no ringing delays what they are told."""
        async with self.dispatcher() as phone:
            self.asterisk.run_cli(f"queue pause member PJSIP/{phone.user} queue dispatch")
            try:
                yield
            finally:
                self.asterisk.run_cli(f"queue unpause member PJSIP/{phone.user} queue dispatch")

    def mark(self) -> int:
        """Where the log of events ends now."""
        file = self.instance.layout.cel_file
        return file.stat().st_size if file.exists() else 0

    def events(self, since: int) -> list[CelEvent]:
        with self.instance.layout.cel_file.open(encoding="utf-8") as file:
            file.seek(since)
            return [event for line in file if (event := parse_cel_line(line)) is not None]

    async def story(self, since: int, *, caller: str = CALLER) -> list[tuple[str, str]]:
        """What the dialplan told of one caller's call that came after the mark and has ended: kind and argument."""
        ids = [event.call_id for event in self.events(since) if event.extra.get("extra") == f"{NUMBER}|{caller}"]
        await seen(lambda: any(one.kind == "LINKEDID_END" and one.call_id in ids for one in self.events(since)))
        told = [event for event in self.events(since) if event.kind.startswith("CC_") and event.call_id in ids]
        return [(event.kind, event.extra.get("extra", "")) for event in told if event.kind != "CC_RECORDING"]

    async def message_begins(self, call: Call, *, within: float) -> float:
        """Waits for the request and the tone after it, which the music before might resemble; when it was asked."""
        asked = await call.hear(self.prompt("callcenter/voicemail"), within=within)
        await call.hear(self.prompt("callcenter/beep"), within=10, since=asked.second)
        return asked.second

    async def notice_heard(self, call: Call) -> float:
        """Waits for the end of the notice; a second of the call just before it."""
        notice = self.prompt("callcenter/notice")
        return (await call.hear(notice, within=10)).second + len(notice) / 8000 - 0.1


async def seen(condition: Callable[[], bool]) -> None:
    """Waits for what Asterisk shows only when it is asked."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.02)


@pytest.fixture(scope="module")
def centre() -> Iterator[Centre]:
    with running(SETTINGS) as (instance, asterisk):
        asyncio.run(render_words(instance))
        asterisk.ensure_running()
        yield Centre(instance, asterisk)
        assert complaints(instance, expected=ASKED_FOR_AWAY) == []


@pytest.fixture
async def town(centre: Centre) -> AsyncIterator[Softphone]:
    """The provider: calls from its address, without any password."""
    async with Softphone(centre.address, user="provider", host="127.0.0.2") as phone:
        yield phone


CAME = [("CC_ARRIVED", f"{NUMBER}|{CALLER}"), ("CC_FALLBACK", "no controller"), ("CC_QUEUE_ENTER", "0|")]
"""How every call begins here."""


async def test_nobody_is_logged_in_and_a_message_is_taken(centre: Centre, town: Softphone) -> None:
    mark = centre.mark()
    call = await town.call(NUMBER, shown=CALLER)
    await centre.notice_heard(call)
    await centre.message_begins(call, within=10)
    await call.press("#")
    await call.hear(centre.prompt("callcenter/voicemail-taken"), within=10)
    await call.ended(within=10)
    assert call.ended_by == "them"
    assert await centre.story(mark) == [*CAME, ("CC_VOICEMAIL", "JOINEMPTY"), ("CC_VOICEMAIL_END", "")]


async def test_who_hangs_up_in_the_message_has_left_one(centre: Centre, town: Softphone) -> None:
    mark = centre.mark()
    call = await town.call(NUMBER, shown=CALLER)
    await centre.message_begins(call, within=10)
    await call.hang_up()
    assert await centre.story(mark) == [*CAME, ("CC_VOICEMAIL", "JOINEMPTY"), ("CC_VOICEMAIL_END", "")]


async def test_in_danger_the_emergency_numbers_come_before_the_message(centre: Centre, town: Softphone) -> None:
    call = await town.call(NUMBER)
    channel = centre.asterisk.run_cli("core show channels concise").partition("!")[0]
    centre.asterisk.run_cli(f"dialplan set chanvar {channel} CC_PRIORITY 10")
    danger = await call.hear(centre.prompt("callcenter/danger"), within=10)
    await call.hear(centre.prompt("callcenter/voicemail"), within=10, since=danger.second)
    await call.hang_up()


async def test_a_dispatcher_answers_and_both_sides_are_recorded_apart(centre: Centre, town: Softphone) -> None:
    mark = centre.mark()
    async with centre.dispatcher(answer_after=0.2, tone=440) as dispatcher:
        call = await town.call(NUMBER, shown=CALLER)
        call.tone(950)
        await call.hear_tone(440, within=6)
        await dispatcher.calls[0].hear_tone(950, within=10)
        await asyncio.sleep(0.5)  # half a second of conversation
        await dispatcher.calls[0].hang_up()
        await call.ended(within=10)
    assert dispatcher.calls[0].number == CALLER
    assert await centre.story(mark) == CAME
    (recording,) = [event.extra["extra"] for event in centre.events(mark) if event.kind == "CC_RECORDING"]
    sides = np.fromfile(centre.instance.layout.raw_recordings / recording, dtype="<i2").reshape(-1, 2)
    caller, ours = sides[:, 0].copy(), sides[:, 1].copy()
    assert find_prompt(ours, centre.prompt("callcenter/notice")) is not None
    assert find_tone(caller, 950, lasting=0.5)
    assert find_tone(ours, 440, lasting=0.5)
    assert not find_tone(ours, 950, lasting=0.2)


async def test_of_four_who_wait_each_may_choose(centre: Centre, town: Softphone) -> None:
    """One waits to the end, one asks to be called back, two withhold their number: one types it, one does not."""
    mark = centre.mark()
    async with centre.dispatcher_at_lunch(), asyncio.TaskGroup() as callers:
        callers.create_task(wait_to_the_end(centre, town))
        callers.create_task(ask_to_be_called_back(centre, town))
        callers.create_task(type_a_number(centre, town))
        callers.create_task(type_no_number(centre, town))
    assert await centre.story(mark) == [*CAME, ("CC_VOICEMAIL", "TIMEOUT"), ("CC_VOICEMAIL_END", "")]
    assert (await centre.story(mark, caller="79002222222"))[-1] == ("CC_CALLBACK", "79002222222")
    assert (await centre.story(mark, caller=""))[-1] == ("CC_CALLBACK", "89001234567")
    assert (await centre.story(mark, caller="anonymous"))[-2] == ("CC_VOICEMAIL", "no phone")


async def wait_to_the_end(centre: Centre, town: Softphone) -> None:
    call = await town.call(NUMBER, shown=CALLER)
    heard = await centre.notice_heard(call)
    asked = await centre.message_begins(call, within=9)
    assert -1 < asked - heard - SETTINGS.queue.longest_wait_seconds < 2  # app_queue counts whole seconds of the clock
    await call.hang_up()


async def ask_to_be_called_back(centre: Centre, town: Softphone) -> None:
    call = await town.call(NUMBER, shown="79002222222")
    offer = await call.hear(centre.prompt("callcenter/callback-offer"), within=9)
    await call.press("51")
    promise = await call.hear(centre.prompt("callcenter/callback-promise"), within=10, since=offer.second)
    await call.hear(centre.prompt("digits/9"), within=3, since=promise.second)
    await call.hear(centre.prompt("callcenter/thanks"), within=5, since=promise.second)
    await call.ended(within=1)


async def type_a_number(centre: Centre, town: Softphone) -> None:
    """The provider's network knows the number and says so; withheld is withheld."""
    call = await town.call(NUMBER, anonymous=True, asserted="+79005556677")
    await call.hear(centre.prompt("callcenter/callback-offer"), within=8)
    await call.press("1")
    await call.hear(centre.prompt("callcenter/callback-phone"), within=10)
    await call.press("89001234567")
    await call.hear(centre.prompt("callcenter/callback-promise"), within=10)
    await call.hang_up()


async def type_no_number(centre: Centre, town: Softphone) -> None:
    call = await town.call(NUMBER, anonymous=True)
    await call.hear(centre.prompt("callcenter/callback-offer"), within=8)
    await call.press("1")
    asked = await call.hear(centre.prompt("callcenter/callback-phone"), within=10)
    await call.press("#")
    await call.hear(centre.prompt("callcenter/callback-phone"), within=10, since=asked.second + 0.2)
    await call.press("12#")
    await centre.message_begins(call, within=10)
    await call.hang_up()


async def test_a_key_before_the_offer_does_nothing_and_when_the_last_dispatcher_leaves_a_message_is_taken(
    centre: Centre, town: Softphone
) -> None:
    mark = centre.mark()
    async with centre.dispatcher() as dispatcher:
        call = await town.call(NUMBER, shown=CALLER)
        await dispatcher.next_call(within=6)
        await call.press("1")  # a late answer to the robot
        await call.press("5")
    await centre.message_begins(call, within=6)
    await call.hang_up()
    assert await centre.story(mark) == [*CAME, ("CC_VOICEMAIL", "LEAVEEMPTY"), ("CC_VOICEMAIL_END", "")]


async def test_who_waits_is_told_the_place_and_who_finds_all_lines_busy_is_told_so(
    centre: Centre, town: Softphone
) -> None:
    mark, waiting = centre.mark(), "79002222222"
    async with centre.dispatcher_at_lunch():
        first = await town.call(NUMBER, shown=waiting)
        await first.hear(centre.prompt("queue-youarenext"), within=10)
        second = await town.call(NUMBER, shown=waiting)
        place = await second.hear(centre.prompt("queue-thereare"), within=10)
        await second.hear(centre.prompt("digits/2"), within=10, since=place.second)
        await second.hear(centre.prompt("queue-callswaiting"), within=10, since=place.second)
        others = [await town.call(NUMBER, shown=waiting) for _ in range(2)]
        fifth = await town.call(NUMBER, shown=CALLER)
        await fifth.hear(centre.prompt("callcenter/overflow"), within=10)
        await fifth.ended(within=10)
        for call in (first, second, *others):
            await call.hang_up()
    assert await centre.story(mark) == [CAME[0], ("CC_OVERFLOW", "")]


async def test_a_frozen_controller_keeps_nobody(centre: Centre, town: Softphone) -> None:
    """A controller that takes calls and then does nothing, not even read: the lease ends, the queue has the call."""
    mark = centre.mark()
    secret = centre.instance.secrets.ari_password
    where = f"127.0.0.1:{centre.instance.ports.asterisk_http}/ari/events?app=callcenter&api_key=callcenter:{secret}"
    async with connect(f"ws://{where}"):
        call = await town.call(NUMBER, shown=CALLER)
        notice = await call.hear(centre.prompt("callcenter/notice"), within=5)
        assert notice.second == pytest.approx(0.3 + SETTINGS.telephony.lease_seconds, abs=0.7)
        await call.hang_up()
    assert (await centre.story(mark))[:3] == [CAME[0], ("CC_LEASE_END", ""), ("CC_FALLBACK", "lease")]


async def test_a_person_of_the_centre_records_a_text_by_telephone(centre: Centre) -> None:
    layout = centre.instance.layout
    (layout.sounds / "ru" / "studio").mkdir()
    await NoisyVoice().render("Текст семь.", layout.sounds / "ru" / "studio" / "7.wav")
    async with centre.dispatcher() as phone:
        call = await phone.call("300")

        async def hear(name: str, *, since: float = 0.0) -> float:
            """A hitch may be in it: what is judged here is the way, and no two sounds are alike."""
            return (await call.hear(centre.prompt(name), within=5, since=since, at_least=0.6)).second

        code = await hear("callcenter/studio-code")
        await call.press(centre.instance.secrets.studio_code)
        number = await hear("callcenter/studio-number", since=code)
        await call.press("7#")
        asked = await hear("callcenter/studio-record", since=await hear("studio/7", since=number))
        beep = await hear("callcenter/beep", since=asked)
        call.tone(700)
        await asyncio.sleep(1.0)  # a second of speech
        call.quiet()
        await call.press("#")
        played = await call.hear_tone(700, within=5, since=beep + 0.5)
        await hear("callcenter/studio-keys", since=played.begin)
        assert list(layout.studio_takes.glob("*.ok.wav")) == []
        await call.press("1")
        await hear("callcenter/studio-kept", since=played.begin)
        await call.hang_up()
        (take,) = [file for file in layout.studio_takes.glob("7-*.wav") if not file.name.endswith(".ok.wav")]
        assert take.with_name(f"{take.stem}.ok.wav").exists()
        assert find_tone(read_wav(take), 700, lasting=0.3)
        wrong = await phone.call("300")
        await wrong.hear(centre.prompt("callcenter/studio-code"), within=5, at_least=0.6)
        await wrong.press("000000")
        await wrong.ended(within=10)


@pytest.mark.parametrize(
    "dialled", ["+78125550192", "112", "s", "user_7812", "u-1", "a;b=c", "1&PJSIP%2Ftrunk", "internal"]
)
async def test_whatever_the_town_dials_is_the_centre(centre: Centre, town: Softphone, dialled: str) -> None:
    mark = centre.mark()
    call = await town.call(dialled)
    await call.hang_up()
    told = [event.extra["extra"] for event in centre.events(mark) if event.kind == "CC_ARRIVED"]
    assert [re.fullmatch(r"[0-9a-zA-Z+]+\|provider", words) is not None for words in told] == [True]


@pytest.mark.parametrize("dialled", ["h", "T", "*21%23", "_X.", ".."])
async def test_what_means_something_to_asterisk_opens_nothing(town: Softphone, dialled: str) -> None:
    with pytest.raises(SoftphoneError, match=r"404|484"):
        await town.call(dialled)


async def test_a_stranger_learns_nothing(centre: Centre) -> None:
    """Neither a made-up name nor a real one nor the trunk's is answered anything but a challenge, whatever it dials."""
    replies = set()
    for name in ("anybody", "trunk", centre.instance.secrets.devices[0].name):
        async with Softphone(centre.address, user=name) as stranger:
            with pytest.raises(SoftphoneError) as refused:
                await stranger.call("112")
            replies.add(re.sub(r"^.*?SIP: ", "", str(refused.value)).split("<- ")[1])
    assert replies == {"401 Unauthorized"}
