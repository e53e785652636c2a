"""The list of calls and the card of one."""

import re
from itertools import pairwise

import pytest

from tests.web.desk_client import ROW, Visit
from tests.web.sample_calls import LEAK, LIFT, MISSED, TALKING


@pytest.mark.parametrize(
    "typed", ["+79215550147", "8 921 555-01-47", "(921) 555 01 47", "5550147", " 921-555-01-47 ", LEAK]
)
async def test_a_number_is_found_however_it_is_typed(reader: Visit, typed: str) -> None:
    page = await reader.get("/calls", params={"search": typed})
    assert page.text.count(ROW) == 1
    assert f"{ROW}{LEAK}" in page.text
    assert "Найдено 1 звонок" in page.text


@pytest.mark.parametrize("typed", ["%", "_", "'; DROP TABLE call; --", "\\", "нет такого"])
async def test_a_search_is_never_a_pattern(reader: Visit, typed: str) -> None:
    page = await reader.get("/calls", params={"search": typed})
    assert page.status_code == 200
    assert "Таких звонков нет." in page.text


async def test_a_day_is_a_day_of_the_company(reader: Visit) -> None:
    """Moscow is three hours ahead: 23 November there ended at 21:00 UTC."""
    assert len(await reader.rows("/calls?day=2026-11-23")) == 2
    assert len(await reader.rows("/calls?day=2026-11-24")) == 13
    assert await reader.rows("/calls?day=2026-11-22") == []


@pytest.mark.parametrize("address", ["/calls?day=31.12.2026", "/calls?day=9999-12-31", "/calls?state=nonsense"])
async def test_a_stale_filter_shows_all_or_nothing_but_never_fails(reader: Visit, address: str) -> None:
    assert (await reader.get(address)).status_code == 200


async def test_filters_narrow_and_are_kept(reader: Visit) -> None:
    assert await reader.rows("/calls?outcome=abandoned") == [MISSED]
    page = (await reader.get("/calls?state=queued")).text
    assert page.count(ROW) == 2
    assert '<option value="queued" selected>' in page
    assert "state=queued" in page[page.index('hx-get="/calls') :]


async def test_the_newest_call_is_first(reader: Visit) -> None:
    times = [line for line in (await reader.get("/calls")).text.split('datetime="')[1:]]
    moments = [time[: time.index('"')] for time in times]
    assert len(moments) == 15
    assert all(later >= earlier for later, earlier in pairwise(moments))


async def test_the_card_tells_the_call_from_beginning_to_end(reader: Visit) -> None:
    card = (await reader.get(f"/calls/{LEAK}")).text
    for words in (
        "+7 921 555-01-47",
        "24 ноября 2026, 08:19:00",  # Moscow
        "набран номер +7 812 555-01-92",
        "разговор с диспетчером",
        "Робот: «Здравствуйте! Ситуационный центр. Разговор записывается.»",
        "Нажата клавиша 2",
        "Робот запомнил: категория: Прорыв или течь трубы/стояка ХВС, ГВС",
        "Робот переводит звонок диспетчеру: просит человека",
        "Ответил диспетчер: Анна Котова",
        "положили трубку",
        "26-000001",
        "0:04 с 0:58 (заполнено тишиной)",
    ):
        assert words in card, words


async def test_every_line_that_can_be_heard_leads_to_its_second(reader: Visit) -> None:
    card = (await reader.get(f"/calls/{LEAK}")).text
    timeline = card[card.index("Ход звонка") :]
    seconds = [float(piece[: piece.index('"')]) for piece in timeline.split('data-second="')[1:]]
    assert seconds == sorted(seconds)
    assert seconds[0] == 0.0
    assert 37.0 in seconds
    assert 92.0 not in seconds  # the end: nothing more is to be heard


async def test_the_strip_shows_robot_queue_talk_and_what_is_missing(reader: Visit) -> None:
    card = (await reader.get(f"/calls/{LEAK}")).text
    strip = card[card.index("data-strip ") : card.index("data-strip-head")]
    kinds = [piece[: piece.index('"')] for piece in strip.split('class="strip-')[1:]]
    assert kinds == ["robot", "queue", "talk", "gap", "head"]


async def test_a_call_that_lasts_says_so(reader: Visit) -> None:
    card = (await reader.get(f"/calls/{LIFT}")).text
    assert "Опасность: Человек застрял в лифте" in card
    assert "Запись появится здесь через несколько секунд после конца звонка." in card
    assert "data-recording" not in card
    assert f'data-watch="call:{LIFT} recording:{LIFT} ticket:' in card


async def test_what_was_said_is_shown_with_who_and_when_and_where_nothing_was_heard(reader: Visit) -> None:
    card = (await reader.get(f"/calls/{TALKING}")).text
    said = card[card.index("Что было сказано") : card.index("Ход звонка")]
    assert read_lines(said) == [
        "0:46 Диспетчер слушаю вас",
        "0:49 Житель здравствуйте у нас &lt;b&gt;нет&lt;/b&gt; воды",
        "0:56 Житель здесь распознавание прервалось",
    ]
    assert "Что было сказано" not in (await reader.get(f"/calls/{MISSED}")).text


def read_lines(html: str) -> list[str]:
    """The lines of a transcript as they are read."""
    lines = html[: html.index("<template")] if "<template" in html else html
    words = [re.sub(r"<[^>]+>", "", line.partition(">")[2]) for line in lines.split("<li")[1:]]
    return [re.sub(r"\s+", " ", line).strip() for line in words]


async def test_words_have_their_second_their_sureness_and_their_danger(reader: Visit) -> None:
    card = (await reader.get(f"/calls/{LEAK}")).text
    assert '<span data-second="41.50">здравствуйте</span>' in card
    assert '<span data-second="46.50" class="is-guess">лестнице</span>' in card
    assert '<span data-second="47.00" class=" is-danger">пахнет</span>' in card
    assert card.count("is-danger") == 2


async def test_a_page_reads_on_from_the_last_line_it_has(reader: Visit) -> None:
    card = (await reader.get(f"/calls/{TALKING}")).text
    numbers = [int(piece[: piece.index('"')]) for piece in card.split('data-sequence="')[1:]]
    assert len(numbers) == 3
    rest = (await reader.get(f"/calls/{TALKING}/transcript", params={"after": numbers[1]})).text
    assert read_lines(rest) == ["0:56 Житель здесь распознавание прервалось"]
    assert (await reader.get(f"/calls/{TALKING}/transcript", params={"after": numbers[2]})).text.strip() == ""
    assert (await reader.get("/calls/b17-0.0/transcript")).status_code == 404


async def test_a_call_is_found_by_what_was_said_and_opens_at_the_word(reader: Visit) -> None:
    page = (await reader.get("/calls", params={"said": "стояки", "outcome": "talked"})).text
    assert page.count(ROW) == 1
    assert f'href="/calls/{LEAK}?find=%D1%81%D1%82%D0%BE%D1%8F%D0%BA%D0%B8#t=43.50"' in page
    assert "<q>здравствуйте у нас течёт <mark>стояк</mark> холодной воды и ещё на лестнице пахнет газом</q>" in page
    assert "&lt;b&gt;нет&lt;/b&gt; <mark>воды</mark>" in (await reader.get("/calls", params={"said": "вода"})).text
    assert ROW not in (await reader.get("/calls", params={"said": "стояк", "outcome": "robot"})).text
    assert "Такие слова есть в каждом разговоре" in (await reader.get("/calls", params={"said": "и"})).text


async def test_only_the_card_may_have_a_style_of_its_own_and_each_time_another(reader: Visit) -> None:
    policies = [(await reader.get(f"/calls/{LEAK}")).headers["content-security-policy"] for _ in range(2)]
    nonces = [re.search(r"style-src 'self' 'nonce-([\w-]{20,})';", policy) for policy in policies]
    assert nonces[0] is not None
    assert nonces[1] is not None
    assert nonces[0][1] != nonces[1][1]
    assert "nonce" not in (await reader.get("/calls")).headers["content-security-policy"]
    assert "unsafe" not in policies[0]


async def test_an_unknown_call_is_no_page(reader: Visit) -> None:
    assert (await reader.get("/calls/b17-0.0")).status_code == 404
