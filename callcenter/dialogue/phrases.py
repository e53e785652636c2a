"""Phrases of a script: `(a|b)` alternatives and `<word>` references, compiled to be searched in what a caller said.

A phrase stands for whole words in a row: «(нет|кончилась) вода» is found in «а у нас нет вода», not in «заводами».
Case, ё and punctuation do not count.
"""

import re
from collections.abc import Iterable, Mapping

from callcenter.dialogue.script import Phrase

_TOKEN = re.compile(r"\s*(?:(?P<mark>[()|])|<(?P<reference>[^<>()|]*)>|(?P<word>[^\s()|<>]+)|(?P<stray>[<>]))")
_DEEPEST = 10
"""References inside references: more is a circle or an accident."""


class BrokenPhrase(ValueError):
    """The notation is broken: a bracket without its pair, an empty phrase, a circle of words."""


class EmptyPhrase(BrokenPhrase):
    """A phrase, or a branch of one, without a word: it is found in whatever is said."""


class UnknownWord(BrokenPhrase):
    """A `<word>` that «слова» does not hold."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def normalize_words(text: str) -> str:
    """Lower case, е for ё, single spaces, no punctuation."""
    return " ".join(re.findall(r"\w+", text.lower().replace("ё", "е")))


def compile_phrase(source: str, words: Mapping[str, str]) -> re.Pattern[str]:
    """The pattern of a phrase. Raises BrokenPhrase (its text is for the director) and UnknownWord."""
    return re.compile(rf"\b(?:{_Parser(words).parse(source, depth=0)})\b")


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

    def parse(self, source: str, *, depth: int) -> str:
        if depth > _DEEPEST:
            raise BrokenPhrase("слова ссылаются друг на друга по кругу")
        tokens = [match for match in _TOKEN.finditer(source.strip()) if match[0].strip()]
        pattern, rest = self._alternatives(tokens, depth)
        if rest:
            raise BrokenPhrase("лишняя закрывающая скобка" if rest[0]["mark"] == ")" else "лишний знак")
        return pattern

    def _alternatives(self, tokens: list[re.Match[str]], depth: int) -> tuple[str, list[re.Match[str]]]:
        branches = []
        while True:
            branch, tokens = self._row(tokens, depth)
            branches.append(branch)
            if not tokens or tokens[0]["mark"] != "|":
                break
            tokens = tokens[1:]
        return (branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"), tokens

    def _row(self, tokens: list[re.Match[str]], depth: int) -> tuple[str, list[re.Match[str]]]:
        row: list[str] = []
        while tokens and tokens[0]["mark"] not in ("|", ")"):
            token, tokens = tokens[0], tokens[1:]
            if token["mark"] == "(":
                inner, tokens = self._alternatives(tokens, depth)
                if not tokens:
                    raise BrokenPhrase("скобка не закрыта")
                row.append(inner)
                tokens = tokens[1:]
            elif token["reference"] is not None:
                row.append(self._refer(token["reference"].strip(), depth))
            elif token["word"] is not None:
                row.extend(re.escape(word) for word in normalize_words(token["word"]).split())
            else:
                raise BrokenPhrase(f"знак «{token['stray']}» без пары")
        if not row:
            raise EmptyPhrase
        return r"\s+".join(row), tokens

    def _refer(self, name: str, depth: int) -> str:
        if name not in self._words:
            raise UnknownWord(name)
        return f"(?:{self.parse(self._words[name], depth=depth + 1)})"
