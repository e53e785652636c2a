"""The small stand-ins: the cable, the notes, the prompts, the register, the caller."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from callcenter.alarms.models import AlarmKind
from callcenter.core.errors import DatabaseUnavailable
from callcenter.journal.notes import Note
from callcenter.tickets.new_ticket import NewTicket
from tests.stand_ins.ari import run_asterisk
from tests.stand_ins.centre import Caller, read_small_script
from tests.stand_ins.clock import MORNING
from tests.stand_ins.notes import KeptNotes
from tests.stand_ins.prompts import ReadablePrompts, VoiceBroke
from tests.stand_ins.register import KeptAlarms, PaperRegister
from tests.stand_ins.relay import Relay, run_relay


@asynccontextmanager
async def echo_behind_a_cable() -> AsyncIterator[Relay]:
    echoes = []

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        echo_task = asyncio.current_task()
        assert echo_task is not None
        echoes.append(echo_task)
        with contextlib.suppress(OSError):
            while chunk := await reader.read(100):
                writer.write(chunk)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server:
        async with run_relay(server.sockets[0].getsockname()[1]) as cable:
            yield cable
        await asyncio.wait_for(asyncio.gather(*echoes), 1)


async def test_a_frozen_cable_keeps_what_was_sent_until_it_thaws() -> None:
    async with echo_behind_a_cable() as cable:
        reader, writer = await asyncio.open_connection("127.0.0.1", cable.port)
        writer.write(b"before")
        assert await reader.readexactly(6) == b"before"
        cable.freeze()
        writer.write(b"frozen")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(reading := asyncio.ensure_future(reader.readexactly(6))), 0.1)
        cable.thaw()
        assert await asyncio.wait_for(reading, 1) == b"frozen"
        writer.close()


async def test_a_cut_cable_breaks_what_is_open_and_refuses_until_it_is_mended() -> None:
    async with echo_behind_a_cable() as cable:
        reader, writer = await asyncio.open_connection("127.0.0.1", cable.port)
        writer.write(b"a")
        await reader.readexactly(1)
        cable.cut()
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(reader.readexactly(1), 1)
        refused, unused = await asyncio.open_connection("127.0.0.1", cable.port)
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(refused.readexactly(1), 1)
        for end in (writer, unused):
            end.close()
        cable.mend()
        mended, sending = await asyncio.open_connection("127.0.0.1", cable.port)
        sending.write(b"b")
        assert await asyncio.wait_for(mended.readexactly(1), 1) == b"b"
        sending.close()


def test_notes_are_kept_in_order_and_by_call() -> None:
    notes = KeptNotes()
    for number, (call_id, kind) in enumerate([("a", "arrived"), ("b", "arrived"), ("a", "key")]):
        notes.write(Note(str(number), call_id, MORNING, kind, {"n": number}))
    assert notes.kinds("a") == ["arrived", "key"]
    assert notes.facts("a", "key") == [{"n": 2}]


async def test_prompts_are_named_by_their_text_and_break_when_told() -> None:
    prompts = ReadablePrompts()
    await prompts.prepare(["раз"])
    assert (await prompts.get_sound_path("раз"), prompts.prepared) == ("prompts/раз", ["раз"])
    prompts.unspeakable.add("два")
    for attempt in (prompts.get_sound_path("два"), prompts.prepare(["два"])):
        with pytest.raises(VoiceBroke):
            await attempt


async def test_the_register_gives_one_number_a_call_and_none_while_it_is_away() -> None:
    register = PaperRegister()

    async def report(call_id: str) -> str:
        return (await register.register(NewTicket(call_id, "C", MORNING))).number

    assert [await report("a"), await report("b"), await report("a")] == ["26-000001", "26-000002", "26-000001"]
    assert await register.find_by_digits("26000002", dialled="") == ("registered", None)
    assert await register.find_by_digits("26000003", dialled="") is None
    register.away = True
    with pytest.raises(DatabaseUnavailable):
        await report("c")


async def test_a_frozen_register_does_not_even_notice_being_cancelled() -> None:
    register = PaperRegister()
    register.frozen = asyncio.Event()
    asking = asyncio.create_task(register.find_by_digits("26000001", dialled=""))
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait({asking}, timeout=0.1)
    assert not asking.done()
    register.frozen.set()
    await asking


async def test_alarms_stand_once_until_they_are_cleared() -> None:
    alarms = KeptAlarms()
    for message in ("первая", "вторая"):
        await alarms.raise_alarm(AlarmKind.SCRIPT, "main", message)
    assert alarms.standing == {(AlarmKind.SCRIPT, "main"): "первая"}
    await alarms.clear_alarm(AlarmKind.SCRIPT, "main")
    assert not alarms.standing


async def test_a_caller_who_waits_in_vain_tells_what_was_heard_instead() -> None:
    async with run_asterisk() as asterisk:
        caller = Caller(asterisk, asterisk.arrive())
        with pytest.raises(AssertionError, match=r"never heard «привет»; heard \[\], now in application"):
            await caller.hears("привет", within=0.02)


def test_the_small_script_may_wait_less_than_it_says() -> None:
    step = read_small_script(listen_seconds=0.5).steps["меню"]
    assert getattr(step, "timeout_seconds", None) == 0.5
    assert getattr(read_small_script().steps["меню"], "timeout_seconds", None) == 3
