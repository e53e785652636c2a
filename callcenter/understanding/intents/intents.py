"""Chooses the caller's intent from dangers, scored categories, articles and the phrases of `intents.yaml`.

`Understanding.understand` calls `choose_intent`, then `weigh_learned_intents`, then `arrange_categories`.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from callcenter.understanding.dangers.dangers import Danger
from callcenter.understanding.phrases.ranking import ScoredEntry


class Intent(StrEnum):
    """A caller's intent. The values are the labels of the evaluation sets and the output of `callcenter understand`."""

    EMERGENCY = "emergency"
    REQUEST = "request"
    OUTAGE = "outage"
    INFORMATION = "information"
    STATUS = "status"
    READING = "reading"
    COMPLAINT = "complaint"
    PAID = "paid"
    CANCEL = "cancel"
    PERSON = "person"
    WRONG_NUMBER = "wrong_number"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class IntentChoice:
    """The chosen intent with its score, 0 to 1, the words and the phrases behind it."""

    intent: Intent
    score: float
    words: str
    phrases: tuple[str, ...]
    article: ScoredEntry | None = None
    """The article that answers the caller, if any."""
    danger: bool = False
    """Whether a danger was found; then the intent is EMERGENCY and the model cannot change it."""


WITHOUT_CATEGORY = frozenset((Intent.CANCEL, Intent.PERSON, Intent.WRONG_NUMBER, Intent.UNCLEAR))
"""Intents that have no category of trouble, unless one scores clearly higher; see `CATEGORY_MARGIN`."""
ANSWER_BONUS = 0.04
"""Score added to an article or an intent when it is compared with the best category, whose phrases only mention the
subject. Raising it gives more answers, lowering it more requests. Also the distance from the best category within which
an accident makes the line an emergency."""
ARTICLE_MARGIN = 0.1
"""Maximum score distance from the best article of an article that is considered."""
SAME_CATEGORY_BONUS = 0.08
"""Score added to an article whose category is the best category of the line."""
CATEGORY_MARGIN = 0.05
"""Score by which the best category must exceed an intent or article without a category to be kept beside it."""
TROUBLE, UNCLEAR = "trouble", "unclear"
"""Classes of the intent model. They are named as the intents, but `trouble` stands for both EMERGENCY and REQUEST,
which the category tells apart."""
PHRASE_FACTOR, NO_PHRASE_SCORE = 0.8, 0.6
"""Factor for the score of the choice by phrases when it is combined with the model's probability; and the score of
UNCLEAR when no phrase matched."""
MODEL_PROOF_SCORE = 0.84
"""Score from which the choice by phrases stands against the model: always where the model finds nothing or an outage,
and with its article where the model finds a trouble. A sure phrase of four words scores .90, so a line that the model
gets wrong can be corrected by adding a phrase."""
SHORT_INTENT_BONUS = {Intent.CANCEL: 0.2, Intent.PERSON: 0.1}
"""Used instead of `ANSWER_BONUS` for intents that take few words and name no trouble: «отмените», «человека»."""


@dataclass(frozen=True, slots=True)
class IntentRules:
    """What the company's data tell of intents: `categories.yaml` and `phrases/articles.yaml`."""

    accidents: frozenset[str] = frozenset()
    """Codes of the categories that are accidents."""
    of_category: Mapping[str, Intent] = field(default_factory=dict)
    """Categories with an intent of their own; every other one means a request, an emergency or information."""
    consulting: frozenset[str] = frozenset()
    """Categories that callers ask about rather than report. Words that match one also support its article."""
    of_article: Mapping[str, Intent] = field(default_factory=dict)
    """Articles that mean another intent than INFORMATION, because a look-up of the outage or the ticket answers
    better."""
    category_of_article: Mapping[str, str] = field(default_factory=dict)
    """Article id -> category code, possibly empty."""

    @property
    def outage_article(self) -> str:
        """The article that tells of outages; empty without one."""
        return next((article for article, intent in self.of_article.items() if intent is Intent.OUTAGE), "")

    def find_category(self, intent: Intent) -> str:
        """The category that the intent implies and that is put first; empty when there is none, or several."""
        codes = [code for code, its in self.of_category.items() if its is intent]
        return codes[0] if len(codes) == 1 else ""

    def is_trouble(self, category: ScoredEntry) -> bool:
        return category.key not in self.of_category


def choose_intent(
    dangers: Sequence[Danger],
    categories: Sequence[ScoredEntry],
    articles: Sequence[ScoredEntry],
    intents: Sequence[ScoredEntry],
    rules: IntentRules,
) -> IntentChoice:
    """The intent with the highest score by phrases; a danger always wins.

    `categories`, `articles` and `intents` are sorted by score, the best first.
    """
    if dangers:
        danger = dangers[0]
        return IntentChoice(Intent.EMERGENCY, 1.0, danger.words, (danger.phrase,), danger=True)
    told = categories[0] if categories else None
    choices = [_make_intent_choice(one, articles, rules) for one in intents]
    near = [one for one in articles if one.score >= articles[0].score - ARTICLE_MARGIN]
    choices += [_make_article_choice(one, told, rules) for one in near]
    asked = max(choices, key=lambda choice: choice.score + _get_bonus(choice), default=None)
    if asked is not None and (told is None or asked.score + _get_bonus(asked) >= told.score):
        return asked
    if told is None:
        return IntentChoice(Intent.UNCLEAR, 0.0, "", ())
    intent = rules.of_category.get(told.key)
    article = None
    if intent is Intent.OUTAGE and rules.outage_article:
        article = ScoredEntry(rules.outage_article, told.score, told.words, told.phrases)
    if intent is None and told.key in rules.consulting:
        intent = Intent.INFORMATION
    elif intent is None:
        intent = _choose_trouble_intent(categories, rules.accidents)
    return IntentChoice(intent, told.score, told.words, told.phrases, article)


class LearnedIntents(Protocol):
    """The intent model's result for one line; `LineScores` implements it."""

    @property
    def intent_probabilities(self) -> Mapping[str, float]:
        """Class (the intents' names and `TROUBLE`) -> probability, 0 to 1; empty but for UNCLEAR for short lines."""

    def find_intent_words(self, wish: str) -> str:
        """The words of the line that contribute most to the class `wish`."""


def weigh_learned_intents(
    choice: IntentChoice,
    model_score: LearnedIntents,
    categories: Sequence[ScoredEntry],
    articles: Sequence[ScoredEntry],
    rules: IntentRules,
) -> IntentChoice:
    """The choice by phrases, or the model's intent where that is likelier. A choice with a danger is never changed."""
    if choice.danger:
        return choice
    wishes = model_score.intent_probabilities
    chosen = TROUBLE if choice.intent in (Intent.EMERGENCY, Intent.REQUEST) else str(choice.intent)
    said = NO_PHRASE_SCORE if choice.intent is Intent.UNCLEAR else choice.score * PHRASE_FACTOR
    scores = {**wishes, chosen: 1 - (1 - said) * (1 - wishes.get(chosen, 0.0))}
    best = max(scores, key=lambda wish: scores[wish])
    if choice.score >= MODEL_PROOF_SCORE and (best in (UNCLEAR, Intent.OUTAGE) or (best == TROUBLE and choice.article)):
        best = chosen
    answer = next((one for one in articles if one.key not in rules.of_article), None)
    if best == chosen or (best == TROUBLE and not any(map(rules.is_trouble, categories))):
        unanswered = choice.intent is Intent.INFORMATION and choice.article is None
        return replace(choice, article=answer) if unanswered else choice
    score, phrases = round(scores[best], 3), (f"learned, {scores[best]:.2f}",)
    if best == TROUBLE:
        troubles = [one for one in categories if rules.is_trouble(one)]
        return IntentChoice(_choose_trouble_intent(troubles, rules.accidents), score, troubles[0].words, phrases)
    intent, words = Intent(best), model_score.find_intent_words(best)
    if intent is Intent.OUTAGE:
        answer = ScoredEntry(rules.outage_article, score, words, phrases) if rules.outage_article else None
    return IntentChoice(
        intent, score, words, phrases, answer if intent in (Intent.INFORMATION, Intent.OUTAGE) else None
    )


def _choose_trouble_intent(categories: Sequence[ScoredEntry], urgent: frozenset[str]) -> Intent:
    top = {one.key for one in categories if one.score >= categories[0].score - ANSWER_BONUS}
    return Intent.EMERGENCY if top & urgent else Intent.REQUEST


def _get_bonus(choice: IntentChoice) -> float:
    return SHORT_INTENT_BONUS.get(choice.intent, ANSWER_BONUS)


def _make_article_choice(article: ScoredEntry, told: ScoredEntry | None, rules: IntentRules) -> IntentChoice:
    """The choice of an article, with a higher score when its category is the best one of the line.

    For a consulting category the words that match the category count for the article too.
    """
    score = article.score
    if told is not None and rules.category_of_article.get(article.key) == told.key:
        score = (
            max(score, told.score) + ANSWER_BONUS * score
            if told.key in rules.consulting
            else score + SAME_CATEGORY_BONUS
        )
    return IntentChoice(
        rules.of_article.get(article.key, Intent.INFORMATION), score, article.words, article.phrases, article
    )


def _make_intent_choice(scored: ScoredEntry, articles: Sequence[ScoredEntry], rules: IntentRules) -> IntentChoice:
    intent = Intent(scored.key)
    article = next((one for one in articles if rules.of_article.get(one.key) is intent), None)
    if article is None and intent is Intent.OUTAGE and rules.outage_article:
        article = ScoredEntry(rules.outage_article, scored.score, scored.words, scored.phrases)
    return IntentChoice(intent, scored.score, scored.words, scored.phrases, article)


def arrange_categories(
    choice: IntentChoice,
    dangers: Sequence[Danger],
    categories: Sequence[ScoredEntry],
    leading_categories: Mapping[str, Set[str]],
    rules: IntentRules,
) -> tuple[ScoredEntry, ...]:
    """Puts the category that the intent, the article or the danger implies first.

    Empty when the intent or the article has no category, unless one scores higher by `CATEGORY_MARGIN`.

    `leading_categories`: danger code -> its own category and those that may precede it.
    """
    article_category = rules.category_of_article.get(choice.article.key, "") if choice.article else ""
    best = categories[0].score if categories else 0.0
    if choice.intent in WITHOUT_CATEGORY or (choice.article is not None and not article_category):
        told = choice.score if choice.article is None else choice.article.score
        return tuple(categories) if best > told + CATEGORY_MARGIN else ()
    answered = choice.article is not None and choice.article.score >= best
    wanted = (article_category if answered else "") or rules.find_category(choice.intent)
    if dangers:
        danger = dangers[0]
        if not categories or categories[0].key not in leading_categories[danger.code]:
            wanted = danger.category
    if not wanted and choice.intent in (Intent.EMERGENCY, Intent.REQUEST):
        wanted = next((one.key for one in categories if rules.is_trouble(one)), "")
    if not wanted:
        return tuple(categories)
    first = next((one for one in categories if one.key == wanted), None)
    score = min(1.0, max(choice.score, first.score if first else 0.0))
    found = first or ScoredEntry(wanted, score, choice.words, choice.phrases)
    head = ScoredEntry(wanted, score, found.words, found.phrases, found.word_mask, found.has_sure_phrase)
    return (head, *(one for one in categories if one.key != wanted))
