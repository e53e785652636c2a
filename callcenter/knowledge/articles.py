"""The reference answers of the knowledge base: one Markdown file each, with a YAML header and the spoken answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from callcenter.core.problems import Problem
from callcenter.knowledge.yaml_reader import (
    FileProblems,
    MappingReader,
    YamlNode,
    find_mixed_words,
    read_text,
    read_yaml,
)

EVERY_HOUSE = "все"
LONGEST_ANSWER = 420
"""Characters, about half a minute of speech. A caller cannot remember a longer answer (KB026)."""

_KEYS = ("id", "question", "wordings", "approved_by", "approved_on", "valid_until", "houses", "basis", "mark")
_PLACEHOLDER = re.compile(r"\{([A-Z][A-Z0-9_]*)\}")
_STRAY_BRACE = re.compile(r"\{(?![A-Z][A-Z0-9_]*\})|(?<!\w)\}")
_SPEECH_REQUEST = re.compile(r"\b(?:назовите|скажите|произнесите|продиктуйте)\b", re.IGNORECASE)
_MARKUP = re.compile(r"(?m)^\s*(?:#|[-*] |>|\||\d+\. )|\*\*|`|\]\(")


@dataclass(frozen=True, slots=True)
class Article:
    """One answer, as read from its file."""

    id: str
    question: str
    wordings: tuple[str, ...]
    body: str
    """The answer on one line, with placeholders such as {PASSPORT_HOURS}."""
    approved_by: str
    """Empty: not approved, so the answer is never spoken."""
    approved_on: date | None
    valid_until: date | None
    """The last day on which the answer may be spoken; None: no limit."""
    houses: tuple[str, ...]
    """The houses that the answer is valid for; empty: every house."""
    basis: str
    source_status: str
    file: Path

    @property
    def placeholders(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_PLACEHOLDER.findall(self.body)))

    def render_answer(self, company: Mapping[str, str], on: date) -> str | None:
        """Returns the answer with the facts `company` (name -> value); None if it may not be spoken on the day `on`."""
        if self.explain_unspoken(company, on):
            return None
        return _PLACEHOLDER.sub(lambda found: company[found[1]], self.body)

    def explain_unspoken(self, company: Mapping[str, str], on: date) -> tuple[int, str] | None:
        """Returns why the answer may not be spoken on the day `on`: rule (101-105) and sentence. None if it may."""
        if not self.approved_by or self.approved_on is None:
            return 101, "ответ никем не утверждён, робот его не произносит; заполните approved_by и approved_on"
        if self.approved_on > on:
            return 102, f"ответ утверждён будущим числом ({self.approved_on}), до него робот молчит"
        if self.valid_until is not None and self.valid_until < on:
            return 103, f"срок ответа истёк {self.valid_until}; проверьте его и продлите valid_until"
        missing = [name for name in self.placeholders if not company.get(name)]
        if missing:
            return 104, f"не заполнено или устарело в company.yaml: {', '.join(missing)}; робот ответ не произносит"
        if self.houses:
            return 105, "ответ верен не для всех домов, а дом звонящего роботу пока неизвестен; ответит диспетчер"
        return None


def read_articles(directory: Path) -> tuple[tuple[Article, ...], list[Problem]]:
    """Returns the valid articles of `*.md` in `directory`, except README.md, sorted by id, and all problems."""
    articles: dict[str, Article] = {}
    problems: list[Problem] = []
    for file in sorted(directory.glob("*.md")):
        if file.name == "README.md":
            continue
        findings = FileProblems(file, "KB")
        article = _read_article(findings)
        if article is not None and article.id in articles:
            findings.add(20, f"id «{article.id}» уже занят файлом {articles[article.id].file.name}", 1)
            article = None
        problems += findings.problems
        if article is not None:
            articles[article.id] = article
    return tuple(articles[name] for name in sorted(articles)), problems


def find_unspoken_articles(articles: tuple[Article, ...], company: Mapping[str, str], on: date) -> list[Problem]:
    """Returns a non-fatal problem for each article that may not be spoken on the day `on`."""
    problems = []
    for article in articles:
        reason = article.explain_unspoken(company, on)
        if reason is not None:
            findings = FileProblems(article.file, "KB")
            findings.add(reason[0], f"{article.id}: {reason[1]}", fatal=False)
            problems += findings.problems
    return problems


def _read_article(findings: FileProblems) -> Article | None:
    text = read_text(findings)
    if text is None:
        return None
    parts = re.split(r"(?m)^---[ \t]*\r?$\n?", text, maxsplit=2)
    if len(parts) != 3 or parts[0].strip():
        findings.add(21, "файл должен начинаться с «---», затем ключи, снова «---» и сам ответ", 1)
        return None
    head = read_yaml(findings, parts[1], first_line=2)
    if head is None:
        if not findings.problems:
            findings.add(21, "между «---» нет ни одного ключа", 1)
        return None
    sheet = MappingReader(findings, head, known=_KEYS)
    article = Article(
        id=sheet.read_string("id"),
        question=sheet.read_string("question"),
        wordings=sheet.read_strings("wordings"),
        body=re.sub(r"\s+", " ", parts[2]).strip(),
        approved_by=sheet.read_string("approved_by", required=False),
        approved_on=sheet.read_date("approved_on"),
        valid_until=sheet.read_date("valid_until"),
        houses=_read_houses(sheet),
        basis=sheet.read_string("basis"),
        source_status=sheet.read_string("mark"),
        file=findings.file,
    )
    _check_id(findings, article, head)
    _check_body(findings, article, parts[2], first_line=parts[1].count("\n") + 3)
    return None if any(problem.fatal for problem in findings.problems) else article


def _read_houses(sheet: MappingReader) -> tuple[str, ...]:
    node = sheet.values.get("houses")
    if node is not None and isinstance(node.value, str):
        if sheet.read_string("houses") != EVERY_HOUSE:
            sheet.findings.add(22, f"«houses»: пишите «{EVERY_HOUSE}» или список домов", node)
        return ()
    houses = sheet.read_strings("houses")
    if node is not None and not houses:
        sheet.findings.add(22, f"«houses»: список пуст; пишите «{EVERY_HOUSE}» или перечислите дома", node)
    return houses


def _check_id(findings: FileProblems, article: Article, head: YamlNode) -> None:
    if article.id and not re.fullmatch(r"KB[0-9]{2,3}", article.id):
        findings.add(23, f"id «{article.id}»: нужно KB и номер, например KB07", head)
    elif article.id and not findings.file.name.startswith(f"{article.id}-"):
        findings.add(24, f"имя файла должно начинаться с «{article.id}-», чтобы ответ находили по номеру", head)


def _check_body(findings: FileProblems, article: Article, body: str, *, first_line: int) -> None:
    if not article.body:
        findings.add(25, "нет самого ответа под вторым «---»", first_line)
    if len(article.body) > LONGEST_ANSWER:
        findings.add(
            26,
            f"ответ длиной {len(article.body)} знаков на слух не удержать; сократите до {LONGEST_ANSWER}",
            first_line,
        )
    for number, line in enumerate(body.splitlines(), start=first_line):
        if _STRAY_BRACE.search(line):
            findings.add(27, "фигурная скобка без имени; подстановка пишется {PASSPORT_HOURS}", number)
        if found := _SPEECH_REQUEST.search(line):
            findings.add(28, f"«{found[0]}»: ответ звучит и тем, кого робот не слышит; перепишите фразу", number)
        if _MARKUP.search(line):
            findings.add(29, "ответ произносят вслух: уберите списки, заголовки и выделение", number)
        for word in find_mixed_words(line):
            findings.add(11, f"в слове «{word}» смешаны русские и латинские буквы; наберите его заново", number)
