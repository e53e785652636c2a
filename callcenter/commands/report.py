"""`callcenter report calls|queue`: prints the figures of a period of days, each with its formula."""

import argparse
import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from callcenter.commands.report_figures import (
    ReportFigure,
    figures_of_calls,
    figures_of_queue,
    table_of,
    table_of_hours,
)
from callcenter.core.database import Database
from callcenter.core.errors import CallcenterError
from callcenter.instance.instance import open_instance
from callcenter.operations.postgres import PostgresCluster
from callcenter.reporting.report import CallsReport, Period, QueueReport, report_calls, report_queue
from callcenter.settings import QueueSettings


class InvalidPeriod(CallcenterError):
    """A day is not a date, or the first day is after the last."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("subject", choices=("calls", "queue"))
    parser.add_argument("--from", dest="first", metavar="2026-11-01", help="first day; the last one when left out")
    parser.add_argument("--to", dest="last", metavar="2026-11-30", help="last day, included; today when left out")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Raises InvalidPeriod, DatabaseUnavailable."""
    instance = open_instance()
    database = Database(PostgresCluster(instance.layout, instance.ports).address(), node_id=instance.settings.node_id)
    settings, now = instance.settings, datetime.now(UTC)
    period = read_period(arguments.first, arguments.last, zone=settings.company.zone, now=now)
    report = asyncio.run(make_report(database, arguments.subject, period, queue_settings=settings.queue, now=now))
    print(as_json(report, period, settings.queue) if arguments.json else as_text(report, period, settings.queue))
    return 0


def read_period(first: str | None, last: str | None, *, zone: ZoneInfo, now: datetime) -> Period:
    """Parses ISO dates such as 2026-11-24. `last` defaults to today in `zone`, `first` to `last`.

    Raises InvalidPeriod.
    """
    end = _parse_day(last) if last else now.astimezone(zone).date()
    begin = _parse_day(first) if first else end
    if begin > end:
        raise InvalidPeriod(f"первый день {begin} позже последнего {end}")
    return Period(begin, end, zone)


async def make_report(
    database: Database, subject: str, period: Period, *, queue_settings: QueueSettings, now: datetime
) -> CallsReport | QueueReport:
    """Reads the report `subject` (`calls` or `queue`) and closes `database`. Raises DatabaseUnavailable."""
    try:
        async with database.begin() as session:
            if subject == "calls":
                return await report_calls(session, period, now=now)
            return await report_queue(
                session,
                period,
                service_level_seconds=queue_settings.service_level_seconds,
                short_abandon_seconds=queue_settings.short_abandon_seconds,
                now=now,
            )
    finally:
        await database.close()


def as_text(report: CallsReport | QueueReport, period: Period, queue_settings: QueueSettings) -> str:
    """The report for a terminal: heading, table of figures, and for calls a table by hour."""
    days = show_days(period)
    if isinstance(report, CallsReport):
        if is_empty(report):
            return f"{days}: звонков, обратных звонков и заявок не было."
        parts = [f"Звонки, {days}", table_of(figures_of_calls(report))]
        if report.outcomes_by_hour:
            parts += ["По часам поступления:", table_of_hours(report)]
        return "\n\n".join(parts)
    if is_empty(report):
        return f"{days}: в очередь никто не попадал."
    return f"Очередь, {days}\n\n{table_of(figures_of_queue(report, queue_settings))}"


def as_json(report: CallsReport | QueueReport, period: Period, queue_settings: QueueSettings) -> str:
    """The report as JSON: each figure by its key, with value (null without data), unit, title, formula."""
    answer: dict[str, Any] = {
        "report": "calls" if isinstance(report, CallsReport) else "queue",
        "from": period.first.isoformat(),
        "to": period.last.isoformat(),
        "time_zone": period.zone.key,
    }
    if isinstance(report, CallsReport):
        answer["figures"] = _figures_as_json(figures_of_calls(report))
        answer["hours"] = {
            f"{hour:02}": {outcome.value: count for outcome, count in outcomes.items()}
            for hour, outcomes in report.outcomes_by_hour.items()
        }
    else:
        answer["figures"] = _figures_as_json(figures_of_queue(report, queue_settings))
    return json.dumps(answer, ensure_ascii=False, indent=2)


def is_empty(report: CallsReport | QueueReport) -> bool:
    if isinstance(report, QueueReport):
        return report.statistics.offered + report.without_outcome == 0
    callbacks = report.callbacks
    tickets = report.tickets_by_robot + report.tickets_by_people
    return report.arrived + tickets + callbacks.in_time + callbacks.late + callbacks.waiting == 0


def show_days(period: Period) -> str:
    first, last = f"{period.first:%d.%m.%Y}", f"{period.last:%d.%m.%Y}"
    return f"{first if first == last else f'{first} – {last}'} ({period.zone.key})"


def _parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidPeriod(f"«{text}» — не день; пишите как 2026-11-24") from error


def _figures_as_json(figures: Sequence[ReportFigure]) -> dict[str, Any]:
    return {
        figure.key: {
            "value": figure.value,
            "unit": figure.unit.name.lower(),
            "title": figure.title.strip(),
            "formula": figure.formula,
        }
        for figure in figures
    }
