"""The scene of a caller who speaks: heard, understood and written down by the running centre's own ear."""

import asyncio
import tempfile
from pathlib import Path

from callcenter.calls.models import Speaker
from callcenter.calls.transcripts import read_transcript
from callcenter.demo.account import Account
from callcenter.demo.stage import DemoFailed, Stage
from callcenter.demo.subjects import subjects
from callcenter.demo.way import play_keys
from callcenter.softphone import ears
from callcenter.softphone.call import Call
from callcenter.softphone.ears import read_wav
from callcenter.softphone.g711 import RATE, Samples
from callcenter.speech.voices import voice_of
from callcenter.tickets.models import Ticket
from callcenter.tickets.views import ticket_of_call

UNHEARD = "пропущена: модель речи не задана ([ear] в callcenter.toml), звонящих не слышно; см. docs/hearing.md"
_QUIET = -50.0
"""dB below full scale: a line between two prompts."""
_PAUSE = 0.9
"""Seconds of quiet after which the robot is taken to wait for an answer."""
_PATIENCE = 25.0
_QUESTIONS = 7
"""So many of the robot's questions are answered; then a person would have given up."""


async def tell_aloud(stage: Stage, account: Account) -> None:
    """A problem told in one breath, confirmations by voice, a registered ticket of the right category."""
    if not stage.instance.settings.callers_are_heard:
        account.skip(UNHEARD)
        return
    problem, yes = await _speak(stage, subjects().spoken, subjects().spoken_yes)
    greeting = play_keys(stage.edition, "").turns[0].says[0].text
    call = await stage.dial(account)
    since = await stage.hear(call, greeting, account, since=0.0)
    since = await _question(call, after=since + len(stage.book.of(greeting)) / RATE)
    since = await _say(call, problem, account, f"«{subjects().spoken}»")
    row = await stage.find_row(call, account)
    ticket = None
    for _ in range(_QUESTIONS):
        since = await _question(call, after=since)
        ticket = await _registered(stage, row.id)
        if ticket is not None or call.is_over:
            break
        since = await _say(call, yes, account, f"«{subjects().spoken_yes}»")
    await _tell_heard(stage, row.id, account)
    ticket = ticket or await _registered(stage, row.id)
    if ticket is None:
        raise DemoFailed(f"заявка не зарегистрирована: робот не понял сказанного; {call.describe()}")
    account.ticket = str(ticket.number)
    account.note(f"заявка {ticket.number}: {ticket.category}, {ticket.address or 'без адреса'}")
    if ticket.category not in subjects().spoken_categories:
        raise DemoFailed(f"заявка {ticket.number} записана как {ticket.category}, а сообщали о прорванной трубе")
    if not call.is_over:
        await call.hang_up()
        account.note("житель положил трубку")
    await stage.recording(row.id, account)


async def _speak(stage: Stage, *texts: str) -> list[Samples]:
    """The caller's lines in the centre's own voice: there is no other on this machine for certain."""
    voice = voice_of(stage.instance.settings)
    spoken = []
    try:
        with tempfile.TemporaryDirectory(prefix="callcenter-demo-") as directory:
            for number, text in enumerate(texts):
                file = Path(directory) / f"{number}.wav"
                await voice.render(text, file)
                spoken.append(read_wav(file))
    finally:
        await voice.close()
    return spoken


async def _say(call: Call, sound: Samples, account: Account, words: str) -> float:
    """Says it and waits for the end; the second at which it ended."""
    if call.is_over:
        return call.second()
    call.say(sound)
    account.note(f"житель говорит: {words}")
    await asyncio.sleep(len(sound) / RATE)
    return call.second()


async def _question(call: Call, *, after: float) -> float:
    """Waits until the robot has spoken after that second and waits itself, or the call is over; the second of it."""
    async with asyncio.timeout(_PATIENCE):
        while not call.is_over:
            heard = call.heard[int(after * RATE) :]
            spoken = ears.level(heard[: -int(_PAUSE * RATE)]) > _QUIET if len(heard) > _PAUSE * RATE else False
            if spoken and ears.level(heard[-int(_PAUSE * RATE) :]) < _QUIET:
                break
            await asyncio.sleep(0.1)
    return call.second()


async def _registered(stage: Stage, call_id: str) -> Ticket | None:
    async with stage.database.begin() as session:
        ticket = await ticket_of_call(session, call_id)
    return ticket if ticket is not None and ticket.number is not None else None


async def _tell_heard(stage: Stage, call_id: str, account: Account) -> None:
    async with stage.database.begin() as session:
        rows = await read_transcript(session, call_id)
    for row in rows:
        if row.speaker is Speaker.CALLER and row.text:
            account.note(f"услышано: «{row.text}»")
