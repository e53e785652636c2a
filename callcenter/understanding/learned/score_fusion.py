"""Combines the scores of phrases with the probabilities of the learned models.

The two are treated as independent, so their probabilities of being wrong are multiplied: 1 - (1 - phrase)(1 - model).
A sure phrase counts with its score, hints alone with less. ADR 15 and `meaning_model/README.md` tell how the constants
were chosen. `Understanding` calls this module.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from callcenter.understanding.intents.intents import UNCLEAR, Intent
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

HINT_FACTOR = 0.6
"""Factor for the score of an entry that only hints support."""
MIN_SCORE = 0.15
"""Minimum combined score of the best answer; below it there is none."""
UNCLEAR_RATIO, SUFFICIENT_SCORE = 3.0, 0.75
"""The best answer must score `UNCLEAR_RATIO` times the probability that the line is unclear, or `SUFFICIENT_SCORE`.
With 2.0 and 0.6 more categories are right, but more unclear lines get one (ADR 15)."""
LEAST_WORDS = 2
"""Minimum number of words of a line that the models judge; a single word tells too little."""
MAX_ANSWERS, MIN_SECONDARY_SCORE = 3, 0.01
"""Maximum number of answers, and the minimum score of an answer beside the best one."""
MIN_MODEL_ONLY, MIN_MODEL_ONLY_GENERIC = 0.3, 0.7
"""Minimum score of an article matched by the model alone; the second value applies when only generic words support it:
«можно», «сколько», «наш дом». The model has seen few questions that no article answers."""
_UNSPECIFIC_PARTS = ("PREP", "CONJ", "PRCL", "NPRO", "ADVB", "PRED")
_QUESTION_INTENTS = (Intent.INFORMATION, Intent.OUTAGE, Intent.STATUS)
_EPSILON = 1e-6


class ModelScores:
    """The learned models of categories, intents and articles, loaded once."""

    def __init__(self) -> None:
        self._categories, self._intents, self._articles = map(Classifier, (OF_CATEGORIES, OF_INTENTS, OF_ARTICLES))

    def for_line(self, words: Sequence[Word], excluded: Iterable[str]) -> "LineScores":
        """The models' results for one line; `excluded`: codes of categories that must not be answered."""
        return LineScores(self._categories, self._intents, self._articles, words, excluded)


class LineScores:
    """The models' results for one line.

    `intent_probabilities`: class (see `LearnedIntents`) -> probability, 0 to 1; only UNCLEAR, with 0, for a line of
    fewer than `LEAST_WORDS`.
    """

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
        """Combines the categories `ranked` by phrases with the model's; the best first, at most `MAX_ANSWERS`."""
        allowed = (one for one in ranked if one.key not in self._excluded)
        return self._fuse(allowed, self._learned_categories, self._categories)

    def rank_articles(self, ranked: Iterable[ScoredEntry]) -> list[ScoredEntry]:
        """As `rank_categories`, for articles; the model's probability is multiplied by that of a question.

        An article without a phrase needs `MIN_MODEL_ONLY` or `MIN_MODEL_ONLY_GENERIC`, because a wrong answer is worse
        than none.
        """
        known = {one.key: one for one in ranked}
        fused = self._fuse(known.values(), self._learned_articles, self._articles, alone=MIN_MODEL_ONLY)
        return [
            one
            for one in fused
            if one.key in known or one.score >= MIN_MODEL_ONLY_GENERIC or self._has_specific_word(one)
        ]

    def _has_specific_word(self, spoken: ScoredEntry) -> bool:
        """Whether any word that supports the entry is specific; see `_is_specific_word`."""
        return any(_is_specific_word(word) for at, word in enumerate(self._words) if spoken.word_mask >> at & 1)

    def find_intent_words(self, wish: str) -> str:
        """The words that contribute most to `wish`, a key of `intent_probabilities`."""
        code, share = NONE if wish == UNCLEAR else wish, self.intent_probabilities[wish]
        return self._learned_intents.explain_prediction(
            self._words, Classification(share, code, share, 0, len(self._words))
        )[0]

    def _fuse(
        self,
        ranked: Iterable[ScoredEntry],
        learned: Classifier,
        shares: Mapping[str, float],
        *,
        alone: float = MIN_SECONDARY_SCORE,
    ) -> list[ScoredEntry]:
        """The combined answers, the best first, at most `MAX_ANSWERS`; none if the best one fails `MIN_SCORE` or
        `UNCLEAR_RATIO`.

        `alone`: minimum score of an answer without a phrase.
        """
        known = {one.key: one for one in ranked}
        scores = {
            code: combine_probabilities(_weigh_score(known[code]) if code in known else 0.0, shares.get(code, 0.0))
            for code in {**known, **shares}
            if code != NONE
        }
        best = sorted(scores, key=lambda code: -scores[code])[:MAX_ANSWERS]
        if not best or scores[best[0]] < max(
            MIN_SCORE, min(UNCLEAR_RATIO * self.intent_probabilities[UNCLEAR], SUFFICIENT_SCORE)
        ):
            return []
        return [
            replace(known[code], score=round(scores[code], 3))
            if code in known
            else self._make_model_entry(learned, code, scores[code])
            for code in best
            if scores[code] >= (MIN_SECONDARY_SCORE if code in known else alone)
        ]

    def _make_model_entry(self, learned: Classifier, code: str, share: float) -> ScoredEntry:
        """An entry found by the model alone, with the words that contribute most."""
        said, mask = learned.explain_prediction(self._words, Classification(share, code, share, 0, len(self._words)))
        return ScoredEntry(code, round(share, 3), said, (f"learned, {share:.2f}",), mask, has_sure_phrase=False)


def combine_probabilities(phrase: float, learned: float) -> float:
    """The combined probability of two independent ones, each 0 to 1."""
    return 1 - (1 - phrase) * (1 - learned)


def _is_specific_word(word: Word) -> bool:
    """Whether a word names a subject: not a filler, number, address noun, pronoun, adverb or function word."""
    if word.is_filler or word.is_number or word.lemma in PLACES:
        return False
    return not any(form.part_of_speech in _UNSPECIFIC_PARTS or "Apro" in form.grammemes for form in word.parses[:1])


def _weigh_score(ranked: ScoredEntry) -> float:
    return ranked.score * (1.0 if ranked.has_sure_phrase else HINT_FACTOR)


def _exclude_classes(none: Iterable[str], shares: dict[str, float]) -> dict[str, float]:
    """The probabilities without the classes `none`, scaled to a sum of 1."""
    left = 1 - sum(shares.pop(code, 0.0) for code in none)
    return {code: share / max(left, _EPSILON) for code, share in shares.items()}
