"""Dangers in what is being said: gas, fire, sparks, water on electricity, a person in a lift, a person in danger.

Doubt is danger; only what is surely denied, past, over, or merely supposed is none:
- «не» before the phrase's own word: the phrase is not found at all («не горит»);
- «нет», «без», «ни», «никакого» beside a phrase that is a noun in the genitive: «пожара нет», «без дыма»;
- a word for the past and no verb in the present, nor a word for now: «вчера прорвало», not «со вчера пахнет»;
- a verb in the future, or a noun after «если», «в случае»: «если запахнет», not «если пахнет», and no threat: «убьёт»;
- what comes after says that it is over: «был дым, потушили»;
- it is told of the television, a drill or another town, and nobody of ours is named: «в новостях: взорвался дом».

In a partial result the next word could still take back a noun in the genitive, an adverb or a phrase of one word that
stands last («запаха газа | нет», «мне плохо | слышно», «горит | лампочка»), any place where something burns («в подвале
горит | свет»), and any word of everyday life what is weak: such a danger is not `settled`. Act on it when it is, or
when 300 ms went by without a word, or at the final result.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from callcenter.understanding.matching import Book, Found, Line, Spot
from callcenter.understanding.phrase_files import AGAINST, SURE, Entry, Phrase
from callcenter.understanding.slips import Slips
from callcenter.understanding.words import Word, read_words

LEAST_QUALITY = 0.7
"""Of a phrase: six foreign words may stand in it, or one word may be slipped on."""
WEAK = "weak"
"""The note of an entry whose words mean a danger only where nothing of everyday life is said with them."""
FUTURE = "future"
"""The note of an entry that is a danger though it is still to come: a threat."""
DENIALS = frozenset(["нет", "нету", "нетути", "никакого", "никакой", "никаких", "без", "ни", "отсутствует"])
_NEGATIONS = DENIALS | {"не"}
_WITHOUT = "без"
_HELPERS = frozenset(["перестать", "мочь", "прекратить", "стоить"])
"""Before an infinitive these say that it is not, or not yet."""
_NOT_YET = frozenset(("будет", "бы", "чтобы", "чтоб", "можно"))
_WAS = frozenset(("был", "была", "было", "были"))
_NEXT = 2
"""Words from one for now to one for over that belong together."""
_NOUNS = ("NOUN", "NPRO")
_SMALL = ("PREP", "CONJ", "PRCL")
_HOW = ("ADVB", "PRED")
_VERBS = ("VERB", "INFN")
PAST, NOW, IF, OVER, GONE, FEAR, DOUBT, TALE = "past", "now", "if", "over", "gone", "fear", "doubt", "tale"
OPEN = "open"
_CONTEXT = (PAST, NOW, IF, OVER, GONE, FEAR, DOUBT, TALE, OPEN)
_OURS = ("я", "мы", "мой", "наш", "тут", "здесь")


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

    def __init__(self, entries: Sequence[Entry], context: Sequence[Entry], slips: Slips | None = None) -> None:
        self.entries = entries
        self._sources: list[tuple[str, str, Phrase]] = [
            (entry.key, section, phrase)
            for entry in (*entries, *context)
            for section in (SURE, AGAINST)
            for phrase in entry.phrases(section)
        ]
        self._book = Book((phrase.item for _, _, phrase in self._sources), slips)

    def find(self, text: str) -> tuple[Danger, ...]:
        """The dangers of a line or of the beginning of one: in the order of the data; see the module's head."""
        return self.find_in(Line(read_words(text)))

    def find_in(self, line: Line) -> tuple[Danger, ...]:
        """The same for a line already read."""
        found: dict[tuple[str, str], list[Found]] = {}
        for one in self._book.find(line):
            code, section, _ = self._sources[one.number]
            if one.spot.quality >= LEAST_QUALITY:
                found.setdefault((code, section), []).append(one)
        context = _Context(line, {key: _still_said(found, key) for key in _CONTEXT})
        dangers: list[tuple[int, Danger]] = []
        for entry in self.entries:
            best = self._find_best(entry, found, context, line)
            if best is not None:
                dangers.append(best)
        told: dict[str, Danger] = {}
        for _, danger in _arrange(dangers):
            first = told.setdefault(danger.code, danger)
            if danger.settled and not first.settled:
                told[danger.code] = replace(first, settled=True)
        return tuple(told.values())

    def are_mentioned(self, words: Sequence[Word]) -> bool:
        """Whether the words of a danger are there, be it denied, past, over or in their everyday sense: «газом не
        пахнет», «вчера горело», «горит лампочка»."""
        line = Line([word for word in words if word.text not in _NEGATIONS])
        dangers = {entry.key for entry in self.entries}
        return any(
            self._sources[one.number][0] in dangers and one.spot.quality >= LEAST_QUALITY
            for one in self._book.find(line)
        )

    def _find_best(
        self, entry: Entry, found: Mapping[tuple[str, str], Sequence[Found]], context: "_Context", line: Line
    ) -> tuple[int, Danger] | None:
        """The phrase of most words that nothing cancels, with the mask of its words."""
        against = [one.spot for one in found.get((entry.key, AGAINST), ())]
        weak, future = WEAK in entry.notes, FUTURE in entry.notes
        best: tuple[int, Danger] | None = None
        for one in found.get((entry.key, SURE), ()):
            mask = one.spot.mask
            if context.cancels(one, future=future):
                continue
            if any(_takes_back(line, other, one.spot, weak=weak) for other in against):
                continue
            settled = not weak and not context.may_be_denied_next(one)
            if best is None or (mask.bit_count(), settled) > (best[0].bit_count(), best[1].settled):
                code = entry.notes.get("as", entry.key)
                phrase = self._sources[one.number][2].source
                best = mask, Danger(code, entry.notes["category"], line.text(mask), phrase, settled)
        return best


def _still_said(found: Mapping[tuple[str, str], Sequence[Found]], key: str) -> list[Found]:
    """The words of a context without those that stand for something else: «до сих пор не заменили» is no «now»."""
    against = [one.spot.mask for one in found.get((key, AGAINST), ())]
    return [one for one in found.get((key, SURE), ()) if not any(one.spot.mask | mask == mask for mask in against)]


def _takes_back(line: Line, against: Spot, spot: Spot, *, weak: bool) -> bool:
    """Whether a phrase against holds all words of a danger («горит лампочка»), or some of them closer together: in
    «горит квартира, свет моргает» the flat burns, in «горит у нас в квартире свет» the light. Of a weak danger one
    word is enough."""
    if weak:
        return bool(spot.mask & against.mask)
    if spot.mask | against.mask == against.mask:
        return True
    return bool(spot.mask & against.mask) and line.foreign(against) < line.foreign(spot)


def _arrange(dangers: Sequence[tuple[int, Danger]]) -> list[tuple[int, Danger]]:
    """In the order of the data; one whose words are all another's comes after it: «щиток дымится» before «дымится»."""
    return sorted(dangers, key=lambda one: any(one[0] | other == other != one[0] for other, _ in dangers))


class _Context:
    """What the rest of the line says about a phrase in it."""

    def __init__(self, line: Line, marks: Mapping[str, Sequence[Found]]) -> None:
        self._line = line
        self._marks = marks

    def cancels(self, found: Found, *, future: bool) -> bool:
        """Whether the phrase is denied, past, over, or only supposed; `future`: what will be counts too."""
        if self._is_denied(found) or self._is_over(found) or self._is_past(found) or self._is_tale(found):
            return True
        return self._is_supposed(found, future=future)

    def may_be_denied_next(self, found: Found) -> bool:
        """Whether the line ends with the phrase, and the next word may take it back: «запаха газа | нет»,
        «горит | лампочка», «дым от | вейпа», «мне плохо | слышно», «пожар был | в мае», «искрило сегодня | нет»."""
        last = self._line.words[found.spot.last]
        now = {at for one in self._marks[NOW] for at in range(one.spot.first, one.spot.last + 1)}
        for at in range(found.spot.last + 1, len(self._line.words)):
            word = self._line.words[at]
            if not (word.may_be(*_SMALL) or word.text in _WAS or (at in now and self._was(found))):
                return False
        if found.spot.last + 1 < len(self._line.words) and self._was(found):
            return True
        if found.spot.mask.bit_count() == 1 or last.may_be(*_HOW) or self._may_be_denied(found, last):
            return True
        return any(one.spot.last == found.spot.last for one in self._marks[OPEN])

    def _own(self, found: Found) -> Iterator[tuple[int, Word]]:
        for at in range(found.spot.first, found.spot.last + 1):
            if found.spot.mask >> at & 1:
                yield at, self._line.words[at]

    def _may_be_denied(self, found: Found, word: Word) -> bool:
        """Only what has no verb, and whose first noun, or the word beside the denial, is in the genitive."""
        own = [one for _, one in self._own(found)]
        if any(_is_verb(one) for one in own):
            return False
        first = next((one for one in own if one.may_be(*_NOUNS)), word)
        return _is_genitive(first) or _is_genitive(word)

    def _is_denied(self, found: Found) -> bool:
        words, spot = self._line.words, found.spot
        if self._lacks(found) or any(self._denies_again(found, at) for at in range(spot.last + 1, len(words))):
            return True
        before = [word for word in words[max(0, spot.first - 3) : spot.first] if not word.filler]
        if before and before[-1].text in DENIALS and self._may_be_denied(found, words[spot.first]):
            return True
        if not self._may_be_denied(found, words[spot.last]):
            return False
        for at in range(spot.last + 1, min(spot.last + 5, len(words))):
            word = words[at]
            if word.text in DENIALS or (word.text in _WAS and self._line.negated[at]):
                return at + 1 == len(words) or not (words[at + 1].forms[:1] and words[at + 1].forms[0].part in _NOUNS)
            if not (word.filler or word.may_be("PREP", "NPRO", "ADVB", "PRCL")):
                return False
        return False

    def _lacks(self, found: Found) -> bool:
        """«лифт застрял без людей», «мы не в лифте ждём»: one of its nouns is not there."""
        for at, word in self._own(found):
            if not at or found.spot.mask >> (at - 1) & 1:
                continue
            before = self._line.words[at - 1]
            if before.text == _WITHOUT and _is_genitive(word):
                return True
            if self._line.negated[at - 1] and before.may_be("PREP") and word.may_be(*_NOUNS):
                return True
        return False

    def _denies_again(self, found: Found, at: int) -> bool:
        """«кричал пожар, а пожара никакого нет»: the same noun once more, and denied."""
        own = [word for _, word in self._own(found)]
        again = self._line.words[at]
        if not _is_genitive(again) or any(_is_verb(word) or word.text == again.text for word in own):
            return False
        beside = [*self._line.words[at - 1 : at], *self._line.words[at + 1 : at + 3]]
        return any(word.has(again.lemma) for word in own) and any(word.text in DENIALS for word in beside)

    def _is_supposed(self, found: Found, *, future: bool) -> bool:
        own = list(self._own(found))
        verbs = [word for _, word in own if _is_verb(word)]
        before = [one for key in (IF, FEAR) for one in self._marks[key] if one.spot.first <= found.spot.last]
        if verbs and all(_is_only(word, "futr") for word in verbs):
            if future:
                return bool(before)
            return not any(one.spot.last < found.spot.first for one in self._marks[NOW])
        for at, word in own:
            if _is_verb(word) and any(one.text == "бы" for one in self._line.words[max(0, at - 1) : at + 2]):
                return True
            if word.may_be("INFN") and not word.may_be("VERB"):
                near = self._line.words[max(0, at - 2) : at + 3]
                if any(self._puts_off(one) for one in near):
                    return True
        return bool(before) and not verbs and not self._marks[NOW]

    def _puts_off(self, word: Word) -> bool:
        """Whether a word beside an infinitive says that it is not yet: «может загореться», not «не могу выйти»."""
        if word.text in _NOT_YET:
            return True
        at = next(at for at, one in enumerate(self._line.words) if one is word)
        return word.has(*_HELPERS) and not self._line.negated[at]

    def _is_tale(self, found: Found) -> bool:
        """Heard of, with nobody of ours between the tale and the danger: not «в новостях пожар, а у нас дым»."""
        for tale in self._marks[TALE]:
            between = self._line.words[min(tale.spot.last, found.spot.last) + 1 : found.spot.first]
            if not self._marks[NOW] and not any(word.has(*_OURS) for word in between):
                return True
        return False

    def _is_over(self, found: Found) -> bool:
        after = [one.spot for one in self._marks[OVER] if one.spot.last > found.spot.last]
        if self._was(found):
            after += [one.spot for one in self._marks[GONE] if one.spot.last > found.spot.last]
        later = [one.spot for one in self._marks[NOW] if one.spot.first > found.spot.last]
        doubted = self._marks[DOUBT] and not self._marks[PAST]
        return bool(after) and not doubted and all(any(_leads_to(now, over) for over in after) for now in later)

    def _was(self, found: Found) -> bool:
        """Told in the past: a verb in it, or «был» beside it."""
        words, spot = self._line.words, found.spot
        near = words[max(0, spot.first - 1) : spot.last + 2]
        return any("past" in form.marks for _, word in self._own(found) for form in word.forms[:1]) or any(
            word.text in _WAS for word in near
        )

    def _is_past(self, found: Found) -> bool:
        own = [word for _, word in self._own(found)]
        if self._marks[NOW] or any("pres" in form.marks for word in own for form in word.forms[:1]):
            return False
        return any(not self._verb_between(found, past) for past in self._marks[PAST])

    def _verb_between(self, found: Found, past: Found) -> bool:
        """A verb of its own between the word for the past and the phrase: «вчера звонила, а в лифте застряли»."""
        first, last = sorted((found.spot, past.spot), key=lambda spot: spot.first)
        between = self._line.words[first.last + 1 : last.first]
        return any(_is_verb(word) and word.text not in _WAS for word in between)


def _leads_to(now: Spot, over: Spot) -> bool:
    """«теперь вроде починили»: the word for now belongs to what is over."""
    return bool(now.mask & over.mask) or 0 < over.first - now.last <= _NEXT


def _is_verb(word: Word) -> bool:
    """Of a word that the dictionary lacks any reading will do: «пахнит»."""
    return any(form.part in _VERBS for form in (word.forms[:1] if word.known else word.forms))


def _is_only(word: Word, mark: str) -> bool:
    return word.known and all(mark in form.marks for form in word.forms if form.part in _VERBS)


def _is_genitive(word: Word) -> bool:
    return any("gent" in form.marks for form in word.forms if form.part in _NOUNS)
