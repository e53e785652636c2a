"""Compiles parsed phrases into bit masks that quickly reject phrases a line cannot contain.

Every term of a phrase book has a number and a bit with that number. A phrase can match a line only if the line has at
least one bit of every mask in `required_masks`. `PhraseBook` (matching.py) calls this module.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from callcenter.understanding.phrases.notation import Either, InRow, Item, Term, Together


@dataclass(frozen=True, slots=True, eq=False)
class PhrasePart:
    """A compiled phrase, or a compiled item of a phrase."""

    kind: type[Term | Either | InRow | Together]
    required_masks: tuple[int, ...]
    rarest_mask: int
    """The required mask that is estimated to be the least frequent in lines."""
    children: "tuple[PhrasePart, ...]" = ()
    """The branches of Either; otherwise the items that must all match."""
    optional: "tuple[PhrasePart, ...]" = ()
    term_number: int = -1
    """The number of a Term; -1 for other kinds."""


class PhraseParts:
    """The compiled phrases of a book and the list of their terms."""

    def __init__(self, phrases: Iterable[Together]) -> None:
        self.terms: list[Term] = []
        self._frequencies: list[float] = []
        """A relative frequency estimate for each term: more alternatives and shorter words make it higher."""
        self._compiled: dict[int, PhrasePart] = {}
        """Keyed by `id()` of the parsed item: the definition of a `<name>` is one object shared by many phrases."""
        kept = tuple(phrases)
        self.phrases = tuple(self._compile(phrase) for phrase in kept)
        self._compiled.clear()

    def choose_triggers(self) -> dict[int, tuple[int, ...]]:
        """Term number -> the phrases to search for in a line with that term: those whose rarest mask holds its bit."""
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
    """The numbers of the bits set in `mask`, in ascending order."""
    places = []
    while mask:
        low = mask & -mask
        places.append(low.bit_length() - 1)
        mask ^= low
    return places
