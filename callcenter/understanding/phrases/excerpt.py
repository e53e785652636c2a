"""Shortens a phrase's source to the alternatives that matched, for explanations shown to people.

Example: «<ребёнок> (закрылся|…) [ванная|…]».
"""

import re
from collections.abc import Iterator, Set

from callcenter.understanding.words import fold

_SIGN = re.compile(r"[()\[\]|]|[^()\[\]|]+")
_WORD = re.compile(r"\w+")
_BAR = "|"
_MAX_ALTERNATIVES = 2
"""Maximum number of alternatives shown for a group."""
_PREFIX_LENGTHS = (3, 4)
"""Letters of the prefixes by which words are compared. Prefixes stand in for lemmas: only a display depends on them."""
_LEFT_OUT = "…"


def excerpt(source: str, words: str) -> str:
    """The phrase `source` with only the alternatives that share a word's prefix with `words`.

    A group without such an alternative keeps its first one; an optional group without one is left out.
    """
    said = fold(words).split()
    begun = {word[:length] for word in said for length in _PREFIX_LENGTHS if len(word) >= length}.union(said)
    return " ".join(_render_group(iter(_SIGN.findall(source)), begun, "").split())


def _render_group(signs: Iterator[str], begun: Set[str], opening: str) -> str:
    """Renders the signs up to the bracket that closes `opening`; all signs when `opening` is empty."""
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
