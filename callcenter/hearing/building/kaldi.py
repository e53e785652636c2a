"""Kaldi's binary format, as its readers expect it (base/io-funcs, hmm/transition-model.cc, nnet3/am-nnet-simple.cc)."""

import io
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Affine:
    """`weights` (outputs, inputs) and `bias` on a descriptor of nnet3, and whether a rectifier follows."""

    name: str
    source: str
    weights: Array
    bias: Array
    rectified: bool


@dataclass(frozen=True, slots=True)
class Node:
    """A name for what a descriptor says, a sum for example, so that others may refer to it."""

    name: str
    source: str
    width: int


Layer = Affine | Node


def write_model(outputs_by_phone: Mapping[int, int], layers: Sequence[Layer], inputs: int, output: str) -> bytes:
    """`final.mdl`: states of phones, and the network from a node `input` of `inputs` to the descriptor `output`."""
    file = _File()
    _write_transitions(file, outputs_by_phone)
    _write_network(file, layers, inputs, output)
    return file.held()


class _File:
    def __init__(self) -> None:
        self._bytes = io.BytesIO()
        self._bytes.write(b"\0B")

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


def _write_transitions(file: _File, outputs_by_phone: Mapping[int, int]) -> None:
    """One topology for all phones: a state that stays or leaves, even odds, and the final state."""
    phones = sorted(outputs_by_phone)
    file.token("<TransitionModel>", "<Topology>")
    file.integers(phones)
    file.integers([-1] + [0] * phones[-1])
    file.integer(1, 2)  # one topology, two states
    file.integer(0, 2)  # state 0 has class 0 and two transitions
    for state in (0, 1):
        file.integer(state)
        file.real(0.5)
    file.integer(-1, 0)  # the final one has no class and no transitions
    file.token("</Topology>", "<Triples>")
    file.integer(len(phones))
    for phone in phones:
        file.integer(phone, 0, outputs_by_phone[phone])
    file.token("</Triples>", "<LogProbs>")
    file.vector([0.0] + [math.log(0.5)] * (2 * len(phones)))
    file.token("</LogProbs>", "</TransitionModel>")


def _write_network(file: _File, layers: Sequence[Layer], inputs: int, output: str) -> None:
    nodes = [f"input-node name=input dim={inputs}"]
    count = 0
    for layer in layers:
        nodes.append(f"component-node name={layer.name} component={layer.name} input={layer.source}")
        count += 1
        if isinstance(layer, Affine) and layer.rectified:
            nodes.append(f"component-node name={layer.name}.relu component={layer.name}.relu input={layer.name}")
            count += 1
    nodes.append(f"output-node name=output input={output} objective=linear")
    file.token("<Nnet3>")
    file.raw(("\n" + "\n".join(nodes) + "\n\n").encode())
    file.token("<NumComponents>")
    file.integer(count)
    for layer in layers:
        if isinstance(layer, Node):
            _write_node(file, layer)
            continue
        _write_affine(file, layer)
        if layer.rectified:
            _write_rectifier(file, f"{layer.name}.relu", len(layer.bias))
    file.token("</Nnet3>", "<LeftContext>")
    file.integer(0)  # Kaldi computes both contexts anew when it reads
    file.token("<RightContext>")
    file.integer(0)
    file.token("<Priors>")
    file.vector([])


def _write_node(file: _File, node: Node) -> None:
    file.token("<ComponentName>", node.name, "<NoOpComponent>", "<Dim>")
    file.integer(node.width)
    file.token("<BackpropScale>")
    file.real(1.0)
    file.token("</NoOpComponent>")


def _write_affine(file: _File, layer: Affine) -> None:
    file.token("<ComponentName>", layer.name, "<AffineComponent>", "<LearningRate>")
    file.real(0.001)
    file.token("<LinearParams>")
    file.matrix(layer.weights)
    file.token("<BiasParams>")
    file.vector(layer.bias)
    file.token("</AffineComponent>")


def _write_rectifier(file: _File, name: str, size: int) -> None:
    file.token("<ComponentName>", name, "<RectifiedLinearComponent>", "<Dim>")
    file.integer(size)
    file.token("<ValueAvg>")
    file.vector([])
    file.token("<DerivAvg>")
    file.vector([])
    file.token("<Count>")
    file.double(0.0)
    file.token("</RectifiedLinearComponent>")
