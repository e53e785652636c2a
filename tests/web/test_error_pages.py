"""What a person reads when something does not work, and what strangers' bytes cannot do."""

from collections.abc import AsyncIterator
from html.parser import HTMLParser

import pytest
from fastapi import FastAPI
from sqlalchemy import update

from callcenter.alarms.models import AlarmKind
from callcenter.alarms.service import raise_alarm
from callcenter.calls.models import Call, CallEvent, EventSource
from callcenter.core.database import Database
from callcenter.queues.models import Member
from callcenter.staff.models import Employee
from callcenter.tickets.models import Ticket
from callcenter.web.plumbing.app_state import AppState
from tests.stand_ins.clock import MORNING
from tests.web.desk_client import Visit
from tests.web.sample_calls import LEAK, MISSED, TALKING

EVIL = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>{{7*7}}"""


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/nowhere", 404, "Такой страницы нет"),
        ("/calls/b17-0.0", 404, "Такой страницы нет"),
        ("/static/nothing.js", 404, "Такой страницы нет"),
        ("/static/..%2f..%2fapp.py", 404, "Такой страницы нет"),
        ("/tickets/seven", 422, "Не получилось прочитать запрос"),
        ("/tickets/99999999999999999999999", 422, "Не получилось прочитать запрос"),
        ("/calls?page=first", 422, "Не получилось прочитать запрос"),
        ("/calls?search=%00", 422, "Не получилось прочитать запрос"),
        ("/calls/%00", 422, "Не получилось прочитать запрос"),
        ("/callbacks/1/take", 405, "Так эту страницу не открыть"),
        ("/callbacks/999/done", 404, "Действие не выполнено"),
    ],
)
async def test_a_trouble_is_told_in_russian_with_a_way_on(reader: Visit, path: str, status: int, words: str) -> None:
    answer = await reader.get(path)
    assert answer.status_code == status
    assert words in answer.text
    assert '<html lang="ru"' in answer.text
    assert 'href="/"' in answer.text


async def test_a_form_with_impossible_bytes_is_refused_and_nothing_is_written(anna: Visit) -> None:
    refused = await anna.submit("/tickets/1/cancel", reason="\x00" * 9)
    assert refused.status_code == 422
    assert "Отменена" not in (await anna.get("/tickets/1")).text


async def test_a_huge_form_is_refused_before_anything_reads_it(stranger: Visit) -> None:
    refused = await stranger.post("/sign-in", data={"login": "a" * 70_000})
    assert refused.status_code == 413

    async def endless() -> AsyncIterator[bytes]:
        yield b"login="

    refused = await stranger.post("/sign-in", content=endless())
    assert refused.status_code == 413
    both = {"content-length": "6", "transfer-encoding": "chunked"}  # the length says nothing then
    for path in ("/sign-in", "/prompts/1/recording"):
        refused = await stranger.post(path, content=endless(), headers=both)
        assert refused.status_code == 413


async def test_the_longest_description_in_cyrillic_still_passes(anna: Visit) -> None:
    place = "/tickets/4"
    saved = await anna.submit(f"{place}/draft", form_on=place, then="save", description="ж" * 4000)
    assert saved.status_code == 303


async def test_an_error_of_ours_is_a_calm_page_without_its_inside(
    anna: Visit, desk: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    office: AppState = desk.state.office
    monkeypatch.delitem(office.ui_texts.call_state, "queued")
    answer = await anna.get("/")
    assert answer.status_code == 500
    assert "На сервере случилась ошибка" in answer.text
    assert "queued" not in answer.text
    assert "Traceback" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_what_strangers_say_is_only_text(anna: Visit, database: Database) -> None:
    """A caller chooses the name his telephone shows; a resident dictates an address."""
    async with database.begin() as session:
        for row in (
            update(Call).where(Call.id.in_((LEAK, TALKING))).values(caller_number=EVIL[:20], caller_shown=EVIL[:80]),
            update(Call).where(Call.id == MISSED).values(danger=EVIL[:60], member=EVIL[:60]),
            update(Ticket).values(description=EVIL, address=EVIL, category_name=EVIL, responsible=EVIL),
            update(Member).values(name=EVIL, pause_reason=EVIL),
            update(Employee).values(name=EVIL),
        ):
            await session.execute(row)
        session.add(
            CallEvent(call_id=LEAK, at=MORNING, source=EventSource.ROBOT, kind="said", key="evil", facts={"text": EVIL})
        )
        await raise_alarm(session, kind=AlarmKind.SCRIPT, subject=EVIL, message=EVIL, now=MORNING)
    for path in ("/", "/calls", f"/calls/{LEAK}", f"/calls/{MISSED}", "/tickets", "/tickets/1", "/tickets/4"):
        page = await anna.get(path)
        assert page.status_code == 200
        check_that_only_our_code_runs(page.text)
        assert "&lt;script&gt;" in page.text, path
    found = await anna.get("/calls", params={"search": EVIL[:80], "day": EVIL, "outcome": EVIL})
    check_that_only_our_code_runs(found.text)


async def test_static_files_are_kept_and_pages_are_not(reader: Visit) -> None:
    style = await reader.get("/static/desk.css")
    assert style.headers["cache-control"] == "no-cache"
    again = await reader.get("/static/desk.css", headers={"If-None-Match": style.headers["etag"]})
    assert again.status_code == 304
    assert (await reader.get("/calls")).headers["cache-control"] == "no-store"


async def test_pages_hold_no_inline_code_and_name_no_other_site(reader: Visit) -> None:
    for path in ("/", "/calls", f"/calls/{LEAK}", "/tickets", "/tickets/1", "/tickets/4", "/nowhere"):
        page = (await reader.get(path)).text
        check_that_only_our_code_runs(page)
        assert "https://" not in page
        assert "http://" not in page


def check_that_only_our_code_runs(page: str) -> None:
    tags = Tags()
    tags.feed(page)
    assert tags.found
    for tag, attributes in tags.found:
        assert tag not in {"img", "style", "iframe", "base"}
        assert not any(name.startswith("on") or name in {"style", "hx-on"} for name in attributes), attributes
        if tag == "script":
            assert (attributes["src"] or "").startswith("/static/")
    assert tags.words_in_scripts == ""


class Tags(HTMLParser):
    """The tags of a page as a browser would read them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words_in_scripts = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] == "script":
            self.words_in_scripts += data.strip()

    def handle_endtag(self, tag: str) -> None:
        self.found.append((f"/{tag}", {}))
