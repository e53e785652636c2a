"""Prompts on the desk: read, heard, handed in by those who may, judged at once, spoken a moment later."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import httpx
import pytest
import soundfile
from fastapi import FastAPI

from callcenter.conducting.scripts import ScriptEdition
from callcenter.layout import Layout
from callcenter.operations.prompt_studio import PromptStudio
from callcenter.settings import Settings
from callcenter.speech.prompt_recordings.catalogue import read_edition
from callcenter.speech.prompt_recordings.takes import TakeCollector
from callcenter.web.plumbing.app_state import AppState
from tests.stand_ins.register import KeptAlarms
from tests.stand_ins.studio import lay_out, speak
from tests.web.desk_client import Visit
from tests.web.sample_centre import ANNA, DIRECTOR, Person

GREETING = "Здравствуйте! Разговор записывается."


@pytest.fixture(scope="module")
def edition() -> ScriptEdition:
    return read_edition(Settings())


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return lay_out(tmp_path)


@pytest.fixture
def studio(desk: FastAPI, layout: Layout, edition: ScriptEdition) -> PromptStudio:
    studio = PromptStudio(layout, lambda: edition)
    office: AppState = desk.state.office
    desk.state.office = replace(office, prompt_recordings=studio)
    return studio


async def hand_in(visit: Visit, number: int, sound: bytes) -> httpx.Response:
    form = {"csrf": await visit.csrf(f"/prompts/{number}")}
    return await visit.post(f"/prompts/{number}/recording", data=form, files={"sound": ("greeting.wav", sound)})


def number_of(studio: PromptStudio, text: str) -> int:
    return next(prompt.number for prompt in studio.list_prompts() if prompt.text == text)


async def test_a_good_recording_is_taken_and_heard_by_callers(
    director: Visit, studio: PromptStudio, layout: Layout, edition: ScriptEdition
) -> None:
    number = number_of(studio, GREETING)
    assert (await director.get(f"/prompts/{number}/sound")).status_code == 404
    assert (await hand_in(director, number, speak(3, form="OGG"))).status_code == 303
    page = (await director.get(f"/prompts/{number}")).text
    assert "Запись принята" in page
    alarms = KeptAlarms()
    keeper = TakeCollector(layout, edition=lambda: edition, alarms=alarms, renew=_nothing)
    assert await keeper.look() == 1
    assert alarms.standing == {}
    assert next(prompt.is_recorded for prompt in studio.list_prompts() if prompt.number == number)
    heard = await director.get(f"/prompts/{number}/sound")
    assert (heard.status_code, heard.headers["content-type"]) == (200, "audio/wav")
    assert soundfile.info(BytesIO(heard.content)).samplerate == 8000
    assert "человек" in (await director.get(f"/prompts/{number}")).text


@pytest.mark.parametrize("form", ["WAV", "FLAC"])
def test_other_forms_of_sound_are_taken_too(studio: PromptStudio, form: str) -> None:
    assert studio.upload_recording(number_of(studio, GREETING), speak(3, form=form)) == pytest.approx(3, abs=0.3)


@pytest.mark.parametrize(
    ("sound", "told"),
    [
        (b"", "Файл не выбран или пуст."),
        (b"ID3 no sound at all", "Это не звук, или файл повреждён: нужен WAV, FLAC или OGG."),
        (speak(3, loudness=0.001), "тихо"),
        (speak(3, loudness=0.0), "В записи тишина"),
        (speak(14), "тот ли текст прочитан?"),
    ],
)
async def test_a_bad_one_is_refused_with_what_to_do(
    director: Visit, studio: PromptStudio, layout: Layout, sound: bytes, told: str
) -> None:
    answer = await hand_in(director, number_of(studio, GREETING), sound)
    assert answer.status_code == 422
    assert told in answer.text
    assert str(layout.home) not in answer.text
    assert list(layout.studio_takes.glob("*")) == []


async def test_only_director_and_administrator_decide_on_the_voice(
    visit_as: Callable[[Person], Visit], studio: PromptStudio
) -> None:
    anna = visit_as(ANNA)
    number = number_of(studio, GREETING)
    assert 'type="file"' not in (await anna.get(f"/prompts/{number}")).text
    assert 'type="file"' in (await visit_as(DIRECTOR).get(f"/prompts/{number}")).text
    assert (await hand_in(anna, number, speak(3))).status_code == 403


async def test_nobody_hands_in_without_signing_in_or_from_another_page(
    stranger: Visit, director: Visit, studio: PromptStudio, layout: Layout
) -> None:
    number = number_of(studio, GREETING)
    sound = {"sound": ("greeting.wav", speak(3))}
    unknown = await stranger.post(f"/prompts/{number}/recording", data={"csrf": "x"}, files=sound)
    assert unknown.headers["location"].startswith("/sign-in")
    assert (await director.post(f"/prompts/{number}/recording", data={"csrf": "x"}, files=sound)).status_code == 403
    assert list(layout.studio_takes.glob("*")) == []


async def test_texts_are_found_by_words_and_by_number(anna: Visit, studio: PromptStudio) -> None:
    number = number_of(studio, GREETING)
    assert str(number) in await anna.rows("/prompts?search=разговор записывается")
    assert await anna.rows("/prompts?search=нет такого нигде") == []
    assert (await anna.get("/prompts/99999")).status_code == 404


async def test_a_sound_may_be_larger_than_a_form_but_not_without_end(director: Visit, studio: PromptStudio) -> None:
    number = number_of(studio, GREETING)
    assert (await hand_in(director, number, bytes(1_000_000))).status_code == 422
    assert (await hand_in(director, number, bytes(21_000_000))).status_code == 413


async def _nothing() -> None: ...
