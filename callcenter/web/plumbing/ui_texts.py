"""The desk's Russian texts: `ui_texts.yaml` and the labels of enumerations. Both are validated on loading."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from callcenter.wording.labels import labels

TEXTS_FILE = Path(__file__).parent / "ui_texts.yaml"

_Labels = dict[str, str]


class EventWording(BaseModel):
    """Text and look of one kind of timeline entry. `detail` entries are hidden until the user asks for them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    icon: str = "dot"
    tone: str = "plain"
    detail: bool = False


class UiTexts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    call_state: _Labels
    outcome: _Labels
    outcome_short: _Labels
    recording_state: _Labels
    leg_role: _Labels
    speaker: _Labels
    event_source: _Labels
    member_state: _Labels
    callback_kind: _Labels
    callback_state: _Labels
    ticket_state: _Labels
    spoken_ticket_state: _Labels
    role: _Labels
    author: _Labels
    meter: _Labels
    doubt: _Labels
    clock_kind: _Labels
    clock_promise: _Labels
    events: dict[str, EventWording]
    ticket_events: _Labels
    hangup_causes: dict[int, str]
    pause_reasons: Annotated[tuple[str, ...], Field(min_length=1)]
    callback_results: Annotated[tuple[str, ...], Field(min_length=1)]
    ticket_cancel_reasons: Annotated[tuple[str, ...], Field(min_length=1)]

    def describe_event(self, kind: str, facts: Mapping[str, Any]) -> tuple[str, EventWording]:
        """Returns the sentence for a timeline entry and its wording. An unknown kind is shown by its own name."""
        wording = self.events.get(kind) or EventWording(text=kind, detail=True)
        return _fill_template(wording.text, facts), wording

    def describe_ticket_event(self, kind: str, facts: Mapping[str, Any]) -> str:
        return _fill_template(self.ticket_events.get(kind, kind), facts)


def read_ui_texts(file: Path = TEXTS_FILE) -> UiTexts:
    """Reads and validates the texts. Raises pydantic.ValidationError when a table is missing or unknown."""
    return UiTexts.model_validate({**labels(), **yaml.safe_load(file.read_text(encoding="utf-8"))})


def _fill_template(template: str, facts: Mapping[str, Any]) -> str:
    named = {name: _format_value(value) for name, value in facts.items()}
    everything = ", ".join(f"{name}: {value}" for name, value in named.items())
    return template.format_map(defaultdict(lambda: "—", named, facts=everything))


def _format_value(value: Any) -> str:
    return "—" if value is None or value == "" else str(value)
