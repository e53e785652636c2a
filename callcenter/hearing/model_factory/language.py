"""Which words follow which: an n-gram model with absolute discounting (Ney, Essen and Kneser 1994), as Kaldi's G."""

import math
from collections.abc import Iterable, Iterator, Mapping

_DISCOUNT = 0.5
_BEGIN, _END = "<s>", "</s>"
_TWICE = 2

Context = tuple[str, ...]


class Language:
    """Estimated from sentences with weights; every word of the vocabulary may be said anywhere."""

    def __init__(self, vocabulary: Iterable[str], order: int = 3, unseen_count: float = 0.3) -> None:
        """`unseen_count` is what a word counts that no sentence has."""
        self._vocabulary = frozenset(vocabulary)
        self._order = order
        self._unseen = unseen_count
        self._followers: dict[Context, dict[str, float]] = {(): {}}
        self._sums: dict[Context, tuple[float, float]] = {}

    def add_sentence(self, sentence: str, weight: float = 1.0) -> None:
        """Words outside the vocabulary break a sentence in two."""
        self._sums.clear()
        history: list[str] = [_BEGIN]
        for word in [*sentence.split(), _END]:
            if word != _END and word not in self._vocabulary:
                history = []
                continue
            for length in range(min(len(history), self._order - 1) + 1):
                followers = self._followers.setdefault(tuple(history[len(history) - length :]), {})
                followers[word] = followers.get(word, 0.0) + weight
            history.append(word)

    def write_arcs(self, numbers: Mapping[str, int]) -> Iterator[str]:
        """OpenFst's text form, input and output the words' numbers, the start first; backing off says nothing."""
        contexts = self._contexts()
        states = {context: state for state, context in enumerate(contexts)}
        for context in contexts:
            yield from self._state_arcs(context, states, numbers)

    def probability(self, context: Context, word: str) -> float:
        """Of `word` (`</s>`: the end) after `context`, a history that ends with the last word said."""
        count = self._followers.get(context, {}).get(word, 0.0)
        total, taken = self._sum(context)
        if not context:
            return (count + (1 if word == _END else self._unseen)) / total
        if not total:
            return self.probability(context[1:], word)
        return (count - _discount(count)) / total + taken / total * self.probability(context[1:], word)

    def _sum(self, context: Context) -> tuple[float, float]:
        """How much was seen after a context, and how much of that goes to what was not."""
        if context not in self._sums:
            counts = self._followers.get(context, {}).values()
            unseen = 0.0 if context else len(self._vocabulary) * self._unseen + 1
            self._sums[context] = (sum(counts) + unseen, sum(_discount(count) for count in counts))
        return self._sums[context]

    def _contexts(self) -> list[Context]:
        """Longer ones only where something was seen twice. The start comes first."""
        kept = {context for context in self._followers if len(context) < _TWICE or self._sum(context)[0] >= _TWICE}
        start = (_BEGIN,)
        return [start, (), *sorted(kept - {start, ()})]

    def _state_arcs(self, context: Context, states: Mapping[Context, int], numbers: Mapping[str, int]) -> Iterator[str]:
        state = states[context]
        followers = self._followers.get(context, {})
        for word in sorted(followers if context else {*self._vocabulary, _END}):
            cost = -math.log(self.probability(context, word))
            if word == _END:
                yield f"{state} {cost:.5f}"
            else:
                following = (*context, word)[-(self._order - 1) :] if self._order > 1 else ()
                next_state = states[_find_longest_context(following, states)]
                yield f"{state} {next_state} {numbers[word]} {numbers[word]} {cost:.5f}"
        if context:
            total, taken = self._sum(context)
            cost = -math.log(taken / total) if total else 0.0
            yield f"{state} {states[_find_longest_context(context[1:], states)]} 0 0 {cost:.5f}"


def _discount(count: float) -> float:
    return min(_DISCOUNT, count * _DISCOUNT)


def _find_longest_context(context: Context, states: Mapping[Context, int]) -> Context:
    """The longest known context that ends as this one does."""
    while context not in states:
        context = context[1:]
    return context
