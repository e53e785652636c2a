"""Finds phrases in a line: which of them, in which of its words, and how surely.

Words may stand in any order. Beyond two, each foreign word between a phrase's own words takes a little of its
quality, never more than half: people put addresses and sighs into the middle of what they say.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from callcenter.understanding.notation import NOT, NUMBER, Either, InRow, Item, Term, Together
from callcenter.understanding.numbers import atom
from callcenter.understanding.slips import SHORTEST, Slips
from callcenter.understanding.words import Word, is_known, look_up

DEGREES = frozenset((
    "очень", "особо", "сильно", "совсем", "толком", "вообще", "прям", "прямо", "полностью", "всегда", "особенно",
    "шибко", "больно", "сразу", "слишком",
))  # fmt: skip
"""Words between «не» and what it negates: «не очень греют»."""
_PLACES = frozenset((
    "улица", "проспект", "дом", "корпус", "строение", "литера", "дробь", "парадный", "парадная", "подъезд", "этаж",
    "квартира", "номер",
))  # fmt: skip
_NOMINAL = ("NOUN", "ADJF", "NPRO", "NUMR")
_FREE_GAP = 2
_LOST_A_WORD = 0.06
_LEAST_NEARNESS = 0.5
_NEAR = 4
"""Foreign words that may stand inside a group of words in brackets."""
_GOVERNED = {
    "из": {"gent"}, "от": {"gent"}, "до": {"gent"}, "без": {"gent"}, "у": {"gent"}, "на": {"accs", "loct"},
    "в": {"accs", "loct"}, "об": {"accs", "loct"}, "за": {"accs", "ablt"}, "под": {"accs", "ablt"},
    "с": {"gent", "ablt"}, "по": {"datv", "loct"}, "про": {"accs"}, "при": {"loct"},
}  # fmt: skip
"""The cases that a preposition takes: «на пол» was said, «из крит» is a torn «искрит»."""
_MOST_SPOTS = 8
"""Places kept for one part of a phrase: the closest together."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a part of a phrase was found: a bit of `mask` for each of the line's words."""

    mask: int
    first: int
    last: int
    quality: float


class Line:
    """The words of a line as phrases see them: «не» is bound to the word after it; fillers, words of degree, numbers
    and the nouns of addresses take no room, for people say where and how much in the middle of what."""

    def __init__(self, words: Sequence[Word]) -> None:
        self.words: list[Word] = []
        self.negated: list[bool] = []
        self.softly: list[bool] = []
        """Negated through a word of degree: «не очень греют» is both «греют» and «не греют»."""
        self._solid = [0]
        negated = softly = False
        for word in words:
            if word.text == NOT:
                negated = True
                continue
            self.words.append(word)
            self.negated.append(negated or holds_not(word))
            self.softly.append(softly)
            self._solid.append(self._solid[-1] + (not _takes_no_room(word)))
            softly = (negated or softly) and word.text in DEGREES
            negated = False

    def between(self, left: int, right: int) -> int:
        """How many words that take room stand between two places."""
        return self._solid[right] - self._solid[left + 1]

    def foreign(self, spot: Spot) -> int:
        """How many words that take room stand inside a spot and are not its own."""
        inside = self._solid[spot.last + 1] - self._solid[spot.first]
        own = sum(not _takes_no_room(self.words[at]) for at in range(spot.first, spot.last + 1) if spot.mask >> at & 1)
        return inside - own

    def text(self, mask: int) -> str:
        """The words of a mask, as said, each «не» in its place."""
        said = []
        for at, word in enumerate(self.words):
            if mask >> at & 1:
                said.append(f"{NOT} {word.text}" if self.negated[at] and not holds_not(word) else word.text)
        return " ".join(said)


def _takes_no_room(word: Word) -> bool:
    return word.filler or word.is_number or word.lemma in _PLACES or word.text in DEGREES or atom(word.text) is not None


def _belong_together(one: Word, other: Word) -> bool:
    """A preposition and its noun, or a small word that stands before any other."""
    if one.text in _GOVERNED:
        return any(not form.marks.isdisjoint(_GOVERNED[one.text]) for form in other.forms if form.part in _NOMINAL)
    return one.may_be("CONJ", "PRCL", "NPRO")


def _is_preposition(word: Word) -> bool:
    return any(form.part == "PREP" for form in word.forms[:1])


def holds_not(word: Word) -> bool:
    """«неработает»: written together by mistake."""
    return not word.known and word.text.startswith(NOT) and len(word.text) > 6 and look_up(word.text[2:])[2]


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase in a line."""

    number: int
    """The phrase's place among those the book was made of."""
    spot: Spot
    """Its words; the quality is that of the words and of their nearness together, 0 to 1."""


class Book:
    """Phrases made ready to be found together.

    Every term has a bit. A line's bits are gathered word by word, what a word gives being remembered; a phrase is
    looked for only when each of its parts has a bit there.
    """

    def __init__(self, phrases: Iterable[Together], slips: Slips | None = None) -> None:
        """`slips`: shared with other books."""
        self._phrases = tuple(phrases)
        self._terms: list[Term] = []
        self._masks: dict[int, int] = {}
        for phrase in self._phrases:
            self._gather(phrase)
        self._index = _Index(self._terms, slips or Slips())
        self._needs = [tuple(self._masks[id(item)] for item in phrase.items) for phrase in self._phrases]
        self._triggers = self._choose_triggers()
        self._calls: dict[str, tuple[_Call, _Call]] = {}

    def find(self, line: Line) -> Iterator[Found]:
        """Every phrase found in the line, each once, where its words stand closest."""
        hits = self._hit(line)
        active = 0
        numbers: set[int] = set()
        for _, call in hits:
            active |= call.mask
            numbers |= call.phrases
        search = _Search(line, hits, active, self._masks)
        for number in sorted(numbers):
            if all(need & active for need in self._needs[number]):
                spot = search.find(self._phrases[number])
                if spot is not None:
                    yield Found(number, spot)

    def _hit(self, line: Line) -> "list[tuple[Spot, _Call]]":
        hits: list[tuple[Spot, _Call]] = []
        for at, word in enumerate(line.words):
            said, denied = self._call(word)
            if line.softly[at]:
                hits += [(Spot(1 << at, at, at, call.quality), call) for call in (said, denied) if call.mask]
            elif (call := denied if line.negated[at] else said).mask:
                hits.append((Spot(1 << at, at, at, call.quality), call))
        for at, (one, other) in enumerate(pairwise(line.words)):
            call = self._call_torn(one, other)[line.negated[at]]
            if call.mask and not line.negated[at + 1]:
                hits.append((Spot(3 << at, at, at + 1, call.quality), call))
        return hits

    def _call(self, word: Word) -> "tuple[_Call, _Call]":
        """What a word calls up: said, and with «не» before it."""
        if word.text not in self._calls:
            self._calls[word.text] = self._make_calls(*self._index.find(word))
        return self._calls[word.text]

    def _call_torn(self, one: Word, other: Word) -> "tuple[_Call, _Call]":
        """The same for two words that are one word torn apart."""
        key = f"{one.text} {other.text}"
        if key not in self._calls:
            self._calls[key] = self._make_calls(*self._index.find_torn(one, other))
        return self._calls[key]

    def _make_calls(self, terms: Iterable[int], quality: float) -> "tuple[_Call, _Call]":
        calls = []
        for negated in (False, True):
            numbers = [number for number in terms if self._terms[number].negated == negated]
            mask = sum(1 << number for number in numbers)
            phrases = frozenset(phrase for number in numbers for phrase in self._triggers.get(number, ()))
            calls.append(_Call(mask, phrases, quality))
        return calls[0], calls[1]

    def _gather(self, item: Item) -> int:
        """The bits of an item's terms; names are shared, so items are known by their identity."""
        if id(item) in self._masks:
            return self._masks[id(item)]
        mask = 0
        if isinstance(item, Term):
            mask = 1 << len(self._terms)
            self._terms.append(item)
        elif isinstance(item, Either):
            for branch in item.branches:
                mask |= self._gather(branch)
        else:
            for part in item.items:
                mask |= self._gather(part)
            for part in item.optional if isinstance(item, Together) else ():
                self._gather(part)
        self._masks[id(item)] = mask
        return mask

    def _choose_triggers(self) -> dict[int, tuple[int, ...]]:
        """For each phrase the part with the fewest words: only lines that hold one of them are searched for it."""
        sizes = [len(term.lemmas) + len(term.exact) + 3 * len(term.begins) for term in self._terms]
        triggers: defaultdict[int, list[int]] = defaultdict(list)
        for number, needs in enumerate(self._needs):
            parts = [_bits(need) for need in needs]
            for term in min(parts, key=lambda part: sum(sizes[term] for term in part)):
                triggers[term].append(number)
        return {term: tuple(numbers) for term, numbers in triggers.items()}


@dataclass(frozen=True, slots=True)
class _Call:
    """What a word, or a word with «не», calls up."""

    mask: int
    """The bits of its terms."""
    phrases: frozenset[int]
    """The phrases worth looking for."""
    quality: float


class _Index:
    """Finds the terms of a word."""

    def __init__(self, terms: Sequence[Term], slips: Slips) -> None:
        self._by_lemma: defaultdict[str, list[int]] = defaultdict(list)
        self._by_text: defaultdict[str, list[int]] = defaultdict(list)
        self._by_beginning: defaultdict[str, list[int]] = defaultdict(list)
        for number, term in enumerate(terms):
            for lemma in term.lemmas:
                self._by_lemma[lemma].append(number)
            for text in term.exact:
                self._by_text[text].append(number)
            for begins in term.begins:
                self._by_beginning[begins].append(number)
        self._longest = max((len(begins) for begins in self._by_beginning), default=0)
        self._slips = slips
        slips.add({*self._by_lemma, *self._by_text, *(form for term in terms for form in term.written)})

    def find(self, word: Word) -> tuple[dict[int, None], float]:
        """The terms of a word, and how surely it is theirs: less than 1 for a slip."""
        text, lemmas = word.text, (word.text,) if word.filler else word.lemmas  # «короче» is nothing short
        if holds_not(word):
            text = text.removeprefix(NOT)
            lemmas = look_up(text)[1]
        terms = self._exactly(text, lemmas)
        if word.is_number or atom(text) is not None:
            terms += self._by_text.get(NUMBER, ())
        whole = bool(terms) or word.known
        for length in range(3, min(len(text), self._longest) + 1):
            terms += self._by_beginning.get(text[:length], ())
        if terms and whole:
            return dict.fromkeys(terms), 1.0
        meant, quality = self._closest(self._slips.find(word))
        return {**dict.fromkeys(terms), **meant}, quality or 1.0

    def find_torn(self, one: Word, other: Word) -> tuple[dict[int, None], float]:
        """The terms of two words that are one word torn apart: «про рвало», «дом афон»."""
        whole = one.text + other.text
        if len(whole) < SHORTEST or one.is_number or other.is_number:
            return {}, 0.0
        if one.known and other.known and (1 in (len(one.text), len(other.text)) or _is_preposition(other)):
            return {}, 0.0  # «включил и»: no «включили»; «дым ко мне»: no «дымок»
        terms = self._exactly(whole, look_up(whole)[1] if is_known(whole) else ())
        if terms:
            return dict.fromkeys(terms), 1.0
        if one.known and other.known:
            return ({}, 0.0) if _belong_together(one, other) else self._closest(self._slips.find_alike(whole))
        if one.text in _GOVERNED:
            return self._closest(self._slips.find_alike(whole))
        return self._closest(self._slips.find_text(whole, whole))

    def _exactly(self, text: str, lemmas: Sequence[str]) -> list[int]:
        terms = [term for lemma in lemmas for term in self._by_lemma.get(lemma, ())]
        return terms + self._by_text.get(text, [])

    def _closest(self, slip: tuple[str, float] | None) -> tuple[dict[int, None], float]:
        if slip is None:
            return {}, 0.0
        return dict.fromkeys(self._exactly(slip[0], (slip[0], *look_up(slip[0])[1]))), slip[1]


class _Search:
    """One line being searched; parts that phrases share are looked for once."""

    def __init__(self, line: Line, hits: "Sequence[tuple[Spot, _Call]]", active: int, masks: Mapping[int, int]) -> None:
        self._line = line
        self._hits = hits
        self._active = active
        self._masks = masks
        self._known: dict[int, tuple[Spot, ...]] = {}

    def find(self, phrase: Together) -> Spot | None:
        """The whole phrase where its words stand closest, its quality lowered by what stands between them."""
        best: Spot | None = None
        for spot in self._join(phrase.items, most_foreign=None):
            whole = spot
            for extra in phrase.optional:
                whole = self._add(whole, extra)
            near = max(_LEAST_NEARNESS, 1 - _LOST_A_WORD * max(0, self._line.foreign(whole) - _FREE_GAP))
            whole = Spot(whole.mask, whole.first, whole.last, whole.quality * near)
            if best is None or (whole.quality, whole.mask.bit_count()) > (best.quality, best.mask.bit_count()):
                best = whole
        return best

    def _spots(self, item: Item) -> tuple[Spot, ...]:
        mask = self._masks[id(item)]
        if not mask & self._active:
            return ()
        found = self._known.get(id(item))
        if found is None:
            if isinstance(item, Term):
                found = tuple(spot for spot, call in self._hits if call.mask & mask)
            elif isinstance(item, Either):
                said = (branch for branch in item.branches if self._masks[id(branch)] & self._active)
                found = tuple(dict.fromkeys(spot for branch in said for spot in self._spots(branch)))
            elif isinstance(item, InRow):
                found = self._row(item.items)
            else:
                joined = self._join(item.items, most_foreign=_NEAR)
                for extra in item.optional:
                    joined = tuple(self._add(spot, extra) for spot in joined)
                found = joined
            self._known[id(item)] = found
        return found

    def _join(self, items: Sequence[Item], *, most_foreign: int | None) -> tuple[Spot, ...]:
        """The items together in any order, no word used twice, the closest ways first."""
        parts = []
        for item in items:
            spots = self._spots(item)
            if not spots:
                return ()
            parts.append(spots)
        ways = list(parts[0])
        for spots in parts[1:]:
            joined = [_merge(way, spot) for way in ways for spot in spots if not way.mask & spot.mask]
            ways = sorted(joined, key=lambda way: (way.last - way.first, -way.quality, way.first))[:_MOST_SPOTS]
        if most_foreign is not None:
            ways = [way for way in ways if self._line.foreign(way) <= most_foreign]
        return tuple(ways)

    def _row(self, items: Sequence[Item]) -> tuple[Spot, ...]:
        """The items side by side in their order."""
        ways: Sequence[Spot] = self._spots(items[0])
        for item in items[1:]:
            spots = self._spots(item)
            ways = [
                _merge(way, spot)
                for way in ways
                for spot in spots
                if spot.first > way.last and not self._line.between(way.last, spot.first)
            ]
        return tuple(ways)

    def _add(self, spot: Spot, item: Item) -> Spot:
        """The spot with a word that may be missing, if it stands near."""
        near = [extra for extra in self._spots(item) if not extra.mask & spot.mask]
        with_it = [whole for extra in near if self._line.foreign(whole := _merge(spot, extra)) <= _NEAR]
        return min(with_it, key=lambda whole: whole.last - whole.first, default=spot)


def _merge(one: Spot, other: Spot) -> Spot:
    """Both spots; as sure as the less sure of them."""
    first, last = min(one.first, other.first), max(one.last, other.last)
    return Spot(one.mask | other.mask, first, last, min(one.quality, other.quality))


def _bits(mask: int) -> list[int]:
    """The places of a mask's bits."""
    places = []
    while mask:
        low = mask & -mask
        places.append(low.bit_length() - 1)
        mask ^= low
    return places
