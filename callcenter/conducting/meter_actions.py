"""What the talk has done about meters' readings: held against the last ones, and taken."""

from collections.abc import Mapping

import structlog

from callcenter.conducting import action_specs as names
from callcenter.conducting.deadline import run_within
from callcenter.conducting.ports import ActionRequest, ActionResult, TicketRegister, WriteNote
from callcenter.conducting.texts import texts
from callcenter.core.errors import DatabaseUnavailable
from callcenter.dialogue.interpretation.meter_readings_fact import METERS, format_readings, parse_readings
from callcenter.understanding.numbers.meter_readings import AND

log = structlog.get_logger()

_SPOKEN_DIGITS = 3
"""Of an account, in one go."""
_KIND_OF_METER_NAME = {name: kind for kind, name in METERS.items()}


class MeterActions:
    """The actions on readings of `action_specs`. Readings are taken by a note: safe at once, database or not."""

    def __init__(self, *, register: TicketRegister, write: WriteNote, seconds: float) -> None:
        """`seconds`: how long the database may take."""
        self._register = register
        self._write = write
        self._seconds = seconds

    async def check(self, request: ActionRequest) -> ActionResult:
        """What is odd about each reading; two of a kind are for a person. The last one is never told: whoever knows an
        account's number may ask."""
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
        """One note a reading."""
        account = request.arguments[names.ACCOUNT]
        for meter, value in parse_readings(request.arguments[names.READINGS]).items():
            self._write(request, "reading", account=account, meter=meter, value=value)
        return ActionResult(names.READY, {names.READINGS: ""})

    async def _doubt(self, request: ActionRequest, account: str, meter: str, value: str) -> str:
        asked = self._register.find_reading_doubt(
            dialled=request.arrival.dialled, account=account, meter=meter, value=int(value), now=request.now
        )
        try:
            doubt = await run_within(self._seconds, asked)
        except (DatabaseUnavailable, TimeoutError) as error:
            log.warning("no database for a reading", call_id=request.arrival.call_id, error=repr(error))
            return ""  # it is taken all the same, and looked at when it is written
        return texts().reading_doubts[doubt].format(meter=METERS[meter].capitalize()) if doubt else ""


def _merge_readings(arguments: Mapping[str, str]) -> dict[str, str]:
    """Those said in a row, and the one that was just asked for, which counts more."""
    readings = parse_readings(arguments.get(names.READINGS, ""))
    meter, value = arguments.get(names.METER, ""), arguments.get(names.READING, "")
    if meter and value:
        readings[_KIND_OF_METER_NAME[meter]] = value.lstrip("0") or "0"
    return readings


def _spell(account: str) -> str:
    """`781203` -> `7 8 1, 2 0 3`, as people read an account out."""
    groups = [account[at : at + _SPOKEN_DIGITS] for at in range(0, len(account), _SPOKEN_DIGITS)]
    return ", ".join(" ".join(group) for group in groups)
