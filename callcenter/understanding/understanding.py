"""A line of what a resident says, understood: what is wanted, what is broken, where, and by which words.

`read_understanding(...)` reads the data once, in about a second; `Understanding.understand(text)` then takes a few
milliseconds, `find_danger(text)` less than one. Nothing is read while understanding, nothing is random, and every
answer names its words.
"""

import gc
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from callcenter.core.problems import Problem
from callcenter.houses.houses import Houses, read_houses
from callcenter.knowledge.articles import Article, read_articles
from callcenter.knowledge.categories import Category, Urgency
from callcenter.knowledge.categories_file import read_categories
from callcenter.understanding.address.address import Address
from callcenter.understanding.address.address_book import AddressBook
from callcenter.understanding.dangers.context import NOW, OVER, PAST
from callcenter.understanding.dangers.dangers import Danger, Dangers, Gathered, find_marks
from callcenter.understanding.intents.confirmation import Confirmation, find_confirmation
from callcenter.understanding.intents.intents import (
    Intent,
    IntentChoice,
    arrange_categories,
    choose_intent,
    weigh_learned_intents,
)
from callcenter.understanding.learned.classifiers import OF_DANGERS, Classifier
from callcenter.understanding.learned.score_fusion import MOST, ModelScores
from callcenter.understanding.numbers.digit_sequences import SpokenFigure, find_figures
from callcenter.understanding.numbers.moments import Moment, find_moments
from callcenter.understanding.numbers.numbers import Number, find_numbers
from callcenter.understanding.phrases.excerpt import excerpt
from callcenter.understanding.phrases.matching import PhraseLine, takes_room
from callcenter.understanding.phrases.misrecognitions import Misrecognitions
from callcenter.understanding.phrases.notation import DefinedWords, read_phrase
from callcenter.understanding.phrases.phrase_files import SURE, PhraseEntry, PhraseReader, WrittenPhrase
from callcenter.understanding.phrases.ranking import Ranking, ScoredEntry
from callcenter.understanding.words import Word, read_words

FEWEST = 4
"""Fewer words that tell something are too little for a danger that no phrase knows: «сижу жду», «я в квартире»."""
LIKELY = 0.4
"""How likely, by what was learned, a line without a phrase of danger must be one all the same
(`meaning_model/README.md`)."""
_WARM_UP_LINE = (
    "алло здравствуйте девушка э ну вот это самое у нас на этаже в подъезде что-то прям сильно и не работает а я одна "
    "дома да у соседки дом один квартира пять падъеззд"
)
"""Understood when the data are ready, so that no caller's line waits for tables that are read when first needed, nor
for words that everybody begins with."""
_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)
_PUNCTUATION = re.compile(r"[^\w\s-]")
_PLAIN_ADDRESS_PARTS = ("settlement", "street", "complex", "house", "building", "structure", "letter", "apartment")
"""Parts of an address whose words say nothing of a trouble; «парадная» and «этаж» do."""
_PHONE_LEAD_WORDS = ("мой", "мобильный", "сотовый", "телефон", "номер")
"""Words before a telephone that only say what it is."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a line means."""

    text: str
    intent: Intent
    article: str
    """The article that answers, KB01 to KB42, when one was asked for; else empty."""
    categories: tuple[ScoredEntry, ...]
    """The three likeliest, the best first; none when the line names no trouble."""
    dangers: tuple[Danger, ...]
    address: Address
    numbers: tuple[Number, ...]
    numeric_entities: tuple[SpokenFigure, ...]
    """Numbers that are something: readings, telephones, tickets."""
    confirmation: Confirmation | None
    time_expressions: tuple[Moment, ...]
    explanations: tuple[str, ...]
    """For each answer the words that gave it and the phrase of the data, in English: «intent request: ...»."""

    @property
    def category(self) -> str:
        """The likeliest category's code, or empty."""
        return self.categories[0].key if self.categories else ""


@dataclass(frozen=True, slots=True)
class PhraseFiles:
    """The phrase files, read."""

    categories: tuple[PhraseEntry, ...]
    dangers: tuple[PhraseEntry, ...]
    context: tuple[PhraseEntry, ...]
    intents: tuple[PhraseEntry, ...]
    articles: tuple[PhraseEntry, ...]
    problems: tuple[Problem, ...]


def read_phrases(directory: Path) -> PhraseFiles:
    """The phrases of `knowledge_base/phrases/`; what is wrong with them is listed, never raised.

    Files that have not changed since the last time are not read again.
    """
    place = directory.resolve()
    stamps = tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in sorted(place.glob("*.yaml")))
    return _read_phrases(place, stamps)


@lru_cache(maxsize=2)
def _read_phrases(directory: Path, stamps: tuple[tuple[str, int, int], ...]) -> PhraseFiles:
    """`stamps` tell one state of the files from another."""
    del stamps
    reader = PhraseReader(directory)
    notes = ("category", "also", "as", "weak", "future", "named")
    categories = reader.read("categories")
    dangers = reader.read("dangers", attributes=notes)
    context = reader.read("context")
    intents = reader.read("intents")
    articles = reader.read("articles", attributes=notes)
    reader.report_unused_words()
    return PhraseFiles(categories, dangers, context, intents, articles, tuple(reader.problems))


class Understanding:
    """Understands lines.

    `urgent`: the codes of the categories that are accidents; `articles`: their wordings are phrases too.
    """

    def __init__(
        self, phrases: PhraseFiles, houses: Houses, accident_codes: frozenset[str], articles: Sequence[Article] = ()
    ) -> None:
        self._accident_codes = accident_codes
        slips = Misrecognitions()
        self._dangers = Dangers(phrases.dangers, phrases.context, slips)
        self._leading_categories: dict[str, set[str]] = {}
        """By danger: its category and those that may stand before it."""
        for entry in phrases.dangers:
            leading = self._leading_categories.setdefault(
                entry.attributes.get("as", entry.key), {entry.attributes["category"]}
            )
            leading.update(_split_codes(entry.attributes.get("also", "")))
        self._danger_classifier, self._model_scores = Classifier(OF_DANGERS), ModelScores()
        self._category_of = {
            entry.attributes.get("as", entry.key): entry.attributes["category"] for entry in reversed(phrases.dangers)
        }
        own = [entry for entry in phrases.dangers if entry.key == entry.attributes["category"]]
        self._danger_categories = frozenset(entry.key for entry in own)
        self._categories = Ranking((*own, *phrases.categories), slips)
        self._intents = Ranking(phrases.intents, slips)
        self._articles = Ranking(_add_article_wordings(phrases.articles, articles), slips)
        self._article_categories = {entry.key: entry.attributes.get("category", "") for entry in phrases.articles}
        self._address_book = AddressBook(houses)
        self.understand(_WARM_UP_LINE, now=_ANY_DAY)
        _freeze_garbage_collector()

    def find_danger(self, text: str, *, is_final: bool = True) -> tuple[Danger, ...]:
        """The dangers of a line, or of a partial result; see `danger.py` for those that are not settled.

        Not `is_final`: more words may come, and what was learned is not asked, for it settles nothing.
        """
        words = read_words(text)
        line = PhraseLine(words)
        return self._find_dangers(words, line, self._dangers.match_phrases(line), whole=is_final)

    def understand(self, text: str, *, now: datetime) -> Meaning:
        """The meaning of one line, as a recogniser or a person writes it. `now`: for days such as «завтра»."""
        words = read_words(text)
        line = PhraseLine(words)
        gathered = self._dangers.match_phrases(line)
        dangers = self._find_dangers(words, line, gathered)
        address = self._address_book.find_address(words)
        figures = find_figures(words)
        rest = _drop_address_and_phone_words(words, address, figures)
        spoken, line = line, line if len(rest) == len(words) else PhraseLine(rest)
        second = self._model_scores.for_line(rest, self._danger_categories - {danger.category for danger in dangers})
        ranked = second.rank_categories(self._categories.rank(line))
        articles = second.rank_articles(self._articles.rank(line))
        left = rest if dangers else _drop_resolved_past(rest, spoken, gathered)
        if len(left) < len(rest):
            opinion = self._model_scores.for_line(left, self._danger_categories)
            ranked = opinion.rank_categories(self._categories.rank(PhraseLine(left)))
        choice = choose_intent(
            dangers,
            ranked,
            articles,
            self._intents.rank(line),
            accident_codes=self._accident_codes,
            category_of_article=self._article_categories,
        )
        choice = weigh_learned_intents(choice, second, ranked, articles, accident_codes=self._accident_codes)
        category = self._article_categories.get(choice.article.key, "") if choice.article else ""
        categories = arrange_categories(choice, dangers, ranked, self._leading_categories, category)[:MOST]
        return Meaning(
            text=text,
            intent=choice.intent,
            article=choice.article.key if choice.article else "",
            categories=categories,
            dangers=dangers,
            address=address,
            numbers=find_numbers(words),
            numeric_entities=figures,
            confirmation=find_confirmation(words),
            time_expressions=find_moments(words, now=now),
            explanations=tuple(_explain(choice, categories, dangers, address)),
        )

    def _find_dangers(
        self, words: Sequence[Word], line: PhraseLine, gathered: Gathered, *, whole: bool = True
    ) -> tuple[Danger, ...]:
        """By the phrases, else by what was learned. Where phrases know the words of a danger and find none («газом не
        пахнет»), they know best."""
        found = self._dangers.select_dangers(line, gathered)
        if found or not whole or sum(takes_room(word) for word in words) < FEWEST:
            return found
        opinion = self._danger_classifier.predict_strongest_part(words)
        if opinion.any_probability < LIKELY:
            return ()
        if self._dangers.has_danger_words(words) or not self._dangers.can_mean(opinion.code, line):
            return ()
        category, phrase = self._category_of[opinion.code], f"learned, {opinion.any_probability:.2f}"
        said, _ = self._danger_classifier.explain_prediction(words, opinion)
        return (Danger(opinion.code, category, said, phrase, settled=False),)


def read_understanding(knowledge: Path, houses: Path) -> tuple[Understanding, list[Problem]]:
    """Understanding with the data of `knowledge_base/` and of a house list (CSV).

    Problems are those of the phrases and of the houses: the categories and the articles have their own checks.
    """
    phrases = read_phrases(knowledge / "phrases")
    known, problems = read_houses(houses)
    categories, _ = read_categories(knowledge / "categories.yaml")
    articles, _ = read_articles(knowledge)
    return Understanding(phrases, known, list_accidents(categories), articles), [*phrases.problems, *problems]


def list_accidents(categories: Iterable[Category]) -> frozenset[str]:
    """The codes of the categories that are accidents: what is reported under one of them is an emergency."""
    return frozenset(one.code for one in categories if one.urgency in (Urgency.EMERGENCY, Urgency.ACCIDENT))


def _freeze_garbage_collector() -> None:
    """Hundreds of thousands of small objects that stay as long as the process: a pass of the collector over them would
    stop every call for a tenth of a second, so they are taken out of its sight."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _drop_resolved_past(words: Sequence[Word], line: PhraseLine, gathered: Gathered) -> Sequence[Word]:
    """The words without what is past and over: of «вчера прорвало, всё починили, а яма осталась» the last. Where
    something is said of now it is not over. `gathered`: the phrases of `line`, all of what was said."""
    over = find_marks(gathered, OVER)
    if not over or find_marks(gathered, NOW) or not find_marks(gathered, PAST):
        return words
    last = max(one.span.last for one in over)
    done = {id(word) for word in line.words[: last + 1]}
    return words[next((at + 1 for at in reversed(range(len(words))) if id(words[at]) in done), 0) :]


def _add_article_wordings(entries: Sequence[PhraseEntry], articles: Sequence[Article]) -> list[PhraseEntry]:
    """The entries of `articles.yaml`, each with the wordings of its article."""
    wordings = {article.id: article for article in articles}
    names = DefinedWords({})
    joined = []
    for entry in entries:
        article = wordings.get(entry.key)
        own = [_PUNCTUATION.sub(" ", wording) for wording in (article.wordings if article else ())]
        added = tuple(
            WrittenPhrase(source, entry.position, read_phrase(source, names)) for source in own if source.strip()
        )
        sections = {**entry.sections, SURE: (*entry.phrases(SURE), *added)}
        joined.append(PhraseEntry(entry.key, entry.position, sections, entry.attributes))
    return joined


def _drop_address_and_phone_words(
    words: Sequence[Word], address: Address, figures: Iterable[SpokenFigure]
) -> list[Word]:
    """The words without those that only say where («нас топят, квартира сорок» is about no flat), and without
    telephones, which are no readings."""
    taken: set[int] = set()
    for phone in (figure for figure in figures if figure.kind == "phone"):
        first = phone.first
        while first and words[first - 1].has_lemma(*_PHONE_LEAD_WORDS):
            first -= 1
        taken.update(range(first, phone.end))
    texts = [word.text for word in words]
    for name in _PLAIN_ADDRESS_PARTS:
        said = [word.text for word in read_words(address.parts[name].words)] if name in address.parts else []
        at = next((at for at in range(len(texts)) if said and texts[at : at + len(said)] == said), None)
        if at is not None:
            taken.update(range(at, at + len(said)))
    return [word for at, word in enumerate(words) if at not in taken]


def _split_codes(written: str) -> list[str]:
    return [code.strip() for code in written.split(",") if code.strip()]


def _explain(
    choice: IntentChoice, categories: Sequence[ScoredEntry], dangers: Sequence[Danger], address: Address
) -> list[str]:
    why = [f"intent {choice.intent}: «{choice.words}»" if choice.words else f"intent {choice.intent}: no phrase found"]
    why += [f"danger {danger.code}: «{danger.words}» as «{excerpt(danger.phrase, danger.words)}»" for danger in dangers]
    why += [f"category {one.key} {one.score:.2f}: «{one.words}»" for one in categories]
    why += [f"{name} {part.value}: «{part.words}»" for name, part in address.parts.items()]
    return why
