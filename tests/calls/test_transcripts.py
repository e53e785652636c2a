"""What was said becomes rows of the transcript, once, and goes when the recording does."""

from datetime import timedelta

from callcenter.calls.models import Recording, RecordingState, Speaker
from callcenter.calls.recordings import expire_recording
from callcenter.calls.transcripts import read_transcript
from callcenter.calls.views import call_record
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.core.database import Database
from callcenter.intake.note_applier import NoteApplier
from callcenter.journal.notes import Note
from tests.stand_ins.clock import MORNING

CALL = "b1-17.7"


def said(number: int, speaker: Speaker, text: str) -> Note:
    words = [[word, float(place), place + 0.5, 0.9] for place, word in enumerate(text.split())]
    facts = {"speaker": speaker.value, "text": text, "words": words}
    return Note(f"n{number}", CALL, MORNING + timedelta(seconds=number), "transcript", facts)


async def test_both_sides_and_gaps_are_rows_and_no_lines_of_the_timeline(
    database: Database, bookkeeper: NoteApplier
) -> None:
    gap = Note("n5", CALL, MORNING + timedelta(seconds=5), "transcript", {"speaker": "caller", "fault": "it closed"})
    notes = (said(3, Speaker.MEMBER, "слушаю вас"), said(1, Speaker.CALLER, "алло"), gap)
    for note in (*notes, *notes):
        async with database.begin() as session:
            await bookkeeper.apply(session, note)
    async with database.begin() as session:
        record = await call_record(session, DEFAULT_COMPANY_ID, CALL)
    assert record is not None
    assert [(row.speaker, row.text, row.fault) for row in record.transcript] == [
        (Speaker.CALLER, "алло", None),
        (Speaker.MEMBER, "слушаю вас", None),
        (Speaker.CALLER, "", "it closed"),
    ]
    assert record.transcript[1].words[1] == ["вас", 1.0, 1.5, 0.9]
    assert [event.kind for event in record.events] == []


async def test_the_words_go_with_the_recording(database: Database, bookkeeper: NoteApplier) -> None:
    async with database.begin() as session:
        await bookkeeper.apply(session, said(1, Speaker.CALLER, "алло"))
        session.add(Recording(call_id=CALL, state=RecordingState.FILED, path="a.flac", seconds=1.0))
    async with database.begin() as session:
        recording = await session.get(Recording, CALL)
        assert recording is not None
        await expire_recording(session, recording)
    async with database.begin() as session:
        assert await read_transcript(session, CALL) == ()
