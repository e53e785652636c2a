"""Recovers journal lines that run together because a line end was damaged. No I/O."""

import json
import re
from collections.abc import Callable

_LINE_START = re.compile(rb"[0-9a-f]{8} \{")
_CHECKSUM_LENGTH = len("01234567 ")


def recover_lines(raw: bytes, *, intact: Callable[[bytes], bool]) -> list[bytes]:
    """Splits `raw` into intact lines and the damaged pieces between them, in order. Joined they equal `raw`."""
    pieces = []
    place = 0
    for found in _LINE_START.finditer(raw):
        begin = found.start()
        if begin < place:
            continue
        end = _end_of_object(raw, begin + _CHECKSUM_LENGTH)
        if intact(raw[begin:end]):
            pieces += [raw[place:begin], raw[begin:end]]
            place = end
    return [piece for piece in (*pieces, raw[place:]) if piece]


def _end_of_object(raw: bytes, begin: int) -> int:
    text = raw[begin:].decode(errors="surrogateescape")
    try:
        _, length = json.JSONDecoder().raw_decode(text)
    except ValueError:
        return len(raw)
    return begin + len(text[:length].encode(errors="surrogateescape"))
