"""The words that can be heard, as a transducer from phones to words (Kaldi's L)."""

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
    place_of,
)
from callcenter.hearing.model_factory.stress import StressDictionary
from callcenter.hearing.server.engine import UNKNOWN

_START, _WORD, _ENDED = 0, 1, 2
"""All words end in one state: with an end of its own, each would be given a copy of all that may begin there."""
_UNKNOWN_MARK = DISAMBIGUATION
"""Speech that is no word begins with a mark of its own, so that it never melts into words that sound alike."""


@dataclass(frozen=True, slots=True)
class WordPronunciation:
    """`disambiguation_symbol`, when not 0, tells words apart that sound alike or begin alike."""

    word: str
    phones: tuple[str, ...]
    disambiguation_symbol: int


@dataclass(frozen=True, slots=True)
class PronunciationLexicon:
    """Every way every word is said. `word_numbers` numbers them from 1, in order, `[unk]` among them."""

    pronunciations: tuple[WordPronunciation, ...]
    word_numbers: Mapping[str, int]

    @classmethod
    def make(cls, words: Iterable[str], stress: StressDictionary) -> "PronunciationLexicon":
        """Words that cannot be said are left out."""
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
        """How many disambiguation marks there are, the one of unknown speech included."""
        return 1 + max((one.disambiguation_symbol for one in self.pronunciations), default=0)

    def write_arcs(self, unknown_phone_cost: float) -> Iterator[str]:
        """OpenFst's text form. Blanks may stand between any phones; silence before, between and after words."""
        yield f"{_START} {_WORD} 0 0 0"
        yield f"{_START} {_WORD} {SILENCE} 0 0"
        yield f"{_ENDED} {_WORD} 0 0 0"
        yield f"{_ENDED} {_WORD} {SILENCE} 0 0"
        free = _ENDED + 1
        for one in self.pronunciations:
            numbers = [phone_number(phone, place_of(index, len(one.phones))) for index, phone in enumerate(one.phones)]
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
        """Any two sounds or more, each at a price, blanks between them for nothing."""
        begun, inside = free, free + 1
        yield f"{_WORD} {begun} {_UNKNOWN_MARK} {self.word_numbers[UNKNOWN]} 0"
        for output in OUTPUT.values():
            yield f"{begun} {inside} {GOING_ON + output} 0 {cost}"
            yield f"{inside} {inside} {GOING_ON + output} 0 {cost}"
            yield f"{inside} {_ENDED} {ENDING + output} 0 {cost}"
        yield f"{inside} {inside} {GOING_ON} 0 0"
