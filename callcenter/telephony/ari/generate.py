"""Generates `generated.py` from the API description that Asterisk ships.

    python -m callcenter.telephony.ari.generate DIRECTORY

DIRECTORY contains Asterisk's `rest-api/*.json` (`/usr/share/asterisk/rest-api`, or the same path under the built root).
Only the events in `EVENTS`, the objects in `OBJECTS`, and the objects used by either are generated.
Run it after an upgrade of Asterisk: the diff of `generated.py` shows which API changes affect the centre.
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

EVENTS = (
    "ApplicationReplaced",
    "ChannelDtmfReceived",
    "ChannelHangupRequest",
    "PlaybackFinished",
    "StasisEnd",
    "StasisStart",
)
OBJECTS = ("Application", "Channel", "Playback")
SOURCES = ("events.json", "channels.json", "playbacks.json", "applications.json")

_SCALARS = {"string": "str", "Date": "str", "int": "int", "long": "int", "double": "float", "boolean": "bool"}

_HEADER = '''"""ARI's events and objects, as far as the centre uses them. Written by `generate.py`: do not edit.

Asterisk's REST API version {version}. Times are ISO 8601 strings as Asterisk sends them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
'''

_PARSER = '''
def parse_event(message: Mapping[str, Any]) -> Event | None:
    """The event in a message of the websocket; None for one we do not know. Fields we do not know are passed over.

    Raises KeyError, TypeError or AttributeError when a known event lacks what Asterisk promises.
    """
    read = _READERS.get(message.get("type", ""))
    return None if read is None else read(message)


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Event]] = {
'''


class UnknownType(Exception):
    """The API description uses a type that this generator does not support."""


def read_models(directory: Path) -> tuple[dict[str, dict[str, Any]], str]:
    """All models of the API description by name, and the version of the API."""
    models: dict[str, dict[str, Any]] = {}
    version = ""
    for source in SOURCES:
        page = json.loads((directory / source).read_text(encoding="utf-8"))
        models.update(page["models"])
        version = page["apiVersion"]
    return models, version


def generate(directory: Path) -> str:
    """The source text of `generated.py`. Raises UnknownType, OSError."""
    models, version = read_models(directory)
    objects = sorted(_reachable(models))
    parts = [_HEADER.format(version=version)]
    parts += [
        _render_class(name, models[name]["properties"], models=models) for name in _sort_by_dependency(objects, models)
    ]
    common = models["Event"]["properties"]
    for name in EVENTS:
        own = models[name]["properties"]
        parts.append(_render_class(name, {**common, **own}, models=models, description=models[name]["description"]))
    parts.append(f"\nEvent = {' | '.join(EVENTS)}\n")
    names = "".join(f'    "{name}",\n' for name in EVENTS)
    parts.append(f'EVENT_NAMES = (\n{names})\n"""What an event filter must let through."""\n')
    parts.append(_PARSER + "".join(f'    "{name}": {name}.read,\n' for name in EVENTS) + "}\n")
    return "\n".join(parts)


def _reachable(models: Mapping[str, dict[str, Any]]) -> set[str]:
    found: set[str] = set()
    waiting = list(OBJECTS)
    for event in EVENTS:
        waiting += [_element_type(field["type"]) for field in models[event]["properties"].values()]
    while waiting:
        name = waiting.pop()
        if name not in models or name in found:
            continue
        found.add(name)
        waiting += [_element_type(field["type"]) for field in models[name]["properties"].values()]
    return found


def _sort_by_dependency(names: list[str], models: Mapping[str, dict[str, Any]]) -> list[str]:
    """Orders the classes so that each one follows the classes of its fields."""
    ordered: list[str] = []

    def place(name: str) -> None:
        if name in ordered:
            return
        for field in models[name]["properties"].values():
            if _element_type(field["type"]) in names:
                place(_element_type(field["type"]))
        ordered.append(name)

    for name in names:
        place(name)
    return ordered


def _render_class(
    name: str,
    fields: Mapping[str, dict[str, Any]],
    *,
    models: Mapping[str, dict[str, Any]],
    description: str | None = None,
) -> str:
    text = (description or models[name]["description"]).strip().split("\n")[0]
    required = {key: field for key, field in fields.items() if field.get("required")}
    optional = {key: field for key, field in fields.items() if not field.get("required")}
    lines = ["", "@dataclass(frozen=True, slots=True)", f"class {name}:", f'    """{text}"""', ""]
    lines += [f"    {key}: {_annotation(field['type'])}" for key, field in required.items()]
    lines += [f"    {key}: {_annotation(field['type'])} | None" for key, field in optional.items()]
    lines += ["", "    @classmethod", f'    def read(cls, message: Mapping[str, Any]) -> "{name}":']
    lines += ["        return cls("]
    for key, field in required.items():
        lines.append(f"            {key}={_reading(field['type'], _item(key))},")
    for key, field in optional.items():
        reading = _reading(field["type"], _item(key))
        if reading == _item(key):
            lines.append(f'            {key}=message.get("{key}"),')
        else:
            lines.append(f'            {key}={reading} if "{key}" in message else None,')
    lines += ["        )", ""]
    return "\n".join(lines)


def _item(key: str) -> str:
    return f'message["{key}"]'


def _element_type(kind: str) -> str:
    return re.sub(r"^List\[(.*)]$", r"\1", kind)


def _annotation(kind: str) -> str:
    if kind != _element_type(kind):
        inner = _element_type(kind)
        return f"Sequence[{_annotation(inner)}]"
    if kind == "object":
        return "Mapping[str, Any]"
    if kind in _SCALARS:
        return _SCALARS[kind]
    if re.fullmatch(r"[A-Z]\w*", kind):
        return kind
    raise UnknownType(kind)


def _reading(kind: str, value: str) -> str:
    if kind != _element_type(kind):
        inner = _reading(_element_type(kind), "part")
        return f"tuple({value})" if inner == "part" else f"tuple({inner} for part in {value})"
    if kind in _SCALARS or kind == "object":
        return value
    return f"{kind}.read({value})"


def main(words: list[str]) -> int:
    if len(words) != 1 or not Path(words[0], "events.json").is_file():
        print((__doc__ or "").strip(), file=sys.stderr)
        return 2
    target = Path(__file__).with_name("generated.py")
    target.write_text(generate(Path(words[0])), encoding="utf-8")
    print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
