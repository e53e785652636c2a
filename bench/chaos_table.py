"""What became of the calls and faults of a chaos run, as lines of JSON, and the table of one run or of several."""

import json
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from bench.chaos_callers import SPOKEN, End, Story, is_dropped
from callcenter.calls.models import RecordingState

CALM = "none"


@dataclass(frozen=True, slots=True)
class Done:
    """One fault. `healed`: seconds from its end until the centre was whole again."""

    fault: str
    lasted: float
    healed: float


@dataclass(frozen=True, slots=True)
class Told:
    """What is left to tell of one call. `silence`, `pause`: seconds, of calls that nothing broke off.

    `whole`: whether the recording lacks nothing; None when there is none. `called_back`: seconds from the moment a new
    Asterisk took calls to the task of a call that its death dropped.
    """

    id: str
    wish: str
    dialled: str
    faults: tuple[str, ...]
    end: str
    became: str
    outcome: str
    complaints: tuple[str, ...]
    told: float
    whole: bool | None
    silence: float = 0.0
    pause: float = 0.0
    called_back: float | None = None


def tell(story: Story, ups: Sequence[datetime]) -> Told:
    """`ups`: the moments from which a new Asterisk took calls."""
    record, dropped = story.record, is_dropped(story)
    recording = record.recording if record is not None else None
    steady = story.end in (End.HUNG_UP, End.ENDED) and not dropped
    return Told(
        id=record.call.id if record is not None else "",
        wish=story.wish,
        dialled=story.dialled,
        faults=tuple(sorted(story.faults)),
        end=story.end,
        became=_classify(story),
        outcome=str(record.call.outcome) if record is not None else "",
        complaints=tuple(story.complaints),
        told=round(story.dispatcher_seconds, 2),
        whole=None if recording is None else recording.state is RecordingState.FILED and not recording.gaps,
        silence=round(story.silence, 2) if steady else 0.0,
        pause=round(story.pause, 3) if steady else 0.0,
        called_back=_wait_for_task(story, ups) if dropped else None,
    )


def _classify(story: Story) -> str:
    if story.complaints:
        return "lost" if any("LOST" in complaint for complaint in story.complaints) else "wrong"
    if is_dropped(story):
        return "dropped"
    return "unanswered" if story.end is End.UNANSWERED else "well"


def _wait_for_task(story: Story, ups: Sequence[datetime]) -> float | None:
    """None without a new Asterisk: its disk was full, it could not write down the end."""
    record = story.record
    if record is None or record.task is None or record.call.ended_at is None:
        return None
    after = [up for up in ups if up > record.call.ended_at]
    return max((record.task.created_at - after[0]).total_seconds(), 0.0) if after else None


def write(file: Path, done: Iterable[Done], told: Iterable[Told]) -> None:
    lines = [{"done": asdict(one)} for one in done] + [{"told": asdict(one)} for one in told]
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def read(files: Iterable[Path]) -> tuple[list[Done], list[Told]]:
    lines = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return [Done(**line["done"]) for line in lines if "done" in line], [
        Told(**line["told"]) for line in lines if "told" in line
    ]


def tabulate(done: Sequence[Done], told: Sequence[Told]) -> list[str]:
    lines = [
        "| fault | faults | calls | well | dropped | unanswered | lost | wrong | recordings whole, marked "
        "| longest silence, s | pause, ms | healed after, s: median, most |",
        "|---" * 12 + "|",
    ]
    for name in (CALM, *sorted({one.fault for one in done})):
        touched = [one for one in told if (name in one.faults if name != CALM else not one.faults)]
        lines.append(_row(name, [one for one in done if one.fault == name], touched))
    lines.append(_row("**all**", done, told))
    waits = [one.called_back for one in told if one.called_back is not None]
    if waits:
        spread = f"median {statistics.median(waits):.1f}, most {max(waits):.1f} (n = {len(waits)})"
        lines.append(f"\nrestart of Asterisk → task of a dropped call, s: {spread}")
    spoken = [one for one in told if one.wish in SPOKEN]
    if spoken:
        lines.append(f"of {len(spoken)} who spoke, {sum(one.told > 0 for one in spoken)} talked with a dispatcher")
    return lines


def _row(name: str, done: Sequence[Done], told: Sequence[Told]) -> str:
    def count(holds: Callable[[Told], bool]) -> int:
        return sum(map(holds, told))

    became = Counter(one.became for one in told)
    ways = [became[way] for way in ("well", "dropped", "unanswered", "lost", "wrong")]
    healed = [one.healed for one in done]
    cells = (
        name, len(done), len(told), *ways,
        f"{count(lambda one: one.whole is True)}, {count(lambda one: one.whole is False)}",
        f"{max((one.silence for one in told), default=0):.1f}",
        f"{1000 * max((one.pause for one in told), default=0):.0f}",
        f"{statistics.median(healed):.1f}, {max(healed):.1f}" if healed else "",
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"
