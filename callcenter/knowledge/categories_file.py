"""Reads the ticket categories of `knowledge_base/categories.yaml`; every problem has its line (docs/knowledge.md)."""

import re
from datetime import time
from pathlib import Path

from callcenter.core.problems import Problem
from callcenter.knowledge.categories import (
    AddressScope,
    Categories,
    Category,
    CategoryIntent,
    ClockKind,
    ClockRule,
    ClockStart,
    Urgency,
    Window,
    WorkingDayTerm,
)
from callcenter.knowledge.yaml_reader import FileProblems, MappingReader, YamlNode, read_text, read_yaml

MAX_MENU_CATEGORIES = 5
"""Most categories in the menu; a caller cannot remember more."""
LONGEST_SAFETY_SPOKEN = 260
"""Characters, about 17 seconds of speech for a person in danger (CAT027)."""

_KEYS = (
    "code", "name", "said", "where", "phrases", "urgency", "urgency_note", "clocks", "working_day_terms", "term",
    "basis", "responsible", "safety", "safety_spoken", "asked_by_keys", "mark", "family", "intent", "consulting",
    "other_provider", "scope_unclear",
)  # fmt: skip
_CLOCK_KEYS = ("kind", "minutes", "starts", "basis", "mark", "regulation", "window", "if")
_WORKING_DAY_KEYS = ("kind", "working_days", "basis", "mark", "regulation", "if")
_NEED_SAFETY_WORDS = (Urgency.EMERGENCY, Urgency.ACCIDENT)


def read_categories(file: Path) -> tuple[Categories, list[Problem]]:
    """Returns the categories of `file` and all its problems; invalid categories are left out."""
    findings = FileProblems(file, "CAT")
    text = read_text(findings)
    document = None if text is None else read_yaml(findings, text)
    if document is None:
        if not findings.problems:
            findings.add(20, "файл пуст; нужен список «categories»")
        return Categories(()), findings.problems
    categories: dict[str, Category] = {}
    offered: dict[int, str] = {}
    for node in MappingReader(findings, document, known=("categories",)).read_items("categories"):
        before = len(findings.problems)
        category = _read_category(findings, node)
        if category.code in categories:
            findings.add(21, f"код «{category.code}» уже есть выше", node)
        if category.menu_position in offered:
            other = offered[category.menu_position]
            findings.add(22, f"место {category.menu_position} в меню уже занято категорией {other}", node)
        elif category.menu_position is not None:
            offered[category.menu_position] = category.code
        if len(findings.problems) == before:
            categories[category.code] = category
    missing = [str(place) for place in range(1, max(offered, default=0)) if place not in offered]
    if missing:
        findings.add(23, f"в меню нет места {', '.join(missing)}: номера asked_by_keys идут подряд с 1")
    return Categories(tuple(categories.values())), findings.problems


def _read_category(findings: FileProblems, node: YamlNode) -> Category:
    sheet = MappingReader(findings, node, known=_KEYS)
    urgency = sheet.read_choice("urgency", tuple(Urgency))
    intent = sheet.read_choice("intent", tuple(CategoryIntent)) if "intent" in sheet.values else None
    rules = [_read_clock(findings, item) for item in sheet.read_items("clocks")]
    rules_read = [rule for rule in rules if rule is not None]
    terms = [_read_working_day_deadline(findings, item) for item in sheet.read_items("working_day_terms")]
    category = Category(
        code=sheet.read_string("code"),
        name=sheet.read_string("name"),
        phrases=sheet.read_strings("phrases"),
        urgency=Urgency(urgency) if urgency else Urgency.NONE,
        urgency_note=sheet.read_string("urgency_note", required=False),
        clocks=tuple(rule for rule in rules_read if not rule.condition),
        conditional_clocks=tuple(rule for rule in rules_read if rule.condition),
        working_day_deadlines=tuple(term for term in terms if term is not None),
        deadline_text=sheet.read_string("term", required=False),
        basis=sheet.read_string("basis", required=False),
        responsible=sheet.read_string("responsible"),
        safety=sheet.read_string("safety", required=False),
        safety_spoken=sheet.read_string("safety_spoken", required=False),
        menu_position=sheet.read_number("asked_by_keys", most=MAX_MENU_CATEGORIES),
        source_status=sheet.read_string("mark", required=False),
        spoken_name=sheet.read_string("said", required=False),
        address_precision=AddressScope(sheet.read_choice("where", tuple(AddressScope)) or AddressScope.FLAT)
        if "where" in sheet.values
        else AddressScope.FLAT,
        intent=CategoryIntent(intent) if intent else None,
        is_consulting=sheet.is_true("consulting"),
        is_other_provider=sheet.is_true("other_provider"),
        is_scope_unclear=sheet.is_true("scope_unclear"),
        family_name=sheet.read_string("family", required=False),
    )
    _check_category(findings, category, node)
    return category


def _check_category(findings: FileProblems, category: Category, node: YamlNode) -> None:
    if category.code and not re.fullmatch(r"[A-Z]+(?:_[A-Z]+)*", category.code):
        findings.add(24, f"код «{category.code}»: нужны заглавные латинские буквы и «_», например WAT_LEAK_RISER", node)
    kinds = [rule.kind for rule in category.clocks]
    for kind in sorted({kind for kind in kinds if kinds.count(kind) > 1}):
        findings.add(25, f"{category.code}: два срока «{kind}» без условия; оставьте один или напишите «if»", node)
    if category.urgency in _NEED_SAFETY_WORDS and category.safety and not category.safety_spoken:
        findings.add(26, f"{category.code}: авария без safety_spoken, роботу нечего сказать об опасности", node)
    if len(category.safety_spoken) > LONGEST_SAFETY_SPOKEN:
        length = len(category.safety_spoken)
        findings.add(
            27, f"{category.code}: safety_spoken в {length} знаков; в опасности слушают {LONGEST_SAFETY_SPOKEN}", node
        )
    if found := re.search(r"(?i)\b(?:назовите|скажите|продиктуйте)\b", category.safety_spoken):
        message = f"«{found[0]}» в safety_spoken, а эти слова звучат и тем, кого робот не слышит; перепишите фразу"
        findings.add(28, f"{category.code}: {message}", node)


def _read_clock(findings: FileProblems, node: YamlNode) -> ClockRule | None:
    sheet = MappingReader(findings, node, known=_CLOCK_KEYS)
    kind = sheet.read_choice("kind", tuple(ClockKind))
    starts = sheet.read_choice("starts", tuple(ClockStart))
    minutes = sheet.read_number("minutes", required=True, most=60 * 24 * 366)
    basis = sheet.read_string("basis")
    window = _read_window(sheet)
    condition, mark = sheet.read_string("if", required=False), sheet.read_string("mark", required=False)
    regulation = sheet.is_true("regulation")
    if not kind or not starts or minutes is None:
        return None
    return ClockRule(ClockKind(kind), minutes, ClockStart(starts), basis, regulation, window, condition, mark)


def _read_window(sheet: MappingReader) -> Window | None:
    written = sheet.read_string("window", required=False)
    if not written:
        return None
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-3]):([0-5]\d)", written)
    if found is None:
        sheet.findings.add(29, f"«window»: «{written}»; пишите часы, например 8:00-23:00", sheet.values["window"])
        return None
    opens, closes = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if opens >= closes:
        sheet.findings.add(29, f"«window»: {written}: начало должно быть раньше конца", sheet.values["window"])
        return None
    return Window(opens, closes)


def _read_working_day_deadline(findings: FileProblems, node: YamlNode) -> WorkingDayTerm | None:
    sheet = MappingReader(findings, node, known=_WORKING_DAY_KEYS)
    kind = sheet.read_choice("kind", tuple(ClockKind))
    days = sheet.read_number("working_days", required=True, most=366)
    basis, mark = sheet.read_string("basis"), sheet.read_string("mark", required=False)
    condition, regulation = sheet.read_string("if", required=False), sheet.is_true("regulation")
    if not kind or days is None:
        return None
    return WorkingDayTerm(ClockKind(kind), days, basis, regulation, condition, mark)
