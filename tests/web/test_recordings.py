"""Recordings: heard from any second, by those who signed in, and never without a trace."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile
from sqlalchemy import select, update

from callcenter.calls.models import CallEvent, Recording, RecordingState
from callcenter.core.database import Database
from tests.stand_ins.clock import FakeClock
from tests.web.desk_client import Visit
from tests.web.sample_calls import LEAK, LIFT
from tests.web.sample_centre import DIRECTOR, Person

PLACE = f"/calls/{LEAK}/recording"


async def listeners(database: Database) -> list[tuple[str, str]]:
    async with database.begin() as session:
        rows = await session.execute(
            select(CallEvent.kind, CallEvent.facts)
            .where(CallEvent.kind.startswith("recording_"))
            .order_by(CallEvent.id)
        )
        return [(kind, facts["author"]) for kind, facts in rows]


async def test_the_file_is_whole_and_has_both_sides(anna: Visit) -> None:
    answer = await anna.get(PLACE)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/flac"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["cache-control"] == "private, no-store"
    samples, rate = soundfile.read(io.BytesIO(answer.content))
    assert samples.shape == (92 * rate, 2)


async def test_a_player_may_ask_for_any_piece(anna: Visit) -> None:
    whole = (await anna.get(PLACE)).content
    for header, wanted in (
        ("bytes=0-0", whole[:1]),
        ("bytes=1000-1999", whole[1000:2000]),
        (f"bytes={len(whole) - 10}-", whole[-10:]),
        ("bytes=-7", whole[-7:]),
        (f"bytes=0-{len(whole) * 2}", whole),
    ):
        piece = await anna.get(PLACE, headers={"Range": header})
        assert piece.status_code == 206, header
        assert piece.content == wanted
        assert piece.headers["content-range"].endswith(f"/{len(whole)}")


async def test_a_piece_beyond_the_end_is_refused_with_the_true_length(anna: Visit) -> None:
    whole = (await anna.get(PLACE)).content
    refused = await anna.get(PLACE, headers={"Range": f"bytes={len(whole)}-"})
    assert refused.status_code == 416
    assert refused.headers["content-range"] == f"bytes */{len(whole)}"


async def test_every_listening_leaves_a_line_in_the_call(
    anna: Visit, visit_as: Callable[[Person], Visit], database: Database, clock: FakeClock
) -> None:
    for _ in range(3):  # a player asks in pieces: one listening
        await anna.get(PLACE, headers={"Range": "bytes=0-99"})
    assert await listeners(database) == [("recording_heard", "anna")]
    clock.advance(minutes=11)
    await anna.get(PLACE)
    saved = await visit_as(DIRECTOR).get(f"{PLACE}?download=true")
    assert f'filename="{LEAK}.flac"' in saved.headers["content-disposition"]
    assert await listeners(database) == [
        ("recording_heard", "anna"),
        ("recording_heard", "anna"),
        ("recording_saved", "director"),
    ]
    card = (await anna.get(f"/calls/{LEAK}")).text
    assert "Запись слушает Анна Котова" in card
    assert "Запись скачивает Марина Лосева" in card


async def test_a_stranger_hears_nothing(stranger: Visit, database: Database) -> None:
    refused = await stranger.get(PLACE)
    assert refused.status_code == 303
    assert await listeners(database) == []


async def test_a_row_never_leads_out_of_the_recordings(anna: Visit, database: Database, recordings: Path) -> None:
    secret = recordings.parent / "secret.flac"
    secret.write_bytes(b"secret")
    (recordings / "link.flac").symlink_to(secret)
    (recordings / "note.txt").write_bytes(b"secret")
    for path in (
        "../secret.flac",
        "../../../etc/passwd",
        str(secret),
        "2026/../../secret.flac",
        "link.flac",
        "note.txt",
    ):
        async with database.begin() as session:
            await session.execute(update(Recording).where(Recording.call_id == LEAK).values(path=path))
        refused = await anna.get(PLACE)
        assert refused.status_code == 404, path
        assert b"secret" not in refused.content
    assert await listeners(database) == []


@pytest.mark.parametrize("call", ["..", "%2e%2e", "..%2f..%2fetc", LIFT, "b17-0.0"])
async def test_a_call_without_a_recording_has_no_file(reader: Visit, call: str) -> None:
    assert (await reader.get(f"/calls/{call}/recording")).status_code in {303, 404}


async def test_a_file_that_is_gone_is_said_to_be_gone(anna: Visit, database: Database, recordings: Path) -> None:
    (recordings / f"2026/11/24/{LEAK}.flac").unlink()
    gone = await anna.get(PLACE)
    assert gone.status_code == 404
    assert "Файла записи нет на диске." in gone.text


async def test_the_card_says_what_is_wrong_with_a_recording(anna: Visit, database: Database) -> None:
    for state, words, playable in (
        (RecordingState.SHORT, "короче звонка", True),
        (RecordingState.SILENT, "тишина вместо речи", True),
        (RecordingState.MISSING, "не найдена", False),
        (RecordingState.EXPIRED, "удалена по сроку хранения", False),
        (RecordingState.PENDING, "Запись появится здесь", False),
    ):
        async with database.begin() as session:
            await session.execute(update(Recording).where(Recording.call_id == LEAK).values(state=state))
        card = (await anna.get(f"/calls/{LEAK}")).text
        assert words in card
        assert ("data-recording" in card) is playable, state
        assert (await anna.get(PLACE)).status_code == (200 if playable else 404)
