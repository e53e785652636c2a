"""The reports of the demo: the steps of each scene with their times, for people and as JSON."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Happening:
    """A step of a scene; `second` counts from the start of the scene."""

    second: float
    text: str


@dataclass(frozen=True, slots=True)
class Trace:
    """A tone or a prompt found in one channel of the recording; `score` is None for a tone."""

    what: str
    channel: str
    second: float
    score: float | None = None


@dataclass(slots=True)
class Account:
    """The report of a scene. `failure` is empty when the scene passed, or was skipped for `skip_reason`."""

    scene: str
    title: str
    print_line: Tell
    failure: str = ""
    skip_reason: str = ""
    steps: list[Happening] = field(default_factory=list)
    call_id: str | None = None
    ticket: str | None = None
    recording: str | None = None
    recording_seconds: float | None = None
    recording_matches: list[Trace] = field(default_factory=list)
    started_monotonic: float = field(default_factory=time.monotonic)

    def add_step(self, text: str) -> None:
        """Adds a step and prints it at once."""
        second = time.monotonic() - self.started_monotonic
        self.steps.append(Happening(round(second, 2), text))
        self.print_line(f"[{self.scene}] {second:5.1f} с  {text}")

    def add_recording_match(self, what: str, *, channel: str, second: float, score: float | None = None) -> None:
        """Adds a match in the recording and prints it at once."""
        self.recording_matches.append(
            Trace(what, channel, round(second, 2), None if score is None else round(score, 3))
        )
        match = "" if score is None else f" (совпадение {score:.2f})"
        self.add_step(f"в записи, {channel}: {what} на секунде {second:.1f}{match}")

    def mark_skipped(self, why: str) -> None:
        """Marks the scene as one that this centre cannot play; it does not count as failed."""
        self.skip_reason = why

    @property
    def has_passed(self) -> bool:
        return not self.failure

    def as_json(self) -> dict[str, Any]:
        """The report as JSON values, for `--json`."""
        return {
            "scene": self.scene,
            "title": self.title,
            "ok": self.has_passed,
            "trouble": self.failure,
            "skipped": self.skip_reason,
            "call_id": self.call_id,
            "ticket": self.ticket,
            "recording": self.recording,
            "recording_seconds": self.recording_seconds,
            "traces": [asdict(trace) for trace in self.recording_matches],
            "happenings": [asdict(happening) for happening in self.steps],
        }
