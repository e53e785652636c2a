"""The actions that need neither the database nor the call, only the knowledge snapshot.

They also run when example dialogues (`ivr_scripts/*.talks.yaml`) are rehearsed without a call.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from callcenter.conducting import action_specs as names
from callcenter.conducting.addresses import AddressCheck, check_address, check_danger_place
from callcenter.conducting.knowledge_snapshot import KnowledgeSnapshot
from callcenter.conducting.ports import ActionResult
from callcenter.conducting.texts import texts
from callcenter.dialogue.interpretation.address_fact import format_address, parse_address, say_house
from callcenter.dialogue.interpretation.trouble_reports import format_further_matters, parse_further_matters
from callcenter.dialogue.scripts.rehearsal import GetOutcome
from callcenter.dialogue.scripts.talks import GivenOutcome
from callcenter.understanding.address.address import AddressPart, resolve
from callcenter.wording.spoken import spoken_moment


@dataclass(frozen=True, slots=True)
class NotedResult:
    """The result of an action, and the notes to write about it: kind of note -> its facts."""

    result: ActionResult
    notes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class PlainActions:
    """The actions on the houses, categories and outages that `known` returns."""

    def __init__(self, known: Callable[[], KnowledgeSnapshot], zone: ZoneInfo) -> None:
        self._known = known
        self._zone = zone
        self._functions: Mapping[str, Callable[[Mapping[str, str], datetime], NotedResult]] = {
            names.CHECK_ADDRESS: self._check_address,
            names.NOTE_ADDRESS: self._note_address,
            names.FIND_CAUSE: self._find_cause,
            names.NEXT_TROUBLE: self._take_next_trouble,
            names.CHOOSE_READING_STEP: _sort_readings,
            names.FIND_ARTICLE_TICKET: self._find_article_ticket,
            names.RECALL_TICKET: _recall_ticket,
            names.SKIP_ADDRESS_PART: self._skip_address_part,
            names.CHECK_HOUSE_OWNERSHIP: self._check_house_ownership,
        }

    def carry_out(self, action: str, arguments: Mapping[str, str], *, now: datetime) -> NotedResult | None:
        """Runs `action`. Returns None for an action that is not a plain action."""
        function = self._functions.get(action)
        return None if function is None else function(arguments, now)

    def make_rehearsal_runner(self, *, now: datetime) -> GetOutcome:
        """Returns a function that runs actions for rehearsed dialogues, with `now` as the current time."""

        def carry_out(action: str, arguments: Mapping[str, str]) -> GivenOutcome | None:
            found = self.carry_out(action, arguments, now=now)
            return None if found is None else GivenOutcome(found.result.outcome, found.result.facts)

        return carry_out

    def _check_address(self, arguments: Mapping[str, str], now: datetime) -> NotedResult:
        """Checks the address, and notes its known parts for the ticket draft at once, whatever happens to the call."""
        wanted = (names.PLACE, names.CATEGORY, names.ASKED, names.TRIES)
        place, category, asked, tries = (arguments.get(name, "") for name in wanted)
        checked = check_address(place, category, asked, int(tries or 0), self._known())
        if checked.outcome == names.NO_ENTRANCE and "entrance" in parse_address(place, self._known().houses).parts:
            facts = {names.ADDRESS: checked.known_address, names.PLACE: place, names.ASKED: "", names.TRIES: "0"}
            checked = AddressCheck(names.COMPLETE, facts, checked.known_address)  # the entrance was declined
        return NotedResult(ActionResult(checked.outcome, checked.facts), _note_place(checked.known_address))

    def _note_address(self, arguments: Mapping[str, str], now: datetime) -> NotedResult:
        """Notes an address in danger for the dispatcher who takes over, after `MOST_DANGER_TRIES` questions at most."""
        place, tries = (arguments.get(name, "") for name in (names.PLACE, names.TRIES))
        checked = check_danger_place(place, int(tries or 0), self._known())
        return NotedResult(ActionResult(checked.outcome, checked.facts), _note_place(checked.known_address))

    def _find_cause(self, arguments: Mapping[str, str], now: datetime) -> NotedResult:
        known = self._known()
        house = parse_address(arguments[names.PLACE], known.houses).house
        category = arguments[names.CATEGORY]
        outage = None if house is None else known.outages.find(house, (category,), now=now)
        if outage is None:
            return NotedResult(ActionResult(names.CAUSE_UNKNOWN, {}))
        term = texts().cause_no_term
        if outage.expected is not None:
            term = texts().cause_until.format(until=spoken_moment(outage.expected, now=now, zone=self._zone))
        told = texts().cause.format(reason=outage.reason, who=outage.who, term=term)
        if told == arguments.get(names.CAUSE):  # spoken before: the caller wants a ticket anyway
            return NotedResult(ActionResult(names.CAUSE_UNKNOWN, {}))
        return NotedResult(ActionResult(names.CAUSE_KNOWN, {names.CAUSE: told}), {"cause": {"outage": outage.id}})

    def _take_next_trouble(self, arguments: Mapping[str, str], now: datetime) -> NotedResult:
        """Returns the next trouble or article of an utterance with several, after the previous one was handled."""
        item, *left = parse_further_matters(arguments) or [""]
        more = format_further_matters(left)
        if not item:
            return NotedResult(ActionResult(names.NONE_LEFT, {names.MORE: "", names.DESCRIPTION: ""}))
        if item not in self._known().categories:
            return NotedResult(ActionResult(names.MORE_TO_ANSWER, {names.ARTICLE: item, names.MORE: more}))
        facts = {names.CATEGORY: item, names.TROUBLE: self._known().categories.get_spoken_name(item), names.MORE: more}
        return NotedResult(ActionResult(names.NEXT_FOUND, facts))

    def _find_article_ticket(self, arguments: Mapping[str, str], now: datetime) -> NotedResult:
        """Offers the ticket that fits the article just told, such as a report after a flood or a meter check."""
        code = arguments.get(names.BY_ARTICLE, "")
        if not code:
            return NotedResult(ActionResult(names.NONE_LEFT, {}))
        trouble = self._known().categories.get_spoken_name(code)
        facts = {names.CATEGORY: code, names.TROUBLE: trouble, names.DESCRIPTION: trouble, names.BY_ARTICLE: ""}
        return NotedResult(ActionResult(names.NEXT_FOUND, facts))

    def _skip_address_part(self, arguments: Mapping[str, str], now: datetime) -> NotedResult:
        """Marks the flat or entrance as unknown or refused; the house is enough for a ticket."""
        asked = arguments.get(names.ASKED, "")
        if asked not in ("apartment", "entrance"):
            return NotedResult(ActionResult(names.NEEDED, {}))
        houses = self._known().houses
        parts = {**parse_address(arguments.get(names.PLACE, ""), houses).parts, asked: AddressPart("", "")}
        return NotedResult(ActionResult(names.READY, {names.PLACE: format_address(resolve(houses.all, parts, ()))}))

    def _check_house_ownership(self, arguments: Mapping[str, str], now: datetime) -> NotedResult:
        """Tells whether the company manages the named house. If no place is known yet, the house becomes the place."""
        named = arguments[names.NAMED_HOUSE]
        address = parse_address(named, self._known().houses)
        if address.house is not None:
            place = arguments.get(names.PLACE, "") or named
            return NotedResult(ActionResult(names.OURS, {names.ADDRESS: say_house(address.house), names.PLACE: place}))
        strange = any(doubt.kind in ("contradictory", "unknown") for doubt in address.doubts)
        return NotedResult(ActionResult(names.NOT_OURS if strange else names.UNCERTAIN, {}))


def _recall_ticket(arguments: Mapping[str, str], now: datetime) -> NotedResult:
    """Repeats the last ticket number and deadline of this call."""
    told = {name: arguments[name] for name in (names.TICKET_NUMBER, names.TERM) if name in arguments}
    return NotedResult(ActionResult(names.NEXT_FOUND, told) if len(told) > 1 else ActionResult(names.NONE_LEFT, {}))


def _sort_readings(arguments: Mapping[str, str], now: datetime) -> NotedResult:
    """Decides what to ask for next: the account, or the readings."""
    account = arguments.get(names.ACCOUNT, "")
    if not account:
        return NotedResult(ActionResult(names.NO_ACCOUNT, {}))
    outcome = names.NAMED if arguments.get(names.READINGS) else names.NOT_NAMED
    return NotedResult(ActionResult(outcome, {names.ACCOUNT: account}))


def _note_place(said: str) -> Mapping[str, Mapping[str, str]]:
    return {"address": {"address": said}} if said else {}
