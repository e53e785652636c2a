"""Signing in: who gets in, who does not, and what is not told to those who do not."""

import re
from collections.abc import Callable

import httpx
from fastapi import FastAPI

from tests.stand_ins.clock import FakeClock
from tests.web.desk_client import ORIGIN, Visit
from tests.web.sample_centre import ANNA, Person


async def test_a_stranger_is_led_to_the_sign_in_page_and_back(stranger: Visit) -> None:
    sent_away = await stranger.get("/calls?day=2026-11-24")
    assert sent_away.status_code == 303
    assert sent_away.headers["location"] == "/sign-in?next=%2Fcalls%3Fday%3D2026-11-24"
    let_in = await stranger.sign_in(next="/calls?day=2026-11-24")
    assert let_in.headers["location"] == "/calls?day=2026-11-24"
    assert "Анна Котова" in (await stranger.get("/")).text


async def test_sign_in_never_leads_to_another_site(open_browser: Callable[[], Visit]) -> None:
    for place in ("//evil.test/", "https://evil.test/", "/\\evil.test", "/a\nb"):
        assert (await open_browser().sign_in(next=place)).headers["location"] == "/"


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(stranger: Visit) -> None:
    cookie = (await stranger.sign_in()).headers["set-cookie"].lower()
    session = next(part for part in cookie.split(", ") if part.startswith("callcenter_session="))
    assert "httponly" in session
    assert "samesite=lax" in session
    assert "secure" not in session  # plain http on loopback


async def test_over_https_the_cookie_is_secure_and_browsers_are_told_to_stay(stranger: Visit) -> None:
    stranger.base_url = httpx.URL("https://desk.test")
    answer = await stranger.sign_in()
    assert "secure" in answer.headers["set-cookie"].lower()
    assert "max-age" in answer.headers["strict-transport-security"]


async def test_a_wrong_password_and_an_unknown_name_look_the_same(open_browser: Callable[[], Visit]) -> None:
    nobody = Person("nobody", "", ANNA.role)
    answers = [await open_browser().sign_in(person, password="wrong") for person in (ANNA, nobody)]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert all("Неверное имя или пароль." in answer.text for answer in answers)


async def test_guessing_is_stopped_and_allowed_again_later(stranger: Visit, clock: FakeClock) -> None:
    for _ in range(5):
        assert (await stranger.sign_in(password="wrong")).status_code == 401
    stopped = await stranger.sign_in()
    assert stopped.status_code == 429
    assert "Попробуйте через 15 минут." in stopped.text
    assert int(stopped.headers["retry-after"]) == 900
    clock.advance(minutes=16)
    assert (await stranger.sign_in()).status_code == 303


async def test_the_sign_in_form_works_only_in_the_browser_that_asked_for_it(
    open_browser: Callable[[], Visit],
) -> None:
    token = await open_browser().csrf("/sign-in")
    other = open_browser()
    form = {"csrf": token, "login": ANNA.login, "password": ANNA.password}
    assert (await other.post("/sign-in", data=form)).status_code == 403


async def test_signing_out_ends_the_session_on_the_server(anna: Visit) -> None:
    token = anna.cookies["callcenter_session"]
    await anna.submit("/sign-out")
    anna.cookies.set("callcenter_session", token, domain="desk.test")
    assert (await anna.get("/")).status_code == 303


async def test_the_session_ends_with_the_shift(anna: Visit, clock: FakeClock) -> None:
    clock.advance(hours=12, minutes=59)
    assert (await anna.get("/")).status_code == 200
    clock.advance(minutes=2)
    assert (await anna.get("/")).status_code == 303


async def test_every_form_is_refused_without_its_token(anna: Visit, desk: FastAPI) -> None:
    pages = desk.openapi()["paths"]
    assert all(set(methods) <= {"get", "post"} for methods in pages.values())
    forms = [re.sub("{[^}]*}", "1", path) for path, methods in pages.items() if "post" in methods]
    assert len(forms) >= 9
    for path in set(forms) - {"/sign-in"}:
        for token in ("", "wrong", "неверный"):
            refused = await anna.post(path, data={"csrf": token, "reason": "Обед", "result": "Не отвечает"})
            assert refused.status_code == 403, path
            assert "обновите её" in refused.text
    assert (await anna.get("/")).status_code == 200  # nobody was signed out


async def test_a_form_sent_from_another_site_is_refused(anna: Visit) -> None:
    form = {"csrf": await anna.csrf("/")}
    foreign = ({"Origin": "https://evil.test"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"})
    for headers in foreign:
        assert (await anna.post("/sign-out", data=form, headers=headers)).status_code == 403
    assert (await anna.post("/sign-out", data=form, headers={"Origin": ORIGIN})).status_code == 303


async def test_every_answer_forbids_foreign_and_inline_code(anna: Visit) -> None:
    for path in ("/", "/sign-in", "/calls", "/nowhere", "/static/desk.css", "/healthz"):
        headers = (await anna.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
    assert (await anna.get("/")).headers["cache-control"] == "no-store"
