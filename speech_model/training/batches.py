"""Batches of distorted speech, made by processes of their own so that the network never waits."""

import multiprocessing
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.queues import Queue
from pathlib import Path
from queue import Empty

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from callcenter.hearing.model_factory.phones import OUTPUT
from speech_model.training.corpus import Utterance, read_shard
from speech_model.training.features import BINS, Matrix, log_mel
from speech_model.training.network import SUBSAMPLING, Shape
from speech_model.training.sound import RATE
from speech_model.training.telephone import a_law, distort, make_silence

_FRAMES = 4000
"""Frames of 10 ms in a batch."""
_LONGEST = 9 * RATE
_SILENCE_SHARE = 0.015
_QUEUED = 12
_BATCH_TIMEOUT_SECONDS = 30.0
"""Seconds without a batch after which it is seen to whether anybody still makes them."""
_CLEAN_BATCHES = 250
"""Batches of undistorted speech to begin with: sounds are found sooner there."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Features (utterances, frames, 40), steps of 30 ms, and the outputs to expect, one after another."""

    features: NDArray[np.float16]
    steps: list[int]
    expected: list[int]
    lengths: list[int]


def collate(items: Sequence[tuple[Matrix, Sequence[int]]], shape: Shape) -> Batch:
    """Edge frames stand in for what lies before and after, as Kaldi has it."""
    longest = max(len(frames) for frames, _ in items)
    longest += -longest % SUBSAMPLING
    features = np.zeros((len(items), shape.left + longest + shape.right, BINS), dtype=np.float16)
    for row, (frames, _) in enumerate(items):
        features[row, : shape.left] = frames[0]
        features[row, shape.left : shape.left + len(frames)] = frames
        features[row, shape.left + len(frames) :] = frames[-1]
    steps = [(len(frames) + SUBSAMPLING - 1) // SUBSAMPLING for frames, _ in items]
    expected = [output for _, outputs in items for output in outputs]
    return Batch(features, steps, expected, [len(outputs) for _, outputs in items])


def mask(frames: Matrix, chance: Generator) -> Matrix:
    """SpecAugment (Park 2019): bands and moments that are not heard."""
    masked = frames.copy()
    middle = frames.mean()
    for _ in range(chance.integers(0, 3)):
        width = chance.integers(1, 8)
        at = chance.integers(0, BINS - width)
        masked[:, at : at + width] = middle
    for _ in range(chance.integers(0, 3)):
        width = min(int(chance.integers(1, 20)), len(frames) // 10)
        at = chance.integers(0, max(len(frames) - width, 1))
        masked[at : at + width] = middle
    return masked


class Feeder:
    """An endless stream of batches from the shards that are there; new shards join at the next round."""

    def __init__(self, shards: Path, shape: Shape, processes: int = 1, *, begin_clean: bool = False) -> None:
        context = multiprocessing.get_context("spawn")
        self._queue: Queue[Batch] = context.Queue(_QUEUED)
        self._processes = [
            context.Process(target=_feed, args=(shards, shape, self._queue, seed, begin_clean), daemon=True)
            for seed in range(processes)
        ]
        for process in self._processes:
            process.start()

    def __iter__(self) -> Iterator[Batch]:
        """Raises RuntimeError when a process has died: the rest would never come."""
        while True:
            try:
                yield self._queue.get(timeout=_BATCH_TIMEOUT_SECONDS)
            except Empty:
                if not all(process.is_alive() for process in self._processes):
                    raise RuntimeError("a process that makes batches has died; train on with --start") from None

    def close(self) -> None:
        for process in self._processes:
            process.terminate()


def _feed(shards: Path, shape: Shape, queue: "Queue[Batch]", seed: int, begin_clean: bool) -> None:
    warnings.simplefilter("ignore")
    chance = np.random.default_rng([seed, np.random.SeedSequence().entropy % 2**32])
    clean = _CLEAN_BATCHES if begin_clean else 0
    while True:
        names = sorted(file.stem for file in shards.glob("*.tsv"))
        utterances = [one for name in names for one in read_shard(shards, name) if len(one.samples) <= _LONGEST]
        for chosen in _shuffle(utterances, chance):
            clean -= 1
            queue.put(collate([_make(utterances[one], utterances, chance, clean=clean >= 0) for one in chosen], shape))


def _shuffle(utterances: Sequence[Utterance], chance: Generator) -> list[list[int]]:
    """Utterances of like length go together, in a random order of batches."""
    keys = [len(one.samples) * chance.uniform(0.85, 1.15) for one in utterances]
    batches: list[list[int]] = [[]]
    frames = 0
    for place in np.argsort(keys):
        length = len(utterances[place].samples) // 80 + 80
        if frames + length > _FRAMES and batches[-1]:
            batches.append([])
            frames = 0
        batches[-1].append(int(place))
        frames += length
    chance.shuffle(batches)  # type: ignore[arg-type]
    return batches


def _make(
    one: Utterance, utterances: Sequence[Utterance], chance: Generator, *, clean: bool
) -> tuple[Matrix, list[int]]:
    if clean:
        return log_mel(a_law(np.asarray(one.samples, np.float32))), [OUTPUT[phone] for phone in one.phones]
    if chance.random() < _SILENCE_SHARE:
        return log_mel(make_silence(chance)), []
    others = [utterances[chance.integers(len(utterances))].samples for _ in range(5)]
    sound = distort(np.asarray(one.samples, np.float32), chance, others)
    return mask(log_mel(sound), chance), [OUTPUT[phone] for phone in one.phones]
