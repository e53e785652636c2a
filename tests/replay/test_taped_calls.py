"""Whatever happens in a call: its tape plays the same call, without Asterisk, database, voice or time."""

import asyncio
from pathlib import Path

from callcenter.core.clock import SystemClock
from callcenter.dialogue.engine.conversation import Conversation
from callcenter.journal.editions import StoredEdition
from callcenter.journal.tape import BrokenTape, TapeLine, TapeSource, read_tape
from callcenter.journal.tape_recorder import TapeRecorder
from callcenter.replay.replay import replay, replay_lines
from tests.replay.conftest import SMALL
from tests.stand_ins.ari import PASSWORD, StandInAsterisk
from tests.stand_ins.centre import SPOKEN_FILE, Caller, read_spoken_script, run_centre
from tests.stand_ins.ear import PaperEar
from tests.stand_ins.relay import run_relay


def tape_of(spool: Path, caller: Caller) -> Path:
    return spool / f"{caller.call_id}.tape.jsonl"


async def told(file: Path) -> list[str]:
    """The story without its seconds, once it is sure that the tape plays the same."""
    played = await asyncio.to_thread(replay, file)
    assert [str(difference) for difference in played.differences] == []
    return [line[8:] for line in played.transcript]


async def test_a_ticket_by_keys(asterisk: StandInAsterisk, recorder: TapeRecorder, spool: Path) -> None:
    async with run_centre(asterisk, tape=recorder) as centre:
        caller = centre.call()
        await caller.hears("Авария: нажмите один")
        caller.presses("7")
        await caller.hears("Такой кнопки нет")
        caller.presses("1")
        await caller.is_in("goodbye")
        await centre.lets_go_of(caller)
    recorder.close()
    assert await told(tape_of(spool, caller)) == [
        "робот: Здравствуйте, разговор записывается.",
        "робот: Авария: нажмите один. Часы работы: нажмите два. Заявка: нажмите три. Газ: нажмите девять.",
        "житель нажал 7",
        "робот: Такой кнопки нет.",
        "житель нажал 1",
        "робот: [проверить номер звонящего] известен",
        "робот: [зарегистрировать заявку] без адреса",
        "робот: Ваша заявка два шесть, ноль ноль ноль, ноль ноль один, срок " + told_term(tape_of(spool, caller)),
        "робот: До свидания.",
        "робот кладёт трубку",
    ]


def told_term(file: Path) -> str:
    (line,) = [line for line in read_tape(file) if line.content.get("action") == "зарегистрировать заявку"]
    return str(line.content["facts"]["срок"]) + "."


async def test_silence_a_late_reply_and_a_database_that_is_away(
    asterisk: StandInAsterisk, recorder: TapeRecorder, spool: Path
) -> None:
    asterisk.late_once["play"] = 0.2  # the end of the sound overtakes the reply
    async with run_centre(asterisk, tape=recorder, listen_seconds=0.1) as centre:
        centre.register.away = True
        caller = centre.call()
        await caller.hears("Нажмите кнопку")
        caller.presses("1")
        await caller.is_in("goodbye")
        await centre.lets_go_of(caller)
    recorder.close()
    story = await told(tape_of(spool, caller))
    assert "житель молчит" in story
    assert "робот: [зарегистрировать заявку] нет базы" in story


async def test_a_hang_up_a_failed_voice_and_an_action_that_hangs(
    asterisk: StandInAsterisk, recorder: TapeRecorder, spool: Path
) -> None:
    asterisk.sound_lengths["sound:prompts/Здравствуйте, разговор записывается."] = 0.3
    async with run_centre(asterisk, tape=recorder, patience=0.3) as centre:
        centre.prompts.unspeakable.add("Паспортный стол открыт до пяти.")
        leaving, unheard, waiting = centre.call(), centre.call(), centre.call()
        await leaving.hears("разговор записывается")
        leaving.hangs_up()
        unheard.presses("2")
        await unheard.is_in("fallback")
        centre.register.frozen = asyncio.Event()
        waiting.presses("1")
        await waiting.is_in("fallback")
        centre.register.frozen.set()
        for caller in (leaving, unheard, waiting):
            await centre.lets_go_of(caller)
    recorder.close()
    assert "житель положил трубку" in await told(tape_of(spool, leaving))
    assert "робот сбился: VoiceBroke: The voice cannot speak." in await told(tape_of(spool, unheard))
    assert any("TimeoutError" in line for line in await told(tape_of(spool, waiting)))


async def test_a_connection_that_breaks_in_the_call(
    asterisk: StandInAsterisk, recorder: TapeRecorder, spool: Path
) -> None:
    async with (
        run_relay(asterisk.port) as cable,
        run_centre(asterisk, address=f"http://127.0.0.1:{cable.port}", tape=recorder) as centre,
    ):
        caller = centre.call()
        await caller.hears("Авария: нажмите один")
        await caller.hears_nothing()
        cable.cut()
        await asyncio.sleep(0.3)
        cable.mend()
        await caller.hears("Авария: нажмите один", within=8)
        caller.presses("0")
        await caller.is_in("to-queue")
        await centre.lets_go_of(caller)
    recorder.close()
    assert "робот передаёт звонок диспетчерам: просит человека" in await told(tape_of(spool, caller))


async def test_a_controller_that_dies_and_its_heir(asterisk: StandInAsterisk, spool: Path) -> None:
    """What the first one wrote is still there; the second writes on."""
    first = TapeRecorder(spool, clock=SystemClock(), get_edition=lambda: SMALL, lease_seconds=6)
    async with run_centre(asterisk, tape=first) as centre:
        caller = centre.call()
        await caller.hears("Авария: нажмите один")
        caller.presses("3")
        await caller.hears("Наберите номер заявки")
        await caller.hears_nothing()
    first.close()
    heir = TapeRecorder(spool, clock=SystemClock(), get_edition=lambda: SMALL, lease_seconds=6)
    async with run_centre(asterisk, tape=heir):
        await caller.is_in("fallback")
    heir.close()
    story = await told(tape_of(spool, caller))
    assert story[-3:] == [
        "робот: Наберите номер заявки.",
        "(робот запущен заново)",
        "робот отпускает звонок: дальше ведёт станция",
    ]


async def test_the_lease_ends_while_the_controller_waits(
    asterisk: StandInAsterisk, recorder: TapeRecorder, spool: Path
) -> None:
    asterisk.lease_seconds = 0.6
    asterisk.sound_seconds = 5.0
    async with run_centre(asterisk, tape=recorder, lease_seconds=3) as centre:
        caller = centre.call()
        await caller.is_in("lease ended")
        await centre.lets_go_of(caller)
    recorder.close()
    assert await told(tape_of(spool, caller)) == ["робот: Здравствуйте, разговор записывается."]


async def test_the_lease_ends_while_an_action_is_slow(
    asterisk: StandInAsterisk, recorder: TapeRecorder, spool: Path
) -> None:
    """The turn that brought the outcome found the lease lost: what the outcome asks for was never done."""
    asterisk.lease_seconds = 0.8
    async with run_centre(asterisk, tape=recorder) as centre:
        centre.register.frozen = asyncio.Event()
        caller = centre.call()
        caller.presses("1")
        await caller.is_in("lease ended")
        centre.register.frozen.set()
        await centre.lets_go_of(caller)
    recorder.close()
    assert (await told(tape_of(spool, caller)))[-1] == "робот: [зарегистрировать заявку] без адреса"


async def test_a_tape_holds_one_call_and_no_secrets_and_only_its_owner_reads_it(
    asterisk: StandInAsterisk, recorder: TapeRecorder, spool: Path
) -> None:
    async with run_centre(asterisk, tape=recorder) as centre:
        one, other = centre.call("79001112233"), centre.call("79001112244")
        for caller in (one, other):
            await caller.hears("Авария: нажмите один")
            caller.presses("0")
            await caller.is_in("to-queue")
            await centre.lets_go_of(caller)
    recorder.close()
    text = tape_of(spool, one).read_text(encoding="utf-8")
    assert "79001112233" in text
    assert other.call_id not in text
    assert "79001112244" not in text
    assert PASSWORD not in text
    assert "Basic " not in text
    assert tape_of(spool, one).stat().st_mode & 0o777 == 0o600
    assert recorder.dropped == 0


async def test_no_line_that_the_talk_depends_on_can_be_missing_unseen(
    asterisk: StandInAsterisk, recorder: TapeRecorder, spool: Path
) -> None:
    async with run_centre(asterisk, tape=recorder) as centre:
        caller = centre.call()
        await caller.hears("Авария: нажмите один")
        caller.presses("1")
        await caller.is_in("goodbye")
        await centre.lets_go_of(caller)
        await caller.waits_until(lambda: "StasisEnd" in tape_of(spool, caller).read_text(), 10.0, "no end on the tape")
    recorder.close()
    lines = read_tape(tape_of(spool, caller))
    unseen = [line for line in lines if not await asyncio.to_thread(is_missed, line, lines, spool)]
    last_reply = [line for line in lines if line.source is TapeSource.REPLY][-1]
    replies = [line for line in unseen if line.source is TapeSource.REPLY]
    assert replies in ([], [last_reply])  # it may come when the talk is over: then nobody waits for it
    assert [name(line) for line in unseen if line.source is not TapeSource.REPLY] == [
        "PlaybackFinished",  # of a sound that was stopped: nobody waits for its end
        "address_wanted",  # an action's own note: it shows in the record
        "StasisEnd",  # of a channel that was handed over
    ]


def name(line: TapeLine) -> str:
    return str(line.content["event"]["type"] if "event" in line.content else line.content["kind"])


def is_missed(line: TapeLine, lines: list[TapeLine], spool: Path) -> bool:
    """Whether the replay tells that a line is not there."""
    try:
        played = replay_lines([other for other in lines if other is not line], directory=spool)
    except BrokenTape:
        return True
    return bool(played.differences)


async def test_a_disk_that_takes_nothing_costs_lines_and_no_call(asterisk: StandInAsterisk) -> None:
    nowhere = Path("/dev/null/tapes")
    recorder = TapeRecorder(nowhere, clock=SystemClock(), get_edition=lambda: SMALL, lease_seconds=6)
    async with run_centre(asterisk, tape=recorder) as centre:
        caller = centre.call()
        await caller.hears("Авария: нажмите один")
        caller.presses("0")
        await caller.is_in("to-queue")
    recorder.close()
    assert recorder.dropped > 0


async def test_a_caller_who_speaks_until_the_ear_is_lost(asterisk: StandInAsterisk, spool: Path) -> None:
    kept = StoredEdition("spoken", SPOKEN_FILE.read_text(encoding="utf-8"), (), ("GAS_SMELL",), {})
    recorder = TapeRecorder(spool, clock=SystemClock(), get_edition=lambda: kept, lease_seconds=6)
    ear, script = PaperEar(), read_spoken_script()
    asterisk.sound_lengths["sound:prompts/Скажите, что случилось."] = 5
    async with run_centre(asterisk, tape=recorder, ear=ear, begin_talk=lambda: Conversation(script, {}, {})) as centre:
        caller = centre.call()
        await caller.hears("Скажите")
        voice = ear.hearings[caller.call_id]
        voice.begins()
        voice.guesses("у нас")
        voice.says("у нас прорвало")
        await caller.hears("да или нет")
        voice.is_lost()
        await caller.hears("Точно: нажмите один")
        caller.presses("1")
        await caller.is_in("to-queue")
        await centre.lets_go_of(caller)
    recorder.close()
    assert await told(tape_of(spool, caller)) == [
        "робот: Разговор записывается.",
        "робот: Скажите, что случилось.",
        "житель: у нас прорвало",
        "робот: Течёт, да или нет? Ответьте голосом.",
        "робот: Точно: нажмите один. Нет: нажмите два.",
        "житель нажал 1",
        "робот: Соединяю.",
        "робот передаёт звонок диспетчерам: течёт",
    ]
