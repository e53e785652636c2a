"""What a ticket is registered with, one value through all layers: the robot's action, the register, the database."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class NewTicket:
    """A reported trouble. `category` is its code, `contact_phone` E.164, `reported_at` aware."""

    call_id: str
    category: str
    reported_at: datetime
    contact_phone: str | None = None
    """None: the number that calls."""
    description: str = ""
    address: str = ""
    """As a person reads it; empty keeps what the draft has."""
    is_additional: bool = False
    """A further trouble of the call: it gets a ticket of its own, one a category."""
