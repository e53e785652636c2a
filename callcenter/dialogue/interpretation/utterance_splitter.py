"""What one breath tells of: two troubles or three, or a trouble and a question, each understood by itself."""

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
"""A shorter line tells of one trouble only."""
_MOST_WORDS = 60
"""Nor is more than one matter looked for in a longer one: whoever tells so much is not to hold up all other calls."""
_MAX_WORDS_WITHOUT_CONJUNCTION = 20
"""Words; in a longer line a second trouble follows a joining word only."""
TOLD = 0.5
"""The score of a category that the line tells of; a mere mention, as of a lift's doors, has less."""
_SHORTEST_PART = 2
TROUBLES = ("emergency", "request")
"""The intents of who has one."""


class UtteranceSplitter:
    """Takes lines apart that `understand` understands. `asked_about`: the categories of no trouble in itself, which no
    joining word sets off: «дети бегают» is said of an open manhole."""

    def __init__(self, understand: Callable[[str], Meaning], question_categories: Collection[str] = ()) -> None:
        self._understand = understand
        self._question_categories = question_categories

    def list_troubles(self, read: Sequence[Word], scored: Sequence[ScoredEntry]) -> list[str]:
        """The categories of the troubles that the line tells of, one a family, as they are told; none where it tells of
        one only. `scored`: what the whole line may be, the likeliest first."""
        if not LEAST_WORDS <= len(read) <= _MOST_WORDS:
            return []
        told = {one.key for one in scored if one.score >= TOLD}
        lost = len(read) <= _MAX_WORDS_WITHOUT_CONJUNCTION and len({find_family(code) for code in told}) > 1
        for at in range(_SHORTEST_PART, len(read) - _SHORTEST_PART + 1):
            joined = _is_conjunction(read[at])
            if joined or lost:  # a recogniser loses the «и» easily
                parts = (read[:at], read[at + joined :])
                found = [self.find_trouble(part) for part in parts]
                alone = joined or not any(code in self._question_categories for code in found)
                if (
                    all(found)
                    and alone
                    and len(set(map(find_family, found))) > 1
                    and (joined or told.issuperset(found))
                ):
                    inside = (self.list_troubles(part, self._understand(join(part)).categories) for part in parts)
                    return _keep_first_of_families(
                        [*chain(*(more or [one] for more, one in zip(inside, found, strict=True)))]
                    )
        return []

    def find_trouble(self, read: Sequence[Word], *, guessing: bool = False) -> str:
        """The category of the trouble that these words tell of, unless `guessing` by a phrase that is sure; empty for
        none."""
        meaning = self._understand(join(read))
        told = meaning.intent in TROUBLES and meaning.categories and not meaning.dangers
        best = meaning.categories[0] if told else None
        return best.key if best is not None and (best.has_sure_phrase or guessing) else ""

    def find_two_matters(self, read: Sequence[Word]) -> tuple[str, str]:
        """A trouble, or the article that answers a question, and the article of another question of the same line;
        both empty where the line does not ask beside something else."""
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


def join(read: Sequence[Word]) -> str:
    """The words as a line."""
    return " ".join(word.text for word in read)


def find_family(code: str) -> str:
    """Troubles of one family are one trouble told twice: a pipe that leaks and the neighbours it floods."""
    families = read_file()["families"]
    return next((name for name, codes in families.items() if code in codes), code.partition("_")[0])


def _keep_first_of_families(codes: Sequence[str]) -> list[str]:
    """The first of each family, in their order."""
    first: dict[str, str] = {}
    for code in codes:
        first.setdefault(find_family(code), code)
    return list(first.values())


def _is_conjunction(word: Word) -> bool:
    return word.text in read_file()["joins"]["words"]


@cache
def read_file() -> Mapping[str, Mapping[str, list[str]]]:
    """`reports.toml`."""
    rows: Mapping[str, Mapping[str, list[str]]] = loads(
        Path(__file__).with_name("reports.toml").read_text(encoding="utf-8")
    )
    return rows
