"""The development set for every choice while training: his, hers, and voices kept for it. `WORK/development`."""

import argparse
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from callcenter.hearing.model_factory.sentences import Sentences
from callcenter.hearing.model_factory.stress import StressDictionary
from speech_model.training.corpus import Maker, Utterance, write_shard
from speech_model.training.recordings import read_recordings
from speech_model.training.sound import RATE, change_rate, read_sound
from speech_model.training.split import read_split
from speech_model.training.voices import ESPEAK_DEVELOPMENT, say_with_espeak

_SENTENCES = 80


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    work: Path = parser.parse_args(arguments).work
    maker = Maker(work, seed=77)
    for who in ("him", "her"):
        write_shard(work / "development", who, _humans(work, who, maker))
    write_shard(work / "development", "espeak", _synthetic(maker))


def _humans(work: Path, who: str, maker: Maker) -> Iterator[Utterance]:
    split = read_split()
    for one in read_recordings(work / "packages"):
        if split[one.name] == "dev" and one.name.startswith(who):
            sound, rate = read_sound(one.file)
            samples = np.clip(change_rate(sound, rate, RATE), -32767, 32767).astype(np.int16)
            yield Utterance(samples, who, maker.transcribe_text(one.marked or one.text), one.text)


def _synthetic(maker: Maker) -> Iterator[Utterance]:
    chance, stress = random.Random(78), StressDictionary.read()
    for text in Sentences.read().generate(_SENTENCES, chance):
        samples = say_with_espeak(text, chance.choice(ESPEAK_DEVELOPMENT), chance, stress)
        yield Utterance(np.clip(samples, -32767, 32767).astype(np.int16), "espeak", maker.transcribe_text(text), text)


if __name__ == "__main__":
    main()
