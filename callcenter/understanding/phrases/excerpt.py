"""What of a long phrase was hit, for a person: «<ребёнок> (закрылся|…) [ванная|…]», not all of its alternatives."""

import re
from collections.abc import Iterator, Set

from callcenter.understanding.words import fold

_SIGN = re.compile(r"[()\[\]|]|[^()\[\]|]+")
_WORD = re.compile(r"\w+")
_BAR = "|"
_MAX_ALTERNATIVES = 2
"""Alternatives of a group that are shown."""
_PREFIX_LENGTHS = (3, 4)
"""Letters."""
_LEFT_OUT = "…"


def excerpt(source: str, words: str) -> str:
    """The phrase with only those alternatives that share a word with `words`, by its beginning; of a group without any
    the first. What may be missing and was not said is left out."""
    said = fold(words).split()
    begun = {word[:length] for word in said for length in _PREFIX_LENGTHS if len(word) >= length}.union(said)
    return " ".join(_render_group(iter(_SIGN.findall(source)), begun, "").split())


def _render_group(signs: Iterator[str], begun: Set[str], opening: str) -> str:
    """Up to the bracket that closes `opening`."""
    branches = [""]
    for sign in signs:
        if sign in ")]":
            break
        if sign in "([":
            branches[-1] += _render_group(signs, begun, sign)
        elif sign == _BAR:
            branches.append("")
        else:
            branches[-1] += sign
    if not opening:
        return _BAR.join(branches)
    hit = [
        branch
        for branch in branches
        if any(word[: _PREFIX_LENGTHS[-1]] in begun for word in _WORD.findall(fold(branch)))
    ]
    if not hit and opening == "[":
        return ""
    shown = (hit or branches[:1])[:_MAX_ALTERNATIVES]
    left_out = "" if len(shown) == len(branches) else _BAR + _LEFT_OUT
    return f"{opening}{_BAR.join(shown)}{left_out}{')' if opening == '(' else ']'}"
