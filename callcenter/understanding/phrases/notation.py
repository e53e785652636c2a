"""Parses the notation of phrases: patterns of what callers say, written for a non-programmer to read and change.

    лифт не работает           these words in any form and any order; other words may stand between them
    (лифт|подъёмник) стоит     one alternative or the other; an alternative may hold several words
    [опять] лифт стоит         the word in square brackets is optional; if it is said, it adds to the match
    <лифт> стоит               the definition of «лифт» in the `words` table
    «до какого числа»          these words side by side in this order, still in any form
    =горит                     this form only
    подтап*                    any word with this prefix
    горячая #                  any number, in words or in digits
    не работает                «не» negates the word after it: «работает» alone does not match «не работает»

Case, «ё» and punctuation are ignored; a hyphen separates words. `phrase_files.py` calls this module.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from callcenter.understanding.words import fold, list_lemmas

_TOKEN = re.compile(
    r"\s*(?:(?P<mark>[()|\[\]«»])|<(?P<name>[^<>()|\[\]«»]*)>|(?P<word>#|=?[а-яёa-z0-9-]+\*?)|(?P<stray>\S))",
    re.IGNORECASE,
)
_MAX_DEPTH = 10
"""Maximum nesting of `<name>` in definitions; deeper nesting is reported as a circular reference."""
NOT = "не"
NUMBER = "#"
_UNINFLECTED_PARTS = frozenset(("PREP", "CONJ", "PRCL", "PRED"))
"""OpenCorpora parts of speech that do not inflect, so only their exact text matches: «надо» is no form of «над»."""
_CLOSING = {"(": ")", "[": "]", "«": "»"}


class BrokenPhrase(ValueError):
    """A phrase that cannot be parsed. The message is Russian, for the phrase's author; `column` counts from 0."""

    def __init__(self, message: str, column: int = 0) -> None:
        super().__init__(message)
        self.column = column


class UnknownName(BrokenPhrase):
    """A `<name>` that the `words` table does not define."""

    def __init__(self, name: str, column: int) -> None:
        super().__init__(f"нет слова <{name}>", column)
        self.name = name


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """A pattern of one word. A word matches by any of its lemmas, its exact text, or a prefix."""

    lemmas: frozenset[str] = frozenset()
    written_forms: frozenset[str] = frozenset()
    """The forms as written in the phrase. A misrecognized word is likelier to resemble one of them than a lemma."""
    exact_forms: frozenset[str] = frozenset()
    prefixes: frozenset[str] = frozenset()
    negated: bool = False
    """True: the word matches only after «не»; False: only without it."""


@dataclass(frozen=True, slots=True, eq=False)
class Either:
    """One of several alternatives must match."""

    branches: "tuple[Item, ...]"


@dataclass(frozen=True, slots=True, eq=False)
class Together:
    """All items must match, in any order, near each other; `optional` items add to the match when they are near."""

    items: "tuple[Item, ...]"
    optional: "tuple[Item, ...]" = ()


@dataclass(frozen=True, slots=True, eq=False)
class InRow:
    """All items must match side by side, in this order."""

    items: "tuple[Item, ...]"


Item = Term | Either | Together | InRow


def read_phrase(source: str, names: "DefinedWords") -> Together:
    """Parses one phrase. Raises UnknownName for an undefined `<name>` and BrokenPhrase for any other fault."""
    item = _PatternParser(source, names, depth=0).read()
    return item if isinstance(item, Together) else Together((item,))


class DefinedWords:
    """The definitions of `<name>`: name -> source. A definition is parsed when it is first used, and only once."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = sources
        self.used_names: set[str] = set()
        self._read: dict[str, Item] = {}

    def resolve(self, name: str, column: int, depth: int) -> Item:
        """Parses the definition of `name`, used at `column` of a phrase.

        Raises UnknownName when there is none, BrokenPhrase when it is circular or cannot be parsed.
        """
        self.used_names.add(name)
        if name not in self.sources:
            raise UnknownName(name, column)
        if depth > _MAX_DEPTH:
            raise BrokenPhrase("слова ссылаются друг на друга по кругу", column)
        if name not in self._read:
            try:
                self._read[name] = _PatternParser(self.sources[name], self, depth=depth + 1).read()
            except UnknownName:
                raise
            except BrokenPhrase as error:
                raise BrokenPhrase(f"<{name}>: {error}", column) from error
        return self._read[name]


class _PatternParser:
    """A recursive-descent parser of one source."""

    def __init__(self, source: str, names: DefinedWords, *, depth: int) -> None:
        self._tokens = [match for match in _TOKEN.finditer(source) if match[0].strip()]
        self._at = 0
        self._end = len(source)
        self._names = names
        self._depth = depth

    def read(self) -> Item:
        item = self._either()
        if self._at < len(self._tokens):
            raise BrokenPhrase(f"лишний знак «{self._tokens[self._at][0].strip()}»", self._column())
        return item

    def _either(self) -> Item:
        branches = [self._row()]
        while self._mark() == "|":
            self._at += 1
            branches.append(self._row())
        return branches[0] if len(branches) == 1 else _join_branches(branches)

    def _row(self) -> Item:
        items: list[Item] = []
        optional: list[Item] = []
        negate = False
        while self._at < len(self._tokens) and self._mark() not in ("|", ")", "]", "»"):
            if self._mark() == "[":
                optional.append(self._bracket())
                continue
            token = self._tokens[self._at]
            if token["word"] and fold(token["word"]) == NOT:
                self._at += 1
                negate = True
                continue
            item = self._item()
            items.append(_negate(item) if negate else item)
            negate = False
        if negate:
            raise BrokenPhrase("после «не» нужно слово", self._column())
        if not items:
            raise BrokenPhrase("здесь нужно хотя бы одно слово: пустое подходит к чему угодно", self._column())
        return items[0] if len(items) == 1 and not optional else Together(tuple(items), tuple(optional))

    def _item(self) -> Item:
        token = self._tokens[self._at]
        if token["mark"] == "(":
            return self._bracket()
        if token["mark"] == "«":
            inner = self._bracket()
            if isinstance(inner, Together) and inner.optional:
                raise BrokenPhrase("внутри «…» все слова обязательны", token.start("mark"))
            return InRow(inner.items) if isinstance(inner, Together) else inner
        self._at += 1
        if token["name"] is not None:
            return self._names.resolve(token["name"].strip(), token.start("name"), self._depth)
        if token["word"]:
            return _parse_word(token["word"], token.start("word"))
        raise BrokenPhrase(f"непонятный знак «{token[0].strip()}»", token.start(token.lastgroup or 0))

    def _bracket(self) -> Item:
        opening, column = self._mark(), self._column()
        self._at += 1
        inner = self._either()
        if self._mark() != _CLOSING[opening]:
            raise BrokenPhrase(f"скобка «{opening}» не закрыта", column)
        self._at += 1
        return inner

    def _mark(self) -> str:
        return (self._tokens[self._at]["mark"] or "") if self._at < len(self._tokens) else ""

    def _column(self) -> int:
        if self._at >= len(self._tokens):
            return self._end
        token = self._tokens[self._at]
        return token.start(token.lastgroup or 0)


def _join_branches(branches: list[Item]) -> Item:
    """Builds a flat Either: nested alternatives are merged, and single words with the same negation become one Term."""
    words: dict[bool, list[Term]] = {False: [], True: []}
    others: list[Item] = []
    for branch in (inner for item in branches for inner in (item.branches if isinstance(item, Either) else (item,))):
        if isinstance(branch, Term):
            words[branch.negated].append(branch)
        else:
            others.append(branch)
    terms = [
        Term(
            lemmas=frozenset().union(*(term.lemmas for term in some)),
            written_forms=frozenset().union(*(term.written_forms for term in some)),
            exact_forms=frozenset().union(*(term.exact_forms for term in some)),
            prefixes=frozenset().union(*(term.prefixes for term in some)),
            negated=negated,
        )
        for negated, some in words.items()
        if some
    ]
    return terms[0] if len(terms) == 1 and not others else Either((*terms, *others))


def _parse_word(written: str, column: int) -> Item:
    word = fold(written)
    if word == NUMBER:
        return Term(exact_forms=frozenset((NUMBER,)))
    if word.endswith("*"):
        if len(word) < 4 or "-" in word:
            raise BrokenPhrase(f"«{written}»: перед звёздочкой нужны хотя бы три буквы одного слова", column)
        return Term(prefixes=frozenset((word[:-1].removeprefix("="),)))
    if word.startswith("="):
        return Term(exact_forms=frozenset((word[1:],)))
    parts = [part for part in word.split("-") if part]
    if not parts:
        raise BrokenPhrase(f"непонятный знак «{written}»", column)
    terms = tuple(_make_lemma_pattern(part) for part in parts)
    return terms[0] if len(terms) == 1 else InRow(terms)


@lru_cache(maxsize=16384)
def _make_lemma_pattern(word: str) -> Term:
    lemmas = list_lemmas(word, _UNINFLECTED_PARTS)
    return Term(lemmas=lemmas, written_forms=frozenset((word,))) if lemmas else Term(exact_forms=frozenset((word,)))


def _negate(item: Item) -> Item:
    """Negates an item. «не» before a bracket negates the first word of each branch."""
    if isinstance(item, Term):
        return replace(item, negated=True)
    if isinstance(item, Either):
        return Either(tuple(_negate(branch) for branch in item.branches))
    if isinstance(item, InRow):
        return InRow((_negate(item.items[0]), *item.items[1:]))
    return Together((_negate(item.items[0]), *item.items[1:]), item.optional)
