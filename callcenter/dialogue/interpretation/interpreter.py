"""Interprets utterances by the company's data: finds the meanings of the script language and the facts they give.

The engine calls it for every utterance (`engine/speech_state.py`).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial

from callcenter.dialogue.interpretation.address_fact import (
    format_address,
    guess_street,
    is_other_address,
    parse_address,
)
from callcenter.dialogue.interpretation.address_replies import (
    apply_number_correction,
    drop_stale_entrance,
    find_absent_part_word,
)
from callcenter.dialogue.interpretation.courtesy import ends_conversation, is_gratitude, strip_thanks
from callcenter.dialogue.interpretation.interpretation import DangerHeard, Interpretation
from callcenter.dialogue.interpretation.meter_readings_fact import format_readings, parse_readings
from callcenter.dialogue.interpretation.remarks import (
    asks_if_managed,
    asks_price,
    concerns_whole_house,
    drop_wishes,
    list_remarks,
    list_words_before_wish,
    refuses,
)
from callcenter.dialogue.interpretation.trouble_reports import (
    TroubleReports,
    describe,
    format_further_matters,
    parse_further_matters,
)
from callcenter.dialogue.interpretation.utterance_splitter import join
from callcenter.dialogue.scripts import vocabulary as words
from callcenter.knowledge.categories import Categories
from callcenter.understanding.address.address import PARTS, AddressPart, resolve
from callcenter.understanding.address.address_book import AddressBook
from callcenter.understanding.intents.confirmation import ConfirmationAnswer, find_confirmation
from callcenter.understanding.numbers.digit_sequences import (
    list_readings,
    read_account,
    read_phone,
    read_reading,
    read_ticket,
)
from callcenter.understanding.numbers.meter_readings import AND, find_readings, skip_readings
from callcenter.understanding.numbers.numbers import find_numbers, is_measured
from callcenter.understanding.understanding import Meaning, Understanding
from callcenter.understanding.words import Word, read_words

_FIXED_DATE = datetime(2000, 1, 1, tzinfo=UTC)
"""The date for `Understanding.understand`. Conversations do not use relative days such as «завтра», so that any date
serves, and results can be cached."""
CACHE_SIZE = 1024
"""Size of each result cache, in utterances. The same partial result arrives repeatedly."""
_RELEVANT_FACTS = (
    words.PLACE, words.ASKED_PART, words.DESCRIPTION, words.CATEGORY, words.PENDING_ITEMS, words.READINGS,
    words.ACCOUNT,
)  # fmt: skip
"""Facts that change the meaning of an utterance; they are part of the cache key."""
MIN_STORY_WORDS = 2
"""Fewest words of an utterance with the meaning «рассказ»."""
_INTENTS = {"status": "статус", "cancel": words.CANCEL, "person": words.PERSON, "wrong_number": "не туда"}
"""Intent -> meaning, for intents that give no facts; only «статус» gives a ticket number."""


class UnderstandingInterpreter:
    """Implements `Interpreter` over the company's houses, categories and phrases."""

    def __init__(self, understanding: Understanding, book: AddressBook, categories: Categories) -> None:
        self._understand = lru_cache(CACHE_SIZE)(partial(understanding.understand, now=_FIXED_DATE))
        self._find_danger = lru_cache(CACHE_SIZE)(partial(understanding.find_danger, is_final=False))
        self._make_out_again = lru_cache(CACHE_SIZE)(self._interpret)
        self._book = book
        self._reports = TroubleReports(self._understand, categories)

    def find_danger(self, text: str, *, whole: bool) -> DangerHeard | None:
        """See `Interpreter`. Of several dangers the one with the most matched words."""
        found = self._understand(text).dangers if whole else self._find_danger(text)
        return next((DangerHeard(one.category, one.words) for one in found if whole or one.settled), None)

    def interpret(self, text: str, facts: Mapping[str, str]) -> Interpretation:
        """See `Interpreter`."""
        return self._make_out_again(text, tuple((name, facts.get(name, "")) for name in _RELEVANT_FACTS))

    def _interpret(self, text: str, known_facts: tuple[tuple[str, str], ...]) -> Interpretation:
        facts = dict(known_facts)
        whole = read_words(text)
        read = strip_thanks(whole)
        if len(read) < len(whole):
            text = join(read)
        meaning = self._understand(text)
        place = self._find_address(read, facts)
        meanings: dict[str, Mapping[str, str]] = dict(
            self._reports.extract(text, read, facts, address=place or facts.get(words.PLACE, ""))
        )
        if place is not None:
            meanings[words.ADDRESS] = {words.PLACE: place}
        if asks_if_managed(read) and (named := self._find_address(read, {})):
            meanings[words.ASKS_IF_OUR_HOUSE] = {words.NAMED_HOUSE: named}
        meanings |= self._find_article(meaning, read, facts)
        if name := _INTENTS.get(meaning.intent):
            meanings[name] = {words.NUMBER: _find_ticket(meaning)} if name == "статус" else {}
        meanings |= _read_meters(meaning, read, facts)
        meanings |= {answer: {} for answer in _list_confirmations(whole)}
        if facts.get(words.DESCRIPTION):
            self._merge_with_told_trouble(meanings, text, read, facts)
        meanings |= {name: {} for name in list_remarks(read)}
        if asks_price(read) and (paid := meanings.get(words.PAID)):
            meanings[words.PRICE] = {**paid, words.BY_ARTICLE: paid[words.CATEGORY]}
        if ends_conversation(whole):
            meanings[words.ENOUGH] = {}
        if is_gratitude(whole) and words.TROUBLE not in meanings:
            meanings[words.GRATITUDE] = {}
        if len(read) >= MIN_STORY_WORDS:
            before = facts.get(words.DESCRIPTION, "")
            meanings[words.STORY] = {words.DESCRIPTION: f"{before}. {text}" if before else text}
        hesitates = bool(read) and all(word.is_filler for word in read)
        return Interpretation(
            meanings, dict(_list_number_candidates(read)), _find_additional_facts(read, facts), is_hesitation=hesitates
        )

    def _find_article(
        self, meaning: Meaning, read: Sequence[Word], facts: Mapping[str, str]
    ) -> Mapping[str, Mapping[str, str]]:
        """The meaning «справка» with the article that answers, and the article of a second question in `ещё`. If the
        caller also takes a ticket back, «отмена» gets both articles too."""
        if not meaning.article or meaning.intent != "information":
            return {}
        article, *more = self._reports.find_questions(read) or (meaning.article,)
        left = format_further_matters([*parse_further_matters(facts), *more])
        ticket = self._reports.find_ticket_category(meaning)
        return {
            words.ARTICLE: {words.ARTICLE: article, words.PENDING_ITEMS: left, words.BY_ARTICLE: ticket},
            **(
                {words.CANCEL: {words.PENDING_ITEMS: format_further_matters([article, *more])}} if refuses(read) else {}
            ),
        }

    def _find_address(self, read: Sequence[Word], facts: Mapping[str, str]) -> str | None:
        """The fact `место` with the utterance merged in; None if the utterance says nothing about the address."""
        asked = facts.get(words.ASKED_PART, "")
        known = parse_address(facts.get(words.PLACE, ""), self._book.houses)
        guess = None
        if asked == words.STREET_GUESS:
            asked = "street"
            guess = guess_street(known, self._book.houses) if words.CONFIRMED in _list_confirmations(read) else None
        said = self._book.find_address(read, asked_part=asked, known=known)
        if guess is not None and not any(part in said.parts for part in PARTS[:3]):
            known, said = guess, said or guess
        if said:
            known = drop_stale_entrance(self._book, self._book.merge_reply(known, read, asked_part=asked), said)
        elif exchanged := apply_number_correction(self._book, known, read):
            said = known = exchanged
        if concerns_whole_house(read) and "apartment" not in known.parts:
            known = resolve(self._book.houses.all, {**known.parts, "apartment": AddressPart("", "")}, known.doubts)
            said = known
        if asked not in said.parts and (lacking := find_absent_part_word(asked, read)):
            known = resolve(self._book.houses.all, {**known.parts, asked: AddressPart("", lacking)}, ())
            said = known
        return format_address(known) if said else None

    def _merge_with_told_trouble(
        self, meanings: dict[str, Mapping[str, str]], text: str, read: Sequence[Word], facts: Mapping[str, str]
    ) -> None:
        """Adjusts `meanings` of an utterance that follows a trouble reported before.

        A yes («да») keeps the trouble, but is no confirmation beside another address or trouble. A wish for the
        technician («меня до шести не будет») is added to the ticket's description.
        """
        before = list_words_before_wish(read)
        agrees = words.CONFIRMED in (*meanings, *_list_confirmations(before or ()))
        wish: Mapping[str, str] = {}
        if before is not None:
            meanings[words.WISH] = wish = {words.DESCRIPTION: describe(facts[words.DESCRIPTION], text)}
            self._keep_trouble_beside_wish(meanings, drop_wishes(read), wish, facts)
        told, moved = meanings.get(words.TROUBLE), False
        if address := meanings.get(words.ADDRESS):
            meanings[words.ADDRESS] = {**address, **wish}
            moved = is_other_address(address[words.PLACE], facts.get(words.PLACE, ""))
        meanings.pop(words.CONFIRMED, None)
        if agrees and not moved and (told is None or told[words.CATEGORY] == facts.get(words.CATEGORY)):
            added = told or wish
            meanings[words.CONFIRMED] = {
                name: added[name] for name in (words.PENDING_ITEMS, words.DESCRIPTION) if name in added
            }

    def _keep_trouble_beside_wish(
        self,
        meanings: dict[str, Mapping[str, str]],
        rest: Sequence[Word],
        wish: Mapping[str, str],
        facts: Mapping[str, str],
    ) -> None:
        """Keeps the meaning «неисправность» of an utterance with a wish only if the words outside the wish report a new
        trouble: «код домофона» reports none."""
        place = meanings.get(words.ADDRESS, facts).get(words.PLACE, "")
        found = dict(self._reports.extract(join(rest), rest, facts, address=place)).get(words.TROUBLE)
        same = found and all(found[name] == facts.get(name, "") for name in (words.CATEGORY, words.PENDING_ITEMS))
        if words.TROUBLE in meanings and found and not same:
            meanings[words.TROUBLE] = {**found, **wish}
        else:
            meanings.pop(words.TROUBLE, None)


def _find_ticket(meaning: Meaning) -> str:
    """The digits of a ticket number in the utterance, or empty. An ordinal is none: «третий раз звоню»."""
    ordinals = {number.first for number in meaning.numbers if number.ordinal}
    tickets = (one.value for one in meaning.numeric_entities if one.kind == "ticket" and one.first not in ordinals)
    return next(tickets, "").replace("-", "")


def _read_meters(meaning: Meaning, read: Sequence[Word], facts: Mapping[str, str]) -> dict[str, Mapping[str, str]]:
    known = parse_readings(facts.get(words.READINGS, ""))
    told = find_readings(read) or _correct_reading(known, read)
    readings = format_readings({**known, **told})
    meanings: dict[str, Mapping[str, str]] = {}
    if meaning.intent == "reading":
        account = next(
            (one.value for one in meaning.numeric_entities if one.kind == "account"), facts.get(words.ACCOUNT, "")
        )
        meanings["показания"] = {words.READINGS: readings, words.ACCOUNT: account}
    if told:
        meanings["показания названы"] = {words.READINGS: readings}
    return meanings


def _find_additional_facts(read: Sequence[Word], facts: Mapping[str, str]) -> Mapping[str, Mapping[str, str]]:
    """Meter readings in an answer to the question for the account number."""
    told = {**parse_readings(facts.get(words.READINGS, "")), **find_readings(read)}
    return {words.ACCOUNT: {words.READINGS: format_readings(told)}} if told else {}


def _correct_reading(known: Mapping[str, str], read: Sequence[Word]) -> Mapping[str, str]:
    """The new value of the only known reading, from an utterance that names no meter: «нет сто десять»."""
    numbers = find_numbers(read)
    other = any(number.ordinal or is_measured(read, number) for number in numbers)
    about_account = any(word.has_lemma("счет") for word in read)
    if len(known) != 1 or not numbers or other or about_account or words.CONFIRMED in _list_confirmations(read):
        return {}
    meter, before = next(iter(known.items()))
    value = AND.join(list_readings(read))
    return {meter: value} if value not in ("", before) else {}


def _list_confirmations(read: Sequence[Word]) -> Iterator[str]:
    confirmation = find_confirmation(read)
    if confirmation is not None and confirmation.answer is ConfirmationAnswer.YES:
        yield words.CONFIRMED
    elif confirmation is not None and confirmation.answer is ConfirmationAnswer.NO:
        yield words.DENIED


def _list_number_candidates(read: Sequence[Word]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yields (fact of a question, candidate digit strings). Phone, ticket and account numbers and readings are each
    parsed by their own rules."""
    yield words.CONTACT, tuple(phone.replace("+7", "8") for phone in read_phone(read))
    yield words.NUMBER, tuple(ticket.replace("-", "") for ticket in read_ticket(read))
    yield words.ACCOUNT, read_account(skip_readings(read))
    yield words.READING, tuple(reading.split(".")[0] for reading in read_reading(read))
