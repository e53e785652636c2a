"""Anonymizes a tape: telephone numbers become made-up numbers of the same length, the caller's name becomes «Житель».

The copy replays like the original. `callcenter replay --copy` writes it.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from callcenter.journal.tape import TapeLine, TapeSource, write_line

_SIGNIFICANT = 10
"""Number of digits of a Russian telephone number after the prefix 8, 7 or +7."""
_FACTS_WITH_NUMBERS = ("контакт",)


def anonymize_tape(lines: Sequence[TapeLine]) -> bytes:
    """The tape's lines as bytes, anonymized. The caller's number, contact numbers entered in the call, and the caller's
    name are replaced wherever they occur."""
    numbers = dict.fromkeys(_find_numbers(lines))
    fictional = {number: f"9001112{233 + place * 11:03d}" for place, number in enumerate(numbers)}
    others = {**fictional, **{name: "Житель" for line in lines for name in _list_caller_names(line)}}
    lines = _replace_keys(lines, others)
    written = b"".join(write_line(line.at, line.source, line.content) for line in lines).decode()
    return _replace_all(written, others).encode()


def _replace_all(text: str, others: Mapping[str, str]) -> str:
    """Replaces in one pass: a made-up number may equal another number of the tape and must not be replaced again."""
    if not others:
        return text
    longest_first = sorted(others, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), lambda found: others[found[0]], text)


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


def _replace_keys(lines: Sequence[TapeLine], others: Mapping[str, str]) -> list[TapeLine]:
    """The lines with other DTMF digits where a number was entered. Events, letters and notes each record every digit,
    one digit a line, so each of the three sequences is replaced separately."""
    changed = list(lines)
    for source in (TapeSource.EVENT, TapeSource.LETTER, TapeSource.NOTE):
        places = [place for place, line in enumerate(changed) if line.source is source and _get_key(line) is not None]
        pressed = _replace_all("".join(str(_get_key(changed[place])) for place in places), others)
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
