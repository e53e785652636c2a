"""Residents who speak: what they want, what they answer, and how they talk until they have it.

They do as people do: answer a question as soon as they know it, say it again when they were not understood, say what
is wrong with what is read back to them, and hang up when they have what they called for. Some speak in the voice that
the ear was trained on, the others in two voices of espeak-ng it has never heard (`speech_model/README.md`).
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from callcenter.speech.voices.espeak import EspeakVoice
from callcenter.speech.voices.festival import FestivalVoice
from tests.live.records import Record
from tests.live.town import Town
from tests.stand_ins.tones import silence
from tools.softphone.audio_analysis import read_wav
from tools.softphone.call import Call
from tools.softphone.g711 import Samples

ANNIE, PAUL = "ru+Annie", "ru+paul"
"""Variants of espeak-ng among those that `speech_model/training/voices.py` keeps for tests."""
PATIENCE = 120.0
SAY_AGAIN_AFTER = 25.0
"""Seconds without a word from the robot after which a person asks whether they were heard."""
LOOK_AGAIN = 0.4
HELP = "Чем помочь?"
NOT_UNDERSTOOD = "Не получилось"


@dataclass(frozen=True, slots=True)
class Resident:
    """`wish` answers «Чем помочь?»; `answers`: a part of a question, and what they say to it.

    `read_back`: a part of the robot's words by which it repeats what it has understood; they say yes to it if `right`
    is among them, and otherwise `mend`. `content`: whether they have what they called for. `speaker`: the variant of
    espeak-ng they speak in; None: festival's man, whom the ear knows.
    """

    wish: str
    content: Callable[[Record], bool]
    answers: Mapping[str, str] = field(default_factory=dict)
    read_back: str = "Записываю:"
    right: str = ""
    mend: str = ""
    speaker: str | None = None

    @property
    def lines(self) -> set[str]:
        return {self.wish, self.mend or self.wish, "да верно", *self.answers.values()}

    def answer(self, said: str, before: str) -> str | None:
        """What they say to these words of the robot; `before`: what they said last."""
        if self.right and self.read_back in said:
            return "да верно" if self.right in said else self.mend
        for part, words in {HELP: self.wish, **self.answers}.items():
            if part in said:
                return words
        return before if NOT_UNDERSTOOD in said else None


def said(record: Record) -> Sequence[str]:
    return [str(event.facts["text"]) for event in record.events if event.kind == "said"]


def was_told(words: str) -> Callable[[Record], bool]:
    return lambda record: any(words in text for text in said(record))


def has_ticket(record: Record) -> bool:
    return record.ticket is not None and record.ticket.number is not None


def was_served(record: Record) -> bool:
    return "served" in record.kinds


def was_put_through(record: Record) -> bool:
    return "handed_over" in record.kinds


RESIDENTS: Mapping[str, Resident] = {  # the longest talks first
    "газ": Resident(
        "в подъезде пахнет газом",
        was_put_through,
        answers={"Назовите": "улица савушкина дом сто восемнадцать", "Какая парадная": "первая парадная"},
        speaker=ANNIE,
    ),
    "в лифте": Resident(
        "мы застряли в лифте", was_put_through, answers={"Назовите": "приморское шоссе дом пятнадцать"}
    ),
    "причина известна": Resident(
        "нет холодной воды водопроводный переулок дом три квартира пять",
        was_told("Помочь ещё"),
        answers={"Записать заявку": "нет"},
        right="Водопроводный переулок, дом 3, квартира 5",
        mend="водопроводный переулок дом три квартира пять",
        speaker=PAUL,
    ),
    "показание": Resident(
        "хочу передать показания",
        was_told("Показания приняты"),
        answers={
            "номер лицевого счёта": "семь восемь один два ноль три",
            "Какой счётчик?": "холодная вода",
            "Назовите показание": "сто двадцать три",
        },
        read_back="Счёт",
        right="Счёт 7 8 1, 2 0 3. холодная вода 123",
        mend="холодная вода сто двадцать три",
        speaker=ANNIE,
    ),
    "в один дух": Resident(
        "у нас на кухне прорвало трубу энгельса сто тридцать девять корпус один квартира двенадцать",
        has_ticket,
        right="проспект Энгельса, дом 139, корпус 1, квартира 12",
        mend="энгельса сто тридцать девять корпус один квартира двенадцать",
        speaker=PAUL,
    ),
    "поправка": Resident(
        "сломался домофон тихая улица дом одиннадцать квартира пять",
        has_ticket,
        right="Тихая улица, дом 11, квартира 7",
        mend="нет квартира семь",
    ),
    "человек": Resident("соедините с диспетчером", was_put_through),
    "паспортный стол": Resident("где находится паспортный стол", was_told("Паспортный стол:")),
    "оплата": Resident("до какого числа платить за квартиру", was_served, speaker=ANNIE),
    "о заявке": Resident(
        "что с моей заявкой",
        was_told("Заявки с номером 214 нет"),
        answers={"Назовите номер": "двести четырнадцать"},
        speaker=ANNIE,
    ),
    "жалоба": Resident(
        "хочу пожаловаться на слесаря",
        has_ticket,
        answers={"Записываю жалобу": "слесарь пришёл пьяный и нагрубил"},
        speaker=PAUL,
    ),
    "не туда": Resident("это поликлиника", was_told("Ничего страшного"), answers={"Вам сюда?": "нет"}),
    "о своём": Resident("можно ли кормить кошек", was_put_through, speaker=PAUL),
}


async def record(lines: Collection[str], directory: Path, *, speaker: str | None = None) -> Mapping[str, Samples]:
    """The lines in a synthetic voice, each with a quiet end. `speaker` as a resident's."""
    voice = EspeakVoice(speaker=speaker) if speaker else FestivalVoice()
    sounds = {}
    for number, line in enumerate(sorted(lines)):
        file = directory / f"{number}.wav"
        await voice.render(line, file)
        sounds[line] = np.concatenate([read_wav(file), silence(1.0)])
    await voice.close()
    return sounds


async def record_residents(directory: Path) -> Mapping[str, Mapping[str, Samples]]:
    """Name of a resident -> what they may say, in their voice."""
    speakers = {resident.speaker for resident in RESIDENTS.values()}
    sounds = {}
    for speaker in speakers:
        lines = {line for resident in RESIDENTS.values() if resident.speaker == speaker for line in resident.lines}
        sounds[speaker] = await record(lines, directory, speaker=speaker)
    return {name: sounds[resident.speaker] for name, resident in RESIDENTS.items()}


async def converse(town: Town, name: str, voices: Mapping[str, Samples], lines: asyncio.Semaphore) -> Call:
    """Has the talk of that name on one of `lines`. Raises AssertionError with what was said and heard when it leads to
    nothing."""
    async with lines:
        return await _converse(town, name, voices)


async def _converse(town: Town, name: str, voices: Mapping[str, Samples]) -> Call:
    resident = RESIDENTS[name]
    call = await town.call()
    loop = asyncio.get_running_loop()
    begun = spoken_at = loop.time()
    words, heard = "", 0
    while True:
        await asyncio.sleep(LOOK_AGAIN)
        kept = await town.record(call)
        if kept is None:
            continue
        if resident.content(kept):
            break
        if call.is_over or was_put_through(kept) or loop.time() - begun > PATIENCE:
            told = [event.facts["text"] for event in kept.events if event.kind in ("said", "heard")]
            raise AssertionError(f"«{name}» is not helped: {told}")
        texts = said(kept)
        if len(texts) > heard:
            heard, spoken_at = len(texts), loop.time()
            answer = resident.answer(texts[-1], words)
        elif loop.time() - spoken_at > SAY_AGAIN_AFTER:
            answer = words
        else:
            continue
        if answer:
            words, spoken_at = answer, loop.time()
            call.say(voices[answer])
    await call.hang_up()
    return call
