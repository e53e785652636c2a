"""When the own model is built anew, and when not."""

import json
from pathlib import Path

import pytest

from callcenter.commands.check import describe_ear
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.core.database import Database
from callcenter.core.errors import DatabaseUnavailable
from callcenter.layout import Layout
from callcenter.operations import speech_model
from callcenter.settings import Settings, SpeechRecognitionSettings
from callcenter.staff.models import Employee, Role


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """Of an instance whose material is three small files."""
    material = tmp_path / "tree" / "speech_model"
    material.mkdir(parents=True)
    for name in ("domain.yaml", "everyday.txt"):
        (material / name).write_text(name)
    (tmp_path / "tree" / "meaning_model").mkdir()
    (tmp_path / "tree" / "meaning_model" / "lines.jsonl").write_text("")
    monkeypatch.setattr(speech_model, "TREE", tmp_path / "tree")
    monkeypatch.setattr(speech_model, "_MATERIAL", material)
    for place in ("_KNOWLEDGE", "_SCRIPTS", "_BUILDER"):
        monkeypatch.setattr(speech_model, place, tmp_path / "tree" / place)
    return Layout(tmp_path / "home")


@pytest.fixture
def built(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The people of each build; a build writes what a real one does for what is looked at here."""
    builds: list[list[str]] = []

    def build(directory: Path, people: list[str]) -> int:
        builds.append(people)
        (directory / "graph").mkdir(parents=True, exist_ok=True)
        words = {"да", *" ".join(people).lower().split()}
        (directory / "graph" / "words.txt").write_text("".join(f"{word} 1\n" for word in words))
        return len(words)

    monkeypatch.setattr(speech_model, "build_model", build)
    return builds


def test_it_is_built_once_and_again_when_something_changes(layout: Layout, built: list[list[str]]) -> None:
    assert [speech_model.renew_model(layout), speech_model.renew_model(layout)] == [1, 1]
    assert len(built) == 1
    (speech_model._MATERIAL / "domain.yaml").write_text("changed")
    speech_model.renew_model(layout)
    assert len(built) == 2


def test_a_new_employee_is_a_reason_unless_the_name_is_known(layout: Layout, built: list[list[str]]) -> None:
    speech_model.renew_model(layout, ["Анна Да"])
    speech_model.renew_model(layout, ["Анна"])
    assert built == [["Анна Да"]]
    speech_model.renew_model(layout, ["Анна", "Борис"])
    assert built[1:] == [["Анна", "Борис"]]


def test_by_hand_it_is_always_built_with_the_people_known_before(layout: Layout, built: list[list[str]]) -> None:
    speech_model.renew_model(layout, ["Анна"])
    speech_model.renew_model(layout, force=True)
    assert built == [["Анна"], ["Анна"]]
    assert json.loads((layout.built_speech_model / "built.json").read_text())["people"] == ["Анна"]


async def test_by_hand_the_people_of_now_are_taken_and_those_of_before_when_nobody_says(
    layout: Layout, built: list[list[str]], database: Database
) -> None:
    speech_model.renew_model(layout, ["Анна"])
    async with database.begin() as session:
        session.add(
            Employee(
                company_id=DEFAULT_COMPANY_ID, login="d1", name="Борис Новый", role=Role.DISPATCHER, password_hash=""
            )
        )
    speech_model.renew_model(layout, await speech_model.read_people(database.url), force=True)
    with pytest.raises(DatabaseUnavailable):
        await speech_model.read_people(database.url.replace("host=", "host=/nowhere"))
    speech_model.renew_model(layout, None, force=True)
    assert built == [["Анна"], ["Борис Новый"], ["Борис Новый"]]


def test_the_own_model_hears_unless_another_is_set(layout: Layout) -> None:
    own = Settings(ear=SpeechRecognitionSettings())
    assert speech_model.find_model(layout, own) == layout.built_speech_model
    assert own.callers_are_heard
    assert speech_model.find_model(layout, Settings(ear=SpeechRecognitionSettings(model=Path("/srv/x")))) == Path(
        "/srv/x"
    )
    assert speech_model.find_model(layout, Settings(ear=SpeechRecognitionSettings(model="off"))) is None
    assert (
        speech_model.find_model(layout, Settings(ear=SpeechRecognitionSettings(engine="tests.stand_ins.tones"))) is None
    )
    assert "по кнопкам" in describe_ear(Settings(ear=SpeechRecognitionSettings(model="off")))
