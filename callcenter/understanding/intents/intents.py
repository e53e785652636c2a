"""What a caller wants: from dangers, categories, articles and the phrases of `intents.yaml`."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from callcenter.understanding.dangers.dangers import Danger
from callcenter.understanding.phrases.ranking import ScoredEntry


class Intent(StrEnum):
    """What is wanted; the values are those of the evaluation set and of `callcenter understand`."""

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
    """The intent chosen and what follows from it."""

    intent: Intent
    score: float
    words: str
    phrases: tuple[str, ...]
    article: ScoredEntry | None = None
    """The article that answers, when one was asked for."""
    danger: bool = False


OF_CATEGORY = {
    "METER_READING": Intent.READING,
    "TICKET_STATUS": Intent.STATUS,
    "COMPLAINT_STAFF": Intent.COMPLAINT,
    "OUTAGE_INFO": Intent.OUTAGE,
    "PAID_WORK": Intent.PAID,
    "PAID_CLEAN": Intent.PAID,
}
"""Categories that are an intent of their own."""
CATEGORY_OF = {
    Intent.READING: "METER_READING",
    Intent.STATUS: "TICKET_STATUS",
    Intent.COMPLAINT: "COMPLAINT_STAFF",
    Intent.OUTAGE: "OUTAGE_INFO",
}
"""Intents that are about one category, and set it first."""
OUTAGE_ARTICLE = "KB14"
OF_ARTICLE = {OUTAGE_ARTICLE: Intent.OUTAGE, "KB34": Intent.STATUS}
"""Articles whose answer another intent gives better: a search for the outage, for the ticket."""
WITHOUT_CATEGORY = frozenset((Intent.CANCEL, Intent.PERSON, Intent.WRONG_NUMBER, Intent.UNCLEAR))
CONSULTING = frozenset(
    ("PASSPORT_DESK", "RECEPTION", "RULES_INFO", "BILL_QUESTION", "BILL_RECALC", "CCTV_REQUEST", "CERT_DOC")
)
"""Categories that are asked about: of what is said for them and for their articles the articles answer."""
ASKED = 0.04
"""How much less an article or an intent of its own needs than a category: its phrases ask, those only tell of."""
NEAR = 0.1
"""How much less likely than the likeliest an article may be that is still thought of."""
AGREED = 0.08
"""What an article gains when its category is the likeliest one anyway."""
ANSWERED = 0.6
DOUBT = 0.05
"""A category that much likelier than an intent without one is told all the same."""
TROUBLE, UNCLEAR = "trouble", "unclear"
"""Wishes as they are learned have the names of the intents, but that the category tells an emergency from a request."""
CHOSEN, UNHEARD = 0.8, 0.6
"""What the choice by phrases is worth beside what was learned; and that no phrase found anything."""
SURELY = 0.84
"""Less than a sure phrase of four words scores. Such a one is heard where learning finds nothing or an outage, and its
article where that finds a trouble, so that what a line means can be mended in words."""
ABRUPT = {Intent.CANCEL: 0.2, Intent.PERSON: 0.1}
"""The same for intents that say nothing of a trouble and need few words: «отмените», «человека»."""


def choose_intent(
    dangers: Sequence[Danger],
    categories: Sequence[ScoredEntry],
    articles: Sequence[ScoredEntry],
    intents: Sequence[ScoredEntry],
    *,
    accident_codes: frozenset[str],
    category_of_article: Mapping[str, str],
) -> IntentChoice:
    """The intent for which most words speak; a danger before all.

    `accident_codes`: the codes of accidents; `category_of_article`: the category of each article that has one.
    """
    if dangers:
        danger = dangers[0]
        return IntentChoice(Intent.EMERGENCY, 1.0, danger.words, (danger.phrase,), danger=True)
    told = categories[0] if categories else None
    choices = [_make_intent_choice(one, articles) for one in intents]
    near = [one for one in articles if one.score >= articles[0].score - NEAR]
    choices += [_make_article_choice(one, told, category_of_article) for one in near]
    asked = max(choices, key=lambda choice: choice.score + _get_bonus(choice), default=None)
    if asked is not None and (told is None or asked.score + _get_bonus(asked) >= told.score):
        return asked
    if told is None:
        return IntentChoice(Intent.UNCLEAR, 0.0, "", ())
    intent = OF_CATEGORY.get(told.key)
    article = None
    if intent is Intent.OUTAGE:
        article = ScoredEntry(OUTAGE_ARTICLE, told.score, told.words, told.phrases)
    if intent is None and told.key in CONSULTING:
        intent = Intent.INFORMATION
    elif intent is None:
        intent = _choose_trouble_intent(categories, accident_codes)
    return IntentChoice(intent, told.score, told.words, told.phrases, article)


class LearnedIntents(Protocol):
    """What was learned of a line."""

    @property
    def intent_probabilities(self) -> Mapping[str, float]:
        """How likely each is."""

    def find_intent_words(self, wish: str) -> str:
        """The words that speak for it."""


def weigh_learned_intents(
    choice: IntentChoice,
    model_score: LearnedIntents,
    categories: Sequence[ScoredEntry],
    articles: Sequence[ScoredEntry],
    *,
    accident_codes: frozenset[str],
) -> IntentChoice:
    """The choice by phrases, or what was learned of wishes where that speaks louder. A danger stays one."""
    if choice.danger:
        return choice
    wishes = model_score.intent_probabilities
    chosen = TROUBLE if choice.intent in (Intent.EMERGENCY, Intent.REQUEST) else str(choice.intent)
    said = UNHEARD if choice.intent is Intent.UNCLEAR else choice.score * CHOSEN
    scores = {**wishes, chosen: 1 - (1 - said) * (1 - wishes.get(chosen, 0.0))}
    best = max(scores, key=lambda wish: scores[wish])
    if choice.score >= SURELY and (best in (UNCLEAR, Intent.OUTAGE) or (best == TROUBLE and choice.article)):
        best = chosen
    answer = next((one for one in articles if one.key not in OF_ARTICLE), None)
    if best == chosen or (best == TROUBLE and not any(map(_is_trouble, categories))):
        unanswered = choice.intent is Intent.INFORMATION and choice.article is None
        return replace(choice, article=answer) if unanswered else choice
    score, phrases = round(scores[best], 3), (f"learned, {scores[best]:.2f}",)
    if best == TROUBLE:
        troubles = [one for one in categories if _is_trouble(one)]
        return IntentChoice(_choose_trouble_intent(troubles, accident_codes), score, troubles[0].words, phrases)
    intent, words = Intent(best), model_score.find_intent_words(best)
    if intent is Intent.OUTAGE:
        answer = ScoredEntry(OUTAGE_ARTICLE, score, words, phrases)
    return IntentChoice(
        intent, score, words, phrases, answer if intent in (Intent.INFORMATION, Intent.OUTAGE) else None
    )


def _is_trouble(category: ScoredEntry) -> bool:
    return category.key not in OF_CATEGORY


def _choose_trouble_intent(categories: Sequence[ScoredEntry], urgent: frozenset[str]) -> Intent:
    top = {one.key for one in categories if one.score >= categories[0].score - ASKED}
    return Intent.EMERGENCY if top & urgent else Intent.REQUEST


def _get_bonus(choice: IntentChoice) -> float:
    return ABRUPT.get(choice.intent, ASKED)


def _make_article_choice(article: ScoredEntry, told: ScoredEntry | None, of_article: Mapping[str, str]) -> IntentChoice:
    """An article asked for; when its own category is one that is asked about, all that was said for it counts."""
    score = article.score
    if told is not None and of_article.get(article.key) == told.key:
        score = max(score, told.score) + ASKED * score if told.key in CONSULTING else score + AGREED
    return IntentChoice(OF_ARTICLE.get(article.key, Intent.INFORMATION), score, article.words, article.phrases, article)


def _make_intent_choice(scored: ScoredEntry, articles: Sequence[ScoredEntry]) -> IntentChoice:
    intent = Intent(scored.key)
    article = next((one for one in articles if OF_ARTICLE.get(one.key) is intent), None)
    if article is None and intent is Intent.OUTAGE:
        article = ScoredEntry(OUTAGE_ARTICLE, scored.score, scored.words, scored.phrases)
    return IntentChoice(intent, scored.score, scored.words, scored.phrases, article)


def arrange_categories(
    choice: IntentChoice,
    dangers: Sequence[Danger],
    categories: Sequence[ScoredEntry],
    leading_categories: Mapping[str, Set[str]],
    article_category: str,
) -> tuple[ScoredEntry, ...]:
    """The categories as the intent and the dangers order them.

    `leading_categories`: for each danger, by its code, its own category and those that may stand before it;
    `article_category`: the article's, or empty.
    """
    best = categories[0].score if categories else 0.0
    if choice.intent in WITHOUT_CATEGORY or (choice.article is not None and not article_category):
        told = choice.score if choice.article is None else choice.article.score
        return tuple(categories) if best > told + DOUBT else ()
    answered = choice.article is not None and choice.article.score >= best
    wanted = (article_category if answered else "") or CATEGORY_OF.get(choice.intent, "")
    if dangers:
        danger = dangers[0]
        if not categories or categories[0].key not in leading_categories[danger.code]:
            wanted = danger.category
    if not wanted and choice.intent in (Intent.EMERGENCY, Intent.REQUEST):
        wanted = next((one.key for one in categories if _is_trouble(one)), "")
    if not wanted:
        return tuple(categories)
    first = next((one for one in categories if one.key == wanted), None)
    score = min(1.0, max(choice.score, first.score if first else 0.0))
    found = first or ScoredEntry(wanted, score, choice.words, choice.phrases)
    head = ScoredEntry(wanted, score, found.words, found.phrases, found.word_mask, found.has_sure_phrase)
    return (head, *(one for one in categories if one.key != wanted))
