"""`callcenter understand`: interprets lines of residents' speech: intent, categories, dangers, address, explanation.

The lines are the arguments, or else the lines of standard input. `--json` prints one JSON object per line.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from callcenter.commands.check import KNOWLEDGE
from callcenter.core.clock import SystemClock
from callcenter.core.errors import CallcenterError
from callcenter.settings import CompanySettings
from callcenter.understanding.address.address import AddressDoubt
from callcenter.understanding.intents.confirmation import ConfirmationAnswer
from callcenter.understanding.numbers.moments import Moment
from callcenter.understanding.understanding import Meaning, Understanding, read_understanding

HOUSES = "houses.csv"
_FIGURE_LABELS = {"phone": "телефон", "ticket": "заявка", "account": "лицевой счёт", "reading": "показание"}
_CONFIRMATION_LABELS = {
    ConfirmationAnswer.YES: "да",
    ConfirmationAnswer.NO: "нет",
    ConfirmationAnswer.UNCLEAR: "неясно",
}


class BrokenPhrases(CallcenterError):
    """The phrases or the house list are invalid; the message lists all faults, one per line, in Russian."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("lines", nargs="*", metavar="LINE", help="what is said; without any, lines of standard input")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--houses", type=Path, metavar="CSV", help="the house list, by default knowledge_base's")
    parser.add_argument("--timing", action="store_true", help="at the end: milliseconds a line, and to load the data")


def run(arguments: argparse.Namespace) -> int:
    """Prints the interpretation of each line. Always returns 0. Raises BrokenPhrases."""
    began = time.perf_counter()
    understanding = load(arguments.houses or KNOWLEDGE / HOUSES)
    loaded = time.perf_counter() - began
    now = SystemClock().now().astimezone(CompanySettings().zone)
    spent = []
    lines: Iterable[str] = arguments.lines or (line.strip() for line in sys.stdin)
    for line in lines:
        if not line:
            continue
        started = time.perf_counter()
        meaning = understanding.understand(line, now=now)
        spent.append(time.perf_counter() - started)
        print(json.dumps(as_json(meaning), ensure_ascii=False) if arguments.json else "\n".join(as_text(meaning)))
        sys.stdout.flush()
    if arguments.timing and spent:
        times = sorted(spent)
        print(
            f"{len(times)} lines: median {1000 * times[len(times) // 2]:.2f} ms, worst {1000 * times[-1]:.2f} ms; "
            f"loaded in {loaded:.2f} s",
            file=sys.stderr,
        )
    return 0


def load(houses: Path, knowledge: Path = KNOWLEDGE) -> Understanding:
    """Loads the interpretation data of `knowledge` and the house list `houses`. Raises BrokenPhrases."""
    understanding, problems = read_understanding(knowledge, houses)
    fatal = [problem for problem in problems if problem.fatal]
    if fatal:
        raise BrokenPhrases("\n".join(map(str, fatal)))
    return understanding


def as_json(meaning: Meaning) -> dict[str, Any]:
    """The interpretation as a JSON object; empty fields are left out, except `intent`, `danger` and `categories`."""
    answer: dict[str, Any] = {
        "text": meaning.text,
        "intent": str(meaning.intent),
        "article": meaning.article,
        "categories": [{"code": one.key, "score": one.score, "words": one.words} for one in meaning.categories],
        "danger": meaning.dangers[0].code if meaning.dangers else None,
        "dangers": [
            {"code": one.code, "category": one.category, "words": one.words, "settled": one.settled}
            for one in meaning.dangers
        ],
        "address": meaning.address.values,
        "doubts": [
            {"kind": doubt.kind, "part": doubt.part, "options": list(doubt.options), "said": doubt.words}
            for doubt in meaning.address.doubts
        ],
        "numbers": [number.digits for number in meaning.numbers],
        "figures": [
            {"kind": one.kind, "value": one.value, "others": list(one.alternatives)} for one in meaning.numeric_entities
        ],
        "confirmation": str(meaning.confirmation.answer) if meaning.confirmation else None,
        "moments": [_moment_as_json(one) for one in meaning.time_expressions],
        "why": list(meaning.explanations),
    }
    return {name: value for name, value in answer.items() if value or name in ("intent", "danger", "categories")}


def as_text(meaning: Meaning) -> list[str]:
    """The interpretation as lines for a terminal, in Russian."""
    lines = [f"«{meaning.text}»", f"  намерение   {meaning.intent}{f' ({meaning.article})' if meaning.article else ''}"]
    if meaning.dangers:
        lines.append(f"  опасность   {', '.join(one.code for one in meaning.dangers)}")
    lines += [f"  категория   {one.key} {one.score:.2f}" for one in meaning.categories]
    address = ", ".join(f"{name} {value}" for name, value in meaning.address.values.items())
    if address:
        lines.append(f"  адрес       {address}")
    lines += [f"  сомнение    {doubt.kind} {doubt.part}: {_format_doubt(doubt)}" for doubt in meaning.address.doubts]
    if meaning.numbers:
        lines.append(f"  числа       {', '.join(number.digits for number in meaning.numbers)}")
    lines += [
        f"  номер       {_FIGURE_LABELS[one.kind]} {' или '.join((one.value, *one.alternatives))}"
        for one in meaning.numeric_entities
        if one.kind in _FIGURE_LABELS
    ]
    if meaning.confirmation:
        lines.append(
            f"  ответ       {_CONFIRMATION_LABELS[meaning.confirmation.answer]}: «{meaning.confirmation.words}»"
        )
    lines += [f"  когда       {_format_moment(one)}" for one in meaning.time_expressions]
    lines += [f"  потому что  {why}" for why in meaning.explanations]
    return lines


def _format_doubt(doubt: AddressDoubt) -> str:
    """The spoken words and the possible values, e.g. `«одиннадцать», 11 или 11А`."""
    said = f"«{doubt.words}»" if doubt.words else ""
    return ", ".join(part for part in (said, " или ".join(option or "без" for option in doubt.options)) if part)


def _format_moment(moment: Moment) -> str:
    """E.g. «01.12.2026 с 18:00»; «(?)» follows when a part was not said and the likelier value is given."""
    earliest, latest = (at and f"{at:%H:%M}" for at in (moment.earliest, moment.latest))
    hours = (
        f"в {earliest}"
        if earliest == latest
        else f"{f'с {earliest}' if earliest else ''}{f' до {latest}' if latest else ''}"
    )
    day = f"{moment.day:%d.%m.%Y}" if moment.day else ""
    return f"{day} {hours if earliest or latest else ''}".strip() + ("" if moment.is_certain else " (?)")


def _moment_as_json(moment: Moment) -> dict[str, str]:
    told = {"day": moment.day, "earliest": moment.earliest, "latest": moment.latest}
    return {name: value.isoformat() for name, value in told.items() if value is not None}
