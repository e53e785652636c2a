"""The scenes of the demo. Each is a call; it fails by an exception when something that must happen does not.

Judged is what the caller's own phone hears and what SIP says. The centre's own records are only looked up to tell which
ticket and which recording belong to the call, and to compare: the number told must be the number kept, the tones sent
must be in the recording, each in its channel.
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
"""Seconds after which a caller hangs up; long enough to tell the robot's first words from the dialplan's own."""
THIS_VERY_TEXT = 0.98
"""Two ticket numbers that differ in one figure are texts with a score of 0.9 and more."""
_ALIKE = 0.6
"""Seconds between the second of a call (from its INVITE) and the second of its recording (from the answer)."""
_ANSWER_PATIENCE = 40.0

Play = Callable[[Stage, Account], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Scene:
    letter: str
    title: str
    play: Play


async def ask_passport_hours(stage: Stage, account: Account) -> None:
    """By keys to the answer, the answer to its end, by keys to the goodbye; the centre hangs up."""
    answer = stage.edition.answers.get(subjects().article)
    if answer is None:
        raise DemoFailed(f"на вопрос {subjects().article} нет ответа, который можно произнести: callcenter check")
    there = find_way(stage.edition, lambda command: isinstance(command, Say) and command.text == answer)
    whole = find_way(stage.edition, lambda command: isinstance(command, Hangup), begin=there.keys)
    call = await stage.dial(account)
    await stage.follow(call, whole.turns, account, since=0.0)
    await call.ended(within=5)
    if call.ended_by != "them":
        raise DemoFailed(f"после прощания центр не положил трубку: {call.describe()}")
    account.note("центр положил трубку")
    await _check_recording(stage, call, account, prompts=(answer,))


async def report_burst_pipe(stage: Stage, account: Account) -> None:
    """By keys to a registered ticket; the number told is the number kept."""
    category = subjects().category

    def registers(command: object) -> bool:
        return (
            isinstance(command, Do)
            and command.action == REGISTER_TICKET
            and command.arguments.get(CATEGORY) == category
        )

    keys = find_way(stage.edition, registers).keys
    before = play_keys(stage.edition, keys[:-1])
    call = await stage.dial(account)
    since = await stage.follow(call, before.turns, account, since=0.0)
    await call.press(keys[-1])
    account.note(f"житель нажал {keys[-1]}")
    row = await stage.find_row(call, account)
    ticket = await stage.ticket(row.id)
    account.ticket = str(ticket.number)
    told = spoken_ticket_number(account.ticket)
    after = play_keys(stage.edition, keys, facts={TICKET_NUMBER: told, TERM: await stage.term(ticket)})
    says = next(say for say in after.turns[-1].says if told in say.text)
    await _until_rendered(stage, says.text)
    found = await call.hear(stage.book.of(says.text), within=10, since=since, at_least=THIS_VERY_TEXT)
    account.note(f"на секунде {found.second:.1f} назван номер заявки {ticket.number} (совпадение {found.score:.2f})")
    if ticket.category != category:
        raise DemoFailed(f"заявка {ticket.number} записана как {ticket.category}, а сообщали о {category}")
    await call.hang_up()
    account.note("житель положил трубку")
    await _check_recording(stage, call, account, prompts=(says.text,))


async def ask_for_a_person(stage: Stage, account: Account) -> None:
    """By a key to a dispatcher; both hear each other, and both are in the recording, each in its channel."""
    way = find_way(stage.edition, lambda command: isinstance(command, ToQueue) and command.priority == 0)
    call = await stage.dial(account)
    await stage.follow(call, way.turns, account, since=0.0)
    theirs, tone, begin = await stage.talk(call, account, within=_ANSWER_PATIENCE)
    await asyncio.sleep(4)
    await theirs.hang_up()
    await call.ended(within=5)
    account.note("диспетчер положил трубку, разговор окончен")
    if call.ended_by != "them":
        raise DemoFailed(f"разговор окончен не диспетчером: {call.describe()}")
    await _check_recording(stage, call, account, tone=tone, begin=begin)


async def stay_silent(stage: Stage, account: Account) -> None:
    """Nothing is pressed: the robot asks again, then a person comes."""
    way = play_silence(stage.edition)
    call = await stage.dial(account)
    account.note("житель молчит")
    await stage.follow(call, way.turns, account, since=0.0)
    _, tone, begin = await stage.talk(call, account, within=_ANSWER_PATIENCE)
    await asyncio.sleep(1.5)
    await call.hang_up()
    account.note("житель положил трубку")
    await _check_recording(stage, call, account, tone=tone, begin=begin)


async def hang_up_mid_prompt(stage: Stage, account: Account) -> None:
    """The caller hangs up in the first words: nobody is called, a whole record is left."""
    greeting = play_keys(stage.edition, "").turns[0].says[0].text
    call = await stage.dial(account)
    await stage.hear(call, greeting, account, since=0.0, first=MID_PROMPT)
    await call.hang_up()
    account.note("житель положил трубку на полуслове")
    if call.steps[-1][1] != "<- 200 OK":
        raise DemoFailed(f"центр не подтвердил конец разговора: {call.describe()}")
    row = await stage.find_row(call, account)
    ended = await stage.ended_row(row.id)
    account.note(f"итог в карточке: {ended.outcome}")
    if ended.queued_at is not None:
        raise DemoFailed("житель положил трубку, а звонок оказался в очереди")
    file = await stage.recording(row.id, account)
    _, told = read_recording(file)
    account.recording_seconds = len(told) / RATE
    found = find_whole(told, stage.book.of(greeting)[: int(MID_PROMPT * RATE)])
    if found is None:
        raise DemoFailed(f"{file}: начала приветствия в записи нет")
    account.trace("начало приветствия", channel=RIGHT, second=found.second, score=found.score)


SCENES = (
    Scene("а", "часы паспортного стола по кнопкам", ask_passport_hours),
    Scene("б", "прорвало трубу: заявка по кнопкам", report_burst_pipe),
    Scene("в", "разговор с диспетчером под запись", ask_for_a_person),
    Scene("г", "житель молчит", stay_silent),
    Scene("д", "житель кладёт трубку на полуслове", hang_up_mid_prompt),
    Scene("е", "прорвало трубу: заявка голосом", tell_aloud),
)


async def _check_recording(
    stage: Stage,
    call: Call,
    account: Account,
    *,
    prompts: tuple[str, ...] = (),
    tone: int | None = None,
    begin: float = 0.0,
) -> None:
    """The recording holds the greeting and `prompts` on the right; of a talk the two tones, each on its side only."""
    row = await stage.find_row(call, account)
    file = await stage.recording(row.id, account)
    said, told = read_recording(file)
    account.recording_seconds = len(told) / RATE
    lasted = call.second() - (call.answered_after or 0.0)
    if abs(account.recording_seconds - lasted) > _ALIKE:
        raise DemoFailed(f"{file}: {account.recording_seconds:.1f} с, а разговор длился {lasted:.1f} с")
    greeting = play_keys(stage.edition, "").turns[0].says[0].text
    for text in (greeting, *prompts):
        found = find_whole(told, stage.book.of(text))
        if found is None:
            raise DemoFailed(f"{file}: в правом канале нет слов «{text[:60]}»")
        account.trace(f"«{text[:50]}»", channel=RIGHT, second=found.second, score=found.score)
    if tone is not None:
        for channel, name, own, foreign in ((said, LEFT, CALLER_TONE, tone), (told, RIGHT, tone, CALLER_TONE)):
            spans = [span for span in find_tone(channel, own) if span.seconds >= 0.5]
            if not spans:
                raise DemoFailed(f"{file}: {name}: тона {own} Гц нет")
            if any(span.seconds >= 0.5 for span in find_tone(channel, foreign)):
                raise DemoFailed(f"{file}: {name}: слышен чужой тон {foreign} Гц")
            account.trace(f"тон {own} Гц", channel=name, second=spans[0].begin)
            if own == tone and abs(spans[0].begin - (begin - (call.answered_after or 0.0))) > _ALIKE:
                raise DemoFailed(
                    f"{file}: тон диспетчера на секунде {spans[0].begin:.1f}, жителю он слышен с {begin:.1f}"
                )


async def _until_rendered(stage: Stage, text: str) -> None:
    for _ in range(200):
        if stage.book.has(text):
            return
        await asyncio.sleep(0.1)
