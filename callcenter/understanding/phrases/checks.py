"""Checks the phrase files as a whole, for `callcenter check`: unknown keys, missing phrases, failing test lines.

Codes: PHR201 a test line is understood differently; PHR202 an unknown key; PHR203 a category or an article without
phrases (a warning); PHR204 a key without a test line (a warning); PHR205 an unknown intent of an article.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from callcenter.core.problems import FileLocation, Problem
from callcenter.understanding.intents.intents import Intent
from callcenter.understanding.phrases.phrase_files import CODE_PREFIX, TESTS, PhraseEntry, PhraseReader, PhraseTest
from callcenter.understanding.understanding import ARTICLE_INTENTS, Meaning, PhraseFiles, Understanding

NOTHING = "nothing"
UNCLEAR = "UNCLEAR"
"""The category of a line that names no trouble; it needs no phrases, because it applies when none is found."""
_ANY_DAY = datetime(2026, 11, 25, tzinfo=UTC)

_ReadActualKeys = Callable[[Meaning], Collection[str]]


def find_phrase_problems(
    directory: Path,
    phrases: PhraseFiles,
    understanding: Understanding,
    *,
    codes: Collection[str],
    articles: Collection[str],
) -> list[Problem]:
    """The problems that concern several files. Those of a single file's form are in `phrases.problems`.

    `directory`: the folder of the phrase files, read again for their test files; `codes`: the codes of all categories;
    `articles`: the ids of all articles.
    """
    problems = [*_check_keys(phrases.categories, codes, "категории", "categories.yaml")]
    problems += _check_keys(phrases.articles, articles, "статьи", "файлах KB*.md")
    problems += _check_keys(phrases.intents, [str(intent) for intent in Intent], "намерения", "docs/understanding.md")
    named = {entry.key for entry in phrases.categories} | {
        entry.attributes.get("category") for entry in phrases.dangers
    }
    problems += _find_without_phrases(directory / "categories.yaml", codes, named)
    problems += _find_without_phrases(directory / "articles.yaml", articles, {entry.key for entry in phrases.articles})
    for entry in (*phrases.dangers, *phrases.articles):
        category = entry.attributes.get("category")
        if category is not None and category not in codes:
            problems.append(Problem(entry.position, f"{CODE_PREFIX}202", f"{entry.key}: нет категории «{category}»"))
    for entry in phrases.articles:
        intent = entry.attributes.get("intent")
        if intent is not None and intent not in ARTICLE_INTENTS:
            message = f"{entry.key}: intent «{intent}»; бывает {' или '.join(ARTICLE_INTENTS)}"
            problems.append(Problem(entry.position, f"{CODE_PREFIX}205", message))
    return [*problems, *_run_tests(directory, phrases, understanding)]


def _check_keys(entries: Sequence[PhraseEntry], known: Collection[str], what: str, where: str) -> Iterator[Problem]:
    for entry in entries:
        if entry.key not in known:
            yield Problem(
                entry.position, f"{CODE_PREFIX}202", f"нет {what} «{entry.key}» в {where}; исправьте ключ или уберите"
            )


def _find_without_phrases(file: Path, codes: Collection[str], named: Collection[str | None]) -> Iterator[Problem]:
    for code in codes:
        if code not in named and code != UNCLEAR:
            message = f"для «{code}» нет ни одной фразы: словами до неё не дойти"
            yield Problem(FileLocation(file), f"{CODE_PREFIX}203", message, fatal=False)


def _run_tests(directory: Path, phrases: PhraseFiles, understanding: Understanding) -> Iterator[Problem]:
    reader = PhraseReader(directory)
    reader.problems.clear()  # the problems of words.yaml are in `phrases.problems` already
    dangers = {entry.attributes.get("as", entry.key) for entry in phrases.dangers}
    categories = {entry.key for entry in phrases.categories} | {
        entry.attributes["category"] for entry in phrases.dangers
    }
    files: tuple[tuple[str, _ReadActualKeys, set[str]], ...] = (
        ("categories", lambda meaning: [meaning.category or NOTHING], {*categories, NOTHING}),
        ("dangers", lambda meaning: [one.code for one in meaning.dangers] or [NOTHING], {*dangers, NOTHING}),
        ("intents", lambda meaning: [str(meaning.intent)], {str(intent) for intent in Intent}),
        (
            "articles",
            lambda meaning: [meaning.article or NOTHING],
            {*(entry.key for entry in phrases.articles), NOTHING},
        ),
    )
    for name, answer, keys in files:
        sayings = reader.read_test_cases(name)
        yield from _run_test_cases(understanding, sayings, answer, keys)
        file = directory / f"{name}{TESTS}"
        for key in sorted(keys - {saying.expected_key for saying in sayings}):
            message = f"нет ни одной строки для «{key}»; добавьте, как об этом говорят"
            yield Problem(FileLocation(file), f"{CODE_PREFIX}204", message, fatal=False)
    yield from reader.problems


def _run_test_cases(
    understanding: Understanding, sayings: Sequence[PhraseTest], answer: _ReadActualKeys, keys: Collection[str]
) -> Iterator[Problem]:
    for saying in sayings:
        if saying.expected_key not in keys:
            yield Problem(saying.position, f"{CODE_PREFIX}202", f"неизвестный ключ «{saying.expected_key}»")
            continue
        meaning = understanding.understand(saying.text, now=_ANY_DAY)
        got = answer(meaning)
        if saying.expected_key not in got:
            why = "; ".join(meaning.explanations[:3])
            message = f"«{saying.text}»: понято как {', '.join(got)}, а нужно {saying.expected_key} ({why})"
            yield Problem(saying.position, f"{CODE_PREFIX}201", message)
