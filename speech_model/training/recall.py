"""The committed weights become a network that training can go on with:
`python -m speech_model.training.recall WORK speech_model/acoustic WORK/start.pt`.

What export melts is taken apart again: the means and deviations that a normalisation would have kept are measured on
the training speech, and the affine map behind it is turned back with them. The network says the same as before.
"""

import argparse
import struct
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from callcenter.hearing.model_factory.kaldi import extract_network
from speech_model.training.batches import Feeder
from speech_model.training.export import BLANK_BIAS
from speech_model.training.features import mfcc_matrix
from speech_model.training.network import Network

_MEASURED_BATCHES = 40
"""Batches of 40 s that the means are taken over."""

Array = NDArray[np.float32]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("directory", type=Path)
    parser.add_argument("network", type=Path)
    options = parser.parse_args(arguments)
    network = Network()
    feeder = Feeder(options.work / "shards", network.shape)
    try:
        batches = iter(feeder)
        speech = [torch.from_numpy(next(batches).features.astype(np.float32)) for _ in range(_MEASURED_BATCHES)]
    finally:
        feeder.close()
    recall(network, (options.directory / "am" / "final.mdl").read_bytes(), speech)
    torch.save(network.state_dict(), options.network)


def recall(network: Network, model: bytes, speech: Sequence[Tensor]) -> None:
    """Gives `network` the weights of `model`, with normalisations measured on `speech`, from the first to the last."""
    maps = read_affine_maps(model)
    shape = network.shape
    network.eval()
    weights, bias = next(maps)
    to_mfcc = mfcc_matrix()
    mixed = [piece @ to_mfcc for piece in np.split(weights.astype(np.float64), len(shape.entry), axis=1)]
    measure = partial(_measure_normalization, network, speech)
    _unfold_normalization(measure(network.norm_input), network.first, np.concatenate(mixed, axis=1), bias)
    _unfold_normalization(measure(network.norm_first), network.second, *next(maps))
    for norm, widen, narrow in zip(network.norms, network.widen, network.narrow, strict=True):
        _unfold_normalization(measure(norm), widen, *next(maps))
        assert isinstance(narrow, nn.Linear)
        weights, bias = next(maps)
        narrow.weight.data = torch.from_numpy(weights.copy())
        narrow.bias.data = torch.from_numpy(bias.copy())
    weights, bias = next(maps)
    bias = bias - BLANK_BIAS * np.eye(1, len(bias), dtype=np.float32)[0]
    _unfold_normalization(measure(network.norm_output), network.output, weights, bias)


def read_affine_maps(model: bytes) -> Iterator[tuple[Array, Array]]:
    """Weights (outputs, inputs) and bias of every affine map, in the order of the file."""
    network = extract_network(model)
    at = 0
    while (at := network.find(b"<LinearParams> FM ", at)) >= 0:
        at += len(b"<LinearParams> FM ")
        rows, columns = struct.unpack_from("<xixi", network, at)
        at += 10
        weights = np.frombuffer(network, "<f4", rows * columns, at).reshape(rows, columns)
        at += weights.nbytes + len(b"<BiasParams> FV ") + 5
        yield weights, np.frombuffer(network, "<f4", rows, at)


def _measure_normalization(network: Network, speech: Sequence[Tensor], norm: nn.Module) -> nn.BatchNorm1d:
    """Sets the running mean and variance of `norm` to those of what reaches it."""
    assert isinstance(norm, nn.BatchNorm1d)
    sums = torch.zeros(3, norm.num_features, dtype=torch.float64)

    def add(_: nn.Module, arrived: tuple[Tensor]) -> None:
        flat = arrived[0].double()
        sums[0] += len(flat)
        sums[1] += flat.sum(dim=0)
        sums[2] += (flat * flat).sum(dim=0)

    hook = norm.register_forward_pre_hook(add)
    with torch.no_grad():
        for features in speech:
            network(features)
    hook.remove()
    mean = sums[1] / sums[0]
    norm.running_mean = mean.float()
    norm.running_var = (sums[2] / sums[0] - mean * mean).float()
    return norm


def _unfold_normalization(norm: nn.BatchNorm1d, linear: nn.Module, weights: NDArray[np.floating], bias: Array) -> None:
    """Gives `linear` the map that melts into `weights` and `bias` with `norm` before it."""
    assert isinstance(linear, nn.Linear)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    copies = weights.shape[1] // norm.num_features
    mean = np.tile(norm.running_mean.double().numpy(), copies)
    deviation = np.tile(np.sqrt(norm.running_var.double().numpy() + norm.eps), copies)
    linear.weight.data = torch.from_numpy((weights * deviation).astype(np.float32))
    linear.bias.data = torch.from_numpy((bias + weights @ mean).astype(np.float32))


if __name__ == "__main__":
    main()
