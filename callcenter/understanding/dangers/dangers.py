"""Finds dangers in speech: gas, fire, sparks, water on electricity, a person trapped in a lift, a person in danger.

A doubtful report counts as a danger. A phrase of danger is dropped only when the line clearly denies it, puts it in the
past, calls it over or hypothetical (`context.py`), or when a phrase against gives its words another sense («горит
лампочка»).

A partial result may end before the word that cancels a danger: after a noun in the genitive («запаха газа | нет»), an
adverb («мне плохо | слышно»), a phrase of one word («горит | лампочка»), or a place where something burns («в подвале
горит | свет»). Such a danger is not `settled`, nor is one of a `weak` entry, which any everyday word may cancel. Act on
a danger when it is settled, after 300 ms of silence, or at the final result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from callcenter.understanding.dangers.context import MARKS, NEGATIONS, DangerContext
from callcenter.understanding.phrases.matching import FoundPhrase, PhraseBook, PhraseLine, PhraseSpan
from callcenter.understanding.phrases.misrecognitions import Misrecognitions
from callcenter.understanding.phrases.phrase_files import AGAINST, HINT, SURE, PhraseEntry, WrittenPhrase
from callcenter.understanding.words import Word

LEAST_QUALITY = 0.7
"""Minimum quality of a phrase of danger: seven foreign words in it, or one misrecognized word. Lowering it finds more
dangers and raises more false alarms."""
WEAK = "weak"
"""Attribute of an entry whose words are a danger only without everyday words beside them: any word of a phrase against
cancels it, and it is never settled."""
FUTURE = "future"
"""Attribute of an entry that is a danger in the future tense too, such as a threat."""

NAMED = "named"
"""Attribute of an entry that the model may find only if a `hint` phrase matches: water on electricity needs something
electric."""

Gathered = Mapping[tuple[str, str], Sequence[FoundPhrase]]
"""The phrases found in a line: (entry key, section) -> matches."""


@dataclass(frozen=True, slots=True)
class Danger:
    """A danger that may be present now."""

    code: str
    """A code of `dangers.yaml`, such as GAS_SMELL or WATER_ON_ELECTRICITY."""
    category: str
    """The code of the category whose safety instructions are spoken."""
    words: str
    """The words of the line that the danger was found by."""
    phrase: str
    """The source of the phrase found; for a danger found by the model, `learned, 0.87`."""
    settled: bool
    """False while the next word could cancel the danger (see the module's docstring), and when the model found it."""


class Dangers:
    """Finds dangers by phrases. `entries` are those of `dangers.yaml`, `context` those of `context.yaml`.

    `vocabulary` is shared with the other phrase books, so that a misrecognized «показания» is corrected to that word
    and not to «покалечили», which only the danger phrases have.
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

    def match_phrases(self, line: PhraseLine) -> Gathered:
        """All phrases of dangers and of context in a line with at least `LEAST_QUALITY`."""
        found: dict[tuple[str, str], list[FoundPhrase]] = {}
        for one in self._matcher.find_matches(line):
            code, section, _ = self._sources[one.phrase_number]
            if one.span.quality >= LEAST_QUALITY:
                found.setdefault((code, section), []).append(one)
        return found

    def select_dangers(self, line: PhraseLine, found: Gathered) -> tuple[Danger, ...]:
        """The dangers among the phrases found in a line, one per code, in the order of `dangers.yaml`.

        A danger whose words are all covered by another danger's longer phrase comes after the others.
        """
        context = DangerContext(line, {key: find_context_matches(found, key) for key in MARKS})
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
        """Whether the line has the words of a danger, even if denied, past, over or in their everyday sense.

        Examples: «газом не пахнет», «вчера горело», «горит лампочка».
        """
        line = PhraseLine([word for word in words if word.text not in NEGATIONS])
        dangers = {entry.key for entry in self.entries}
        return any(
            self._sources[one.phrase_number][0] in dangers and one.span.quality >= LEAST_QUALITY
            for one in self._matcher.find_matches(line)
        )

    def can_mean(self, code: str, line: PhraseLine) -> bool:
        """Whether the model may find the danger `code` in a line where no phrase found it; see NAMED."""
        return code not in self._hint_matchers or any(True for _ in self._hint_matchers[code].find_matches(line))

    def _find_best(
        self, entry: PhraseEntry, found: Gathered, context: DangerContext, line: PhraseLine
    ) -> tuple[int, Danger] | None:
        """The danger of the longest phrase that nothing cancels, with the mask of its words; settled ones first."""
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


def find_context_matches(found: Gathered, key: str) -> list[FoundPhrase]:
    """The matches of a context key without those inside a phrase against: «до сих пор не заменили» is not «now»."""
    against = [one.span.mask for one in found.get((key, AGAINST), ())]
    return [one for one in found.get((key, SURE), ()) if not any(one.span.mask | mask == mask for mask in against)]


def _is_overridden(line: PhraseLine, against: PhraseSpan, spot: PhraseSpan, *, weak: bool) -> bool:
    """Whether a phrase against cancels a danger: it covers all words of the danger («горит лампочка»), or shares some
    of them with fewer foreign words between («горит у нас в квартире свет», but not «горит квартира, свет моргает»).

    Shared words that only name people do not count, because a person may do both things: «дед не открывает незнакомым,
    но сутки не отвечает». A weak danger is canceled by one shared word.
    """
    if weak:
        return bool(spot.mask & against.mask)
    if spot.mask | against.mask == against.mask:
        return True
    shared = spot.mask & against.mask
    return line.count_foreign_words(against) < line.count_foreign_words(spot) and not line.is_all_animate(shared)


def _sort_dangers(dangers: Sequence[tuple[int, Danger]]) -> list[tuple[int, Danger]]:
    """Keeps the order of the data, but puts last the dangers whose words another danger covers: «дымится» after «щиток
    дымится»."""
    return sorted(dangers, key=lambda one: any(one[0] | other == other != one[0] for other, _ in dangers))
