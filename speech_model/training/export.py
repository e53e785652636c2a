"""A trained network becomes Kaldi's: `python -m speech_model.training.export WORK/network.pt speech_model/acoustic`.

Log-mel features become MFCC, which Vosk feeds, and every normalisation melts into the affine map behind it.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from callcenter.hearing.model_factory.kaldi import (
    Affine,
    Layer,
    NetworkNode,
    write_model,
    write_network,
    write_transitions,
)
from callcenter.hearing.model_factory.phones import OUTPUTS
from callcenter.hearing.model_factory.states import outputs_by_phone
from speech_model.training.features import BINS, HIGH, LOW, mfcc_matrix
from speech_model.training.network import Network
from speech_model.training.sound import RATE

_FEATURES = f"""--sample-frequency={RATE}
--use-energy=false
--num-mel-bins={BINS}
--num-ceps={BINS}
--low-freq={LOW}
--high-freq={HIGH}
--dither=0.0
"""

BLANK_BIAS = -3.5
"""Added to the score of CTC's blank, which the network gives two thirds of all time: a decoder that believes it loses
short words. Chosen on the development set, together with `acoustic-scale` (README.md tells how)."""

Array = NDArray[np.float64]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", type=Path)
    parser.add_argument("directory", type=Path)
    options = parser.parse_args(arguments)
    network = Network()
    network.load_state_dict(torch.load(options.network))
    export(network.eval(), options.directory)


def export(network: Network, directory: Path) -> None:
    """Writes `am/final.mdl` and `conf/mfcc.conf`."""
    (directory / "am").mkdir(parents=True, exist_ok=True)
    (directory / "conf").mkdir(exist_ok=True)
    written = write_network(layers_of(network), BINS, "output.affine")
    model = write_model(write_transitions(outputs_by_phone(), OUTPUTS), written)
    (directory / "am" / "final.mdl").write_bytes(model)
    (directory / "conf" / "mfcc.conf").write_text(_FEATURES)


def layers_of(network: Network) -> list[Layer]:
    shape = network.shape
    to_log_mel = np.linalg.inv(mfcc_matrix())
    weights, bias = _fold_normalization(network.norm_input, network.first, len(shape.entry))
    mixed = [piece @ to_log_mel for piece in np.split(weights, len(shape.entry), axis=1)]
    layers: list[Layer] = [
        Affine("first", _append("input", shape.entry), np.concatenate(mixed, axis=1), bias, rectified=True)
    ]
    weights, bias = _fold_normalization(network.norm_first, network.second, len(shape.entry))
    layers.append(Affine("second", _append("first.relu", shape.entry), weights, bias, rectified=False))
    stream = "second"
    for number, (offsets, norm, widen, narrow) in enumerate(
        zip(shape.blocks, network.norms, network.widen, network.narrow, strict=True), 1
    ):
        assert isinstance(narrow, nn.Linear)
        weights, bias = _fold_normalization(norm, widen, len(offsets))
        layers.append(Affine(f"widen{number}", _append(stream, offsets), weights, bias, rectified=True))
        layers.append(
            Affine(
                f"narrow{number}", f"widen{number}.relu", _array(narrow.weight), _array(narrow.bias), rectified=False
            )
        )
        layers.append(NetworkNode(f"stream{number}", f"Sum({stream}, narrow{number})", shape.width))
        stream = f"stream{number}"
    weights, bias = _fold_normalization(network.norm_output, network.output, 1)
    bias[0] += BLANK_BIAS
    layers.append(Affine("output.affine", stream, weights, bias, rectified=False))
    return layers


def _append(source: str, offsets: Sequence[int]) -> str:
    return "Append(" + ", ".join(f"Offset({source}, {at})" if at else source for at in offsets) + ")"


def _fold_normalization(norm: nn.Module, linear: nn.Module, copies: int) -> tuple[Array, Array]:
    """weights · (x - mean) / deviation + bias, as one affine map."""
    assert isinstance(norm, nn.BatchNorm1d)
    assert isinstance(linear, nn.Linear)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    mean = np.tile(_array(norm.running_mean), copies)
    deviation = np.tile(np.sqrt(_array(norm.running_var) + norm.eps), copies)
    weights = _array(linear.weight) / deviation
    return weights, _array(linear.bias) - weights @ mean


def _array(tensor: torch.Tensor) -> Array:
    return tensor.detach().double().numpy()


if __name__ == "__main__":
    main()
