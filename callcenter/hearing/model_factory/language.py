"""N-gram language model with absolute discounting (Ney, Essen and Kneser 1994), written as Kaldi's grammar (G)."""

import math
from collections.abc import Iterable, Iterator, Mapping

_DISCOUNT = 0.5
"""Part of the count of each seen n-gram that goes to unseen ones. A count below 1 gives this share of itself."""
_BEGIN, _END = "<s>", "</s>"
_TWICE = 2
"""Contexts of this many words or more are kept only if their total count is at least this number."""

Context = tuple[str, ...]
"""The preceding words, the last one last."""


class Language:
    """N-gram model estimated from weighted sentences. Every word of the vocabulary has a probability in any context."""

    def __init__(self, vocabulary: Iterable[str], order: int = 3, unseen_count: float = 0.3) -> None:
        """`order` is the n of the n-grams. `unseen_count` is added to the unigram count of every vocabulary word."""
        self._vocabulary = frozenset(vocabulary)
        self._order = order
        self._unseen = unseen_count
        self._followers: dict[Context, dict[str, float]] = {(): {}}
        self._sums: dict[Context, tuple[float, float]] = {}

    def add_sentence(self, sentence: str, weight: float = 1.0) -> None:
        """Count a sentence `weight` times. A word outside the vocabulary splits the sentence in two."""
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
        """Yield the model as lines of OpenFst's text format, the start state first.

        Input and output labels are the words' numbers; backoff arcs have no labels (epsilon, 0).
        """
        contexts = self._contexts()
        states = {context: state for state, context in enumerate(contexts)}
        for context in contexts:
            yield from self._state_arcs(context, states, numbers)

    def probability(self, context: Context, word: str) -> float:
        """Probability of `word` (`</s>`: the end of the sentence) after `context`."""
        count = self._followers.get(context, {}).get(word, 0.0)
        total, taken = self._sum(context)
        if not context:
            return (count + (1 if word == _END else self._unseen)) / total
        if not total:
            return self.probability(context[1:], word)
        return (count - _discount(count)) / total + taken / total * self.probability(context[1:], word)

    def _sum(self, context: Context) -> tuple[float, float]:
        """Total count after a context, and the part of it that discounting gives to unseen words."""
        if context not in self._sums:
            counts = self._followers.get(context, {}).values()
            unseen = 0.0 if context else len(self._vocabulary) * self._unseen + 1
            self._sums[context] = (sum(counts) + unseen, sum(_discount(count) for count in counts))
        return self._sums[context]

    def _contexts(self) -> list[Context]:
        """Contexts that become states, the start first. For long contexts see _TWICE."""
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
    """The longest suffix of the context that has a state."""
    while context not in states:
        context = context[1:]
    return context
