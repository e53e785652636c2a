"""Thirteen residents speak at once: a synthetic voice over real SIP, the centre's own model in a real Vosk, and the
centre's own script from the first word to the ticket, the alarm, the reading and the question nobody could answer."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from callcenter.alarms.models import AlarmKind
from callcenter.core.database import Database
from callcenter.instance.place import test_home
from callcenter.instance.supervisor import EAR
from callcenter.layout import Layout
from callcenter.meters.views import newest_readings
from callcenter.questions.views import open_questions
from callcenter.softphone.call import Call
from callcenter.softphone.ears import read_wav
from callcenter.softphone.errors import NotHeard
from callcenter.softphone.g711 import Samples
from callcenter.speech.voices.festival import FestivalVoice
from tests.live.conftest import settle
from tests.live.records import Record
from tests.live.running_centre import RunningCentre
from tests.live.town import Town
from tests.stand_ins.tones import silence

pytestmark = [pytest.mark.live, pytest.mark.timeout(180, func_only=True)]

SETTINGS = f"""
[ear]
model = "{Layout(test_home()).ear_model}"
"""
"""The centre's own model as `callcenter setup --for-tests` has built it."""
AT_ONCE = 3
PATIENCE = 20.0
HELP = "Чем помочь? Скажите своими словами. Диспетчер: нажмите ноль."
UNCLEAR = "Не получилось понять. Скажите коротко, например, «течёт труба» или «когда принимает бухгалтер»."
MORE = "Помочь ещё чем-нибудь?"
PERSON = "Соединяю с диспетчером. Пожалуйста, оставайтесь на линии."
WHERE = "Назовите улицу, дом и квартиру."

Turns = tuple[str, ...]
CALLS: Mapping[str, Turns] = {
    "в один дух": (
        HELP,
        "> у нас на кухне прорвало трубу энгельса сто тридцать девять корпус один квартира двенадцать",
        "~ Записываю: течёт труба или стояк. проспект Энгельса, дом 139, корпус 1, квартира 12. Верно?",
        "> да верно",
        "безопасность:WAT_LEAK_RISER",
    ),
    "поправка": (
        HELP,
        "> сломался домофон тихая улица дом одиннадцать квартира пять",
        "~ Записываю: не работает домофон. Тихая улица, дом 11, квартира 5. Верно?",
        "> нет квартира семь",
        "~ Записываю: не работает домофон. Тихая улица, дом 11, квартира 7. Верно?",
    ),
    "газ": (
        HELP,
        "> в подъезде пахнет газом",
        "безопасность:GAS_SMELL",
        "Назовите адрес: улицу, дом и парадную.",
        "> улица савушкина дом сто восемнадцать",
        "Соединяю с диспетчером без очереди.",
    ),
    "в лифте": (
        HELP,
        "> лифт сломался",
        WHERE,
        "> мы застряли в лифте",
        "безопасность:LIFT_TRAPPED",
    ),
    "человек": (HELP, "> соедините с диспетчером", PERSON),
    "паспортный стол": (HELP, "> где находится паспортный стол", "KB01"),
    "оплата": (HELP, "> до какого числа платить за квартиру", "KB15"),
    "о заявке": (
        HELP,
        "> что с моей заявкой",
        "Назовите номер заявки или наберите его кнопками. Если номера нет, нажмите ноль.",
        "> двести четырнадцать",
        "Заявки с таким номером нет. Набрать номер снова: нажмите один. Диспетчер: нажмите ноль.",
    ),
    "показание": (
        HELP,
        "> хочу передать показания",
        "Назовите номер лицевого счёта, он есть в квитанции, или наберите его кнопками.",
        "> семь восемь один два ноль три",
        "Какой счётчик? Холодная вода, горячая вода или электричество?",
        "# 1",
        "Назовите показание, целое число до запятой, или наберите его кнопками.",
        "> сто двадцать три",
        "~ Счёт 781203, холодная вода, показание 123. Верно?",
        "> да",
        "Показание принято.",
    ),
    "жалоба": (
        HELP,
        "> хочу пожаловаться на слесаря",
        "Расскажите коротко, на что жалоба. Я запишу.",
        "> слесарь пришёл пьяный и нагрубил",
    ),
    "причина известна": (
        HELP,
        "> нет холодной воды водопроводный переулок дом три квартира пять",
        "~ По вашему дому уже известно: меняют задвижку на вводе. Работы ведёт Водоканал. "
        "Когда закончат, пока неизвестно.",
        "Записать заявку всё равно?",
        "> нет",
        MORE,
    ),
    "не туда": (
        HELP,
        "> это поликлиника",
        "Это управляющая компания «Северный берег», ситуационный центр. Вам сюда?",
        "> нет",
        "Ничего страшного. До свидания!",
    ),
    "о своём": (HELP, "> билеты на поезд", UNCLEAR, "> билеты на поезд", PERSON),
}
"""What the robot says, an answer by its name, `~ ` what only this call has it say; `> ` what the resident
says then, `# ` what they press."""


@pytest.fixture(scope="module")
def hearing_centre() -> Iterator[RunningCentre]:
    centre = RunningCentre(settings=SETTINGS)
    try:
        centre.run()
        centre.await_program(EAR)
        yield centre
    finally:
        centre.stop()


@pytest.fixture
async def database(hearing_centre: RunningCentre) -> AsyncIterator[Database]:
    database = Database(hearing_centre.cluster.address())
    yield database
    await database.close()


@pytest.fixture
async def town(
    hearing_centre: RunningCentre, database: Database, request: pytest.FixtureRequest
) -> AsyncIterator[Town]:
    async with Town(hearing_centre, database, test=request.node.name) as town:
        yield town


async def test_residents_speak_and_are_helped(town: Town, hearing_centre: RunningCentre, tmp_path: Path) -> None:
    voices = await record(tmp_path)
    gate = asyncio.Semaphore(AT_ONCE)

    async def play(name: str) -> Call:
        async with gate:
            return await converse(town, name, voices)

    ended = dict(zip(CALLS, await asyncio.gather(*(play(name) for name in CALLS), return_exceptions=True), strict=True))
    failed = [str(end) for end in ended.values() if isinstance(end, BaseException)]
    assert not failed, "\n".join(failed)
    calls = {name: end for name, end in ended.items() if isinstance(end, Call)}
    alarms = {alarm.facts["category"] for alarm in await town.alarms() if alarm.kind is AlarmKind.DANGER}
    assert alarms == {"GAS_SMELL", "LIFT_TRAPPED"}
    assert await settle(hearing_centre) == []
    kept = {name: await read(town, call) for name, call in calls.items()}

    burst, complaint = kept["в один дух"].ticket, kept["жалоба"].ticket
    assert burst is not None
    assert complaint is not None
    assert (burst.category, burst.address) == ("WAT_LEAK_RISER", "проспект Энгельса, дом 139, корпус 1, квартира 12")
    assert burst.description.startswith("у нас на кухне прорвало трубу")
    assert (complaint.category, complaint.address) == ("COMPLAINT_STAFF", "")
    assert kept["газ"].call.danger == "GAS_SMELL"
    assert kept["в лифте"].call.danger == "LIFT_TRAPPED"
    gas, fixed = kept["газ"].ticket, kept["поправка"].ticket
    assert gas is not None
    assert fixed is not None
    assert gas.address == "улица Савушкина, дом 118"
    assert fixed.address == "Тихая улица, дом 11, квартира 7"
    for name in ("паспортный стол", "оплата", "причина известна", "показание", "не туда", "жалоба"):
        assert "served" in kept[name].kinds, name
    async with town.database.begin() as session:
        (reading,) = await newest_readings(session)
        asked = {question.call_id for question in await open_questions(session)}
    assert (reading.account, reading.kind, reading.value) == ("781203", "cold", 123)
    assert asked == {kept["о своём"].call.id}


async def record(directory: Path) -> Mapping[str, Samples]:
    """What the residents say, as sound with a quiet end."""
    lines = {turn[2:] for turns in CALLS.values() for turn in turns if turn.startswith("> ")}
    voice, sounds = FestivalVoice(), {}
    for number, line in enumerate(sorted(lines)):
        file = directory / f"{number}.wav"
        await voice.render(line, file)
        sounds[line] = np.concatenate([read_wav(file), silence(1.0)])
    await voice.close()
    return sounds


async def converse(town: Town, name: str, voices: Mapping[str, Samples]) -> Call:
    """Has the talk of that name. Raises AssertionError with what was said and heard instead."""
    call = await town.call()
    since = 0.0
    for turn in CALLS[name]:
        try:
            if turn.startswith("> "):
                call.say(voices[turn[2:]])
            elif turn.startswith("# "):
                await call.press(turn[2:])
            elif turn.startswith("~ "):
                await town.said(call, turn[2:], within=PATIENCE)
                await asyncio.sleep(3)
            else:
                words = town.edition.answers.get(turn, turn)
                since = (await town.hears(call, words, first=None, within=PATIENCE, since=since)).second
        except (NotHeard, TimeoutError) as error:
            kept = await town.record(call)
            told = [event.facts["text"] for event in kept.events if event.kind in ("said", "heard")] if kept else []
            raise AssertionError(f"«{name}»: no «{turn}», but {told}") from error
    await asyncio.sleep(0.5)
    await call.hang_up()
    return call


async def read(town: Town, call: Call) -> Record:
    kept = await town.centre.ledger.read(town.database, town.centre.ledger.entry_of(call).dialled)
    assert kept is not None
    return kept
