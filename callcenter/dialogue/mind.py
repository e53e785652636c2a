"""A caller's words put into the meanings of the script's language, with the facts they give to the talk."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial

from callcenter.dialogue import vocabulary as words
from callcenter.dialogue.place import read_place, write_place
from callcenter.dialogue.sense import DangerHeard, Sense
from callcenter.knowledge.categories import Categories
from callcenter.understanding.address import Part, resolve
from callcenter.understanding.address_book import AddressBook
from callcenter.understanding.confirmation import Answer, find_confirmation
from callcenter.understanding.figures import read_account, read_phone, read_reading, read_ticket
from callcenter.understanding.understanding import Meaning, Understanding
from callcenter.understanding.words import Word, read_words

_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)
"""Days such as «завтра» mean nothing to a talk yet."""
REMEMBERED = 1024
"""Lines: a partial result comes again and again."""
LONGEST_DESCRIPTION = 600
_MATTER = (words.PLACE, words.ASKED, words.DESCRIPTION, words.CATEGORY)
"""The facts that change what a line means."""
_MAY_LACK = ("settlement", "building", "structure", "letter")
LEAST_STORY = 2
"""Words; less is no complaint."""
_INTENTS = {
    "emergency": words.TROUBLE,
    "request": words.TROUBLE,
    "outage": "отключение",
    "paid": "платная услуга",
    "complaint": "жалоба",
    "status": "статус",
    "reading": "показания",
    "cancel": "отмена",
    "person": words.PERSON,
    "wrong_number": "не туда",
}
_CATEGORY_OF = {"отключение": "OUTAGE_INFO", "платная услуга": "PAID_WORK", "жалоба": "COMPLAINT_STAFF"}
"""The category of a report that names none of its own."""


class UnderstandingMind:
    """Implements `Mind` over the company's houses, categories and phrases."""

    def __init__(self, understanding: Understanding, book: AddressBook, categories: Categories) -> None:
        self._understand = lru_cache(REMEMBERED)(partial(understanding.understand, now=_ANY_DAY))
        self._find_danger = lru_cache(REMEMBERED)(understanding.find_danger)
        self._make_out_again = lru_cache(REMEMBERED)(self._make_out)
        self._book = book
        self._categories = categories

    def find_danger(self, text: str, *, whole: bool) -> DangerHeard | None:
        """See Mind: the one with most words for it."""
        found = self._find_danger(text)
        return next((DangerHeard(one.category, one.words) for one in found if whole or one.settled), None)

    def make_out(self, text: str, facts: Mapping[str, str]) -> Sense:
        """See Mind."""
        return self._make_out_again(text, tuple((name, facts.get(name, "")) for name in _MATTER))

    def _make_out(self, text: str, known_facts: tuple[tuple[str, str], ...]) -> Sense:
        facts = dict(known_facts)
        read = read_words(text)
        meaning = self._understand(text)
        known = read_place(facts.get(words.PLACE, ""), self._book.houses)
        asked = facts.get(words.ASKED, "")
        said = self._book.find(read, asked=asked, known=known)
        place = facts.get(words.PLACE, "")
        if said:
            known = self._book.complete(known, read, asked=asked)
        if lacking := _without(asked, read):
            known = resolve(self._book.houses.all, {**known.parts, asked: Part("", lacking)}, ())
        if said or lacking:
            place = write_place(known)
        meanings: dict[str, Mapping[str, str]] = {}
        if said or lacking:
            meanings[words.ADDRESS] = {words.PLACE: place}
        for name, category in self._reports(meaning, text, facts):
            meanings[name] = self._report(category, text, place, facts)
        if meaning.article and meaning.intent == "information":
            meanings[words.ARTICLE] = {words.ARTICLE: meaning.article}
        name = _INTENTS.get(meaning.intent, "")
        if name == "статус":
            tickets = read_ticket(read)
            meanings[name] = {words.NUMBER: tickets[0].replace("-", "") if tickets else ""}
        elif name and name not in meanings and not words.MEANINGS[name]:
            meanings[name] = {}
        meanings |= {answer: {} for answer in _answers(read)}
        if len(read) >= LEAST_STORY:
            meanings[words.STORY] = {words.DESCRIPTION: text}
        return Sense(meanings, dict(_numbers(read)))

    def _reports(self, meaning: Meaning, text: str, facts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Name and category of a trouble that is reported, or of one that was reported and is corrected now."""
        name = _INTENTS.get(meaning.intent, "")
        codes = [scored.key for scored in meaning.categories]
        if name == "отключение":
            yield name, next((code for code in codes if code != _CATEGORY_OF[name]), _CATEGORY_OF[name])
        elif name in _CATEGORY_OF:
            yield name, codes[0] if codes else _CATEGORY_OF[name]
        elif name == words.TROUBLE and codes:
            yield name, codes[0]
        elif not name and not meaning.article and (before := facts.get(words.DESCRIPTION)):
            again = self._understand(f"{before} {text}").categories
            if again and again[0].key != facts.get(words.CATEGORY):
                yield words.TROUBLE, again[0].key

    def _report(self, code: str, text: str, place: str, facts: Mapping[str, str]) -> Mapping[str, str]:
        category = self._categories.get(code)
        before = facts.get(words.DESCRIPTION, "")
        told = text if not before else f"{before}. {text}"
        return {
            words.CATEGORY: code,
            words.TROUBLE: code if category is None else category.said or category.name.lower(),
            words.PLACE: place,
            words.DESCRIPTION: told[:LONGEST_DESCRIPTION],
        }


def _without(asked: str, read: Sequence[Word]) -> str:
    """The word that says there is no such part: «в городе» for a settlement, «без корпуса»; empty when none does."""
    wanted = ("город",) if asked == "settlement" else ("без", "нет")
    return next((word.text for word in read if word.has(*wanted)), "") if asked in _MAY_LACK else ""


def _answers(read: Sequence[Word]) -> Iterator[str]:
    confirmation = find_confirmation(read)
    if confirmation is not None and confirmation.answer is Answer.YES:
        yield words.CONFIRMED
    elif confirmation is not None and confirmation.answer is Answer.NO:
        yield words.DENIED


def _numbers(read: Sequence[Word]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """By the fact that a question keeps: telephones, tickets, accounts and readings are said in ways of their own."""
    yield words.CONTACT, tuple(phone.lstrip("+") for phone in read_phone(read))
    yield words.NUMBER, tuple(ticket.replace("-", "") for ticket in read_ticket(read))
    yield words.ACCOUNT, read_account(read)
    yield words.READING, tuple(reading.split(".")[0] for reading in read_reading(read))
