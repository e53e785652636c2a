"""Two witnesses to what a line means: the phrases, and what was learned. Neither alone knows enough.

A sure phrase counts as much as its score, hints alone less. What both say is the surer: they are wrong together only
where each is, so their chances of being wrong are multiplied. How the figures here were chosen tells
`meaning_model/README.md`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from callcenter.understanding.intents.intents import OF_ARTICLE, UNCLEAR, Intent
from callcenter.understanding.learned.classifiers import (
    NONE,
    OF_ARTICLES,
    OF_CATEGORIES,
    OF_INTENTS,
    Classification,
    Classifier,
)
from callcenter.understanding.phrases.matching import PLACES
from callcenter.understanding.phrases.ranking import ScoredEntry
from callcenter.understanding.words import Word

HINTED = 0.6
"""What hints are worth beside a sure phrase."""
LEAST = 0.15
"""Less, of both together, is no answer."""
DOUBT, ENOUGH = 3.0, 0.75
"""How much likelier than that nothing is wanted an answer must be, and what is enough at any rate."""
LEAST_WORDS = 2
"""One word that no phrase knows tells too little."""
MOST, LITTLE = 3, 0.01
"""Answers that are kept, and how likely one must be beside the best."""
ALONE, SURELY_ALONE = 0.3, 0.7
"""How likely an article must be that no phrase has, and how likely where only words speak for it that ask of anything:
«можно», «сколько», «наш дом». What was learned has seen few questions that no article answers."""
_UNSPECIFIC_PARTS = ("PREP", "CONJ", "PRCL", "NPRO", "ADVB", "PRED")
_QUESTION_INTENTS = (Intent.INFORMATION, *OF_ARTICLE.values())
_EPSILON = 1e-6


class ModelScores:
    """What was learned of categories, of wishes and of articles."""

    def __init__(self) -> None:
        self._categories, self._intents, self._articles = map(Classifier, (OF_CATEGORIES, OF_INTENTS, OF_ARTICLES))

    def for_line(self, words: Sequence[Word], excluded: Iterable[str]) -> "LineScores":
        """On one line; `excluded`: the categories that are not to be thought of."""
        return LineScores(self._categories, self._intents, self._articles, words, excluded)


class LineScores:
    """On one line. `intent_probabilities`: how likely each is, by the names of `intents.py`; none where the line is
    too short."""

    def __init__(
        self,
        categories: Classifier,
        intents: Classifier,
        articles: Classifier,
        words: Sequence[Word],
        excluded: Iterable[str],
    ) -> None:
        self._learned_categories, self._learned_intents, self._learned_articles = categories, intents, articles
        self._words, self._excluded = words, frozenset(excluded)
        heard = words if len(words) >= LEAST_WORDS else ()
        self.intent_probabilities = intents.predict_probabilities(heard)
        self.intent_probabilities[UNCLEAR] = self.intent_probabilities.pop(NONE, 0.0)
        self._categories = _exclude_classes(self._excluded, categories.predict_probabilities(heard))
        asking = sum(self.intent_probabilities.get(wish, 0.0) for wish in _QUESTION_INTENTS)
        self._articles = {
            code: share * asking
            for code, share in _exclude_classes((NONE,), articles.predict_probabilities(heard)).items()
        }

    def rank_categories(self, ranked: Iterable[ScoredEntry]) -> list[ScoredEntry]:
        """What the phrases ranked and what was learned, the likeliest first."""
        allowed = (one for one in ranked if one.key not in self._excluded)
        return self._fuse(allowed, self._learned_categories, self._categories)

    def rank_articles(self, ranked: Iterable[ScoredEntry]) -> list[ScoredEntry]:
        """The same for articles: they are the likelier, the likelier something is asked. One that no phrase has must
        be likely by itself, for a wrong answer is worse than none."""
        known = {one.key: one for one in ranked}
        fused = self._fuse(known.values(), self._learned_articles, self._articles, alone=ALONE)
        return [one for one in fused if one.key in known or one.score >= SURELY_ALONE or self._has_specific_word(one)]

    def _has_specific_word(self, spoken: ScoredEntry) -> bool:
        """Whether one of its words says what is spoken of."""
        return any(_is_specific_word(word) for at, word in enumerate(self._words) if spoken.word_mask >> at & 1)

    def find_intent_words(self, wish: str) -> str:
        """The words that speak for one of `intent_probabilities`."""
        code, share = NONE if wish == UNCLEAR else wish, self.intent_probabilities[wish]
        return self._learned_intents.explain_prediction(
            self._words, Classification(share, code, share, 0, len(self._words))
        )[0]

    def _fuse(
        self, ranked: Iterable[ScoredEntry], learned: Classifier, shares: Mapping[str, float], *, alone: float = LITTLE
    ) -> list[ScoredEntry]:
        """At most MOST; nothing where the best is little beside how likely the line is unclear.

        `alone`: how likely one must be that no phrase has.
        """
        known = {one.key: one for one in ranked}
        scores = {
            code: agree(_weigh_score(known[code]) if code in known else 0.0, shares.get(code, 0.0))
            for code in {**known, **shares}
            if code != NONE
        }
        best = sorted(scores, key=lambda code: -scores[code])[:MOST]
        if not best or scores[best[0]] < max(LEAST, min(DOUBT * self.intent_probabilities[UNCLEAR], ENOUGH)):
            return []
        return [
            replace(known[code], score=round(scores[code], 3))
            if code in known
            else self._make_model_entry(learned, code, scores[code])
            for code in best
            if scores[code] >= (LITTLE if code in known else alone)
        ]

    def _make_model_entry(self, learned: Classifier, code: str, share: float) -> ScoredEntry:
        """What no phrase has, with the words that speak for it."""
        said, mask = learned.explain_prediction(self._words, Classification(share, code, share, 0, len(self._words)))
        return ScoredEntry(code, round(share, 3), said, (f"learned, {share:.2f}",), mask, has_sure_phrase=False)


def agree(phrase: float, learned: float) -> float:
    """How likely a thing is meant for which both speak, 0 to 1 each."""
    return 1 - (1 - phrase) * (1 - learned)


def _is_specific_word(word: Word) -> bool:
    """Whether a word says what is spoken of."""
    if word.is_filler or word.is_number or word.lemma in PLACES:
        return False
    return not any(form.part_of_speech in _UNSPECIFIC_PARTS or "Apro" in form.grammemes for form in word.parses[:1])


def _weigh_score(ranked: ScoredEntry) -> float:
    return ranked.score * (1.0 if ranked.has_sure_phrase else HINTED)


def _exclude_classes(none: Iterable[str], shares: dict[str, float]) -> dict[str, float]:
    """The shares of what is left."""
    left = 1 - sum(shares.pop(code, 0.0) for code in none)
    return {code: share / max(left, _EPSILON) for code, share in shares.items()}
