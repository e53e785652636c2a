"""Searches the transcripts by PostgreSQL's Russian full-text search. Used by the list of calls (`views.py`).

A call matches when each search word occurs somewhere in it, by either speaker, in any inflected form. Words in quotes
must follow one another within one utterance. A word after a minus must not occur in the call.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import ColumnElement, String, column, func, literal_column, select, values
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.calls.models import DOCUMENT, FOLDED, Call, Speaker, Utterance
from callcenter.calls.recordings import recorded_since

HITS = 3
"""Utterances shown per call."""
_CONTEXT_WORDS = 8
"""Words of context before and after the first match."""
_TERM_PATTERN = re.compile(r'(?P<minus>-*)(?:"(?P<phrase>[^"]*)"?|(?P<word>\S+))')
_OR_WORDS = frozenset({"or", "или", "|"})
_FOLDING_TABLE = str.maketrans("ёЁ<>", "еЕ  ")
_HIGHLIGHT_MARKS = ("\ue000", "\ue001")
"""Markers around a match in PostgreSQL's headline. Private-use characters, which a recognizer never outputs."""
_CONFIG: ColumnElement[str] = literal_column("'russian'::regconfig")
_HEADLINE: ColumnElement[str] = literal_column(
    f"'HighlightAll=true, StartSel={_HIGHLIGHT_MARKS[0]}, StopSel={_HIGHLIGHT_MARKS[1]}'"
)


@dataclass(frozen=True, slots=True)
class SearchTerm:
    """One condition in `websearch_to_tsquery` syntax: a word, a phrase in quotes, or alternatives joined by `or`."""

    text: str
    is_required: bool


@dataclass(frozen=True, slots=True)
class TranscriptHit:
    """An utterance that matches. `fragments`: pieces of the text around the first match, each with whether it
    matches."""

    call_id: str
    speaker: Speaker
    at: datetime
    """When the first matching word was said; without word times, the start of the utterance."""
    recording_offset: float
    """`at` in seconds from the start of the recording."""
    fragments: tuple[tuple[str, bool], ...]


def read_terms(typed: str) -> tuple[SearchTerm, ...]:
    """Parses a search text into conditions; «а или б» is one condition."""
    terms: list[SearchTerm] = []
    join = False
    for match in _TERM_PATTERN.finditer(typed.translate(_FOLDING_TABLE)):
        word = match["word"]
        if word is not None and word.lower() in _OR_WORDS and terms:
            join = True
            continue
        text = word.strip('"') if word is not None else f'"{match["phrase"]}"'
        wanted = not match["minus"]
        if join and wanted and terms[-1].is_required:
            terms[-1] = SearchTerm(f"{terms[-1].text} or {text}", is_required=True)
        else:
            terms.append(SearchTerm(text, wanted))
        join = False
    return tuple(terms)


async def keep_meaningful(session: AsyncSession, terms: Sequence[SearchTerm]) -> tuple[SearchTerm, ...]:
    """Drops terms of stop words only («не», «и», «что»): PostgreSQL does not index them."""
    if not terms:
        return ()
    rows = values(column("place", String), column("text", String), name="typed").data(
        [(str(place), term.text) for place, term in enumerate(terms)]
    )
    nodes = func.numnode(func.websearch_to_tsquery(_CONFIG, rows.c.text))
    empty = set(await session.scalars(select(rows.c.place).where(nodes == 0)))
    return tuple(term for place, term in enumerate(terms) if str(place) not in empty)


def said_in_call(terms: Sequence[SearchTerm]) -> list[ColumnElement[bool]]:
    """SQL conditions on a call. If all terms are excluded words, the call must still have some recognized speech."""
    conditions: list[ColumnElement[bool]] = []
    for term in terms:
        calls = Call.id.in_(select(Utterance.call_id).where(_match_condition(term.text)))
        conditions.append(calls if term.is_required else ~calls)
    if terms and not any(term.is_required for term in terms):
        conditions.append(Call.id.in_(select(Utterance.call_id).where(Utterance.text != "")))
    return conditions


async def find_hits(
    session: AsyncSession, call_ids: Sequence[str], terms: Sequence[SearchTerm]
) -> Mapping[str, tuple[TranscriptHit, ...]]:
    """Call id -> its first HITS utterances that match any required term, in order of time."""
    wanted = [term.text for term in terms if term.is_required]
    if not wanted or not call_ids:
        return {}
    anything = " or ".join(wanted)  # one query per row: each query parses the text anew
    place = func.row_number().over(partition_by=Utterance.call_id, order_by=(Utterance.at, Utterance.sequence))
    lines = (
        select(Utterance.id, place.label("place"))
        .where(Utterance.call_id.in_(call_ids), _match_condition(anything))
        .subquery()
    )
    query = func.websearch_to_tsquery(_CONFIG, anything)
    marked = func.ts_headline(_CONFIG, literal_column(FOLDED), query, _HEADLINE)
    rows = await session.execute(
        select(Utterance, marked)
        .join(lines, lines.c.id == Utterance.id)
        .where(lines.c.place <= HITS)
        .order_by(Utterance.at, Utterance.sequence)
    )
    since = await recorded_since(session, call_ids)
    hits: dict[str, tuple[TranscriptHit, ...]] = {}
    for utterance, headline in rows:
        hit = _make_hit(utterance, headline, since=since[utterance.call_id])
        hits[hit.call_id] = (*hits.get(hit.call_id, ()), hit)
    return hits


def _match_condition(text: str) -> ColumnElement[bool]:
    return literal_column(DOCUMENT).op("@@")(func.websearch_to_tsquery(_CONFIG, text))


def _make_hit(utterance: Utterance, headline: str, *, since: datetime) -> TranscriptHit:
    text = utterance.text
    found = _find_highlighted_letters(headline, len(text))
    words = list(re.finditer(r"\S+", text))
    first = next((place for place, word in enumerate(words) if any(found[slice(*word.span())])), 0)
    spoken = utterance.words[first][1] if len(utterance.words) == len(words) else 0.0
    shown = words[max(0, first - _CONTEXT_WORDS) : first + _CONTEXT_WORDS + 1]
    begin, end = shown[0].start(), shown[-1].end()
    pieces = [
        (text[begin:end][slice(letters[0], letters[-1] + 1)], mark)
        for mark, group in groupby(range(end - begin), key=lambda letter: found[begin + letter])
        for letters in [list(group)]
    ]
    if begin:
        pieces.insert(0, ("… ", False))
    if end < len(text.rstrip()):
        pieces.append((" …", False))
    at = utterance.at + timedelta(seconds=spoken)
    second = max(0.0, (at - since).total_seconds())
    return TranscriptHit(utterance.call_id, utterance.speaker, at, second, tuple(pieces))


def _find_highlighted_letters(headline: str, length: int) -> list[bool]:
    """For each character of the text whether it is part of a match."""
    letters, inside = [], False
    for letter in headline:
        if letter in _HIGHLIGHT_MARKS:
            inside = letter == _HIGHLIGHT_MARKS[0]
        else:
            letters.append(inside)
    return letters if len(letters) == length else [False] * length
