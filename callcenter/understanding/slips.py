"""Recogniser's slips: which word of the phrases a word was meant to be, when it is none of them itself.

The longer the word the more letters may differ; a word of the dictionary has to sound almost the same, because a
recogniser writes real words and most of them were meant.
"""

from collections import defaultdict
from collections.abc import Iterable

from rapidfuzz import process
from rapidfuzz.distance import OSA

from callcenter.understanding.words import Word, alike, sound

SHORTEST = 5
"""Letters: a shorter word has too many neighbours."""
_LONG = 8
_LONGER = 1
"""Sounds by which two words may differ in length."""
_CLOSE, _CLOSE_LONG, _CLOSE_KNOWN = 0.8, 0.74, 0.9


class Slips:
    """Finds the closest of the words given; what was found once is remembered."""

    def __init__(self, words: Iterable[str]) -> None:
        words = sorted({word for word in words if len(word) >= SHORTEST})
        self._words: defaultdict[int, list[str]] = defaultdict(list)
        """By the length of their sound."""
        for word in words:
            self._words[len(sound(word))].append(word)
        self._sounds = {length: [sound(word) for word in alike] for length, alike in self._words.items()}
        self._by_sound = {sound(word): word for word in words}
        self._found: dict[str, tuple[str, float] | None] = {}

    def find(self, word: Word) -> tuple[str, float] | None:
        """The closest word and how alike it is, 0 to 1; None when nothing is close enough."""
        return self.find_text(word.text, word.lemma, known=word.known)

    def find_text(self, text: str, lemma: str, *, known: bool = False) -> tuple[str, float] | None:
        """The same for a text and its lemma; `known`: the dictionary has it."""
        if text not in self._found:
            self._found[text] = self._search(text, lemma, known=known)
        return self._found[text]

    def find_alike(self, text: str) -> tuple[str, float] | None:
        """The word that sounds the same as a text."""
        word = self._by_sound.get(sound(text))
        return None if word is None else (word, alike(text, word))

    def _search(self, text: str, lemma: str, *, known: bool) -> tuple[str, float] | None:
        if len(text) < SHORTEST or text.isdecimal():
            return None
        best: tuple[str, float] | None = None
        for tried in dict.fromkeys((lemma, text)):
            close = _CLOSE_KNOWN if known else _CLOSE if len(tried) < _LONG else _CLOSE_LONG
            heard = sound(tried)
            for length in range(len(heard) - _LONGER, len(heard) + _LONGER + 1):
                if length not in self._words:
                    continue
                near = process.extract(
                    heard, self._sounds[length], scorer=OSA.normalized_similarity, score_cutoff=close - 0.1, limit=3
                )
                for _, _, index in near:
                    word = self._words[length][index]
                    likeness = alike(tried, word)
                    if likeness >= close and (best is None or likeness > best[1]):
                        best = (word, likeness)
        return best
