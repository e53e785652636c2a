"""Anonymizes a tape: telephone numbers become made-up numbers of the same length, the caller's name becomes «Житель».

The copy replays like the original. `callcenter replay --copy` writes it.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from callcenter.journal.tape import TapeLine, TapeSource, write_line

_SIGNIFICANT = 10
"""Number of digits of a Russian telephone number after the prefix 8, 7 or +7."""
_FACTS_WITH_NUMBERS = ("контакт",)
_FIRST_FICTIONAL = 9001112233
_CALLER_NAME = "Житель"
_NUMBER_FIELDS = ("number", "num")
"""A field `name` holds a person's name when the same object has one of these fields: ARI's caller, a line of CEL."""
_AMI_NAME_SUFFIXES = ("CallerIDName", "ConnectedLineName")


def anonymize_tape(lines: Sequence[TapeLine]) -> bytes:
    """The tape's lines as bytes, anonymized.

    The caller's number and contact numbers entered in the call are replaced wherever their digits occur, the caller's
    name only in fields that hold a name: it may be «1» or the word «caller».
    """
    numbers = dict.fromkeys(_find_numbers(lines))
    fictional = {number: str(_FIRST_FICTIONAL + 11 * place) for place, number in enumerate(numbers)}
    names = {name for line in lines for name in _list_caller_names(line)}
    lines = [replace(line, content=_replace_names(line.content, names)) for line in _replace_keys(lines, fictional)]
    written = b"".join(write_line(line.at, line.source, line.content) for line in lines).decode()
    return _replace_numbers(written, fictional).encode()


def _replace_numbers(text: str, fictional: Mapping[str, str]) -> str:
    """Replaces in one pass: a made-up number may equal another number of the tape and must not be replaced again."""
    if not fictional:
        return text
    return re.sub("|".join(fictional), lambda found: fictional[found[0]], text)


def _replace_names(value: Any, names: Collection[str]) -> Any:
    """A part of a line's content with `names` replaced in its name fields. Strings that hold JSON are looked into."""
    match value:
        case dict():
            return {
                key: _CALLER_NAME if _is_name_field(key, value) and str(held) in names else _replace_names(held, names)
                for key, held in value.items()
            }
        case list():
            return [_replace_names(held, names) for held in value]
        case str() if value.startswith("{"):
            return _replace_names_in_json(value, names)
    return value


def _is_name_field(key: str, fields: Mapping[str, Any]) -> bool:
    return key.endswith(_AMI_NAME_SUFFIXES) or (key == "name" and any(field in fields for field in _NUMBER_FIELDS))


def _replace_names_in_json(text: str, names: Collection[str]) -> str:
    try:
        held = json.loads(text)
    except ValueError:
        return text
    replaced = _replace_names(held, names)
    return text if replaced == held else json.dumps(replaced, ensure_ascii=False, separators=(",", ":"))


def _find_numbers(lines: Sequence[TapeLine]) -> Iterator[str]:
    """The last 10 digits of the caller's number and of each contact number."""
    for line in lines:
        facts = line.content.get("facts") or {}
        told = [line.content["event"].get("channel", {}).get("caller", {}).get("number")] if _is_event(line) else []
        told += [facts.get("caller_shown"), *(facts.get(name) for name in _FACTS_WITH_NUMBERS)]
        told += [(line.content.get("arguments") or {}).get(name) for name in _FACTS_WITH_NUMBERS]
        for number in told:
            digits = re.sub(r"\D", "", str(number or ""))
            if len(digits) >= _SIGNIFICANT:
                yield digits[-_SIGNIFICANT:]


def _list_caller_names(line: TapeLine) -> Iterator[str]:
    if _is_event(line):
        name = line.content["event"].get("channel", {}).get("caller", {}).get("name")
        if name:
            yield str(name)


def _replace_keys(lines: Sequence[TapeLine], fictional: Mapping[str, str]) -> list[TapeLine]:
    """The lines with other DTMF digits where a number was entered. Events, letters and notes each record every digit,
    one digit a line, so each of the three sequences is replaced separately."""
    changed = list(lines)
    for source in (TapeSource.EVENT, TapeSource.LETTER, TapeSource.NOTE):
        places = [place for place, line in enumerate(changed) if line.source is source and _get_key(line) is not None]
        pressed = _replace_numbers("".join(str(_get_key(changed[place])) for place in places), fictional)
        for place, key in zip(places, pressed, strict=True):
            changed[place] = _replace_key(changed[place], key)
    return changed


def _get_key(line: TapeLine) -> str | None:
    match line.source:
        case TapeSource.EVENT if line.content["event"].get("type") == "ChannelDtmfReceived":
            return str(line.content["event"]["digit"])
        case TapeSource.LETTER if line.content["letter"] == "Key":
            return str(line.content["fields"]["key"])
        case TapeSource.NOTE if line.content["kind"] == "key":
            return str(line.content["facts"]["key"])
    return None


def _replace_key(line: TapeLine, key: str) -> TapeLine:
    content: dict[str, Any] = json.loads(json.dumps(dict(line.content)))
    match line.source:
        case TapeSource.EVENT:
            content["event"]["digit"] = key
        case TapeSource.LETTER:
            content["fields"]["key"] = key
        case _:
            content["facts"]["key"] = key
    return TapeLine(line.number, line.at, line.source, content)


def _is_event(line: TapeLine) -> bool:
    return line.source is TapeSource.EVENT
