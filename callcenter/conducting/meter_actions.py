"""The script actions on meter readings: check them against the previous ones, and accept them."""

from collections.abc import Mapping

import structlog

from callcenter.conducting import action_specs as names
from callcenter.conducting.deadline import run_within
from callcenter.conducting.ports import ActionRequest, ActionResult, TicketRegister, WriteNote
from callcenter.conducting.texts import texts
from callcenter.core.errors import DatabaseUnavailable
from callcenter.core.event_kinds import EventKind
from callcenter.dialogue.interpretation.meter_readings_fact import METERS, format_readings, parse_readings
from callcenter.understanding.numbers.meter_readings import AND

log = structlog.get_logger()

_SPOKEN_DIGITS = 3
"""Digits per group when an account number is spoken."""
_KIND_OF_METER_NAME = {name: kind for kind, name in METERS.items()}


class MeterActions:
    """The meter actions of `action_specs`. A reading is accepted as a note, which is safe without the database."""

    def __init__(self, *, register: TicketRegister, write: WriteNote, seconds: float) -> None:
        """`seconds`: timeout of a database query."""
        self._register = register
        self._write = write
        self._seconds = seconds

    async def check(self, request: ActionRequest) -> ActionResult:
        """Returns a warning for each implausible reading. Two values for one kind of meter go to a dispatcher.

        The previous reading is never told, because anybody who knows an account number may ask.
        """
        account, readings = request.arguments[names.ACCOUNT], _merge_readings(request.arguments)
        if not readings:
            return ActionResult(names.NOT_NAMED, {})
        if any(AND in value for value in readings.values()):
            return ActionResult(names.SEVERAL, {})
        doubts = [await self._doubt(request, account, meter, value) for meter, value in readings.items()]
        facts = {
            names.READINGS: format_readings(readings),
            names.SPOKEN_ACCOUNT: _spell(account),
            names.METER: "",
            names.READING: "",
        }
        told = " ".join(doubt for doubt in doubts if doubt)
        return ActionResult(names.DOUBTFUL, {**facts, names.DOUBT: told}) if told else ActionResult(names.LIKELY, facts)

    async def take(self, request: ActionRequest) -> ActionResult:
        """Writes one note per reading."""
        account = request.arguments[names.ACCOUNT]
        for meter, value in parse_readings(request.arguments[names.READINGS]).items():
            self._write(request, EventKind.READING, account=account, meter=meter, value=value)
        return ActionResult(names.READY, {names.READINGS: ""})

    async def _doubt(self, request: ActionRequest, account: str, meter: str, value: str) -> str:
        asked = self._register.find_reading_doubt(
            dialled=request.arrival.dialled, account=account, meter=meter, value=int(value), now=request.now
        )
        try:
            doubt = await run_within(self._seconds, asked)
        except (DatabaseUnavailable, TimeoutError) as error:
            log.warning("no database for a reading", call_id=request.arrival.call_id, error=repr(error))
            return ""  # the reading is accepted anyway, and checked when it is stored
        return texts().reading_doubts[doubt].format(meter=METERS[meter].capitalize()) if doubt else ""


def _merge_readings(arguments: Mapping[str, str]) -> dict[str, str]:
    """Combines the readings said so far with the one just asked for, which takes precedence."""
    readings = parse_readings(arguments.get(names.READINGS, ""))
    meter, value = arguments.get(names.METER, ""), arguments.get(names.READING, "")
    if meter and value:
        readings[_KIND_OF_METER_NAME[meter]] = value.lstrip("0") or "0"
    return readings


def _spell(account: str) -> str:
    """`781203` -> `7 8 1, 2 0 3`, the way an account number is spoken."""
    groups = [account[at : at + _SPOKEN_DIGITS] for at in range(0, len(account), _SPOKEN_DIGITS)]
    return ", ".join(" ".join(group) for group in groups)
