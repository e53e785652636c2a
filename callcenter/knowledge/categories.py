"""Ticket categories: what residents report, how urgent it is, and the deadlines that the law or the company sets."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from enum import StrEnum


class Urgency(StrEnum):
    EMERGENCY = "emergency"
    """Danger to people: the robot first names 101, 102, 103, 104 or 112 (the emergency numbers)."""
    ACCIDENT = "accident"
    URGENT = "urgent"
    PLANNED = "planned"
    CONSULTATION = "consultation"
    PAID = "paid"
    NONE = "none"

    @property
    def label(self) -> str:
        """The Russian name shown to users."""
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
    """The precision of the address that a ticket of a category needs."""

    FLAT = "flat"
    ENTRANCE = "entrance"
    HOUSE = "house"
    NOWHERE = "nowhere"


class ClockKind(StrEnum):
    """What must be done before the deadline."""

    RESPOND = "respond"
    LOCALISE = "localise"
    RESOLVE = "resolve"
    CHECK = "check"


class ClockStart(StrEnum):
    """The event from which a deadline is counted; the law uses several."""

    REGISTRATION = "registration"
    MESSAGE = "message"
    """The caller's message to the emergency service, that is, the arrival of the call."""
    DAMAGE = "damage"
    """The time of the damage: the arrival of the call, until the dispatcher corrects it."""


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of the day, in local time; a deadline clock stops outside them."""

    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class ClockRule:
    """One deadline. `minutes` are calendar minutes; with `business_hours` only minutes inside these hours count."""

    kind: ClockKind
    minutes: int
    starts: ClockStart
    basis: str
    is_company_rule: bool
    """True: proposed by the company itself («регламент»); False: a statutory term."""
    business_hours: Window | None = None
    condition: str = ""
    """When the rule applies, in words. The dispatcher chooses a rule with a condition; it is never automatic."""
    source_status: str = ""
    """How far the source was verified, with the marks of Category.source_status."""


@dataclass(frozen=True, slots=True)
class WorkingDayTerm:
    """A deadline in working days. It depends on a calendar of holidays, so it is no ClockRule in minutes."""

    kind: ClockKind
    working_days: int
    basis: str
    is_company_rule: bool
    condition: str = ""
    source_status: str = ""


class CategoryIntent(StrEnum):
    READING = "reading"
    STATUS = "status"
    COMPLAINT = "complaint"
    OUTAGE = "outage"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class Category:
    code: str
    name: str
    phrases: tuple[str, ...]
    urgency: Urgency
    urgency_note: str
    """When another urgency applies, in words."""
    clocks: tuple[ClockRule, ...]
    """The deadlines that always apply, at most one of a kind."""
    conditional_clocks: tuple[ClockRule, ...]
    working_day_deadlines: tuple[WorkingDayTerm, ...]
    deadline_text: str
    """The deadlines in words, for the dispatcher."""
    basis: str
    responsible: str
    safety: str
    """The safety warning that the dispatcher tells the caller; empty: no danger."""
    safety_spoken: str
    """A short version of `safety` for the robot."""
    menu_position: int | None
    """Position among the categories that the IVR offers by keys, from 1; None: not offered."""
    source_status: str
    """How far the source was verified: [Sn] read, [K] known but not read, [?] sources disagree (docs/knowledge.md)."""
    spoken_name: str = ""
    """How the robot names the category when it reads a ticket back; empty: `name` in lower case."""
    address_precision: AddressScope = AddressScope.FLAT
    intent: CategoryIntent | None = None
    """What callers want who name it; None: they report a trouble."""
    is_consulting: bool = False
    """Callers ask about it rather than report it."""
    is_other_provider: bool = False
    """Another company repairs it."""
    is_scope_unclear: bool = False
    """«Нет света»: callers do not say whether in their apartment or in the whole house."""
    family_name: str = ""

    @property
    def family(self) -> str:
        """Categories of one family describe one trouble: a leaking pipe and the neighbors below it."""
        return self.family_name or self.code.partition("_")[0]


class Categories:
    """All categories by code, in file order."""

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

    def get_family(self, code: str) -> str:
        """The family of a category; of an unknown code the part before its first «_»."""
        category = self._by_code.get(code)
        return code.partition("_")[0] if category is None else category.family

    def find_first(self, intent: CategoryIntent) -> str:
        """The code of the first category with this intent; empty for none."""
        return next((category.code for category in self if category.intent is intent), "")

    def get_spoken_name(self, code: str) -> str:
        """Returns the name of the category for reading a ticket back; an unknown code is returned unchanged."""
        category = self._by_code.get(code)
        return code if category is None else category.spoken_name or category.name.lower()

    @property
    def menu_categories(self) -> tuple[Category, ...]:
        """The categories that the IVR offers by keys, in order of `menu_position`."""
        offered = [category for category in self if category.menu_position is not None]
        return tuple(sorted(offered, key=lambda category: category.menu_position or 0))
