"""Dangers in what is being said: gas, fire, sparks, water on electricity, a person in a lift, a person in danger.

Doubt is danger; only what is surely denied, past, over, or merely supposed is none (`danger_context.py`), and what a
phrase against gives another sense («горит лампочка»).

In a partial result the next word could still take back a noun in the genitive, an adverb or a phrase of one word that
stands last («запаха газа | нет», «мне плохо | слышно», «горит | лампочка»), any place where something burns («в подвале
горит | свет»), and any word of everyday life what is weak: such a danger is not `settled`. Act on it when it is, or
when 300 ms went by without a word, or at the final result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from callcenter.understanding.dangers.context import MARKS, NEGATIONS, DangerContext
from callcenter.understanding.phrases.matching import FoundPhrase, PhraseBook, PhraseLine, PhraseSpan
from callcenter.understanding.phrases.misrecognitions import Misrecognitions
from callcenter.understanding.phrases.phrase_files import AGAINST, HINT, SURE, PhraseEntry, WrittenPhrase
from callcenter.understanding.words import Word, read_words

LEAST_QUALITY = 0.7
"""Of a phrase: six foreign words may stand in it, or one word may be slipped on."""
WEAK = "weak"
"""The note of an entry whose words mean a danger only where nothing of everyday life is said with them."""
FUTURE = "future"
"""The note of an entry that is a danger though it is still to come: a threat."""

NAMED = "named"
"""The note of an entry that is none unless a hint of it is named: water on electricity needs something electric."""

Gathered = Mapping[tuple[str, str], Sequence[FoundPhrase]]
"""The phrases found in a line, by entry and section."""


@dataclass(frozen=True, slots=True)
class Danger:
    """A danger that may be there now."""

    code: str
    """A code of `dangers.yaml`, such as GAS_SMELL or WATER_ON_ELECTRICITY."""
    category: str
    """The category whose safety words are said."""
    words: str
    """The words of the line that gave it."""
    phrase: str
    """The phrase found, as written in the data."""
    settled: bool
    """False while the next word could deny it; see the module's head."""


class Dangers:
    """Finds dangers. `entries` are those of `dangers.yaml`, `context` those of `context.yaml`.

    `slips`: shared with the books of what else is said, so that a slip on «показания» is no «покалечили».
    """

    def __init__(
        self, entries: Sequence[PhraseEntry], context: Sequence[PhraseEntry], vocabulary: Misrecognitions | None = None
    ) -> None:
        self.entries = entries
        self._sources: list[tuple[str, str, WrittenPhrase]] = [
            (entry.key, section, phrase)
            for entry in (*entries, *context)
            for section in (SURE, AGAINST)
            for phrase in entry.phrases(section)
        ]
        vocabulary = vocabulary or Misrecognitions()
        self._matcher = PhraseBook((phrase.pattern for _, _, phrase in self._sources), vocabulary)
        self._hint_matchers = {
            entry.attributes.get("as", entry.key): PhraseBook(
                (phrase.pattern for phrase in entry.phrases(HINT)), vocabulary
            )
            for entry in entries
            if NAMED in entry.attributes
        }

    def detect(self, text: str) -> tuple[Danger, ...]:
        """The dangers of a line or of the beginning of one: in the order of the data; see the module's head."""
        line = PhraseLine(read_words(text))
        return self.select_dangers(line, self.match_phrases(line))

    def match_phrases(self, line: PhraseLine) -> Gathered:
        """All phrases of a line, by entry and section."""
        found: dict[tuple[str, str], list[FoundPhrase]] = {}
        for one in self._matcher.find_matches(line):
            code, section, _ = self._sources[one.phrase_number]
            if one.span.quality >= LEAST_QUALITY:
                found.setdefault((code, section), []).append(one)
        return found

    def select_dangers(self, line: PhraseLine, found: Gathered) -> tuple[Danger, ...]:
        """The dangers among the phrases of a line."""
        context = DangerContext(line, {key: find_marks(found, key) for key in MARKS})
        dangers: list[tuple[int, Danger]] = []
        for entry in self.entries:
            best = self._find_best(entry, found, context, line)
            if best is not None:
                dangers.append(best)
        told: dict[str, Danger] = {}
        for _, danger in _sort_dangers(dangers):
            first = told.setdefault(danger.code, danger)
            if danger.settled and not first.settled:
                told[danger.code] = replace(first, settled=True)
        return tuple(told.values())

    def has_danger_words(self, words: Sequence[Word]) -> bool:
        """Whether the words of a danger are there, be it denied, past, over or in their everyday sense: «газом не
        пахнет», «вчера горело», «горит лампочка»."""
        line = PhraseLine([word for word in words if word.text not in NEGATIONS])
        dangers = {entry.key for entry in self.entries}
        return any(
            self._sources[one.phrase_number][0] in dangers and one.span.quality >= LEAST_QUALITY
            for one in self._matcher.find_matches(line)
        )

    def can_mean(self, code: str, line: PhraseLine) -> bool:
        """Whether a line without a phrase of this danger may still be one; see NAMED."""
        return code not in self._hint_matchers or any(True for _ in self._hint_matchers[code].find_matches(line))

    def _find_best(
        self, entry: PhraseEntry, found: Gathered, context: DangerContext, line: PhraseLine
    ) -> tuple[int, Danger] | None:
        """The phrase of most words that nothing cancels, with the mask of its words."""
        against = [one.span for one in found.get((entry.key, AGAINST), ())]
        weak, future = WEAK in entry.attributes, FUTURE in entry.attributes
        best: tuple[int, Danger] | None = None
        for one in sorted(found.get((entry.key, SURE), ()), key=lambda one: -one.span.mask.bit_count()):
            mask = one.span.mask
            if best is not None and mask.bit_count() < best[0].bit_count():
                break
            if context.is_cancelled(one, future=future):
                continue
            if any(_is_overridden(line, other, one.span, weak=weak) for other in against):
                continue
            settled = not weak and not context.can_be_denied_next(one)
            if best is None or (mask.bit_count(), settled) > (best[0].bit_count(), best[1].settled):
                code = entry.attributes.get("as", entry.key)
                phrase = self._sources[one.phrase_number][2].source
                best = mask, Danger(code, entry.attributes["category"], line.join_words(mask), phrase, settled)
        return best


def find_marks(found: Gathered, key: str) -> list[FoundPhrase]:
    """The words of a context without those that stand for something else: «до сих пор не заменили» is no «now»."""
    against = [one.span.mask for one in found.get((key, AGAINST), ())]
    return [one for one in found.get((key, SURE), ()) if not any(one.span.mask | mask == mask for mask in against)]


def _is_overridden(line: PhraseLine, against: PhraseSpan, spot: PhraseSpan, *, weak: bool) -> bool:
    """Whether a phrase against holds all words of a danger («горит лампочка»), or some of them closer together: in
    «горит квартира, свет моргает» the flat burns, in «горит у нас в квартире свет» the light. Who does two things may
    still be in danger: «дед не открывает незнакомым, но сутки не отвечает». Of a weak danger one word is enough."""
    if weak:
        return bool(spot.mask & against.mask)
    if spot.mask | against.mask == against.mask:
        return True
    shared = spot.mask & against.mask
    return line.count_foreign_words(against) < line.count_foreign_words(spot) and not line.is_all_animate(shared)


def _sort_dangers(dangers: Sequence[tuple[int, Danger]]) -> list[tuple[int, Danger]]:
    """In the order of the data; one whose words are all another's comes after it: «щиток дымится» before «дымится»."""
    return sorted(dangers, key=lambda one: any(one[0] | other == other != one[0] for other, _ in dangers))
