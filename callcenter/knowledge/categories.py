"""Ticket categories: what people report, how urgent it is, which clocks the law or the company sets."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from enum import StrEnum


class Urgency(StrEnum):
    EMERGENCY = "emergency"
    """Danger to people: the robot says 101, 102, 103, 104 or 112 first."""
    ACCIDENT = "accident"
    URGENT = "urgent"
    PLANNED = "planned"
    CONSULTATION = "consultation"
    PAID = "paid"
    NONE = "none"

    @property
    def label(self) -> str:
        """As people read it."""
        return _RUSSIAN[self]


_RUSSIAN = {
    Urgency.EMERGENCY: "экстренная",
    Urgency.ACCIDENT: "авария",
    Urgency.URGENT: "срочная",
    Urgency.PLANNED: "плановая",
    Urgency.CONSULTATION: "консультация",
    Urgency.PAID: "платная",
    Urgency.NONE: "не определена",
}


class AddressScope(StrEnum):
    """How much of an address a ticket of a category needs."""

    FLAT = "flat"
    ENTRANCE = "entrance"
    HOUSE = "house"
    NOWHERE = "nowhere"


class ClockKind(StrEnum):
    RESPOND = "respond"
    LOCALISE = "localise"
    RESOLVE = "resolve"
    CHECK = "check"


class ClockStart(StrEnum):
    """The event a clock runs from; the law knows several."""

    REGISTRATION = "registration"
    MESSAGE = "message"
    """The caller's message to the emergency service, so the call's arrival."""
    DAMAGE = "damage"
    """When the damage happened, which the dispatcher may correct; until then the call's arrival."""


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of the day, local time, outside which a clock stands still."""

    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class ClockRule:
    """One term. `minutes` are calendar minutes, counted only inside `business_hours` where there is one."""

    kind: ClockKind
    minutes: int
    starts: ClockStart
    basis: str
    is_company_rule: bool
    """True: «регламент», the company's own proposal, no statutory term."""
    business_hours: Window | None = None
    condition: str = ""
    """When it applies, in words; a rule with a condition is for the dispatcher to choose, never automatic."""
    source_status: str = ""
    """How far its source was read, as Category.mark."""


@dataclass(frozen=True, slots=True)
class WorkingDayTerm:
    """A term in working days, which needs a calendar of holidays: not a clock of minutes."""

    kind: ClockKind
    working_days: int
    basis: str
    is_company_rule: bool
    condition: str = ""
    source_status: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    code: str
    name: str
    phrases: tuple[str, ...]
    urgency: Urgency
    urgency_note: str
    """When another urgency applies, in words."""
    clocks: tuple[ClockRule, ...]
    """The terms that always apply, at most one of a kind."""
    conditional_clocks: tuple[ClockRule, ...]
    working_day_deadlines: tuple[WorkingDayTerm, ...]
    deadline_text: str
    """The terms in words, for the dispatcher."""
    basis: str
    responsible: str
    safety: str
    """What the dispatcher tells the caller; empty when there is nothing to warn of."""
    safety_spoken: str
    """The same, short, for the robot."""
    menu_position: int | None
    """Its place among those the IVR offers, from 1; None: not offered."""
    source_status: str
    """How far the source was read: [K] known but not read, [?] doubtful, [Sn] read."""
    spoken_name: str = ""
    """How the robot calls it when it reads a ticket back; empty: by its name."""
    address_precision: AddressScope = AddressScope.FLAT


class Categories:
    """All categories by code, in the order of the file."""

    def __init__(self, categories: tuple[Category, ...]) -> None:
        self._by_code = {category.code: category for category in categories}

    def __iter__(self) -> Iterator[Category]:
        return iter(self._by_code.values())

    def __len__(self) -> int:
        return len(self._by_code)

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __getitem__(self, code: str) -> Category:
        """Raises KeyError for an unknown code."""
        return self._by_code[code]

    def get(self, code: str) -> Category | None:
        return self._by_code.get(code)

    def get_spoken_name(self, code: str) -> str:
        """How a trouble is called when it is read back; the code itself when it is not in force."""
        category = self._by_code.get(code)
        return code if category is None else category.spoken_name or category.name.lower()

    @property
    def menu_categories(self) -> tuple[Category, ...]:
        """Those the IVR offers, in their order."""
        offered = [category for category in self if category.menu_position is not None]
        return tuple(sorted(offered, key=lambda category: category.menu_position or 0))
