"""Weighs entries of phrases against a line: which of them the words speak for, how strongly, and by which words.

Every word of the line counts once for an entry: 1 when a sure phrase covers it, half when only a hint does, times
how surely it was found; a filler or a preposition counts a third. A sure phrase adds a half, each phrase against
takes one and a half away. Points become a score between 0 and 1 by 1 - 0.6 ** points: a sure phrase of two words
scores .72, of three .83.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from callcenter.understanding.phrases.matching import PhraseBook, PhraseLine
from callcenter.understanding.phrases.misrecognitions import Misrecognitions
from callcenter.understanding.phrases.parts import list_bits
from callcenter.understanding.phrases.phrase_files import AGAINST, HINT, SURE, PhraseEntry
from callcenter.understanding.words import Word

SURE_BONUS = 0.5
HINT_WORTH = 0.5
LITTLE_WORTH = 0.3
_FUNCTION_WORD_PARTS = ("PREP", "CONJ", "PRCL")
_FULL_WEIGHT_WORDS = ("нет", "нету")
AGAINST_COST = 1.5
LEAST_POINTS = 0.95
"""Less is no answer: one hint alone, two hints half heard."""
_SCORE_BASE = 0.6


@dataclass(frozen=True, slots=True)
class ScoredEntry:
    """An entry that the line speaks for."""

    key: str
    score: float
    """0 to 1; see the module's head."""
    words: str
    """The words of the line that gave it, in their order."""
    phrases: tuple[str, ...]
    """The phrases found, as written in the data."""
    word_mask: int = 0
    """Which of the line's words gave it: a bit each."""
    has_sure_phrase: bool = True
    """A sure phrase was among them."""


class Ranking:
    """Entries ready to be weighed."""

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
        """All entries that reach `LEAST_POINTS`, the best first; alike ones in the order of the data."""
        tallies: dict[int, _Tally] = {}
        for found in self._matcher.find_matches(line):
            number, section, phrase = self._sources[found.phrase_number]
            tally = tallies.setdefault(number, _Tally())
            if section == AGAINST:
                tally.against.append(phrase.source)
                continue
            worth = found.span.quality * (1.0 if section == SURE else HINT_WORTH)
            for at in list_bits(found.span.mask):
                here = worth * (LITTLE_WORTH if _is_function_word(line.words[at]) else 1.0)
                tally.worths[at] = max(tally.worths.get(at, 0.0), here)
            (tally.sure if section == SURE else tally.hints).append(phrase.source)
            if section == SURE:
                tally.bonus = max(tally.bonus, SURE_BONUS * found.span.quality)
        scored = []
        for number, tally in sorted(tallies.items()):
            points = sum(tally.worths.values()) + tally.bonus - AGAINST_COST * len(tally.against)
            if points >= LEAST_POINTS:
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
    """What was found for one entry."""

    worths: dict[int, float] = field(default_factory=dict)
    """For each of the line's words what it is worth."""
    sure: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    against: list[str] = field(default_factory=list)
    bonus: float = 0.0


def _is_function_word(word: Word) -> bool:
    return word.is_filler or (
        bool(word.parses)
        and word.parses[0].part_of_speech in _FUNCTION_WORD_PARTS
        and word.text not in _FULL_WEIGHT_WORDS
    )
