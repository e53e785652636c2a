"""The present channels and bridges of Asterisk, and the interface to query them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SeenChannel:
    """A channel in Asterisk. `number`: the caller's number, empty when withheld."""

    id: str
    name: str
    context: str
    created_at: datetime
    number: str = ""


@dataclass(frozen=True, slots=True)
class SeenBridge:
    id: str
    channels: tuple[str, ...]
    created_at: datetime


class AsteriskState(Protocol):
    """Queries Asterisk. The methods raise AsteriskUnavailable."""

    async def list_channels(self) -> Sequence[SeenChannel]: ...

    async def list_bridges(self) -> Sequence[SeenBridge]: ...
