"""A whole replay: reads the tape and the script edition of its call, plays the tape, and collects the differences.

`callcenter replay` and the tests of recorded calls use it. See docs/tapes.md.
"""

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from callcenter.conducting.action_specs import ACTIONS, CATEGORY
from callcenter.conducting.knowledge_snapshot import open_interpreter, read_knowledge_snapshot
from callcenter.dialogue.engine.conversation import Conversation
from callcenter.dialogue.interpretation.interpretation import Interpreter
from callcenter.dialogue.scripts.reader import read_script
from callcenter.dialogue.scripts.script import list_answers
from callcenter.journal.editions import EditionNotFound, StoredEdition, edition_file, read_kept_edition
from callcenter.journal.tape import BrokenTape, TapeLine, TapeSource, read_tape
from callcenter.knowledge.base import read_knowledge
from callcenter.replay.frozen_time import FrozenTimeLoop
from callcenter.replay.player import ReplayDifference, TapePlayer
from callcenter.replay.record import derive_outcome, read_kinds
from callcenter.replay.transcript import render_transcript
from callcenter.settings import TREE, CompanySettings


@dataclass(frozen=True, slots=True)
class Replay:
    """`transcript`: the recorded call in Russian, one line per event. `differences`: deviations of the replay."""

    transcript: tuple[str, ...]
    differences: tuple[ReplayDifference, ...]


def replay(file: Path) -> Replay:
    """Plays the tape.

    Raises BrokenTape when the file is unreadable, is no tape, or has lost its beginning; EditionNotFound when the
    script edition of the call is in no `editions/` directory beside or above the tape; OSError when a temporary file
    cannot be written.
    """
    return replay_lines(read_tape(file), directory=file.parent)


def replay_lines(lines: Sequence[TapeLine], *, directory: Path) -> Replay:
    """Like `replay`, for lines that are already read. `directory` is the directory of the tape."""
    head = _find_header(lines)
    kinds: set[str] = set()
    differences: list[ReplayDifference] = []
    edition = find_edition(lines, directory=directory)
    if head is not None and edition is not None:
        talk = create_conversation(read_kept_edition(edition))
        player = TapePlayer(head["call"], lines, talk, lease_seconds=head["lease_seconds"])
        with asyncio.Runner(loop_factory=FrozenTimeLoop) as runner:
            runner.run(player.play())
        kinds, differences = player.note_kinds, player.differences
    elif any(line.source is TapeSource.NOTE for line in lines):
        raise BrokenTape("the tape has lost its beginning: nobody knows what answered the call")
    return Replay(tuple(render_transcript(lines)), (*differences, *_compare_record(lines, frozenset(kinds))))


def find_edition(lines: Sequence[TapeLine], *, directory: Path) -> Path | None:
    """The file of the script edition that answered the call, in `editions/` of `directory` or of a parent directory.

    None when the tape has no header, i.e. no robot answered the call. Raises EditionNotFound when the file is missing.
    """
    head = _find_header(lines)
    if head is None:
        return None
    named = head.get("edition") or {}
    above = (directory.absolute(), *directory.absolute().parents)
    files = (edition_file(directory, named.get("hash", "?")) for directory in above)
    found = next((file for file in files if file.is_file()), None)
    if found is None:
        raise EditionNotFound(
            f"the edition {named or '?'} that answered the call is not in editions/ beside or above the tape"
        )
    return found


def create_conversation(edition: StoredEdition) -> Conversation:
    """Creates a conversation from a kept edition. Raises EditionNotFound when the script is invalid by today's rules.

    Speech is interpreted by today's phrases and address list, because an edition does not contain them.
    """
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / f"{edition.name}.yaml"
        file.write_text(edition.script, encoding="utf-8")
        script, problems = read_script(
            file,
            actions=ACTIONS,
            articles=edition.articles,
            allowed_values={CATEGORY: edition.categories},
            allow_missing_outcomes=True,
        )
    if script is None:
        raise EditionNotFound("\n".join(str(problem) for problem in problems if problem.fatal))
    understood = any(answer.meanings for answer in (*list_answers(script.steps.values()), *script.dangers))
    return Conversation(script, edition.answers, {}, _build_interpreter() if understood else None)


@cache
def _build_interpreter() -> Interpreter:
    directory = TREE / "knowledge_base"
    knowledge = read_knowledge(directory)
    known, _ = read_knowledge_snapshot(directory, knowledge.categories, CompanySettings().zone)
    return open_interpreter(directory, known, knowledge.articles)[0]


def _find_header(lines: Sequence[TapeLine]) -> Mapping[str, Any] | None:
    return next((line.content for line in lines if line.source is TapeSource.TAPE and "version" in line.content), None)


def _compare_record(lines: Sequence[TapeLine], robot: frozenset[str]) -> list[ReplayDifference]:
    """Compares the tape's record line with the record derived from the other lines and the replayed notes (`robot`).

    Empty when there is no record line, i.e. the tape is not filed yet.
    """
    line = next((line for line in lines if line.source is TapeSource.RECORD), None)
    if line is None:
        return []
    kinds = robot | read_kinds(lines)
    recorded = set(line.content["kinds"])
    found = [ReplayDifference(line.number, f"в записи звонка нет: {kind}") for kind in sorted(kinds - recorded)]
    found += [ReplayDifference(line.number, f"в записи звонка лишнее: {kind}") for kind in sorted(recorded - kinds)]
    outcome = derive_outcome(lines, kinds)
    if line.content["outcome"] not in (None, outcome.value):
        found.append(ReplayDifference(line.number, f"итог был {line.content['outcome']}, стал {outcome.value}"))
    return found
