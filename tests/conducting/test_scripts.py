"""The script in force: a sound change takes over for new calls, a broken one never does."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest

from callcenter.alarms.models import AlarmKind
from callcenter.conducting.action_specs import ACTIONS
from callcenter.conducting.scripts import BrokenScript, ScriptEdition, ScriptEditions
from callcenter.core.problems import Problem
from callcenter.dialogue.engine.commands import Say
from callcenter.dialogue.engine.events import Began
from callcenter.dialogue.scripts.reader import read_script
from callcenter.knowledge.categories import Categories
from tests.stand_ins.ari import StandInAsterisk
from tests.stand_ins.centre import MOSCOW, SCRIPT_FILE, run_centre
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.prompts import ReadablePrompts
from tests.stand_ins.register import KeptAlarms

GREETING = "Здравствуйте, разговор записывается."
ANSWER = "Паспортный стол открыт до пяти."
ALARM = (AlarmKind.SCRIPT, "small.yaml")


class Bench:
    """A shelf over a script file that the test edits. The answer about the hours expires on the 25th."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "small.yaml"
        self.file.write_text(SCRIPT_FILE.read_text(encoding="utf-8"), encoding="utf-8")
        self.prompts, self.alarms, self.clock = ReadablePrompts(), KeptAlarms(), FakeClock()
        self.disk_broken = False
        self.shelf = ScriptEditions(
            self._read,
            watched=(self.file, directory),
            subject=self.file.name,
            prompts=self.prompts,
            alarms=self.alarms,
            clock=self.clock,
            zone=MOSCOW,
            look_every=0.02,
        )

    def _read(self, on: date) -> tuple[ScriptEdition | None, Sequence[Problem]]:
        if self.disk_broken:
            raise OSError("the disk is broken")
        script, problems = read_script(self.file, actions=ACTIONS, articles={"KB_HOURS"})
        answers = {"KB_HOURS": ANSWER} if on <= date(2026, 11, 24) else {}
        return None if script is None else ScriptEdition(script, answers, Categories(())), problems

    def edit(self, old: str, new: str) -> None:
        text = self.file.read_text(encoding="utf-8")
        assert old in text
        self.file.write_text(text.replace(old, new), encoding="utf-8")

    @property
    def greeting(self) -> str:
        says = [
            command.text
            for command in self.shelf.start_conversation().handle_event(Began())
            if isinstance(command, Say)
        ]
        return says[0]

    @property
    def alarm(self) -> str:
        return self.alarms.standing.get(ALARM, "")

    async def greets(self, words: str) -> None:
        await self._until(lambda: words in self.greeting, f"still «{self.greeting}»; {self.alarm}")

    async def complains(self, words: str) -> None:
        await self._until(lambda: words in self.alarm, f"no such alarm: «{self.alarm}»")

    async def is_content(self) -> None:
        await self._until(lambda: not self.alarm, "the alarm stands")

    async def _until(self, condition: Callable[[], bool], complaint: str) -> None:
        try:
            async with asyncio.timeout(10):
                while not condition():  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise AssertionError(complaint) from None


@asynccontextmanager
async def watching(bench: Bench) -> AsyncIterator[None]:
    await bench.shelf.open()
    watch = asyncio.create_task(bench.shelf.run())
    try:
        yield
        assert not watch.done(), "nobody watches the script any more"
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_a_broken_script_is_refused_at_the_start_with_the_whole_list(bench: Bench) -> None:
    bench.edit("затем: меню", "затем: миню")
    bench.edit("затем: часы", "затем: чосы")
    with pytest.raises(BrokenScript) as refusal:
        await bench.shelf.open()
    assert "«миню»" in str(refusal.value)
    assert "«чосы»" in str(refusal.value)
    with pytest.raises(BrokenScript):
        bench.shelf.start_conversation()


async def test_everything_is_spoken_before_the_first_call(bench: Bench) -> None:
    await bench.shelf.open()
    assert {GREETING, ANSWER} <= set(bench.prompts.prepared)


async def test_a_change_takes_over_for_new_calls_and_leaves_those_in_progress_alone(
    bench: Bench, asterisk: StandInAsterisk
) -> None:
    async with watching(bench), run_centre(asterisk, begin_talk=bench.shelf.start_conversation) as centre:
        old = centre.call()
        await old.hears("Часы работы: нажмите два")
        bench.edit("Здравствуйте,", "Добрый день,")
        bench.edit("Часы работы: нажмите два", "Когда мы открыты: нажмите два")
        bench.edit("скажи: Мы перезвоним вам.", "скажи: Ждите звонка.")
        await bench.greets("Добрый день")
        assert "Ждите звонка." in bench.prompts.prepared, "spoken before it is in force"
        new = centre.call()
        await new.hears("Добрый день")
        await new.hears("Когда мы открыты")
        centre.register.away = True
        old.presses("1")
        await old.hears("Мы перезвоним вам")


async def test_a_broken_change_leaves_the_last_good_edition_and_says_where(bench: Bench) -> None:
    async with watching(bench):
        bench.edit("затем: меню", "затем: миню")
        await bench.complains("small.yaml:9")
        assert bench.greeting == GREETING
        bench.edit("затем: миню", "затем: меню")
        await bench.is_content()


async def test_a_second_fault_does_not_hide_behind_the_first(bench: Bench) -> None:
    async with watching(bench):
        bench.edit("затем: меню", "затем: миню")
        await bench.complains("миню")
        bench.edit("затем: миню", "затем: мяню")
        await bench.complains("мяню")


async def test_words_nobody_can_speak_leave_the_last_edition_until_the_voice_is_back(bench: Bench) -> None:
    async with watching(bench):
        bench.prompts.unspeakable.add("Добрый день, разговор записывается.")
        bench.edit("Здравствуйте,", "Добрый день,")
        await bench.complains("не озвучен")
        assert bench.greeting == GREETING
        bench.prompts.unspeakable.clear()
        bench.clock.advance(seconds=30)
        await bench.greets("Добрый день")
        await bench.is_content()


async def test_without_a_voice_the_robot_starts_all_the_same_and_the_board_says_so(bench: Bench) -> None:
    bench.prompts.unspeakable.add(GREETING)
    async with watching(bench):
        assert bench.greeting == GREETING
        await bench.complains("не озвучены")
        bench.prompts.unspeakable.clear()
        bench.clock.advance(seconds=30)
        await bench.is_content()


@pytest.mark.parametrize("trouble", ["gone", "disk"])
async def test_files_that_vanish_or_cannot_be_read_end_nothing(bench: Bench, trouble: str) -> None:
    async with watching(bench):
        if trouble == "gone":
            text = bench.file.read_text(encoding="utf-8")
            bench.file.unlink()
            bench.file.parent.rmdir()
        else:
            bench.disk_broken = True
            bench.edit("Здравствуйте,", "Добрый день,")
        await bench.complains("действует прежний")
        assert bench.greeting == GREETING
        bench.disk_broken = False
        if trouble == "gone":
            bench.file.parent.mkdir()
            bench.file.write_text(text, encoding="utf-8")
        else:
            bench.edit("Добрый день,", "Доброго дня,")
        await bench.is_content()


async def test_an_answer_is_given_until_its_last_day(bench: Bench) -> None:
    async with watching(bench):
        assert bench.shelf.edition.answers
        bench.clock.advance(hours=15, minutes=1)  # midnight in Moscow
        async with asyncio.timeout(10):
            while bench.shelf.edition.answers:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
