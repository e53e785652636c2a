"""The figures of a report for people: a title, a value, and the formula with its numbers."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from callcenter.calls.models import Outcome
from callcenter.reporting.report import CallsReport, QueueReport
from callcenter.settings import QueueSettings
from callcenter.wording.labels import label

NOTHING = "—"


class Unit(Enum):
    COUNT = auto()
    SHARE = auto()
    """A fraction: 0.8 is 80 %."""
    SECONDS = auto()


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """One row of a report. `key` is its name in JSON; `value` is None when there is no data to compute it from."""

    key: str
    title: str
    value: float | None
    unit: Unit
    formula: str

    @property
    def formatted_value(self) -> str:
        if self.value is None:
            return NOTHING
        if self.unit is Unit.SHARE:
            return f"{self.value * 100:.1f} %".replace(".", ",")
        return show_span(self.value) if self.unit is Unit.SECONDS else str(int(self.value))


OUTCOMES = {
    Outcome.TALKED: "соединены с диспетчером",
    Outcome.ROBOT: "ответ, заявка или состояние заявки, без диспетчера",
    Outcome.ABANDONED: "положили трубку, пока вопрос не решён",
    Outcome.CALLBACK: "нажали 1 в очереди",
    Outcome.VOICEMAIL: "никого на месте или вышло время ожидания",
    Outcome.OVERFLOW: "одновременных звонков больше, чем линий",
}
"""Which calls count as each outcome, in the order of the report."""


def figures_of_calls(report: CallsReport) -> list[ReportFigure]:
    callbacks = report.callbacks
    done = callbacks.in_time + callbacks.late
    tickets = report.tickets_by_robot + report.tickets_by_people
    return [
        _count("calls", "Звонков", report.arrived, "поступили в эти дни"),
        _count("running", "  ещё без итога", report.without_outcome, "идут сейчас или только что закончились"),
        *(
            _count(
                f"outcome_{outcome}",
                f"  {label('outcome', outcome)}",
                report.outcomes.get(outcome, 0),
                f"итог: {formula}",
            )
            for outcome, formula in OUTCOMES.items()
        ),
        _count("dangers", "С опасностью", report.danger_calls, "газ, дым, лифт и другое, названное в звонке"),
        ReportFigure(
            "callbacks_in_time",
            "Перезвонили в срок",
            callbacks.in_time_rate,
            Unit.SHARE,
            f"выполнено до срока / задачи со сроком в эти дни, срок вышел или выполнены = {callbacks.in_time} / {done}",
        ),
        _count("callbacks_late", "  с опозданием", callbacks.late, "выполнены после срока или не выполнены"),
        _count(
            "callbacks_waiting", "  ещё в сроке", callbacks.waiting, "не выполнены, срок не вышел; в доле не учтены"
        ),
        _count("tickets", "Заявок зарегистрировано", tickets, "получили номер в эти дни"),
        ReportFigure(
            "tickets_by_robot",
            "  роботом",
            report.tickets_by_robot / tickets if tickets else None,
            Unit.SHARE,
            f"роботом / все = {report.tickets_by_robot} / {tickets}",
        ),
        _count("tickets_by_people", "  диспетчерами", report.tickets_by_people, "номер дал человек"),
    ]


def figures_of_queue(report: QueueReport, settings: QueueSettings) -> list[ReportFigure]:
    queue, threshold, short = report.statistics, settings.service_level_seconds, settings.short_abandon_seconds
    counted = f"({queue.offered} − {queue.short_abandons})"
    return [
        _count("offered", "Поступило в очередь", queue.offered, "звонки этих дней с итогом"),
        _count(
            "running", "  ещё без итога", report.without_outcome, "ждут или разговаривают сейчас; в числах ниже их нет"
        ),
        _count("answered", "Отвечено", queue.answered, "соединены с диспетчером"),
        _count("abandoned", "Не дождались", queue.abandoned, "положили трубку в очереди"),
        _count("short_abandons", "  короткие", queue.short_abandons, f"ждали меньше {short} с; в долях не учтены"),
        ReportFigure(
            "service_level",
            f"Уровень обслуживания SL({threshold} с)",
            queue.service_level,
            Unit.SHARE,
            f"отвечено за {threshold} с / (поступило − короткие) = {queue.answered_in_time} / {counted}",
        ),
        ReportFigure(
            "abandonment",
            "Доля не дождавшихся",
            queue.abandonment_rate,
            Unit.SHARE,
            "(не дождались − короткие) / (поступило − короткие) = "
            f"({queue.abandoned} − {queue.short_abandons}) / {counted}",
        ),
        ReportFigure(
            "average_wait",
            "Среднее ожидание (ASA)",
            queue.average_wait,
            Unit.SECONDS,
            f"ожидание отвеченных / отвечено = {show_span(queue.answered_wait_seconds)} / {queue.answered}",
        ),
        ReportFigure(
            "longest_wait",
            "Самое долгое ожидание",
            queue.longest_wait,
            Unit.SECONDS,
            "от входа в очередь до ответа или отбоя",
        ),
        ReportFigure(
            "handling_time",
            "Среднее время обслуживания (AHT)",
            queue.average_handling_time,
            Unit.SECONDS,
            "(разговор с удержанием + дописывание) / отвечено = "
            f"({show_span(queue.total_talk_seconds)} + {show_span(queue.wrap_up_seconds)}) / {queue.answered}",
        ),
        ReportFigure(
            "occupancy",
            "Занятость диспетчеров",
            queue.occupancy,
            Unit.SHARE,
            "(разговор с удержанием + дописывание) / время на месте без пауз = "
            f"{show_span(queue.busy_seconds)} / {show_span(queue.working_seconds)}, "
            "по состояниям телефонов, исходящие тоже",
        ),
    ]


def table_of(figures: Iterable[ReportFigure]) -> str:
    """A table with the columns title, value, formula."""
    figures = tuple(figures)
    titles, values = (max(len(text) for text in column) for column in _list_column_texts(figures))
    return "\n".join(
        f"{figure.title:<{titles}}  {figure.formatted_value:>{values}}   {figure.formula}" for figure in figures
    )


def table_of_hours(report: CallsReport) -> str:
    """A table of calls by hour of arrival and outcome; hours without calls are left out."""
    heads = ("Час", "всего", *(label("outcome_short", outcome) for outcome in OUTCOMES))
    lines = ["  ".join(heads)]
    for hour, outcomes in report.outcomes_by_hour.items():
        cells = (f"{hour:02}", sum(outcomes.values()), *(outcomes.get(outcome, 0) for outcome in OUTCOMES))
        lines.append("  ".join(f"{cell:>{len(head)}}" for cell, head in zip(cells, heads, strict=True)))
    return "\n".join(lines)


def show_span(seconds: float) -> str:
    """A duration such as `1:02:05`, or `2:05` below an hour, rounded to seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _count(key: str, title: str, value: int, formula: str) -> ReportFigure:
    return ReportFigure(key, title, value, Unit.COUNT, formula)


def _list_column_texts(figures: tuple[ReportFigure, ...]) -> tuple[list[str], list[str]]:
    return [figure.title for figure in figures], [figure.formatted_value for figure in figures]
