"""The scenes of the demo. Each scene is a call; it raises an exception when an expected event does not happen.

A scene checks what the caller's softphone hears and the SIP messages. The centre's database is read only to find the
ticket and the recording of the call, and to compare them: the spoken ticket number must be the stored one, and each
tone must be in its channel of the recording.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from callcenter.conducting.action_specs import CATEGORY, REGISTER_TICKET, TERM, TICKET_NUMBER
from callcenter.dialogue.engine.commands import Do, Hangup, Say, ToQueue
from callcenter.wording.spoken import spoken_ticket_number
from tools.demo.prompt_samples import read_recording
from tools.demo.script_path import find_way, play_keys, play_silence
from tools.demo.spoken_scene import tell_aloud
from tools.demo.stage import CALLER_TONE, DemoFailed, Stage
from tools.demo.subjects import subjects
from tools.demo.trace import Account
from tools.softphone.audio_analysis import find_tone, find_whole
from tools.softphone.call import Call
from tools.softphone.g711 import RATE

LEFT = "левый канал (житель)"
RIGHT = "правый канал (центр)"
MID_PROMPT = 2.4
"""Seconds of greeting before the caller hangs up; enough to distinguish the greeting from the dialplan's texts."""
THIS_VERY_TEXT = 0.98
"""Minimum score for the spoken ticket number; a number that differs in one digit scores 0.9 and more."""
_TIMING_TOLERANCE = 0.6
"""Seconds by which times of the call and of its recording may differ, after correction for the time to the answer."""
_ANSWER_TIMEOUT = 40.0
"""Seconds in which a dispatcher must answer."""

Play = Callable[[Stage, Account], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Scene:
    letter: str
    title: str
    play: Play


async def ask_passport_hours(environment: Stage, report: Account) -> None:
    """Keys lead to an answer, which is played to its end, then to the goodbye; the centre hangs up."""
    answer = environment.edition.answers.get(subjects().article)
    if answer is None:
        raise DemoFailed(f"на вопрос {subjects().article} нет ответа, который можно произнести: callcenter check")
    there = find_way(environment.edition, lambda command: isinstance(command, Say) and command.text == answer)
    whole = find_way(environment.edition, lambda command: isinstance(command, Hangup), begin=there.keys)
    call = await environment.dial(report)
    await environment.follow_turns(call, whole.turns, report, since=0.0)
    await call.ended(within=5)
    if call.ended_by != "them":
        raise DemoFailed(f"после прощания центр не положил трубку: {call.describe()}")
    report.add_step("центр положил трубку")
    await _check_recording(environment, call, report, prompts=(answer,))


async def report_burst_pipe(environment: Stage, report: Account) -> None:
    """Keys lead to a registered ticket; the spoken ticket number equals the stored one."""
    category = subjects().category

    def registers(command: object) -> bool:
        return (
            isinstance(command, Do)
            and command.action == REGISTER_TICKET
            and command.arguments.get(CATEGORY) == category
        )

    keys = find_way(environment.edition, registers).keys
    before = play_keys(environment.edition, keys[:-1])
    call = await environment.dial(report)
    since = await environment.follow_turns(call, before.turns, report, since=0.0)
    await call.press(keys[-1])
    report.add_step(f"житель нажал {keys[-1]}")
    row = await environment.find_call_row(call, report)
    ticket = await environment.wait_for_ticket(row.id)
    report.ticket = str(ticket.number)
    told = spoken_ticket_number(report.ticket)
    after = play_keys(
        environment.edition, keys, facts={TICKET_NUMBER: told, TERM: await environment.say_deadline(ticket)}
    )
    says = next(say for say in after.turns[-1].prompts if told in say.text)
    await _wait_until_rendered(environment, says.text)
    found = await call.hear(
        environment.prompt_sounds.load_prompt(says.text), within=10, since=since, at_least=THIS_VERY_TEXT
    )
    report.add_step(f"на секунде {found.second:.1f} назван номер заявки {ticket.number} (совпадение {found.score:.2f})")
    if ticket.category != category:
        raise DemoFailed(f"заявка {ticket.number} записана как {ticket.category}, а сообщали о {category}")
    await call.hang_up()
    report.add_step("житель положил трубку")
    await _check_recording(environment, call, report, prompts=(says.text,))


async def ask_for_a_person(environment: Stage, report: Account) -> None:
    """A key leads to a dispatcher; both parties hear each other, and each is in its own channel of the recording."""
    way = find_way(environment.edition, lambda command: isinstance(command, ToQueue) and command.priority == 0)
    call = await environment.dial(report)
    await environment.follow_turns(call, way.turns, report, since=0.0)
    theirs, tone, begin = await environment.wait_for_conversation(call, report, within=_ANSWER_TIMEOUT)
    await asyncio.sleep(4)
    await theirs.hang_up()
    await call.ended(within=5)
    report.add_step("диспетчер положил трубку, разговор окончен")
    if call.ended_by != "them":
        raise DemoFailed(f"разговор окончен не диспетчером: {call.describe()}")
    await _check_recording(environment, call, report, tone=tone, begin=begin)


async def stay_silent(environment: Stage, report: Account) -> None:
    """The caller presses nothing: the robot repeats the question, then a dispatcher answers."""
    way = play_silence(environment.edition)
    call = await environment.dial(report)
    report.add_step("житель молчит")
    await environment.follow_turns(call, way.turns, report, since=0.0)
    _, tone, begin = await environment.wait_for_conversation(call, report, within=_ANSWER_TIMEOUT)
    await asyncio.sleep(1.5)
    await call.hang_up()
    report.add_step("житель положил трубку")
    await _check_recording(environment, call, report, tone=tone, begin=begin)


async def hang_up_mid_prompt(environment: Stage, report: Account) -> None:
    """The caller hangs up during the greeting: no dispatcher is called, and record and recording are complete."""
    greeting = play_keys(environment.edition, "").turns[0].prompts[0].text
    call = await environment.dial(report)
    await environment.wait_for_prompt(call, greeting, report, since=0.0, first=MID_PROMPT)
    await call.hang_up()
    report.add_step("житель положил трубку на полуслове")
    if call.steps[-1][1] != "<- 200 OK":
        raise DemoFailed(f"центр не подтвердил конец разговора: {call.describe()}")
    row = await environment.find_call_row(call, report)
    ended = await environment.wait_for_ended_call(row.id)
    report.add_step(f"итог в карточке: {ended.outcome}")
    if ended.queued_at is not None:
        raise DemoFailed("житель положил трубку, а звонок оказался в очереди")
    file = await environment.wait_for_recording(row.id, report)
    _, told = read_recording(file)
    report.recording_seconds = len(told) / RATE
    found = find_whole(told, environment.prompt_sounds.load_prompt(greeting)[: int(MID_PROMPT * RATE)])
    if found is None:
        raise DemoFailed(f"{file}: начала приветствия в записи нет")
    report.add_recording_match("начало приветствия", channel=RIGHT, second=found.second, score=found.score)


SCENES = (
    Scene("а", "часы паспортного стола по кнопкам", ask_passport_hours),
    Scene("б", "прорвало трубу: заявка по кнопкам", report_burst_pipe),
    Scene("в", "разговор с диспетчером под запись", ask_for_a_person),
    Scene("г", "житель молчит", stay_silent),
    Scene("д", "житель кладёт трубку на полуслове", hang_up_mid_prompt),
    Scene("е", "прорвало трубу: заявка голосом", tell_aloud),
)


async def _check_recording(
    environment: Stage,
    call: Call,
    report: Account,
    *,
    prompts: tuple[str, ...] = (),
    tone: int | None = None,
    begin: float = 0.0,
) -> None:
    """Checks the recording: greeting and `prompts` are in the right channel; with `tone`, each tone is in one channel.

    `begin`: second of the call at which the caller began to hear `tone`. Raises DemoFailed.
    """
    row = await environment.find_call_row(call, report)
    file = await environment.wait_for_recording(row.id, report)
    said, told = read_recording(file)
    report.recording_seconds = len(told) / RATE
    lasted = call.second() - (call.answered_after or 0.0)
    if abs(report.recording_seconds - lasted) > _TIMING_TOLERANCE:
        raise DemoFailed(f"{file}: {report.recording_seconds:.1f} с, а разговор длился {lasted:.1f} с")
    greeting = play_keys(environment.edition, "").turns[0].prompts[0].text
    for text in (greeting, *prompts):
        found = find_whole(told, environment.prompt_sounds.load_prompt(text))
        if found is None:
            raise DemoFailed(f"{file}: в правом канале нет слов «{text[:60]}»")
        report.add_recording_match(f"«{text[:50]}»", channel=RIGHT, second=found.second, score=found.score)
    if tone is not None:
        for channel, name, own, foreign in ((said, LEFT, CALLER_TONE, tone), (told, RIGHT, tone, CALLER_TONE)):
            spans = [span for span in find_tone(channel, own) if span.seconds >= 0.5]
            if not spans:
                raise DemoFailed(f"{file}: {name}: тона {own} Гц нет")
            if any(span.seconds >= 0.5 for span in find_tone(channel, foreign)):
                raise DemoFailed(f"{file}: {name}: слышен чужой тон {foreign} Гц")
            report.add_recording_match(f"тон {own} Гц", channel=name, second=spans[0].begin)
            if own == tone and abs(spans[0].begin - (begin - (call.answered_after or 0.0))) > _TIMING_TOLERANCE:
                raise DemoFailed(
                    f"{file}: тон диспетчера на секунде {spans[0].begin:.1f}, жителю он слышен с {begin:.1f}"
                )


async def _wait_until_rendered(environment: Stage, text: str) -> None:
    for _ in range(200):
        if environment.prompt_sounds.is_rendered(text):
            return
        await asyncio.sleep(0.1)
