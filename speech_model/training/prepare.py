"""Makes the training shards: `python -m speech_model.training.prepare WORK`. Shards that are there stay."""

import argparse
import functools
import multiprocessing
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from speech_model.training.corpus import Maker, Utterance, write_shard
from speech_model.training.festival_voice import make_reduced_voice
from speech_model.training.split import read_split

_KINDS = {
    "him": lambda maker: maker.human("him", strangers=3, takes=1),
    "her": lambda maker: maker.human("her", strangers=6, takes=3),
    "festival": lambda maker: maker.festival(1000),
    "espeak": lambda maker: maker.espeak(1000),
    "retro": lambda maker: maker.retro(800),
}
SHARDS = (
    ["him.0", "her.0", "espeak.0", "festival.0", "retro.0", "festival.1", "him.1", "espeak.1", "festival.2", "her.1"]
    + [f"festival.{number}" for number in range(3, 7)]
    + ["espeak.2", "retro.1", "him.2", "festival.7", "festival.8", "espeak.3", "her.2", "festival.9", "him.3"]
)
"""In the order of their making: training may begin when the first are there."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args(arguments)
    held_out = {name.removeprefix("him/") for name, part in read_split().items() if part != "train"}
    if not (options.work / "voice").exists():
        make_reduced_voice(options.work / "packages", options.work / "voice", held_out)
    missing = [name for name in SHARDS if not (options.work / "shards" / f"{name}.tsv").is_file()]
    with multiprocessing.get_context("spawn").Pool(options.processes) as pool:
        for told in pool.imap_unordered(functools.partial(make_shard, options.work), missing):
            print(told, flush=True)


def make_shard(work: Path, name: str) -> str:
    warnings.simplefilter("ignore")
    begin = time.monotonic()
    hours = write_shard(work / "shards", name, _utterances(work, name))
    return f"{name}: {hours:.2f} h of speech in {time.monotonic() - begin:.0f} s"


def _utterances(work: Path, name: str) -> Iterator[Utterance]:
    kind, number = name.split(".")
    seed = sum(kind.encode()) * 100 + int(number)
    yield from _KINDS[kind](Maker(work, seed))


if __name__ == "__main__":
    main()
