"""The data to register a ticket with. Passed unchanged from the robot's action through the register to the database."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class NewTicket:
    """A reported problem. `category` is a category code, `contact_phone` E.164, `reported_at` timezone-aware."""

    call_id: str
    category: str
    reported_at: datetime
    contact_phone: str | None = None
    """None: the caller's number."""
    description: str = ""
    address: str = ""
    """Human-readable; empty keeps the address of the draft."""
    is_additional: bool = False
    """A further problem of the same call: it gets its own ticket, one per category."""
