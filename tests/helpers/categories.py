"""The zone of the tests' company, and a category made to order."""

from zoneinfo import ZoneInfo

from callcenter.knowledge.categories import Category, ClockKind, ClockRule, ClockStart, Urgency

MOSCOW = ZoneInfo("Europe/Moscow")


def make_category(code: str = "WAT_LEAK", *, clocks: tuple[ClockRule, ...] | None = None) -> Category:
    """A category for tests; its terms are those of a burst pipe unless given."""
    if clocks is None:
        clocks = (
            ClockRule(ClockKind.RESOLVE, 3 * 24 * 60, ClockStart.DAMAGE, "416 п. 13", is_company_rule=False),
            ClockRule(ClockKind.LOCALISE, 30, ClockStart.REGISTRATION, "416 п. 13", is_company_rule=False),
        )
    return Category(
        code=code,
        name="Течь",
        phrases=(),
        urgency=Urgency.ACCIDENT,
        urgency_note="",
        clocks=clocks,
        conditional_clocks=(),
        working_day_deadlines=(),
        deadline_text="",
        basis="",
        responsible="аварийная бригада",
        safety="",
        safety_spoken="",
        menu_position=1,
        source_status="",
    )
