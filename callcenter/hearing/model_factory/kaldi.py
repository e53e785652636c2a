"""Writes Kaldi's binary model format.

Source of the format: Kaldi's readers base/io-funcs, hmm/transition-model.cc and nnet3/am-nnet-simple.cc.
"""

import io
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_NETWORK = b"<Nnet3>"

Array = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Affine:
    """Affine layer: `weights` of shape (outputs, inputs) and `bias` applied to `source`, an nnet3 descriptor.

    `rectified`: a ReLU follows.
    """

    name: str
    source: str
    weights: Array
    bias: Array
    rectified: bool


@dataclass(frozen=True, slots=True)
class NetworkNode:
    """Name for an nnet3 descriptor, for example a sum, so that other descriptors may refer to it.

    `width` is the dimension.
    """

    name: str
    source: str
    width: int


Layer = Affine | NetworkNode


def write_model(transitions: bytes, network: bytes) -> bytes:
    """Bytes of `final.mdl` from those of its transition model and its network."""
    return b"\0B" + transitions + network


def extract_network(model: bytes) -> bytes:
    """Extract the network from the bytes of a `final.mdl`, without its transition model.

    Raises ValueError when there is no network.
    """
    return model[model.index(_NETWORK) :]


def write_network(layers: Sequence[Layer], inputs: int, output: str) -> bytes:
    """Bytes of a network from the node `input` of dimension `inputs` to the descriptor `output`."""
    file = _KaldiWriter()
    _write_network(file, layers, inputs, output)
    return file.held()


def write_transitions(outputs_by_phone: Mapping[int, int], outputs: int) -> bytes:
    """Bytes of the transition model: one state for each phone, scored by its network output.

    One more phone, with the next number, gets a state for each of the `outputs` network outputs.
    """
    file = _KaldiWriter()
    _write_transitions(file, outputs_by_phone, outputs)
    return file.held()


class _KaldiWriter:
    def __init__(self) -> None:
        self._bytes = io.BytesIO()

    def held(self) -> bytes:
        return self._bytes.getvalue()

    def raw(self, held: bytes) -> None:
        self._bytes.write(held)

    def token(self, *tokens: str) -> None:
        self._bytes.write("".join(f"{token} " for token in tokens).encode())

    def integer(self, *values: int) -> None:
        for value in values:
            self._bytes.write(b"\4" + struct.pack("<i", value))

    def real(self, value: float) -> None:
        self._bytes.write(b"\4" + struct.pack("<f", value))

    def double(self, value: float) -> None:
        self._bytes.write(b"\10" + struct.pack("<d", value))

    def integers(self, values: Sequence[int]) -> None:
        self.integer(len(values))
        self._bytes.write(np.asarray(values, "<i4").tobytes())

    def vector(self, values: Sequence[float] | Array) -> None:
        held = np.asarray(values, "<f4")
        self.token("FV")
        self.integer(len(held))
        self._bytes.write(held.tobytes())

    def matrix(self, values: Array) -> None:
        held = np.ascontiguousarray(values, "<f4")
        self.token("FM")
        self.integer(*held.shape)
        self._bytes.write(held.tobytes())


def _write_transitions(file: _KaldiWriter, outputs_by_phone: Mapping[int, int], outputs: int) -> None:
    phones = sorted(outputs_by_phone)
    anything = phones[-1] + 1
    file.token("<TransitionModel>", "<Topology>")
    file.integers([*phones, anything])
    file.integers([-1] + [0] * phones[-1] + [1])
    file.integer(2)
    _write_topology(file, [(0, 1)])
    _write_topology(file, [(state, (state + 1) % outputs, outputs) for state in range(outputs)])
    file.token("</Topology>", "<Triples>")
    file.integer(len(phones) + outputs)
    for phone in phones:
        file.integer(phone, 0, outputs_by_phone[phone])
    for state in range(outputs):
        file.integer(anything, state, state)
    file.token("</Triples>", "<LogProbs>")
    file.vector([0.0] + [math.log(1 / 2)] * (2 * len(phones)) + [math.log(1 / 3)] * (3 * outputs))
    file.token("</LogProbs>", "</TransitionModel>")


def _write_topology(file: _KaldiWriter, states: Sequence[Sequence[int]]) -> None:
    """Write the transitions of each state, with equal probabilities, and the final state, which has none."""
    file.integer(len(states) + 1)
    for number, following in enumerate(states):
        file.integer(number, len(following))
        for state in following:
            file.integer(state)
            file.real(1 / len(following))
    file.integer(-1, 0)


def _write_network(file: _KaldiWriter, layers: Sequence[Layer], inputs: int, output: str) -> None:
    nodes = [f"input-node name=input dim={inputs}"]
    count = 0
    for layer in layers:
        nodes.append(f"component-node name={layer.name} component={layer.name} input={layer.source}")
        count += 1
        if isinstance(layer, Affine) and layer.rectified:
            nodes.append(f"component-node name={layer.name}.relu component={layer.name}.relu input={layer.name}")
            count += 1
    nodes.append(f"output-node name=output input={output} objective=linear")
    file.token(_NETWORK.decode())
    file.raw(("\n" + "\n".join(nodes) + "\n\n").encode())
    file.token("<NumComponents>")
    file.integer(count)
    for layer in layers:
        if isinstance(layer, NetworkNode):
            _write_node(file, layer)
            continue
        _write_affine(file, layer)
        if layer.rectified:
            _write_rectifier(file, f"{layer.name}.relu", len(layer.bias))
    file.token("</Nnet3>", "<LeftContext>")
    file.integer(0)  # Kaldi recomputes both contexts when it reads the model
    file.token("<RightContext>")
    file.integer(0)
    file.token("<Priors>")
    file.vector([])


def _write_node(file: _KaldiWriter, node: NetworkNode) -> None:
    file.token("<ComponentName>", node.name, "<NoOpComponent>", "<Dim>")
    file.integer(node.width)
    file.token("<BackpropScale>")
    file.real(1.0)
    file.token("</NoOpComponent>")


def _write_affine(file: _KaldiWriter, layer: Affine) -> None:
    file.token("<ComponentName>", layer.name, "<AffineComponent>", "<LearningRate>")
    file.real(0.001)
    file.token("<LinearParams>")
    file.matrix(layer.weights)
    file.token("<BiasParams>")
    file.vector(layer.bias)
    file.token("</AffineComponent>")


def _write_rectifier(file: _KaldiWriter, name: str, size: int) -> None:
    file.token("<ComponentName>", name, "<RectifiedLinearComponent>", "<Dim>")
    file.integer(size)
    file.token("<ValueAvg>")
    file.vector([])
    file.token("<DerivAvg>")
    file.vector([])
    file.token("<Count>")
    file.double(0.0)
    file.token("</RectifiedLinearComponent>")
