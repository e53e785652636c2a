"""The actions that need neither a database nor a call: what is known decides. Talks on paper carry them out, too."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from callcenter.conducting import action_specs as names
from callcenter.conducting.addresses import check_address, check_danger_place
from callcenter.conducting.known import Known
from callcenter.conducting.ports import ActionResult
from callcenter.conducting.words import words
from callcenter.dialogue.place import read_place
from callcenter.dialogue.rehearsal import CarryOut
from callcenter.dialogue.talks import GivenOutcome
from callcenter.wording.spoken import spoken_moment


@dataclass(frozen=True, slots=True)
class Found:
    """How an action came out, and what is to be noted of it: kind of note -> its facts."""

    result: ActionResult
    notes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class PlainActions:
    """Over the houses, categories and outages that `known` gives."""

    def __init__(self, known: Callable[[], Known], zone: ZoneInfo) -> None:
        self._known = known
        self._zone = zone
        self._functions: Mapping[str, Callable[[Mapping[str, str], datetime], Found]] = {
            names.CHECK_ADDRESS: self._check_address,
            names.NOTE_ADDRESS: self._note_address,
            names.FIND_CAUSE: self._find_cause,
            names.NEXT_TROUBLE: self._find_next_trouble,
            names.SORT_READINGS: _sort_readings,
        }

    def carry_out(self, action: str, arguments: Mapping[str, str], *, now: datetime) -> Found | None:
        """None for an action that needs more."""
        function = self._functions.get(action)
        return None if function is None else function(arguments, now)

    def on_paper(self, *, now: datetime) -> CarryOut:
        """For talks that are rehearsed at this moment."""

        def carry_out(action: str, arguments: Mapping[str, str]) -> GivenOutcome | None:
            found = self.carry_out(action, arguments, now=now)
            return None if found is None else GivenOutcome(found.result.outcome, found.result.facts)

        return carry_out

    def _check_address(self, arguments: Mapping[str, str], now: datetime) -> Found:
        """What is known of it goes into the draft at once: the dispatcher sees it, whatever comes of the call."""
        wanted = (names.PLACE, names.CATEGORY, names.ASKED, names.TRIES)
        place, category, asked, tries = (arguments.get(name, "") for name in wanted)
        checked = check_address(place, category, asked, int(tries or 0), self._known())
        return Found(ActionResult(checked.outcome, checked.facts), _note_place(checked.said))

    def _note_address(self, arguments: Mapping[str, str], now: datetime) -> Found:
        """For whoever takes the call over; what help must know is asked for, a question or two long."""
        place, tries = (arguments.get(name, "") for name in (names.PLACE, names.TRIES))
        checked = check_danger_place(place, int(tries or 0), self._known())
        return Found(ActionResult(checked.outcome, checked.facts), _note_place(checked.said))

    def _find_cause(self, arguments: Mapping[str, str], now: datetime) -> Found:
        known = self._known()
        house = read_place(arguments[names.PLACE], known.houses).house
        category = arguments[names.CATEGORY]
        outage = None if house is None else known.outages.find(house, (category,), now=now)
        if outage is None:
            return Found(ActionResult(names.CAUSE_UNKNOWN, {}))
        term = words().cause_no_term
        if outage.expected is not None:
            term = words().cause_until.format(until=spoken_moment(outage.expected, now=now, zone=self._zone))
        told = words().cause.format(reason=outage.reason, who=outage.who, term=term)
        if told == arguments.get(names.CAUSE):  # the caller knows, and wants a ticket
            return Found(ActionResult(names.CAUSE_UNKNOWN, {}))
        return Found(ActionResult(names.CAUSE_KNOWN, {names.CAUSE: told}), {"cause": {"outage": outage.id}})

    def _find_next_trouble(self, arguments: Mapping[str, str], now: datetime) -> Found:
        """The second trouble of a breath, once the first is written down."""
        code = arguments.get(names.MORE, "")
        if not code:
            return Found(ActionResult(names.ALL_TOLD, {names.MORE: "", names.DESCRIPTION: ""}))
        facts = {names.CATEGORY: code, names.TROUBLE: self._known().categories.say(code), names.MORE: ""}
        return Found(ActionResult(names.MORE_TO_TELL, facts))


def _sort_readings(arguments: Mapping[str, str], now: datetime) -> Found:
    """What is still to be asked for."""
    account = arguments.get(names.ACCOUNT, "")
    if not account:
        return Found(ActionResult(names.NO_ACCOUNT, {}))
    outcome = names.NAMED if arguments.get(names.READINGS) else names.NOT_NAMED
    return Found(ActionResult(outcome, {names.ACCOUNT: account}))


def _note_place(said: str) -> Mapping[str, Mapping[str, str]]:
    return {"address": {"address": said}} if said else {}
