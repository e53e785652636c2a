"""The desk's Russian words: `words.yaml`, read once and checked against the tables' own values."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

WORDS_FILE = Path(__file__).parent / "words.yaml"

_Names = dict[str, str]


class EventWording(BaseModel):
    """How one kind of timeline entry reads. `detail` entries are folded away until somebody asks for them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    icon: str = "dot"
    tone: str = "plain"
    detail: bool = False


class Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    call_state: _Names
    outcome: _Names
    recording_state: _Names
    leg_role: _Names
    speaker: _Names
    event_source: _Names
    member_state: _Names
    task_kind: _Names
    task_state: _Names
    ticket_state: _Names
    role: _Names
    author: _Names
    meter: _Names
    doubt: _Names
    clock_kind: _Names
    clock_promise: _Names
    events: dict[str, EventWording]
    ticket_events: _Names
    hangup_causes: dict[int, str]
    pause_reasons: Annotated[tuple[str, ...], Field(min_length=1)]
    task_results: Annotated[tuple[str, ...], Field(min_length=1)]
    ticket_cancel_reasons: Annotated[tuple[str, ...], Field(min_length=1)]

    def event(self, kind: str, facts: Mapping[str, Any]) -> tuple[str, EventWording]:
        """The sentence for a timeline entry and its wording; an unknown kind is shown by its own name."""
        wording = self.events.get(kind) or EventWording(text=kind, detail=True)
        return _fill(wording.text, facts), wording

    def ticket_event(self, kind: str, facts: Mapping[str, Any]) -> str:
        return _fill(self.ticket_events.get(kind, kind), facts)


def read_words(file: Path = WORDS_FILE) -> Words:
    return Words.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))


def _fill(template: str, facts: Mapping[str, Any]) -> str:
    named = {name: _spoken(value) for name, value in facts.items()}
    everything = ", ".join(f"{name}: {value}" for name, value in named.items())
    return template.format_map(defaultdict(lambda: "—", named, facts=everything))


def _spoken(value: Any) -> str:
    return "—" if value is None or value == "" else str(value)
