"""Splits an utterance that reports several troubles, or a trouble and a question, and interprets each part."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from tomllib import loads

from callcenter.understanding.intents.questions import is_question
from callcenter.understanding.phrases.ranking import ScoredEntry
from callcenter.understanding.understanding import Meaning
from callcenter.understanding.words import Word

LEAST_WORDS = 5
"""Fewest words of an utterance that is split."""
_MOST_WORDS = 60
"""Most words of an utterance that is split. Splitting interprets many parts, and one long story would delay all other
calls of the process."""
_MAX_WORDS_WITHOUT_CONJUNCTION = 20
"""Most words of an utterance that may be split without a conjunction."""
TOLD = 0.5
"""Minimum score, 0 to 1, of a category that counts as reported. A mere mention, such as the doors of a lift, scores
less. Higher: second troubles are missed. Lower: mentions become troubles."""
_SHORTEST_PART = 2
"""Fewest words of a part."""
TROUBLES = ("emergency", "request")
"""Intents that report a trouble."""


class UtteranceSplitter:
    """Splits utterances into parts. `understand`: text -> its meaning; `get_family`: category code -> its family.

    `question_categories`: categories that are no trouble by themselves; they need a conjunction to become a part of
    their own, since «дети бегают» may be said of an open manhole.
    """

    def __init__(
        self,
        understand: Callable[[str], Meaning],
        get_family: Callable[[str], str],
        question_categories: Collection[str] = (),
    ) -> None:
        self._understand = understand
        self._get_family = get_family
        self._question_categories = question_categories

    def list_troubles(self, read: Sequence[Word], scored: Sequence[ScoredEntry]) -> list[str]:
        """The categories of several troubles, one per family, in the order of the utterance; empty if it reports only
        one. `scored`: the categories of the whole utterance, the best first."""
        if not LEAST_WORDS <= len(read) <= _MOST_WORDS:
            return []
        told = {one.key for one in scored if one.score >= TOLD}
        lost = len(read) <= _MAX_WORDS_WITHOUT_CONJUNCTION and len({self._get_family(code) for code in told}) > 1
        for at in range(_SHORTEST_PART, len(read) - _SHORTEST_PART + 1):
            joined = _is_conjunction(read[at])
            if joined or lost:  # The recognizer easily misses the «и».
                parts = (read[:at], read[at + joined :])
                found = [self.find_trouble(part) for part in parts]
                alone = joined or not any(code in self._question_categories for code in found)
                if (
                    all(found)
                    and alone
                    and len(set(map(self._get_family, found))) > 1
                    and (joined or told.issuperset(found))
                ):
                    inside = (self.list_troubles(part, self._understand(join(part)).categories) for part in parts)
                    return self._keep_first_of_families(
                        [*chain(*(more or [one] for more, one in zip(inside, found, strict=True)))]
                    )
        return []

    def find_trouble(self, read: Sequence[Word], *, guessing: bool = False) -> str:
        """The category of the trouble that these words report, or empty. Only sure phrases count, unless `guessing`."""
        meaning = self._understand(join(read))
        told = meaning.intent in TROUBLES and meaning.categories and not meaning.dangers
        best = meaning.categories[0] if told else None
        return best.key if best is not None and (best.has_sure_phrase or guessing) else ""

    def find_two_matters(self, read: Sequence[Word]) -> tuple[str, str]:
        """(Category of a trouble or article of a question, article of another question); both empty if the utterance
        does not combine a question with something else, or contains «если»."""
        supposes = any(word.text == "если" for word in read)
        if supposes or not LEAST_WORDS <= len(read) <= _MOST_WORDS:
            return "", ""
        for at in range(_SHORTEST_PART, len(read) - _SHORTEST_PART):
            parts = (read[:at], read[at + 1 :])
            if _is_conjunction(read[at]) and any(is_question(join(part)) for part in parts):
                articles = [self._find_article(part) for part in parts]
                troubles = [self.find_trouble(part) for part in parts]
                if articles[1] and (first := troubles[0] or articles[0]) and first != articles[1]:
                    return first, articles[1]
                if articles[0] and troubles[1]:
                    return troubles[1], articles[0]
        return "", ""

    def _find_article(self, read: Sequence[Word]) -> str:
        text = join(read)
        meaning = self._understand(text)
        return meaning.article if meaning.intent == "information" and is_question(text) else ""

    def _keep_first_of_families(self, codes: Sequence[str]) -> list[str]:
        """The first code of each family, in order."""
        first: dict[str, str] = {}
        for code in codes:
            first.setdefault(self._get_family(code), code)
        return list(first.values())


def join(read: Sequence[Word]) -> str:
    """The text of the words."""
    return " ".join(word.text for word in read)


def _is_conjunction(word: Word) -> bool:
    return word.text in read_file()["joins"]["words"]


@cache
def read_file() -> Mapping[str, Mapping[str, list[str]]]:
    """The tables of `reports.toml`."""
    rows: Mapping[str, Mapping[str, list[str]]] = loads(
        Path(__file__).with_name("reports.toml").read_text(encoding="utf-8")
    )
    return rows
