"""Address of a recognition server: a UNIX socket on this machine, or `host:port` on any machine."""

import re
from dataclasses import dataclass
from pathlib import Path

from callcenter.core.errors import CallcenterError

_MAX_PATH_BYTES = 100
"""Longest socket path in bytes. Linux itself allows 107."""


class BrokenAddress(CallcenterError):
    """The address of the recognition server cannot be used."""


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """TCP address of a server. Connections are neither authenticated nor encrypted.

    Use TCP only in a network where every host may listen to the callers.
    """

    name: str
    port: int

    def __str__(self) -> str:
        return f"{self.name}:{self.port}"


Address = Path | TcpAddress


def read_address(text: str) -> Address:
    """Parse an address: text with a slash is a socket path, other text is `host:port`.

    Raises BrokenAddress when the text is neither, or the path is too long.
    """
    if "/" in text:
        if len(text.encode()) > _MAX_PATH_BYTES:
            raise BrokenAddress(f"{text}: путь сокета не длиннее {_MAX_PATH_BYTES} байт")
        return Path(text)
    found = re.fullmatch(r"(?P<name>[\w.-]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})", text)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise BrokenAddress(f"«{text}» — не адрес уха; пишите /путь/к/нему.sock или узел:порт")
    return TcpAddress(found["name"].strip("[]"), int(found["port"]))
