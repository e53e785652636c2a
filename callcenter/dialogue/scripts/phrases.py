"""Phrases of a script: `(a|b)` alternatives and `<word>` references, expanded and searched for in an utterance.

A phrase matches whole consecutive words: «(нет|кончилась) вода» is found in «а у нас нет вода», not in «заводами».
Case, ё and punctuation do not count.

Brackets, bars and references mean the same in `understanding/phrases/notation.py`; the rest of that notation is not
allowed here. The two parsers are separate on purpose. A script's phrase is passed to the recognizer, so it must expand
into a finite list of word sequences with exact endings, order and ё. A phrase of `knowledge_base/phrases/` matches any
form of its words in any order, and its spelling is not kept. A common parser would have to support both and would save
no code.
"""

import re
from collections.abc import Iterable, Mapping

from callcenter.dialogue.scripts.script import Phrase

_TOKEN = re.compile(r"\s*(?:(?P<mark>[()|])|<(?P<reference>[^<>()|]*)>|(?P<word>[^\s()|<>]+)|(?P<stray>[<>]))")
_DEEPEST = 10
"""Most nested references. A deeper phrase refers to itself or is a mistake."""
MAX_SEQUENCES = 500
"""Most word sequences that one phrase may expand into; the recognizer has to load all of them."""

_WordSequence = tuple[str, ...]


class BrokenScriptPhrase(ValueError):
    """The notation is invalid: an unbalanced bracket, an empty phrase, a circular reference, too many combinations."""


class EmptyPhrase(BrokenScriptPhrase):
    """A phrase or one of its alternatives has no word, so it would match any utterance."""


class UnknownWord(BrokenScriptPhrase):
    """A `<word>` reference that «слова» does not define."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def normalize_words(text: str) -> str:
    """Returns the text in lower case, with е for ё, single spaces and no punctuation."""
    return " ".join(re.findall(r"\w+", text.lower().replace("ё", "е")))


def expand_phrase(source: str, words: Mapping[str, str]) -> tuple[str, ...]:
    """Returns every word sequence that `source` expands into, in lower case, with ё kept for the recognizer.

    Raises BrokenScriptPhrase when the notation is invalid; its text is for the author of the script. Raises its
    subclasses EmptyPhrase and UnknownWord without such a text. `words`: name -> source of the named alternatives.
    """
    rows = _Parser(words).parse(source, depth=0)
    return tuple(dict.fromkeys(" ".join(row) for row in rows))


def compile_sequences(ways: Iterable[str]) -> re.Pattern[str]:
    """Returns a pattern that finds any of the word sequences in normalized text (`normalize_words`)."""
    rows = (r"\s+".join(re.escape(word) for word in normalize_words(way).split()) for way in ways)
    return re.compile(rf"\b(?:{'|'.join(rows)})\b")


def find_phrase(phrases: Iterable[Phrase], text: str) -> Phrase | None:
    """Returns the first of `phrases` found in the utterance `text`, or None."""
    said = normalize_words(text)
    return next((phrase for phrase in phrases if phrase.pattern.search(said)), None)


def list_references(source: str) -> tuple[str, ...]:
    """Returns the names of all `<word>` references in a phrase."""
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
            if len(rows) * len(inner) > MAX_SEQUENCES:
                raise BrokenScriptPhrase(f"в ней больше {MAX_SEQUENCES} сочетаний слов; разделите на несколько фраз")
            rows = [(*row, *added) for row in rows for added in inner]
        if not all(rows):
            raise EmptyPhrase
        return rows, tokens

    def _refer(self, name: str, depth: int) -> list[_WordSequence]:
        if name not in self._words:
            raise UnknownWord(name)
        return self.parse(self._words[name], depth=depth + 1)
