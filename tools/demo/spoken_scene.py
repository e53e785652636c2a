"""The scene of a caller who speaks: the running centre recognizes the speech and registers a ticket."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from callcenter.calls.models import Speaker
from callcenter.calls.transcripts import read_transcript
from callcenter.calls.views import call_record
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.speech.voices import configured_voice
from callcenter.tickets.models import Ticket
from callcenter.tickets.views import ticket_of_call
from callcenter.wording.stress import hide_stress
from tools.demo.prompt_samples import read_recording
from tools.demo.stage import DemoFailed, Stage
from tools.demo.subjects import subjects
from tools.demo.trace import Account
from tools.softphone.audio_analysis import read_wav
from tools.softphone.call import Call
from tools.softphone.g711 import RATE, Samples

UNHEARD = "пропущена: модель речи не задана ([ear] в callcenter.toml), звонящих не слышно; см. docs/hearing.md"
_END_OF_TURN_SECONDS = 1.0
"""Seconds after a prompt without a new one until the robot counts as waiting for an answer."""
_QUESTION_TIMEOUT = 25.0
"""Seconds to wait for the robot's next prompt."""
_MAX_QUESTIONS = 7
"""Number of the robot's questions that the caller answers before the scene gives up."""
_POLL_SECONDS = 0.2


async def tell_aloud(environment: Stage, report: Account) -> None:
    """The caller reports a problem in one utterance and confirms the address by voice when it is read back correctly.

    The ticket must have the right category and address. Every prompt in the call record must be heard.
    """
    if not environment.instance.settings.callers_are_heard:
        report.mark_skipped(UNHEARD)
        return
    problem, yes = await _render_utterances(environment, subjects().spoken, subjects().spoken_yes)
    call = await environment.dial(report)
    row = await environment.find_call_row(call, report)
    ear = _RobotListener(environment, call, row.id, report)
    ticket = None
    for _ in range(_MAX_QUESTIONS):
        question = await ear.next_question()
        ticket = await _find_registered_ticket(environment, row.id)
        if ticket is not None or call.is_over:
            break
        if subjects().spoken_address in question:
            await _play_utterance(call, yes, report, subjects().spoken_yes)
        else:
            await _play_utterance(call, problem, report, subjects().spoken)
    await _report_transcript(environment, row.id, report)
    if ticket is None:
        raise DemoFailed(f"заявка не зарегистрирована: робот не понял сказанного; {call.describe()}")
    report.ticket = str(ticket.number)
    report.add_step(f"заявка {ticket.number}: {ticket.category}, {ticket.address or 'без адреса'}")
    if ticket.category not in subjects().spoken_categories:
        raise DemoFailed(f"заявка {ticket.number} записана как {ticket.category}, а сообщали о прорванной трубе")
    if ticket.address != subjects().spoken_address:
        raise DemoFailed(f"заявка {ticket.number} записана на «{ticket.address}», назван {subjects().spoken_address}")
    if not call.is_over:
        await call.hang_up()
        report.add_step("житель положил трубку")
    _, told = read_recording(await environment.wait_for_recording(row.id, report))
    report.recording_seconds = len(told) / RATE


async def _render_utterances(environment: Stage, *texts: str) -> list[Samples]:
    """Renders the caller's lines with the centre's voice, the only one certain to be installed."""
    voice = configured_voice(environment.instance.settings)
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


async def _play_utterance(call: Call, sound: Samples, report: Account, words: str) -> None:
    """Sends the utterance and waits for its end."""
    call.say(sound)
    report.add_step(f"житель говорит: «{words}»")
    await asyncio.sleep(len(sound) / RATE)


class _RobotListener:
    """Waits for the robot's prompts: reads their texts from the call record, and finds them in the received audio."""

    def __init__(self, environment: Stage, call: Call, call_id: str, report: Account) -> None:
        self._stage = environment
        self._call = call
        self._call_id = call_id
        self._account = report
        self._known = {hide_stress(text): text for text in environment.edition.prompts}
        self._heard = 0
        self._since = 0.0

    async def next_question(self) -> str:
        """Returns the last prompt when the robot waits for an answer; every new prompt must be heard to its end.

        Empty when no prompt comes or the call is over, and as soon as the ticket is registered. Raises NotHeard.
        """
        clock = asyncio.get_running_loop().time
        last, give_up = "", clock() + _QUESTION_TIMEOUT
        while not self._call.is_over and clock() < give_up:
            if await _find_registered_ticket(self._stage, self._call_id) is not None:
                return ""
            texts = await self._find_texts()
            if len(texts) > self._heard:
                self._heard, last = len(texts), texts[-1]
                text = self._known.get(last, last)
                begun = await self._stage.wait_for_prompt(self._call, text, self._account, since=self._since)
                self._since = begun + len(self._stage.prompt_sounds.load_prompt(text)) / RATE
                give_up = clock() + _END_OF_TURN_SECONDS
            await asyncio.sleep(_POLL_SECONDS)
        return last

    async def _find_texts(self) -> Sequence[str]:
        async with self._stage.database.begin() as session:
            record = await call_record(session, DEFAULT_COMPANY_ID, self._call_id)
        events = () if record is None else record.events
        return [str(event.facts["text"]) for event in events if event.kind == "said"]


async def _find_registered_ticket(environment: Stage, call_id: str) -> Ticket | None:
    async with environment.database.begin() as session:
        ticket = await ticket_of_call(session, call_id)
    return ticket if ticket is not None and ticket.number is not None else None


async def _report_transcript(environment: Stage, call_id: str, report: Account) -> None:
    async with environment.database.begin() as session:
        rows = await read_transcript(session, call_id)
    for row in rows:
        if row.speaker is Speaker.CALLER and row.text:
            report.add_step(f"услышано: «{row.text}»")
