"""Finds phrases in a line: which of them, in which of its words, and how surely.

Words may stand in any order. Beyond two, each foreign word between a phrase's own words takes a little of its
quality, never more than half: people put addresses and sighs into the middle of what they say.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from callcenter.understanding.notation import NOT, Either, InRow, Item, Term, Together
from callcenter.understanding.numbers import atom
from callcenter.understanding.phrase_index import Call, Index, holds_not
from callcenter.understanding.slips import Slips
from callcenter.understanding.torn import Torn, mend
from callcenter.understanding.words import Word

DEGREES = frozenset((
    "очень", "особо", "сильно", "совсем", "толком", "вообще", "прям", "прямо", "полностью", "всегда", "особенно",
    "шибко", "больно", "сразу", "слишком",
))  # fmt: skip
"""Words between «не» and what it negates: «не очень греют»."""
_PLACES = frozenset((
    "улица", "проспект", "дом", "корпус", "строение", "литера", "дробь", "парадный", "парадная", "подъезд", "этаж",
    "квартира", "номер",
))  # fmt: skip
_FREE_GAP = 2
_LOST_A_WORD = 0.06
_LEAST_NEARNESS = 0.5
_NEAR = 4
"""Foreign words that may stand inside a group of words in brackets."""
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

        self._torn: dict[Slips, tuple[tuple[int, Torn], ...]] = {}

    def list_torn(self, slips: Slips) -> tuple[tuple[int, Torn], ...]:
        """Where two words beside each other may be one, and which; sought once for all books that share `slips`."""
        if slips not in self._torn:
            mended = ((at, mend(one, other, slips)) for at, (one, other) in enumerate(pairwise(self.words)))
            self._torn[slips] = tuple((at, torn) for at, torn in mended if torn is not None)
        return self._torn[slips]

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
        self._needs = [tuple(self._list_needs(phrase)) for phrase in self._phrases]
        self._slips = slips or Slips()
        self._index = Index(self._terms, self._choose_triggers(), self._slips)

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

    def _hit(self, line: Line) -> list[tuple[Spot, Call]]:
        hits: list[tuple[Spot, Call]] = []
        for at, word in enumerate(line.words):
            said, denied = self._index.call(word)
            if line.softly[at]:
                hits += [(Spot(1 << at, at, at, call.quality), call) for call in (said, denied) if call.mask]
            elif (call := denied if line.negated[at] else said).mask:
                hits.append((Spot(1 << at, at, at, call.quality), call))
        for at, torn in line.list_torn(self._slips):
            call = self._index.call_torn(torn)[line.negated[at]]
            if call.mask and not line.negated[at + 1]:
                hits.append((Spot(3 << at, at, at + 1, call.quality), call))
        return hits

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

    def _list_needs(self, item: Item) -> Iterator[int]:
        """The masks of the parts without which an item is not there."""
        if isinstance(item, Term | Either):
            yield self._masks[id(item)]
        else:
            for part in item.items:
                yield from self._list_needs(part)

    def _choose_triggers(self) -> dict[int, tuple[int, ...]]:
        """For each phrase the part with the fewest words: only lines that hold one of them are searched for it."""
        sizes = [len(term.lemmas) + len(term.exact) + 3 * len(term.begins) for term in self._terms]
        triggers: defaultdict[int, list[int]] = defaultdict(list)
        for number, needs in enumerate(self._needs):
            parts = [_bits(need) for need in needs]
            for term in min(parts, key=lambda part: sum(sizes[term] for term in part)):
                triggers[term].append(number)
        return {term: tuple(numbers) for term, numbers in triggers.items()}


class _Search:
    """One line being searched; parts that phrases share are looked for once."""

    def __init__(self, line: Line, hits: Sequence[tuple[Spot, Call]], active: int, masks: Mapping[int, int]) -> None:
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
