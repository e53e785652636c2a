"""Where an ear listens: a UNIX socket on this machine, or `host:port` on another."""

import re
from dataclasses import dataclass
from pathlib import Path

from callcenter.core.errors import CallcenterError

_MAX_PATH_BYTES = 100
"""Bytes; the system's own limit is 107."""


class BrokenAddress(CallcenterError):
    """The ear's address cannot be used."""


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A TCP address. Nothing proves who calls: only for a network where everybody may hear the callers."""

    name: str
    port: int

    def __str__(self) -> str:
        return f"{self.name}:{self.port}"


Address = Path | TcpAddress


def read_address(text: str) -> Address:
    """The address in a text: a path when it holds a slash, else `host:port`. Raises BrokenAddress."""
    if "/" in text:
        if len(text.encode()) > _MAX_PATH_BYTES:
            raise BrokenAddress(f"{text}: путь сокета не длиннее {_MAX_PATH_BYTES} байт")
        return Path(text)
    found = re.fullmatch(r"(?P<name>[\w.-]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})", text)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise BrokenAddress(f"«{text}» — не адрес уха; пишите /путь/к/нему.sock или узел:порт")
    return TcpAddress(found["name"].strip("[]"), int(found["port"]))
