"""A call's tape lies beside its recording, holds that call only, and goes when the recording goes."""

import json
import os
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.core.database import Database
from callcenter.intake.asterisk_log import AsteriskLogReader
from callcenter.journal import reverse_reader, tape_recorder
from callcenter.journal.editions import StoredEdition, edition_file, read_kept_edition
from callcenter.journal.reverse_reader import read_backwards
from callcenter.journal.tape import BrokenTape, TapeLine, TapeSource, read_tape, tape_beside
from callcenter.journal.tape_recorder import TapeRecorder
from callcenter.recordings.filing import RecordingFiler
from callcenter.recordings.retention import expire_recordings
from callcenter.recordings.tape_filing import TapeFiler
from callcenter.replay.replay import replay_lines
from callcenter.settings import RecordingSettings, Settings
from tests.helpers.asterisk_reading import CALL
from tests.helpers.recorded_call import RecordedCall, file_all
from tests.stand_ins.asterisk_files import AsteriskFiles, InboundCall
from tests.stand_ins.clock import MORNING, FakeClock

EDITION = StoredEdition("main", "сценарий: x\n", (), (), {"KB01": "Открыто."})
SECRET_MODE = 0o600


def arrival(call_id: str) -> str:
    return json.dumps({"type": "StasisStart", "args": ["inbound", "78125550192"], "channel": {"id": call_id}})


class Centre:
    """A centre whose recordings and tapes are filed when the test says so."""

    def __init__(
        self, database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock, home: Path
    ) -> None:
        self.database = database
        self.files = files
        self.truth = truth
        self.clock = clock
        self.root = home / "recordings"
        self.spool = home / "tapes"
        settings = Settings(recordings=RecordingSettings(directory=self.root, retention_days=30))
        self.filer = RecordingFiler(database, files, settings, clock=clock)
        self.tape_filer = TapeFiler(database, files, self.spool, settings, clock=clock)
        self.recorder = TapeRecorder(self.spool, clock=clock, get_edition=lambda: EDITION, lease_seconds=6)

    def call(self, call_id: str = CALL, *, taped: bool = True) -> RecordedCall:
        call = RecordedCall(self.files, self.clock, self.filer, call_id)
        if taped:
            self.recorder.record_line(TapeSource.EVENT, arrival(call_id))
        call.sounds(1)
        return call

    async def is_over(self) -> None:
        """What was recorded is filed, and the calls are settled."""
        self.recorder.close()
        await file_all(self.truth, self.filer, self.clock)
        self.clock.advance(minutes=1)
        await self.truth.assign_outcomes()

    def recording_of(self, call_id: str = CALL) -> Path:
        (file,) = self.root.rglob(f"*-{call_id}.flac")
        return file

    def tape_of(self, call_id: str = CALL) -> list[TapeLine]:
        return read_tape(tape_beside(self.recording_of(call_id)))

    def spooled(self) -> list[str]:
        return sorted(file.name for file in self.spool.glob("*.jsonl"))


@pytest.fixture
def centre(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock, tmp_path: Path
) -> Centre:
    return Centre(database, files, truth, clock, tmp_path)


async def test_a_tape_is_filed_with_what_asterisk_and_the_record_tell(centre: Centre) -> None:
    call, other = centre.call(), centre.call(f"{CALL}9")
    queued = InboundCall(centre.files, CALL, MORNING)
    queued.enters_queue(2)
    InboundCall(centre.files, f"{CALL}9", MORNING).enters_queue(2)
    for each in (call, other):
        each.hangs_up()
    assert await centre.tape_filer.file_finished() == 0, "nothing is filed before its recording"
    await centre.is_over()
    assert await centre.tape_filer.file_finished() == 2
    lines = centre.tape_of()
    assert [line.source for line in lines[:2]] == [TapeSource.TAPE, TapeSource.EVENT]
    assert lines[0].content["edition"] == {"name": "main", "hash": EDITION.hash}
    told = [json.loads(line.content["line"]) for line in lines if line.source is TapeSource.CEL]
    assert told[0]["eventtype"] == "CHAN_START"
    assert {event["linkedid"] for event in told} == {CALL}
    (queue,) = [line.content["line"] for line in lines if line.source is TapeSource.QUEUE_LOG]
    assert f"|{CALL}|dispatch|NONE|ENTERQUEUE|" in queue
    assert lines[-1].content == {
        "outcome": "abandoned",
        "kinds": ["answered", "arrived", "ended", "queued", "recording"],
    }
    assert tape_beside(centre.recording_of()).stat().st_mode & 0o777 == SECRET_MODE
    assert centre.spooled() == []
    kept = edition_file(centre.root, EDITION.hash)
    assert read_kept_edition(kept) == EDITION
    assert kept.stat().st_mode & 0o777 == SECRET_MODE


async def test_a_call_that_no_controller_saw_has_asterisks_lines_and_plays(centre: Centre) -> None:
    call = centre.call(taped=False)
    assert await centre.tape_filer.file_finished() == 0
    call.hangs_up()
    await centre.is_over()
    assert await centre.tape_filer.file_finished() == 1
    lines = centre.tape_of()
    assert {line.source for line in lines} == {TapeSource.CEL, TapeSource.RECORD}
    assert replay_lines(lines, directory=centre.root).differences == ()
    without = [line for line in lines if '"ANSWER"' not in str(line.content)]
    (difference,) = replay_lines(without, directory=centre.root).differences
    assert str(difference) == f"строка {lines[-1].number}: в записи звонка лишнее: answered"


async def test_a_death_between_filing_and_clearing_up_files_nothing_twice(centre: Centre) -> None:
    centre.call().hangs_up()
    await centre.is_over()
    (spooled,) = centre.spool.glob("*.jsonl")
    content = spooled.read_bytes()
    await centre.tape_filer.file_finished()
    filed = tape_beside(centre.recording_of()).read_bytes()
    spooled.write_bytes(content)
    await centre.tape_filer.file_finished()
    assert centre.spooled() == []
    assert tape_beside(centre.recording_of()).read_bytes() == filed


async def test_a_tape_that_cannot_be_filed_waits(centre: Centre) -> None:
    centre.call().hangs_up()
    await centre.is_over()
    day = centre.recording_of().parent
    away = day.rename(day.with_name("away"))
    with pytest.raises(FileNotFoundError):
        await centre.tape_filer.file_finished()
    assert centre.spooled() == [f"{CALL}.tape.jsonl"]
    away.rename(day)
    assert await centre.tape_filer.file_finished() == 1
    assert not list(day.glob(".*"))


async def test_a_tape_goes_with_its_recording_and_one_without_when_its_time_is_over(centre: Centre) -> None:
    centre.call().hangs_up()
    centre.recorder.record_line(TapeSource.EVENT, arrival("b1-50.0"))
    await centre.is_over()
    await centre.tape_filer.file_finished()
    assert centre.spooled() == ["b1-50.0.tape.jsonl"], "its call has no recording"
    now = centre.clock.advance(days=31)
    async with centre.database.begin() as session:
        assert await expire_recordings(session, centre.root, ended_before=now - timedelta(days=30), now=now) == 1
    assert [file.name for file in centre.root.rglob("*.*")] == [f"{EDITION.hash}.json"]
    old = MORNING.timestamp()
    os.utime(centre.spool / "b1-50.0.tape.jsonl", (old, old))
    await centre.tape_filer.file_finished()
    assert centre.spooled() == []


# The recorder


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "tapes"


def record(spool: Path, clock: FakeClock) -> TapeRecorder:
    return TapeRecorder(spool, clock=clock, get_edition=lambda: EDITION, lease_seconds=6)


def contents(spool: Path, call_id: str = CALL) -> list[tuple[TapeSource, dict[str, object]]]:
    return [(line.source, dict(line.content)) for line in read_tape(spool / f"{call_id}.tape.jsonl")]


def test_every_line_finds_its_call_and_nobody_elses(spool: Path, clock: FakeClock) -> None:
    recorder = record(spool, clock)
    recorder.record_line(TapeSource.EVENT, arrival(CALL))
    recorder.record_line(
        TapeSource.EVENT, json.dumps({"type": "StasisStart", "args": ["snoop"], "channel": {"id": "ours"}})
    )
    play = {"n": 1, "method": "POST", "path": f"/channels/{CALL}/play/p1", "parameters": {"media": "sound:x"}}
    recorder.record_line(TapeSource.REQUEST, play)
    recorder.record_line(
        TapeSource.REQUEST, {"n": 2, "method": "GET", "path": "/applications/callcenter", "parameters": {}}
    )
    recorder.record_line(TapeSource.REPLY, {"n": 2, "status": 200, "body": "[]"})
    recorder.record_line(TapeSource.REPLY, {"n": 1, "status": 201, "body": ""})
    recorder.record_line(TapeSource.REQUEST, {"n": 3, "method": "DELETE", "path": "/playbacks/p1", "parameters": {}})
    recorder.record_line(TapeSource.REPLY, {"n": 3, "failure": "ReadTimeout"})
    target = {"id": "p1", "target_uri": f"channel:{CALL}"}
    recorder.record_line(TapeSource.EVENT, json.dumps({"type": "PlaybackFinished", "playback": target}))
    recorder.record_line(TapeSource.AMI, {"Event": "QueueCallerJoin", "Linkedid": CALL, "content": ""})
    recorder.record_line(TapeSource.AMI, {"Event": "QueueMemberStatus", "Queue": "dispatch"})
    recorder.record_line(TapeSource.EVENT, "{ not JSON")
    recorder.record_line(TapeSource.NOTE, {"kind": "said", "facts": {}}, call_id="../../etc/passwd")
    recorder.record_line(TapeSource.NOTE, {"kind": "said", "facts": {}}, call_id="b1-filed.1")
    recorder.close()
    assert [file.name for file in spool.glob("*.jsonl")] == [f"{CALL}.tape.jsonl"]
    assert [(source, content.get("n")) for source, content in contents(spool)] == [
        (TapeSource.TAPE, None),
        (TapeSource.EVENT, None),
        (TapeSource.REQUEST, 1),
        (TapeSource.REPLY, 1),
        (TapeSource.REQUEST, 3),
        (TapeSource.REPLY, 3),
        (TapeSource.EVENT, None),
        (TapeSource.AMI, None),
    ]


def test_what_does_not_fit_is_dropped_counted_and_told_on_the_tape(
    spool: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tape_recorder, "LONGEST_QUEUE", 0)
    recorder = record(spool, clock)
    for _ in range(3):
        recorder.record_line(TapeSource.EVENT, arrival(CALL))
    monkeypatch.setattr(tape_recorder, "LONGEST_QUEUE", 10)
    recorder.record_line(TapeSource.EVENT, arrival(CALL))
    recorder.close()
    assert recorder.dropped == 3
    assert contents(spool)[-1] == (TapeSource.TAPE, {"dropped": 3})


def test_an_heir_writes_on_and_says_so(spool: Path, clock: FakeClock) -> None:
    first = record(spool, clock)
    first.record_line(TapeSource.EVENT, arrival(CALL))
    first.close()
    with (spool / f"{CALL}.tape.jsonl").open("ab") as file:
        file.write(b'{"at":"2026-')  # torn by its death
    heir = record(spool, clock)
    heir.record_line(TapeSource.NOTE, {"kind": "adopted", "facts": {}}, call_id=CALL)
    heir.close()
    told = [content.get("resumed") or content.get("kind") for _, content in contents(spool)]
    assert told[2:] == [True, "adopted"]


def test_a_broken_edition_costs_no_tape(spool: Path, clock: FakeClock) -> None:
    def none() -> StoredEdition:
        raise ZeroDivisionError

    recorder = TapeRecorder(spool, clock=clock, get_edition=none, lease_seconds=6)
    recorder.record_line(TapeSource.EVENT, arrival(CALL))
    recorder.close()
    assert "edition" not in contents(spool)[0][1]


def test_what_is_no_tape_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.tape.jsonl"
    file.write_text('{"at": "2026-11-24T09:00:00+03:00", "source": "rumour"}\n[1]\nnull\n\n', encoding="utf-8")
    with pytest.raises(BrokenTape):
        read_tape(file)


# A file from its end


@given(
    lines=st.lists(st.text(alphabet="aя\r ", min_size=1), max_size=12),
    size=st.integers(min_value=1, max_value=30),
    ended=st.booleans(),
)
def test_a_file_is_read_backwards_in_any_portions(lines: list[str], size: int, ended: bool) -> None:
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        patch.setattr(reverse_reader, "BLOCK_BYTES", size)
        file = Path(directory) / "cel.jsonl"
        file.write_bytes(("\n".join(lines) + ("\n" if ended else "")).encode())
        assert list(read_backwards(file, limit=1 << 20)) == [line for line in lines[::-1] if line.strip()]


def test_rotated_files_are_read_after_it_and_no_farther_than_told(tmp_path: Path) -> None:
    for age, name in enumerate(("cel.jsonl", "cel.jsonl.1", "cel.jsonl.0")):
        (tmp_path / name).write_text(f"{name} a\n{name} b\n", encoding="utf-8")
        moment = MORNING.timestamp() - age
        os.utime(tmp_path / name, (moment, moment))
    (tmp_path / "cel.jsonl.9.gz").write_bytes(b"\x1f\x8b")
    assert [line[-3:] for line in read_backwards(tmp_path / "cel.jsonl", limit=1 << 20)] == [
        "l b", "l a", "1 b", "1 a", "0 b", "0 a"
    ]  # fmt: skip
    assert len(list(read_backwards(tmp_path / "cel.jsonl", limit=30))) == 4
    assert list(read_backwards(tmp_path / "none", limit=30)) == []
