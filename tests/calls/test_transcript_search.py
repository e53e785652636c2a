"""What was said is found by its words in any form, whoever said them; ё is е, and a search is never a pattern."""

from datetime import timedelta

import pytest

from callcenter.calls.models import Call, CallState, Outcome, Speaker
from callcenter.calls.transcript_search import SearchTerm, read_terms
from callcenter.calls.transcripts import add_utterance
from callcenter.calls.views import CallFilters, find_calls
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.core.database import Database
from tests.stand_ins.clock import MORNING

SAID = {
    "b1-1.1": ("алло у нас прорвало трубу в подвале", "передаю заявку сантехнику"),
    "b1-2.1": ("проверьте счётчик горячей воды", "хорошо придёт слесарь"),
    "b1-3.1": ("лифт застрял и труба течёт",),
}


@pytest.fixture
async def calls(database: Database) -> Database:
    async with database.begin() as session:
        for number, (call_id, lines) in enumerate(SAID.items()):
            at = MORNING + timedelta(hours=number)
            outcome = Outcome.ROBOT if number == 2 else Outcome.TALKED
            session.add(
                Call(company_id=DEFAULT_COMPANY_ID, id=call_id, arrived_at=at, state=CallState.ENDED, outcome=outcome)
            )
            await session.flush()
            for place, line in enumerate(lines):
                words = [[word, 0.5 * count, 0.5 * count + 0.4, 0.9] for count, word in enumerate(line.split())]
                await add_utterance(
                    session,
                    f"{call_id}-{place}",
                    call_id=call_id,
                    speaker=(Speaker.CALLER, Speaker.MEMBER)[place],
                    at=at + timedelta(seconds=10 * place),
                    text=line,
                    words=words,
                )
    return database


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("труба", {"b1-1.1", "b1-3.1"}),
        ("ТРУБЫ", {"b1-1.1", "b1-3.1"}),
        ("счетчики", {"b1-2.1"}),
        ("счётчик", {"b1-2.1"}),
        ("труба сантехник", {"b1-1.1"}),  # one from each side
        ("не труба и", {"b1-1.1", "b1-3.1"}),
        ('"трубу в подвале"', {"b1-1.1"}),
        ('"подвал труба"', set()),
        ("труба -лифт", {"b1-1.1"}),
        ("-труба", {"b1-2.1"}),
        ("лифт или слесарь", {"b1-2.1", "b1-3.1"}),
        ("и", set()),
        ("%", set()),
        ("тру", set()),
        ("труба'); DROP TABLE call; --", set()),
        ('"', set()),
        ("& | ! ( ) <-> :*", set()),
    ],
)
async def test_calls_are_found_by_what_was_said(calls: Database, typed: str, found: set[str]) -> None:
    async with calls.begin() as session:
        page = await find_calls(session, DEFAULT_COMPANY_ID, CallFilters(transcript_query=typed))
    assert {row.call.id for row in page.rows} == found
    assert page.total == len(found)


async def test_it_narrows_with_the_other_filters(calls: Database) -> None:
    async with calls.begin() as session:
        page = await find_calls(
            session, DEFAULT_COMPANY_ID, CallFilters(transcript_query="труба", outcome=Outcome.ROBOT)
        )
        assert [row.call.id for row in page.rows] == ["b1-3.1"]
        assert (
            await find_calls(session, DEFAULT_COMPANY_ID, CallFilters(transcript_query="труба"), search="b1-1.")
        ).total == 1


async def test_a_hit_names_the_moment_of_its_word_and_shows_it_among_others(calls: Database) -> None:
    async with calls.begin() as session:
        page = await find_calls(session, DEFAULT_COMPANY_ID, CallFilters(transcript_query="труба сантехник"))
        (second,) = (await find_calls(session, DEFAULT_COMPANY_ID, CallFilters(transcript_query="счетчик"))).rows
    (row,) = page.rows
    first, other = row.hits
    assert (first.speaker, first.at) == (Speaker.CALLER, MORNING + timedelta(seconds=2))
    assert first.fragments == (("алло у нас прорвало ", False), ("трубу", True), (" в подвале", False))
    assert (other.speaker, other.at) == (Speaker.MEMBER, MORNING + timedelta(seconds=11))
    assert second.hits[0].fragments[1] == ("счётчик", True)  # as it was said


async def test_words_that_are_in_every_line_are_told_apart_from_words_nobody_said(calls: Database) -> None:
    async with calls.begin() as session:
        assert (await find_calls(session, DEFAULT_COMPANY_ID, CallFilters(transcript_query="и не"))).only_stop_words
        assert not (
            await find_calls(session, DEFAULT_COMPANY_ID, CallFilters(transcript_query="водопад"))
        ).only_stop_words


async def test_long_lines_are_cut_and_tags_in_them_are_only_text(calls: Database) -> None:
    text = f"{'да ' * 30}<b>труба</b> {'нет ' * 30}"
    async with calls.begin() as session:
        await add_utterance(
            session, "long", call_id="b1-2.1", speaker=Speaker.CALLER, at=MORNING + timedelta(hours=1), text=text
        )
        page = await find_calls(session, DEFAULT_COMPANY_ID, CallFilters(transcript_query="труба"), search="b1-2.")
    (hit,) = page.rows[0].hits
    assert "".join(piece for piece, _ in hit.fragments) == f"… {'да ' * 8}<b>труба</b>{' нет' * 8} …"
    assert [piece for piece, found in hit.fragments if found] == ["труба"]


def test_terms() -> None:
    assert read_terms(' труба  -"в лифте" а или "б в" --г') == (
        SearchTerm("труба", is_required=True),
        SearchTerm('"в лифте"', is_required=False),
        SearchTerm('а or "б в"', is_required=True),
        SearchTerm("г", is_required=False),
    )
