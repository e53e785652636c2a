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
class PhrasePart:
    """A phrase, or an item of one."""

    kind: type[Term | Either | InRow | Together]
    required_masks: tuple[int, ...]
    rarest_mask: int
    """The need that the fewest lines have, roughly."""
    children: "tuple[PhrasePart, ...]" = ()
    """Branches, or what must be there together."""
    optional: "tuple[PhrasePart, ...]" = ()
    term_number: int = -1


class PhraseParts:
    """The phrases of a book as parts, and all their terms."""

    def __init__(self, phrases: Iterable[Together]) -> None:
        self.terms: list[Term] = []
        self._frequencies: list[float] = []
        """How often a term is said, roughly: the shorter a word the oftener."""
        self._compiled: dict[int, PhrasePart] = {}
        """By the identity of their items: names are shared."""
        kept = tuple(phrases)
        self.phrases = tuple(self._compile(phrase) for phrase in kept)
        self._compiled.clear()

    def choose_triggers(self) -> dict[int, tuple[int, ...]]:
        """For terms the phrases of whose rarest need they are one: only a line that has it is searched for them."""
        triggers: defaultdict[int, list[int]] = defaultdict(list)
        for number, phrase in enumerate(self.phrases):
            for term in list_bits(phrase.rarest_mask):
                triggers[term].append(number)
        return {term: tuple(numbers) for term, numbers in triggers.items()}

    def _compile(self, item: Item) -> PhrasePart:
        if id(item) not in self._compiled:
            if isinstance(item, Term):
                self._compiled[id(item)] = self._compile_word(item)
            elif isinstance(item, Either):
                branches = tuple(self._compile(branch) for branch in item.branches)
                need = reduce(or_, (branch.rarest_mask for branch in branches))
                self._compiled[id(item)] = PhrasePart(Either, (need,), need, branches)
            else:
                parts = tuple(self._compile(part) for part in item.items)
                needs = tuple(need for part in parts for need in part.required_masks)
                optional = tuple(self._compile(part) for part in item.optional) if isinstance(item, Together) else ()
                self._compiled[id(item)] = PhrasePart(
                    type(item), needs, min(needs, key=self._estimate_frequency), parts, optional
                )
        return self._compiled[id(item)]

    def _compile_word(self, term: Term) -> PhrasePart:
        number = len(self.terms)
        self.terms.append(term)
        words = (*term.lemmas, *term.exact_forms, *term.prefixes)
        self._frequencies.append(len(words) / min(map(len, words)) ** 3)
        return PhrasePart(Term, (1 << number,), 1 << number, term_number=number)

    def _estimate_frequency(self, need: int) -> float:
        return sum(self._frequencies[term] for term in list_bits(need))


def list_bits(mask: int) -> list[int]:
    """The places of a mask's bits."""
    places = []
    while mask:
        low = mask & -mask
        places.append(low.bit_length() - 1)
        mask ^= low
    return places
