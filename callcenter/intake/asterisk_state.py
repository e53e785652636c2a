"""What Asterisk holds now, as it tells when it is asked: channels and bridges."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SeenChannel:
    """A channel as Asterisk shows it. `number`: who is shown as calling, empty when that is withheld."""

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
    """Asterisk, asked for what it holds."""

    async def list_channels(self) -> Sequence[SeenChannel]: ...

    async def list_bridges(self) -> Sequence[SeenBridge]: ...
