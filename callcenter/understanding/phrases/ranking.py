"""Scores phrase entries (categories, intents, articles) against a line, and names the words behind each score.

Each word of the line counts once for an entry: 1 point in a sure phrase, 0.5 in a hint, times the quality of the match;
a function word counts 0.3 of that. A sure phrase adds 0.5 points, each phrase against subtracts 1.5. The score is
1 - 0.6 ** points, 0 to 1: a sure phrase of two words scores .72, of three .83.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from callcenter.understanding.phrases.matching import PhraseBook, PhraseLine
from callcenter.understanding.phrases.misrecognitions import Misrecognitions
from callcenter.understanding.phrases.parts import list_bits
from callcenter.understanding.phrases.phrase_files import AGAINST, HINT, SURE, PhraseEntry
from callcenter.understanding.words import Word

SURE_BONUS = 0.5
"""Points added once when a sure phrase matches, times the quality of the best one."""
HINT_POINTS = 0.5
"""Points of a word that only hints match."""
FUNCTION_WORD_FACTOR = 0.3
"""Factor for the points of a function word: a filler, preposition, conjunction or particle."""
_FUNCTION_WORD_PARTS = ("PREP", "CONJ", "PRCL")
AGAINST_COST = 1.5
"""Points subtracted for each matching phrase against."""
MIN_POINTS = 0.95
"""Minimum points of an answer: one hinted word (0.5) is too little, as are two that match with low quality."""
_SCORE_BASE = 0.6
"""A lower value makes the score approach 1 with fewer words."""


@dataclass(frozen=True, slots=True)
class ScoredEntry:
    """An entry that the words of a line support."""

    key: str
    score: float
    """0 to 1; see the module's docstring."""
    words: str
    """The text of the words that support the entry, in the order of the line."""
    phrases: tuple[str, ...]
    """The sources of the phrases found, as written in the phrase files; sure phrases first."""
    word_mask: int = 0
    """A bit for each word of the line that supports the entry."""
    has_sure_phrase: bool = True
    """Whether a sure phrase was found, not only hints."""


class Ranking:
    """A set of entries whose phrases are compiled for scoring."""

    def __init__(self, entries: Sequence[PhraseEntry], vocabulary: Misrecognitions) -> None:
        self._entries = entries
        self._sources = [
            (number, section, phrase)
            for number, entry in enumerate(entries)
            for section in (SURE, HINT, AGAINST)
            for phrase in entry.phrases(section)
        ]
        self._matcher = PhraseBook((phrase.pattern for _, _, phrase in self._sources), vocabulary)

    def rank(self, line: PhraseLine) -> tuple[ScoredEntry, ...]:
        """All entries with at least `MIN_POINTS`, the best first; equal scores in the order of the phrase file."""
        tallies: dict[int, _Tally] = {}
        for found in self._matcher.find_matches(line):
            number, section, phrase = self._sources[found.phrase_number]
            tally = tallies.setdefault(number, _Tally())
            if section == AGAINST:
                tally.against.append(phrase.source)
                continue
            worth = found.span.quality * (1.0 if section == SURE else HINT_POINTS)
            for at in list_bits(found.span.mask):
                here = worth * (FUNCTION_WORD_FACTOR if _is_function_word(line.words[at]) else 1.0)
                tally.worths[at] = max(tally.worths.get(at, 0.0), here)
            (tally.sure if section == SURE else tally.hints).append(phrase.source)
            if section == SURE:
                tally.bonus = max(tally.bonus, SURE_BONUS * found.span.quality)
        scored = []
        for number, tally in sorted(tallies.items()):
            points = sum(tally.worths.values()) + tally.bonus - AGAINST_COST * len(tally.against)
            if points >= MIN_POINTS:
                mask = sum(1 << at for at in tally.worths)
                phrases = (*tally.sure, *tally.hints)
                score = round(1 - _SCORE_BASE**points, 3)
                scored.append(
                    ScoredEntry(
                        self._entries[number].key, score, line.join_words(mask), phrases, mask, bool(tally.sure)
                    )
                )
        return tuple(sorted(scored, key=lambda one: -one.score))


@dataclass(slots=True)
class _Tally:
    """The matches of one entry in a line."""

    worths: dict[int, float] = field(default_factory=dict)
    """Word index -> points."""
    sure: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    against: list[str] = field(default_factory=list)
    bonus: float = 0.0


def _is_function_word(word: Word) -> bool:
    return word.is_filler or (bool(word.parses) and word.parses[0].part_of_speech in _FUNCTION_WORD_PARTS)
