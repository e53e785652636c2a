"""What of a long phrase was hit, for a person: «<ребёнок> (закрылся|…) [ванная|…]», not all of its alternatives."""

import re
from collections.abc import Iterator, Sequence

from callcenter.understanding.words import fold, stem

_SIGN = re.compile(r"[()\[\]|]|[^()\[\]|]+")
_WORD = re.compile(r"\w+\*?")
_CLOSING = {"(": ")", "[": "]"}
_BAR = "|"
_MOST = 2
"""Alternatives of a group that are shown."""
_SHORTEST_STEM = 3
_LEFT_OUT = "…"


def excerpt(source: str, words: str) -> str:
    """The phrase with only those alternatives that share a word with `words`; of a group without any the first.

    What may be missing and was not said is left out.
    """
    return " ".join(_read(iter(_SIGN.findall(source)), fold(words).split(), "").split())


def _read(signs: Iterator[str], said: Sequence[str], opening: str) -> str:
    """Up to the bracket that closes `opening`."""
    branches = [""]
    for sign in signs:
        if sign in _CLOSING.values():
            break
        if sign in _CLOSING:
            branches[-1] += _read(signs, said, sign)
        elif sign == _BAR:
            branches.append("")
        else:
            branches[-1] += sign
    if not opening:
        return _BAR.join(branches)
    hit = [branch for branch in branches if any(_is_said(word, said) for word in _WORD.findall(fold(branch)))]
    if not hit and opening == "[":
        return ""
    shown = (hit or branches[:1])[:_MOST]
    left_out = "" if len(shown) == len(branches) else _BAR + _LEFT_OUT
    return f"{opening}{_BAR.join(shown)}{left_out}{_CLOSING[opening]}"


def _is_said(word: str, said: Sequence[str]) -> bool:
    if word.endswith("*"):
        return any(one.startswith(word[:-1]) for one in said)
    root = stem(word)
    return word in said or (len(root) >= _SHORTEST_STEM and any(stem(one) == root for one in said))
