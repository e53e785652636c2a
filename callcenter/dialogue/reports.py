"""A trouble as a caller reports it: its category, how it is called, what was said; corrected, or a second one."""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

from callcenter.dialogue import vocabulary as names
from callcenter.knowledge.categories import Categories
from callcenter.understanding.confirmation import Answer, find_confirmation
from callcenter.understanding.numbers import find_numbers
from callcenter.understanding.ranking import Scored
from callcenter.understanding.understanding import Meaning, list_accidents
from callcenter.understanding.words import Word, read_words

LONGEST_DESCRIPTION = 600
LEAST_WORDS = 5
"""A shorter line tells of one trouble only."""
_MOST_WORDS = 60
"""Nor is a second trouble looked for in a longer one: whoever tells so much is not to hold up all other calls."""
_MOST_UNJOINED = 20
"""Words; in a longer line a second trouble follows a joining word only."""
_TOLD = 0.5
"""The score of a category that the line tells of; a mere mention, as of a lift's doors, has less."""
_SHORTEST_PART = 2
_OUTAGE, _PAID, _COMPLAINT = "отключение", "платная услуга", "жалоба"
_NAMES = {"emergency": names.TROUBLE, "request": names.TROUBLE, "outage": _OUTAGE, "paid": _PAID}
_NAMES["complaint"] = _COMPLAINT
_CATEGORY_OF = {_OUTAGE: "OUTAGE_INFO", _PAID: "PAID_WORK", _COMPLAINT: "COMPLAINT_STAFF"}
"""The category of a report that names none of its own."""
_CONTENT = ("NOUN", "VERB", "INFN", "ADJF", "ADJS", "PRTF", "PRTS", "GRND")


class Reports:
    """Finds what is reported in lines that `understand` understands."""

    def __init__(self, understand: Callable[[str], Meaning], categories: Categories) -> None:
        self._understand = understand
        self._categories = categories
        self._accidents = list_accidents(categories)

    def find(
        self, text: str, read: Sequence[Word], facts: Mapping[str, str], *, place: str
    ) -> Iterator[tuple[str, Mapping[str, str]]]:
        """The meaning of vocabulary.MEANINGS that the line has as a report, with its facts.

        `place`: the address as far as it is known. A line that only corrects («не труба а батарея») is understood
        together with what was said before; one that agrees, or adds, leaves that standing. Who waits for help and
        tells of an accident reports it: it goes on.
        """
        meaning, told = self._understand(text), _leave_denied(read, facts)
        if len(told) < len(read) and self._find_trouble(told):
            meaning = self._understand(_join(told))
        name = _NAMES.get(meaning.intent, "")
        codes = [scored.key for scored in meaning.categories]
        if name == _OUTAGE:
            code = next((code for code in codes if code != _CATEGORY_OF[name]), _CATEGORY_OF[name])
            yield name, self._report(code, text, place, facts)
        elif name in _CATEGORY_OF:
            yield name, self._report(codes[0] if codes else _CATEGORY_OF[name], text, place, facts)
        elif meaning.intent == "status":
            if accident := next((code for code in codes if code in self._accidents), ""):
                yield names.TROUBLE, self._report(accident, text, place, facts)
        elif name and codes:
            more = self._find_more(told, meaning.categories)
            first, other = _stand_beside(codes[0], read, facts)
            if _takes_back(read, facts) and _family(more) == _family(facts.get(names.CATEGORY, "")):
                more = ""
            yield name, self._report(first, text, place, facts, more=other or more)
        elif meaning.intent not in ("unclear", "information") or meaning.article or not _says_more(read):
            return
        elif (before := facts.get(names.DESCRIPTION)) and (_takes_back(read, facts) or not _confirms(read)):
            again = [one.key for one in self._understand(f"{before} {text}").categories if one.score >= _TOLD]
            if _takes_back(read, facts):  # what was taken back is still the likeliest by its words
                again = [code for code in again if code != facts.get(names.CATEGORY)]
            if again and again[0] != facts.get(names.CATEGORY):
                yield names.TROUBLE, self._report(again[0], text, place, facts)

    def _find_more(self, read: Sequence[Word], scored: Sequence[Scored]) -> str:
        """The category of a second trouble in the same breath, of another kind than the first; empty for none.
        `scored`: what the whole line may be, the likeliest first."""
        if not LEAST_WORDS <= len(read) <= _MOST_WORDS:
            return ""
        told = {one.key for one in scored if one.score >= _TOLD}
        lost = len(read) <= _MOST_UNJOINED and len({_family(code) for code in told}) > 1
        for at in range(_SHORTEST_PART, len(read) - _SHORTEST_PART + 1):
            joined = read[at].text in _file()["joins"]["words"]
            if joined or lost:  # a recogniser loses the «и» easily
                parts = [self._find_trouble(read[:at]), self._find_trouble(read[at + joined :])]
                two = all(parts) and len({_family(code) for code in parts}) > 1
                if two and (joined or told.issuperset(parts)):
                    return next(code for code in parts if _family(code) != _family(scored[0].key))
        return ""

    def _find_trouble(self, read: Sequence[Word]) -> str:
        meaning = self._understand(_join(read))
        told = _NAMES.get(meaning.intent) == names.TROUBLE and meaning.categories and not meaning.dangers
        return meaning.categories[0].key if told else ""

    def _report(
        self, code: str, text: str, place: str, facts: Mapping[str, str], *, more: str = ""
    ) -> Mapping[str, str]:
        before = facts.get(names.DESCRIPTION, "")
        told = text if not before else f"{before}. {text}"
        more = more or (facts.get(names.MORE, "") if before else "")
        return {
            names.CATEGORY: code,
            names.TROUBLE: self._categories.say(code),
            names.PLACE: place,
            names.DESCRIPTION: told[:LONGEST_DESCRIPTION],
            names.MORE: "" if _family(more) == _family(code) else more,
        }


def _says_more(read: Sequence[Word]) -> bool:
    """Whether a line says more than numbers, yes or no, and parts of an address."""
    numbers = {at for number in find_numbers(read) for at in range(number.first, number.end)}
    bare = _file()["bare"]["words"]
    left = (word for at, word in enumerate(read) if at not in numbers and not word.has(*bare))
    return any(word.forms[:1] and word.forms[0].part in _CONTENT for word in left)


def _stand_beside(code: str, read: Sequence[Word], facts: Mapping[str, str]) -> tuple[str, str]:
    """The category that is reported and that of a second trouble, where the line tells of `code` after another was
    told of: «да, и ещё домофон не работает» leaves the first; «не кран, а батарея» and a plain other one do not."""
    first = facts.get(names.CATEGORY, "") if facts.get(names.DESCRIPTION) else ""
    if not first or _takes_back(read, facts):
        return code, ""
    another = _family(code) != _family(first)
    if _confirms(read) or (another and _adds(read)):
        return first, code if another else ""
    return code, ""


def _takes_back(read: Sequence[Word], facts: Mapping[str, str]) -> bool:
    """Whether the line denies something: see `_find_denied`."""
    return _find_denied(read, facts) is not None


def _find_denied(read: Sequence[Word], facts: Mapping[str, str]) -> int | None:
    """The «не» of «не кран», or of «не прорвало» where it was said before that it had; not of «не работает»."""
    for at, (word, after) in enumerate(pairwise(read)):
        part = after.forms[0].part if word.text == "не" and after.forms[:1] else ""
        if part == "NOUN" or (part == "VERB" and _was_told(after, facts)):
            return at
    return None


def _was_told(verb: Word, facts: Mapping[str, str]) -> bool:
    before = read_words(facts.get(names.DESCRIPTION, ""))
    last = ("", *(word.text for word in before))
    return any(word.has(*verb.lemmas) and prior != "не" for prior, word in zip(last, before, strict=False))


def _leave_denied(read: Sequence[Word], facts: Mapping[str, str]) -> Sequence[Word]:
    """The line without what it denies: of «нет не прорвало трубу а батарея холодная» the «нет батарея холодная»."""
    at = _find_denied(read, facts)
    instead = [place for place, word in enumerate(read) if at is not None and place > at and word.text == "а"]
    return [*read[:at], *read[instead[0] + 1 :]] if instead else read


def _adds(read: Sequence[Word]) -> bool:
    """«и ещё», «тоже»; not «ещё раз»."""
    after = [*(word.text for word in read[1:]), ""]
    return any(word.text in _file()["adds"]["words"] and then != "раз" for word, then in zip(read, after, strict=True))


def _confirms(read: Sequence[Word]) -> bool:
    """Whether the line says yes."""
    found = find_confirmation(read)
    return found is not None and found.answer is Answer.YES


def _join(read: Sequence[Word]) -> str:
    return " ".join(word.text for word in read)


def _family(code: str) -> str:
    """Troubles of one family are one trouble told twice: a pipe that leaks and the neighbours it floods."""
    families = _file()["families"]
    return next((name for name, codes in families.items() if code in codes), code.partition("_")[0])


@cache
def _file() -> Mapping[str, Mapping[str, list[str]]]:
    rows: Mapping[str, Mapping[str, list[str]]] = tomllib.loads(
        Path(__file__).with_name("reports.toml").read_text(encoding="utf-8")
    )
    return rows
