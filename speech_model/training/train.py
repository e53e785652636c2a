"""Trains the network: `python -m speech_model.training.train WORK --minutes 50`. It may be stopped and gone on with.

After every round of two minutes `WORK/network.pt` is written, so that a usable network is there at any moment.
"""

import argparse
import time
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from rapidfuzz.distance import Levenshtein
from torch import Tensor, nn

from callcenter.hearing.model_factory.phones import OUTPUT
from speech_model.training.batches import Batch, Feeder, collate
from speech_model.training.corpus import read_shard
from speech_model.training.features import log_mel
from speech_model.training.network import Network
from speech_model.training.telephone import a_law

_WARM_UP = 100
_ROUND_SECONDS = 120
_HAS_BF16 = "bf16" in Path("/proc/cpuinfo").read_text()
"""Whether this processor computes with 16 bits; where it doesn't, they are three times slower than 32."""
_RATE_DECAY_SHARE = 0.45
"""The share of the time in which the rate falls to almost nothing."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--minutes", type=float, default=50)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--start", type=Path, help="a network to go on with")
    parser.add_argument("--out", default="network.pt")
    parser.add_argument("--feeders", type=int, default=1)
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)  # two wait for each other more than they compute where anything else runs
    torch.manual_seed(1)
    network = Network()
    if options.start:
        network.load_state_dict(torch.load(options.start))
    print(f"{sum(one.numel() for one in network.parameters()):,} parameters", flush=True)
    development = read_development(options.work / "development")
    feeder = Feeder(options.work / "shards", network.shape, options.feeders, begin_clean=options.start is None)
    try:
        _train(network, feeder, options, development)
    finally:
        feeder.close()


def read_development(directory: Path) -> dict[str, list[Batch]]:
    """Undistorted but for A-law, by voice, in batches of one shape."""
    shape = Network().shape
    batches: dict[str, list[Batch]] = {}
    for file in sorted(directory.glob("*.tsv")):
        items = sorted(
            (
                (log_mel(a_law(np.asarray(one.samples, np.float32))), [OUTPUT[phone] for phone in one.phones])
                for one in read_shard(directory, file.stem)
            ),
            key=lambda item: len(item[0]),
        )
        batches[file.stem] = [collate(items[at : at + 16], shape) for at in range(0, len(items), 16)]
    return batches


def _train(network: Network, feeder: Feeder, options: argparse.Namespace, development: dict[str, list[Batch]]) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=1e-3)
    begin = told = time.monotonic()
    losses: list[float] = []
    for step, batch in enumerate(feeder):
        gone = (time.monotonic() - begin) / 60 / options.minutes
        rate = options.rate * min(1, (step + 1) / _WARM_UP) * max(0.004, min(1, (1 - gone) / _RATE_DECAY_SHARE))
        for group in optimizer.param_groups:
            group["lr"] = rate
        network.train()
        optimizer.zero_grad()
        loss = find_loss(network, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        losses.append(loss.item())
        if time.monotonic() - told > _ROUND_SECONDS or gone >= 1:
            told = time.monotonic()
            errors = " ".join(f"{name} {error_rate(network, held):.3f}" for name, held in development.items())
            minutes = (told - begin) / 60
            print(f"{minutes:.1f} min, step {step}, loss {np.mean(losses):.3f}, phone errors {errors}", flush=True)
            losses.clear()
            torch.save(network.state_dict(), options.work / options.out)
        if gone >= 1:
            return


def find_loss(network: Network, batch: Batch) -> Tensor:
    """CTC, over all phones of the batch."""
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=_HAS_BF16):
        scores = network(torch.from_numpy(batch.features.astype(np.float32)))
    logs = torch.log_softmax(scores.float(), dim=2).transpose(0, 1)
    loss = nn.functional.ctc_loss(
        logs,
        torch.tensor(batch.expected),
        torch.tensor(batch.steps),
        torch.tensor(batch.lengths),
        reduction="sum",
        zero_infinity=True,
    )
    return loss / max(len(batch.expected), 1)


def error_rate(network: Network, batches: Iterable[Batch]) -> float:
    """Of phones, by the likeliest path: no dictionary, no language."""
    network.eval()
    wrong = total = 0
    with torch.no_grad():
        for batch in batches:
            best = network(torch.from_numpy(batch.features.astype(np.float32))).argmax(dim=2)
            at = 0
            for row, (steps, length) in enumerate(zip(batch.steps, batch.lengths, strict=True)):
                path = torch.unique_consecutive(best[row, :steps]).tolist()
                wrong += Levenshtein.distance([one for one in path if one], batch.expected[at : at + length])
                total += length
                at += length
    return wrong / max(total, 1)


if __name__ == "__main__":
    main()
