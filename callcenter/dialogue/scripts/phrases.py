"""Phrases of a script: `(a|b)` alternatives and `<word>` references, spelled out and searched in what a caller said.

A phrase stands for whole words in a row: «(нет|кончилась) вода» is found in «а у нас нет вода», not in «заводами».
Case, ё and punctuation do not count.

Its signs are the first three of `understanding/phrases/notation.py`, and mean the same; the rest of that
notation has no place here. A script's phrase is told to the recogniser word by word, so it has to stand for a
finite list of rows, with
their endings, order and ё; a phrase of `knowledge_base/phrases/` stands for any form of its words in any order, and
what it was written as is gone once it is read. One reader for both would have to keep both, with a layer between, and
save no line: all they share is brackets and bars.
"""

import re
from collections.abc import Iterable, Mapping

from callcenter.dialogue.scripts.script import Phrase

_TOKEN = re.compile(r"\s*(?:(?P<mark>[()|])|<(?P<reference>[^<>()|]*)>|(?P<word>[^\s()|<>]+)|(?P<stray>[<>]))")
_DEEPEST = 10
"""References inside references: more is a circle or an accident."""
MOST_WAYS = 500
"""Rows of words that one phrase may stand for; a recogniser has to keep them all in mind."""

_WordSequence = tuple[str, ...]


class BrokenScriptPhrase(ValueError):
    """The notation is broken: a bracket without its pair, an empty phrase, a circle of words."""


class EmptyPhrase(BrokenScriptPhrase):
    """A phrase, or a branch of one, without a word: it is found in whatever is said."""


class UnknownWord(BrokenScriptPhrase):
    """A `<word>` that «слова» does not hold."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def normalize_words(text: str) -> str:
    """Lower case, е for ё, single spaces, no punctuation."""
    return " ".join(re.findall(r"\w+", text.lower().replace("ё", "е")))


def list_ways(source: str, words: Mapping[str, str]) -> tuple[str, ...]:
    """Every row of words that `source` stands for, lower case, as written (with ё), for a recogniser to expect.

    Raises BrokenScriptPhrase (its text is for the director) and UnknownWord.
    """
    rows = _Parser(words).parse(source, depth=0)
    return tuple(dict.fromkeys(" ".join(row) for row in rows))


def compile_ways(ways: Iterable[str]) -> re.Pattern[str]:
    """The pattern that finds any of these rows of words."""
    rows = (r"\s+".join(re.escape(word) for word in normalize_words(way).split()) for way in ways)
    return re.compile(rf"\b(?:{'|'.join(rows)})\b")


def find_phrase(phrases: Iterable[Phrase], text: str) -> Phrase | None:
    """The first phrase found in what the caller said."""
    said = normalize_words(text)
    return next((phrase for phrase in phrases if phrase.pattern.search(said)), None)


def list_references(source: str) -> tuple[str, ...]:
    """The names of all `<words>` in a phrase."""
    return tuple(match["reference"].strip() for match in _TOKEN.finditer(source) if match["reference"] is not None)


class _Parser:
    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words

    def parse(self, source: str, *, depth: int) -> list[_WordSequence]:
        if depth > _DEEPEST:
            raise BrokenScriptPhrase("слова ссылаются друг на друга по кругу")
        tokens = [match for match in _TOKEN.finditer(source.strip()) if match[0].strip()]
        rows, rest = self._alternatives(tokens, depth)
        if rest:
            raise BrokenScriptPhrase("лишняя закрывающая скобка" if rest[0]["mark"] == ")" else "лишний знак")
        return rows

    def _alternatives(self, tokens: list[re.Match[str]], depth: int) -> tuple[list[_WordSequence], list[re.Match[str]]]:
        rows: list[_WordSequence] = []
        while True:
            branch, tokens = self._row(tokens, depth)
            rows += branch
            if not tokens or tokens[0]["mark"] != "|":
                break
            tokens = tokens[1:]
        return rows, tokens

    def _row(self, tokens: list[re.Match[str]], depth: int) -> tuple[list[_WordSequence], list[re.Match[str]]]:
        rows: list[_WordSequence] = [()]
        while tokens and tokens[0]["mark"] not in ("|", ")"):
            token, tokens = tokens[0], tokens[1:]
            if token["mark"] == "(":
                inner, tokens = self._alternatives(tokens, depth)
                if not tokens:
                    raise BrokenScriptPhrase("скобка не закрыта")
                tokens = tokens[1:]
            elif token["reference"] is not None:
                inner = self._refer(token["reference"].strip(), depth)
            elif token["word"] is not None:
                inner = [tuple(re.findall(r"\w+", token["word"].lower()))]
            else:
                raise BrokenScriptPhrase(f"знак «{token['stray']}» без пары")
            if len(rows) * len(inner) > MOST_WAYS:
                raise BrokenScriptPhrase(f"в ней больше {MOST_WAYS} сочетаний слов; разделите на несколько фраз")
            rows = [(*row, *added) for row in rows for added in inner]
        if not all(rows):
            raise EmptyPhrase
        return rows, tokens

    def _refer(self, name: str, depth: int) -> list[_WordSequence]:
        if name not in self._words:
            raise UnknownWord(name)
        return self.parse(self._words[name], depth=depth + 1)
