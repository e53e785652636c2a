"""Pronunciation lexicon: a transducer from phones to words (Kaldi's L)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from callcenter.hearing.model_factory.phones import OUTPUT
from callcenter.hearing.model_factory.pronouncing import pronounce
from callcenter.hearing.model_factory.states import (
    BLANK,
    DISAMBIGUATION,
    ENDING,
    GOING_ON,
    SILENCE,
    phone_number,
    position_in_word,
)
from callcenter.hearing.model_factory.stress import StressDictionary
from callcenter.hearing.server.engine import UNKNOWN

_START, _WORD, _ENDED = 0, 1, 2
"""States of the transducer. All words share the state _ENDED: with an end state for each word, determinization would
copy everything that may follow for each of them."""
_UNKNOWN_MARK = DISAMBIGUATION
"""Disambiguation symbol at the beginning of `[unk]`. It keeps determinization from merging `[unk]` with words."""


@dataclass(frozen=True, slots=True)
class WordPronunciation:
    """One pronunciation of a word.

    `disambiguation_symbol` is not 0 if the same phones are another word, too, or the beginning of a longer one.
    """

    word: str
    phones: tuple[str, ...]
    disambiguation_symbol: int


@dataclass(frozen=True, slots=True)
class PronunciationLexicon:
    """All pronunciations of all words. `word_numbers` numbers the words from 1 in sorted order, `[unk]` included."""

    pronunciations: tuple[WordPronunciation, ...]
    word_numbers: Mapping[str, int]

    @classmethod
    def make(cls, words: Iterable[str], stress: StressDictionary) -> "PronunciationLexicon":
        """Build the lexicon. Words without a pronunciation are left out."""
        said = {word: ways for word in sorted(set(words)) if (ways := pronounce(word, stress))}
        how_often = Counter(way for ways in said.values() for way in ways)
        beginnings = {way[:length] for way in how_often for length in range(1, len(way))}
        used: Counter[tuple[str, ...]] = Counter()
        pronunciations = []
        for word, ways in said.items():
            for way in ways:
                if how_often[way] > 1 or way in beginnings:
                    used[way] += 1
                pronunciations.append(WordPronunciation(word, way, used[way]))
        return cls(tuple(pronunciations), {word: number for number, word in enumerate(sorted([*said, UNKNOWN]), 1)})

    @property
    def disambiguation_count(self) -> int:
        """Number of disambiguation symbols, including that of `[unk]`."""
        return 1 + max((one.disambiguation_symbol for one in self.pronunciations), default=0)

    def write_arcs(self, unknown_phone_cost: float) -> Iterator[str]:
        """Yield the transducer as lines of OpenFst's text format.

        A CTC blank is optional between the phones of a word, silence before, between and after words.
        `unknown_phone_cost` is the cost of each phone of `[unk]`.
        """
        yield f"{_START} {_WORD} 0 0 0"
        yield f"{_START} {_WORD} {SILENCE} 0 0"
        yield f"{_ENDED} {_WORD} 0 0 0"
        yield f"{_ENDED} {_WORD} {SILENCE} 0 0"
        free = _ENDED + 1
        for one in self.pronunciations:
            numbers = [
                phone_number(phone, position_in_word(index, len(one.phones))) for index, phone in enumerate(one.phones)
            ]
            here = _WORD
            for index, number in enumerate(numbers):
                word = self.word_numbers[one.word] if index == 0 else 0
                following = _ENDED if index == len(numbers) - 1 and not one.disambiguation_symbol else free
                yield f"{here} {following} {number} {word} 0"
                if index:
                    yield f"{here} {free + 1} {BLANK} 0 0"
                    yield f"{free + 1} {following} {number} 0 0"
                here, free = following, free + 2
            if one.disambiguation_symbol:
                yield f"{here} {_ENDED} {DISAMBIGUATION + one.disambiguation_symbol} 0 0"
        yield from self._write_unknown_arcs(free, unknown_phone_cost)
        yield f"{_WORD} 0"

    def _write_unknown_arcs(self, free: int, cost: float) -> Iterator[str]:
        """Yield the arcs of `[unk]`: two or more of any phones at `cost` each, with blanks between them at no cost."""
        begun, inside = free, free + 1
        yield f"{_WORD} {begun} {_UNKNOWN_MARK} {self.word_numbers[UNKNOWN]} 0"
        for output in OUTPUT.values():
            yield f"{begun} {inside} {GOING_ON + output} 0 {cost}"
            yield f"{inside} {inside} {GOING_ON + output} 0 {cost}"
            yield f"{inside} {_ENDED} {ENDING + output} 0 {cost}"
        yield f"{inside} {inside} {GOING_ON} 0 0"
