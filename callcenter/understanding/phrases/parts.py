"""Phrases taken apart for the search: what must be said for each part of them to be there.

Every term of a book has a number and a bit. A part's needs are masks; of each of them one bit must be there.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from callcenter.understanding.phrases.notation import Either, InRow, Item, Term, Together


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A phrase, or an item of one."""

    kind: type[Term | Either | InRow | Together]
    needs: tuple[int, ...]
    rarest: int
    """The need that the fewest lines have, roughly."""
    parts: "tuple[Part, ...]" = ()
    """Branches, or what must be there together."""
    optional: "tuple[Part, ...]" = ()
    term: int = -1


class Parts:
    """The phrases of a book as parts, and all their terms."""

    def __init__(self, phrases: Iterable[Together]) -> None:
        self.terms: list[Term] = []
        self._commonness: list[float] = []
        """How often a term is said, roughly: the shorter a word the oftener."""
        self._made: dict[int, Part] = {}
        """By the identity of their items: names are shared."""
        kept = tuple(phrases)
        self.phrases = tuple(self._make(phrase) for phrase in kept)
        self._made.clear()

    def choose_triggers(self) -> dict[int, tuple[int, ...]]:
        """For terms the phrases of whose rarest need they are one: only a line that has it is searched for them."""
        triggers: defaultdict[int, list[int]] = defaultdict(list)
        for number, phrase in enumerate(self.phrases):
            for term in list_bits(phrase.rarest):
                triggers[term].append(number)
        return {term: tuple(numbers) for term, numbers in triggers.items()}

    def _make(self, item: Item) -> Part:
        if id(item) not in self._made:
            if isinstance(item, Term):
                self._made[id(item)] = self._make_term(item)
            elif isinstance(item, Either):
                branches = tuple(self._make(branch) for branch in item.branches)
                need = reduce(or_, (branch.rarest for branch in branches))
                self._made[id(item)] = Part(Either, (need,), need, branches)
            else:
                parts = tuple(self._make(part) for part in item.items)
                needs = tuple(need for part in parts for need in part.needs)
                optional = tuple(self._make(part) for part in item.optional) if isinstance(item, Together) else ()
                self._made[id(item)] = Part(type(item), needs, min(needs, key=self._guess_commonness), parts, optional)
        return self._made[id(item)]

    def _make_term(self, term: Term) -> Part:
        number = len(self.terms)
        self.terms.append(term)
        words = (*term.lemmas, *term.exact, *term.begins)
        self._commonness.append(len(words) / min(map(len, words)) ** 3)
        return Part(Term, (1 << number,), 1 << number, term=number)

    def _guess_commonness(self, need: int) -> float:
        return sum(self._commonness[term] for term in list_bits(need))


def list_bits(mask: int) -> list[int]:
    """The places of a mask's bits."""
    places = []
    while mask:
        low = mask & -mask
        places.append(low.bit_length() - 1)
        mask ^= low
    return places
