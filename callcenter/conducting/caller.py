"""The arrival of a call. The caller number comes from the trunk and proves nothing, because it can be forged."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """A call at the moment when it enters the application."""

    call_id: str
    dialled: str
    caller_shown: str
    """The caller number as received from the trunk; may be empty, not a number, or forged."""
    caller_number: str | None
    """The caller number in E.164; None when withheld or not a number."""
    at: datetime
