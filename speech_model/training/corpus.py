"""Training speech in shards: human recordings, synthetic voices, and strangers made out of both. 8 kHz, 16 bit.

A shard is `NAME.pcm` and `NAME.tsv` (samples, voice, phones, text) written last: a shard is whole when it is
there. Text is the training half's own, patterns of the domain, or words of the stress dictionary in random order.
"""

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callcenter.hearing.model_factory.pronouncing import pronounce, transcribe
from callcenter.hearing.model_factory.sentences import Sentences
from callcenter.hearing.model_factory.stress import StressDictionary, count_vowels
from speech_model.training.festival_voice import speak
from speech_model.training.recordings import read_recordings
from speech_model.training.sound import RATE, Samples, change_rate, read_sound
from speech_model.training.split import read_split
from speech_model.training.strangers import Analysis, make_stranger
from speech_model.training.voices import ESPEAK_TRAINING, say_with_espeak, say_with_retro

_LONGEST = 18 * RATE
_FESTIVAL_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Utterance:
    samples: NDArray[np.int16]
    voice: str
    phones: tuple[str, ...]
    text: str


class Maker:
    """Makes the utterances of one shard after another."""

    def __init__(self, work: Path, seed: int) -> None:
        self._packages = work / "packages"
        self._festival = work / "voice"
        self._chance = random.Random(seed)
        self._stress = StressDictionary.read()
        self._sentences = Sentences.read()
        split = read_split()
        self._recordings = [one for one in read_recordings(self._packages) if split[one.name] == "train"]
        self._spoken = sorted({one.text for one in self._recordings if len(one.text.split()) <= 14})
        self._words = [word for word in self._stress.words() if len(word) > 1]
        self._tested = {one.text for one in read_recordings(self._packages) if split[one.name] != "train"}

    def transcribe_text(self, text: str) -> tuple[str, ...]:
        """`+` before a vowel marks a stress that the dictionary may not know."""
        phones: list[str] = []
        for word in text.split():
            plain = word.replace("+", "")
            if "+" in word:
                phones += transcribe(plain, count_vowels(word[: word.index("+")]) + 1)
            elif ways := pronounce(plain, self._stress):
                phones += ways[0]
        return tuple(phones)

    def make_human(self, who: str, converted_voices: int, takes: int) -> Iterator[Utterance]:
        """The training recordings of `him` or `her`, `takes` times each, and as so many strangers."""
        for one in self._recordings:
            if not one.name.startswith(who):
                continue
            sound, rate = read_sound(one.file)
            samples, text = change_rate(sound, rate, RATE), one.marked or one.text
            phones = self.transcribe_text(text)
            for _ in range(takes):
                yield _utterance(samples, who, phones, text)
            yield from self._convert_voices(samples, who, phones, text, converted_voices)

    def make_festival(self, count: int) -> Iterator[Utterance]:
        for begin in range(0, count, _FESTIVAL_AT_ONCE):
            texts = [self._text() for _ in range(min(_FESTIVAL_AT_ONCE, count - begin))]
            for text, said in zip(texts, speak(self._festival, texts), strict=True):
                if said is not None:
                    samples, phones = change_rate(said[0], said[1], RATE), self.transcribe_text(text)
                    if self._chance.random() < 0.4:
                        yield _utterance(samples, "festival", phones, text)
                    else:
                        yield from self._convert_voices(samples, "festival", phones, text, 1)

    def make_espeak(self, count: int) -> Iterator[Utterance]:
        for _ in range(count):
            text, voice = self._text(), self._chance.choice(ESPEAK_TRAINING)
            samples = say_with_espeak(text, voice, self._chance, self._stress)
            yield from self._maybe_convert_voice(samples, voice, text)

    def make_retro(self, count: int) -> Iterator[Utterance]:
        for _ in range(count):
            text = self._text()
            yield from self._maybe_convert_voice(say_with_retro(text, self._chance, self._stress), "retro", text)

    def _maybe_convert_voice(self, samples: Samples, voice: str, text: str) -> Iterator[Utterance]:
        phones = self.transcribe_text(text)
        if self._chance.random() < 0.5:
            yield _utterance(samples, voice, phones, text)
        else:
            yield from self._convert_voices(samples, voice, phones, text, 1)

    def _convert_voices(
        self, samples: Samples, voice: str, phones: tuple[str, ...], text: str, count: int
    ) -> Iterator[Utterance]:
        analysis = Analysis(samples)
        for _ in range(count):
            stranger = make_stranger(self._chance, male=voice != "her")
            yield _utterance(analysis.synthesize_voice(stranger), f"{voice}~", phones, text)

    def _text(self) -> str:
        kind = self._chance.random()
        if kind < 0.6:
            text = next(self._sentences.generate(1, self._chance))
        elif kind < 0.85:
            text = " ".join(self._chance.choice(self._words) for _ in range(self._chance.randint(1, 6)))
        else:
            text = self._chance.choice(self._spoken)
        return self._text() if text in self._tested and len(text.split()) > 1 else text


def write_shard(directory: Path, name: str, utterances: Iterable[Utterance]) -> float:
    """Hours written."""
    directory.mkdir(parents=True, exist_ok=True)
    samples = 0
    lines = []
    with (directory / f"{name}.pcm").open("wb") as sound:
        for one in utterances:
            if RATE // 4 < len(one.samples) <= _LONGEST and one.phones:
                sound.write(one.samples.tobytes())
                samples += len(one.samples)
                lines.append(f"{len(one.samples)}\t{one.voice}\t{' '.join(one.phones)}\t{one.text}\n")
    (directory / f"{name}.tsv").write_text("".join(lines), encoding="utf-8")
    return samples / RATE / 3600


def read_shard(directory: Path, name: str) -> list[Utterance]:
    sound = np.memmap(directory / f"{name}.pcm", dtype=np.int16, mode="r")
    read, at = [], 0
    for line in (directory / f"{name}.tsv").read_text(encoding="utf-8").splitlines():
        length, voice, phones, text = line.split("\t")
        read.append(Utterance(sound[at : at + int(length)], voice, tuple(phones.split()), text))
        at += int(length)
    return read


def _utterance(samples: Samples, voice: str, phones: tuple[str, ...], text: str) -> Utterance:
    held = np.clip(np.rint(samples), -32767, 32767).astype(np.int16)
    return Utterance(held, voice, phones, re.sub(r"\+", "", text))
