"""Interprets a line of a resident's speech or text: intent, article, trouble categories, dangers, address, numbers.

`read_understanding(...)` reads the data once, in about a second; `Understanding.understand(text)` then takes a few
milliseconds, `find_danger(text)` less than one. Interpretation reads no files and is deterministic, and every answer
names the words it came from. The dialogue's interpreter and `callcenter understand` call this module.
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
from callcenter.understanding.dangers.dangers import Danger, Gathered, find_context_matches
from callcenter.understanding.dangers.finder import DangerFinder
from callcenter.understanding.intents.confirmation import Confirmation, find_confirmation
from callcenter.understanding.intents.intents import (
    Intent,
    IntentChoice,
    IntentRules,
    arrange_categories,
    choose_intent,
    weigh_learned_intents,
)
from callcenter.understanding.learned.score_fusion import MAX_ANSWERS, ModelScores
from callcenter.understanding.numbers.digit_sequences import SpokenFigure, find_figures
from callcenter.understanding.numbers.moments import Moment, find_moments
from callcenter.understanding.numbers.numbers import Number, find_numbers
from callcenter.understanding.phrases.excerpt import excerpt
from callcenter.understanding.phrases.matching import PhraseLine
from callcenter.understanding.phrases.misrecognitions import Misrecognitions
from callcenter.understanding.phrases.notation import DefinedWords, read_phrase
from callcenter.understanding.phrases.phrase_files import SURE, PhraseEntry, PhraseReader, WrittenPhrase
from callcenter.understanding.phrases.ranking import Ranking, ScoredEntry
from callcenter.understanding.words import Word, read_words

_WARM_UP_LINE = (
    "алло здравствуйте девушка э ну вот это самое у нас на этаже в подъезде что-то прям сильно и не работает а я одна "
    "дома да у соседки дом один квартира пять падъеззд"
)
"""Interpreted once after loading, so that lazily built tables and common words are cached before the first call."""
ARTICLE_INTENTS = (Intent.OUTAGE, Intent.STATUS)
"""Intents that an article may mean: a look-up answers better than its text."""
_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)
_PUNCTUATION = re.compile(r"[^\w\s-]")
_PLAIN_ADDRESS_PARTS = ("settlement", "street", "complex", "house", "building", "structure", "letter", "apartment")
"""Parts of an address whose words are removed before categories are scored: they say nothing of a trouble. Entrance and
floor stay, because «парадная» and «этаж» do."""
_PHONE_LEAD_WORDS = ("мой", "мобильный", "сотовый", "телефон", "номер")
"""Lemmas that introduce a telephone number; they are removed together with it."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """The interpretation of one line."""

    text: str
    intent: Intent
    article: str
    """The id of the article that answers, KB01 to KB42; empty without one."""
    categories: tuple[ScoredEntry, ...]
    """At most three categories, the best first; empty when the line names no trouble."""
    dangers: tuple[Danger, ...]
    address: Address
    numbers: tuple[Number, ...]
    numeric_entities: tuple[SpokenFigure, ...]
    """All numbers of the line with their kind: meter reading, telephone, ticket, account, or plain number."""
    confirmation: Confirmation | None
    time_expressions: tuple[Moment, ...]
    explanations: tuple[str, ...]
    """For each answer a line with the words it came from and, for a danger, the matching phrase."""

    @property
    def category(self) -> str:
        """The code of the best category, or an empty string."""
        return self.categories[0].key if self.categories else ""


@dataclass(frozen=True, slots=True)
class PhraseFiles:
    """The parsed phrase files, one field for each, and the faults found in them."""

    categories: tuple[PhraseEntry, ...]
    dangers: tuple[PhraseEntry, ...]
    context: tuple[PhraseEntry, ...]
    intents: tuple[PhraseEntry, ...]
    articles: tuple[PhraseEntry, ...]
    problems: tuple[Problem, ...]


def read_phrases(directory: Path) -> PhraseFiles:
    """Reads the phrase files of `knowledge_base/phrases/`. Faults are listed in `problems`, not raised.

    The result is cached until a file's name, modification time or size changes.
    """
    place = directory.resolve()
    stamps = tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in sorted(place.glob("*.yaml")))
    return _read_phrases(place, stamps)


@lru_cache(maxsize=2)
def _read_phrases(directory: Path, stamps: tuple[tuple[str, int, int], ...]) -> PhraseFiles:
    """`stamps` serve only as a part of the cache key."""
    del stamps
    reader = PhraseReader(directory)
    notes = ("category", "also", "as", "weak", "future", "named")
    categories = reader.read("categories")
    dangers = reader.read("dangers", attributes=notes)
    context = reader.read("context")
    intents = reader.read("intents")
    articles = reader.read("articles", attributes=(*notes, "intent"))
    reader.report_unused_words()
    return PhraseFiles(categories, dangers, context, intents, articles, tuple(reader.problems))


class Understanding:
    """Interprets lines with phrases, learned models and a house list.

    `categories` tell which of them are accidents and which mean another intent; the wordings of `articles` count as
    sure phrases.
    """

    def __init__(
        self, phrases: PhraseFiles, houses: Houses, categories: Iterable[Category], articles: Sequence[Article] = ()
    ) -> None:
        self._rules = _build_intent_rules(categories, phrases.articles)
        slips = Misrecognitions()
        self._danger_finder = DangerFinder(phrases.dangers, phrases.context, slips)
        self._leading_categories: dict[str, set[str]] = {}
        """Danger code -> its category and the categories that may precede it (`category` and `also` of an entry)."""
        for entry in phrases.dangers:
            leading = self._leading_categories.setdefault(
                entry.attributes.get("as", entry.key), {entry.attributes["category"]}
            )
            leading.update(_split_codes(entry.attributes.get("also", "")))
        self._model_scores = ModelScores()
        own = [entry for entry in phrases.dangers if entry.key == entry.attributes["category"]]
        self._danger_categories = frozenset(entry.key for entry in own)
        self._categories = Ranking((*own, *phrases.categories), slips)
        self._intents = Ranking(phrases.intents, slips)
        self._articles = Ranking(_add_article_wordings(phrases.articles, articles), slips)
        self._address_book = AddressBook(houses)
        self.understand(_WARM_UP_LINE, now=_ANY_DAY)
        _freeze_garbage_collector()

    def find_danger(self, text: str, *, is_final: bool = True) -> tuple[Danger, ...]:
        """See `DangerFinder.find`."""
        return self._danger_finder.find(text, is_final=is_final)

    def understand(self, text: str, *, now: datetime) -> Meaning:
        """Interprets one whole line, recognized or typed. `now`: local time, from which «завтра» is counted."""
        words = read_words(text)
        line = PhraseLine(words)
        gathered = self._danger_finder.match_phrases(line)
        dangers = self._danger_finder.select(words, line, gathered)
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
            self._rules,
        )
        choice = weigh_learned_intents(choice, second, ranked, articles, self._rules)
        categories = arrange_categories(choice, dangers, ranked, self._leading_categories, self._rules)[:MAX_ANSWERS]
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


def read_understanding(knowledge: Path, houses: Path) -> tuple[Understanding, list[Problem]]:
    """Reads `knowledge_base/` and a house list (CSV); returns the interpreter and the faults of phrases and houses.

    Faults of categories and articles are not returned: other checks report them.
    """
    phrases = read_phrases(knowledge / "phrases")
    known, problems = read_houses(houses)
    categories, _ = read_categories(knowledge / "categories.yaml")
    articles, _ = read_articles(knowledge)
    return Understanding(phrases, known, categories, articles), [*phrases.problems, *problems]


def list_accidents(categories: Iterable[Category]) -> frozenset[str]:
    """The codes of the categories that are accidents; a report with one of them is an emergency."""
    return frozenset(one.code for one in categories if one.urgency in (Urgency.EMERGENCY, Urgency.ACCIDENT))


def _build_intent_rules(categories: Iterable[Category], articles: Iterable[PhraseEntry]) -> IntentRules:
    """`articles`: the entries of `phrases/articles.yaml`; an unknown intent there is reported by `callcenter check`."""
    known, entries = tuple(categories), tuple(articles)
    return IntentRules(
        accidents=list_accidents(known),
        of_category={one.code: Intent(one.intent) for one in known if one.intent is not None},
        consulting=frozenset(one.code for one in known if one.is_consulting),
        of_article={
            entry.key: Intent(entry.attributes["intent"])
            for entry in entries
            if entry.attributes.get("intent") in ARTICLE_INTENTS
        },
        category_of_article={entry.key: entry.attributes.get("category", "") for entry in entries},
    )


def _freeze_garbage_collector() -> None:
    """Excludes the loaded data from garbage collection. A collector pass over these hundreds of thousands of small,
    permanent objects would block every call for a tenth of a second."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _drop_resolved_past(words: Sequence[Word], line: PhraseLine, gathered: Gathered) -> Sequence[Word]:
    """The words after a trouble that is past and over: of «вчера прорвало, всё починили, а яма осталась» the last part.

    All words when the line has a word for now, none for the past or none for over. `line` is the whole line, `gathered`
    its phrases.
    """
    over = find_context_matches(gathered, OVER)
    if not over or find_context_matches(gathered, NOW) or not find_context_matches(gathered, PAST):
        return words
    last = max(one.span.last for one in over)
    done = {id(word) for word in line.words[: last + 1]}
    return words[next((at + 1 for at in reversed(range(len(words))) if id(words[at]) in done), 0) :]


def _add_article_wordings(entries: Sequence[PhraseEntry], articles: Sequence[Article]) -> list[PhraseEntry]:
    """The entries of `articles.yaml` with the wordings of their articles added as sure phrases."""
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
    """The words without the address, which says nothing of the trouble («нас топят, квартира сорок»), and without
    telephone numbers, which could pass for meter readings."""
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
