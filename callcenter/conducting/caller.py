"""Who calls: the number the trunk shows, made E.164. It proves nothing: a number can be forged."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """A call as it comes to us."""

    call_id: str
    dialled: str
    caller_shown: str
    """As the trunk gave it; may be empty, a word, or forged."""
    caller_number: str | None
    """E.164, None when withheld or not a number."""
    at: datetime
