"""Extracts trouble reports from utterances: category, spoken name and description; also corrections and further
troubles. `interpreter.py` calls it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from callcenter.dialogue.interpretation.courtesy import is_courtesy
from callcenter.dialogue.interpretation.remarks import list_remarks
from callcenter.dialogue.interpretation.utterance_splitter import (
    TOLD,
    TROUBLES,
    UtteranceSplitter,
    join,
    read_file,
)
from callcenter.dialogue.scripts import vocabulary as names
from callcenter.knowledge.categories import Categories, CategoryIntent, Urgency
from callcenter.understanding.intents.confirmation import ConfirmationAnswer, find_confirmation
from callcenter.understanding.numbers.numbers import find_numbers
from callcenter.understanding.phrases.ranking import ScoredEntry
from callcenter.understanding.understanding import Meaning, list_accidents
from callcenter.understanding.words import Word, read_words

LONGEST_DESCRIPTION = 600
"""Most characters of the fact `описание`, the description of a ticket."""
_OUTAGE, _COMPLAINT = "отключение", "жалоба"
_MEANING_BY_INTENT = {
    **dict.fromkeys(TROUBLES, names.TROUBLE),
    "outage": _OUTAGE,
    "paid": names.PAID,
    "complaint": _COMPLAINT,
}
_INTENT_OF = {
    _OUTAGE: CategoryIntent.OUTAGE,
    names.PAID: CategoryIntent.PAID,
    _COMPLAINT: CategoryIntent.COMPLAINT,
}
"""Meaning -> the intent whose first category a report gets that names no other."""
_NO_TICKET_URGENCIES = (Urgency.CONSULTATION, Urgency.NONE)
"""Urgencies of categories that callers ask about and that get no ticket."""
_QUESTION_INTENTS = ("information", "reading")
_CONTENT_PARTS_OF_SPEECH = ("NOUN", "VERB", "INFN", "ADJF", "ADJS", "PRTF", "PRTS", "GRND")


class TroubleReports:
    """Finds reports in utterances. `understand`: text -> its meaning."""

    def __init__(self, understand: Callable[[str], Meaning], categories: Categories) -> None:
        self._understand = understand
        self._categories = categories
        self._accidents = list_accidents(categories)
        self._splitter = UtteranceSplitter(
            understand,
            categories.get_family,
            {one.code for one in categories if one.urgency in _NO_TICKET_URGENCIES},
        )

    def extract(
        self, text: str, read: Sequence[Word], facts: Mapping[str, str], *, address: str
    ) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Yields (name in `vocabulary.MEANINGS`, facts) for each report in the utterance.

        `read`: the words of `text`; `facts`: the facts of the conversation; `address`: the address known so far. An
        utterance that only corrects («не труба а батарея») is interpreted together with the description so far; one
        that confirms or adds keeps the reported trouble. A question about a ticket that names an accident is a report
        too, because the accident goes on.
        """
        meaning, told = self._understand(text), _drop_denied(read, facts)
        if len(told) < len(read) and self._splitter.find_trouble(told, guessing=True):
            meaning = self._understand(join(told))
        name = _MEANING_BY_INTENT.get(meaning.intent, "")
        asked = self._splitter.find_two_matters(told) if meaning.intent in _QUESTION_INTENTS else ("", "")
        codes = [scored.key for scored in meaning.categories]
        if name in _INTENT_OF:
            usual = self._categories.find_first(_INTENT_OF[name])
            named = (code for code in codes if name != _OUTAGE or code != usual)
            yield name, self._build_facts(next(named, usual), text, address, facts)
        elif meaning.intent == "status":
            if accident := next((code for code in codes if code in self._accidents), ""):
                yield names.TROUBLE, self._build_facts(accident, text, address, facts)
        elif name and codes:
            yield from self._extract_named(name, replace(meaning, text=text), told, facts, address=address)
        elif asked[0] in self._categories:
            yield names.TROUBLE, self._build_facts(asked[0], text, address, facts, more=asked[1:])
        elif meaning.intent not in ("unclear", "information") or meaning.article or not _has_content_words(read):
            return
        elif (before := facts.get(names.DESCRIPTION)) and (_has_denial(read, facts) or not _is_confirmation(read)):
            again = [one.key for one in self._understand(f"{before} {text}").categories if one.score >= TOLD]
            if _has_denial(read, facts):  # By its words the denied category still scores highest.
                again = [code for code in again if code != facts.get(names.CATEGORY)]
            if again and again[0] != facts.get(names.CATEGORY):
                yield names.TROUBLE, self._build_facts(again[0], text, address, facts)

    def _extract_named(
        self, name: str, meaning: Meaning, told: Sequence[Word], facts: Mapping[str, str], *, address: str
    ) -> Iterator[tuple[str, Mapping[str, str]]]:
        """The reports of an utterance that names a trouble. `told`: its words without those it denies."""
        code, *more = self._order_categories(meaning.categories, told)
        read = read_words(meaning.text)
        first, other = _combine_with_told(code, read, facts, self._categories.get_family)
        if _has_denial(read, facts):
            more = [
                one
                for one in more
                if self._categories.get_family(one) != self._categories.get_family(facts.get(names.CATEGORY, ""))
            ]
        report = self._build_facts(first, meaning.text, address, facts, more=[other] if other else more)
        if self._is_scope_unclear(meaning.categories, read) and not facts.get(names.DESCRIPTION):
            yield names.NO_LIGHT, report
        if (category := self._categories.get(first)) is not None and category.is_other_provider:
            yield names.OTHER_PROVIDER, report
        yield name, report

    def find_questions(self, read: Sequence[Word]) -> tuple[str, ...]:
        """The articles of two questions in one utterance; empty if it asks only one, or also reports a trouble."""
        asked = self._splitter.find_two_matters(read)
        return () if asked[0] in self._categories or not asked[1] else asked

    def find_ticket_category(self, meaning: Meaning) -> str:
        """The category of the ticket that a caller with this question may want next; empty for none."""
        found = self._categories.get(meaning.category)
        return meaning.category if found is not None and found.urgency not in _NO_TICKET_URGENCIES else ""

    def _order_categories(self, scored: Sequence[ScoredEntry], read: Sequence[Word]) -> list[str]:
        """The reported categories: accidents first, then the best-scored one; the article of a question comes last."""
        best = scored[0].key
        told = self._splitter.list_troubles(read, scored) or [best]
        families = [self._categories.get_family(code) for code in told]
        if self._categories.get_family(best) in families:
            told[families.index(self._categories.get_family(best))] = best
        else:
            told = [best, *told[1:]]  # The whole utterance classifies its first part better.
        told.sort(key=lambda code: (code not in self._accidents, code != best))
        return [*told, *(item for item in self._splitter.find_two_matters(read)[1:] if item)]

    def _is_scope_unclear(self, scored: Sequence[ScoredEntry], read: Sequence[Word]) -> bool:
        """Whether the utterance reports no light but does not say if only in the apartment."""
        said = f" {' '.join(word.text for word in read)} "
        is_told = any(f" {where} " in said for where in read_file()["dark"]["where"])
        best = [self._categories.get(one.key) for one in scored[:2]]
        return not is_told and len(best) == 2 and all(one is not None and one.is_scope_unclear for one in best)

    def _build_facts(
        self, code: str, text: str, address: str, facts: Mapping[str, str], *, more: Sequence[str] = ()
    ) -> Mapping[str, str]:
        before = facts.get(names.DESCRIPTION, "")
        items = [*(parse_further_matters(facts) if before else ()), *more]
        return {
            names.CATEGORY: code,
            names.TROUBLE: self._categories.get_spoken_name(code),
            names.PLACE: address,
            names.DESCRIPTION: describe(before, text),
            names.PENDING_ITEMS: format_further_matters(
                item for item in items if self._categories.get_family(item) != self._categories.get_family(code)
            ),
            names.BY_ARTICLE: "",
        }


def describe(before: str, text: str) -> str:
    """The fact `описание`: `before` with `text` appended. If it is too long, the end of `before` is cut."""
    room = max(0, LONGEST_DESCRIPTION - len(text) - len(". "))
    return f"{before[:room]}. {text}"[:LONGEST_DESCRIPTION] if before and room else text[:LONGEST_DESCRIPTION]


def parse_further_matters(facts: Mapping[str, str]) -> list[str]:
    """Parses the fact `ещё`: the further categories and articles."""
    return [item for item in facts.get(names.PENDING_ITEMS, "").split(", ") if item]


def format_further_matters(items: Iterable[str]) -> str:
    """Formats the fact `ещё`, without repetitions."""
    return ", ".join(dict.fromkeys(items))


def _has_content_words(read: Sequence[Word]) -> bool:
    """Whether an utterance has content besides numbers, yes or no, parts of an address, courtesies and remarks."""
    if is_courtesy(read) or any(list_remarks(read)):
        return False
    numbers = {at for number in find_numbers(read) for at in range(number.first, number.end)}
    bare = read_file()["bare"]["words"]
    left = (word for at, word in enumerate(read) if at not in numbers and not word.has_lemma(*bare))
    return any(word.parses[:1] and word.parses[0].part_of_speech in _CONTENT_PARTS_OF_SPEECH for word in left)


def _combine_with_told(
    code: str, read: Sequence[Word], facts: Mapping[str, str], get_family: Callable[[str], str]
) -> tuple[str, str]:
    """(The reported category, a second one or empty) after an utterance about `code`.

    «да, и ещё домофон не работает» keeps the category reported before and adds a second one; «не кран, а батарея», or
    naming another trouble without such words, replaces it.
    """
    first = facts.get(names.CATEGORY, "") if facts.get(names.DESCRIPTION) else ""
    if not first or _has_denial(read, facts):
        return code, ""
    another = get_family(code) != get_family(first)
    if _is_confirmation(read) or (another and _has_addition(read)):
        added = another and (_has_addition(read) or any(word.text in ("и", "а") for word in read))
        return first, code if added else ""
    return code, ""


def _has_denial(read: Sequence[Word], facts: Mapping[str, str]) -> bool:
    """Whether the utterance denies something; see `_find_denied`."""
    return _find_denied(read, facts) is not None


def _find_denied(read: Sequence[Word], facts: Mapping[str, str]) -> int | None:
    """Index of the «не» in «не кран», or in «не прорвало» after an earlier «прорвало»; not in «не работает»."""
    for at, (word, after) in enumerate(pairwise(read)):
        part = after.parses[0].part_of_speech if word.text == "не" and after.parses[:1] else ""
        if part == "NOUN" or (part == "VERB" and _was_told_before(after, facts)):
            return at
    return None


def _was_told_before(verb: Word, facts: Mapping[str, str]) -> bool:
    before = read_words(facts.get(names.DESCRIPTION, ""))
    last = ("", *(word.text for word in before))
    return any(word.has_lemma(*verb.lemmas) and prior != "не" for prior, word in zip(last, before, strict=False))


def _drop_denied(read: Sequence[Word], facts: Mapping[str, str]) -> Sequence[Word]:
    """The utterance without what it denies: «нет не прорвало трубу а батарея холодная» -> «нет батарея холодная»."""
    at = _find_denied(read, facts)
    instead = [place for place, word in enumerate(read) if at is not None and place > at and word.text == "а"]
    return [*read[:at], *read[instead[0] + 1 :]] if instead else read


def _has_addition(read: Sequence[Word]) -> bool:
    """Whether the utterance adds something: «и ещё», «тоже»; not «ещё раз»."""
    after = [*(word.text for word in read[1:]), ""]
    return any(
        word.text in read_file()["adds"]["words"] and then != "раз" for word, then in zip(read, after, strict=True)
    )


def _is_confirmation(read: Sequence[Word]) -> bool:
    """Whether the utterance says yes."""
    found = find_confirmation(read)
    return found is not None and found.answer is ConfirmationAnswer.YES
