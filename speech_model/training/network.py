"""The acoustic network: a time-delay network with residual blocks, 30 ms a step, trained by CTC.

Only what Kaldi's nnet3 can say: affine maps of spliced frames, rectifiers and sums. Batch normalisation stands before
an affine map everywhere, so that it melts into it at export.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from callcenter.hearing.model_factory.phones import OUTPUTS
from speech_model.training.features import BINS

SUBSAMPLING = 3


@dataclass(frozen=True, slots=True)
class Shape:
    """Offsets are in frames of 10 ms; those of the blocks are multiples of 3. Together they look 170 ms ahead."""

    width: int = 256
    hidden: int = 288
    entry: tuple[int, ...] = (-1, 0, 1)
    blocks: tuple[tuple[int, ...], ...] = ((-3, 0, 3),) * 3 + ((-6, 0, 3),) * 2 + ((-9, -3, 0),) * 2

    @property
    def left(self) -> int:
        return -2 * self.entry[0] - sum(offsets[0] for offsets in self.blocks)

    @property
    def right(self) -> int:
        return 2 * self.entry[-1] + sum(offsets[-1] for offsets in self.blocks)


class Network(nn.Module):
    def __init__(self, shape: Shape = Shape()) -> None:
        super().__init__()
        self.shape = shape
        width, hidden = shape.width, shape.hidden
        self.norm_input = nn.BatchNorm1d(BINS, affine=False)
        self.first = nn.Linear(BINS * len(shape.entry), width)
        self.norm_first = nn.BatchNorm1d(width, affine=False)
        self.second = nn.Linear(width * len(shape.entry), width)
        self.norms = nn.ModuleList(nn.BatchNorm1d(width, affine=False) for _ in shape.blocks)
        self.widen = nn.ModuleList(nn.Linear(width * len(offsets), hidden) for offsets in shape.blocks)
        self.narrow = nn.ModuleList(nn.Linear(hidden, width) for _ in shape.blocks)
        self.norm_output = nn.BatchNorm1d(width, affine=False)
        self.output = nn.Linear(width, OUTPUTS)
        for narrow in self.narrow:
            nn.init.normal_(narrow.weight, std=0.5 / (hidden**0.5))  # type: ignore[arg-type]

    def forward(self, frames: Tensor) -> Tensor:
        """(batch, left + time + right, 40) to (batch, time / 3, outputs): scores, not yet probabilities."""
        stream = _normalise(self.norm_input, frames)
        stream = torch.relu(self.first(_splice(stream, self.shape.entry)))
        stream = self.second(_splice(_normalise(self.norm_first, stream), self.shape.entry, step=SUBSAMPLING))
        for offsets, norm, widen, narrow in zip(self.shape.blocks, self.norms, self.widen, self.narrow, strict=True):
            steps = [offset // SUBSAMPLING for offset in offsets]
            hidden = torch.relu(widen(_splice(_normalise(norm, stream), steps)))
            kept = stream[:, -steps[0] : stream.shape[1] - steps[-1]]
            stream = kept + narrow(hidden)
        scores: Tensor = self.output(_normalise(self.norm_output, stream))
        return scores


def _normalise(norm: nn.Module, stream: Tensor) -> Tensor:
    flat: Tensor = norm(stream.flatten(0, 1))
    return flat.view(stream.shape)


def _splice(stream: Tensor, offsets: Sequence[int], step: int = 1) -> Tensor:
    """Frames beside each other, only where all of them are there."""
    length = (stream.shape[1] - (offsets[-1] - offsets[0]) - 1) // step + 1
    begin = -offsets[0]
    return torch.cat(
        [stream[:, begin + offset : begin + offset + step * (length - 1) + 1 : step] for offset in offsets], dim=2
    )
