"""The net: causal convolutions over steps, wider and wider apart, and the same net taking one step at a time."""

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional

from footlights.recognition.movement.features import VIEWS
from footlights.studio.movement.library import library

DILATIONS = {"gestures": (1, 2, 4, 8, 14), "exercises": (1, 2, 4, 8, 16, 24)}  # steps of 0.05 s: 3 and 5.6 s are seen
LIMIT = 6.0  # deviations beyond which an input says no more


class Block(nn.Module):
    """Three moments, `dilation` steps apart, added to what was known."""

    def __init__(self, channels: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.dilation = dilation
        self.taps = nn.Linear(3 * channels, channels)
        self.norm = nn.LayerNorm(channels)
        self.out = nn.Linear(channels, channels)
        self.dropout = dropout

    def forward(self, x: Tensor) -> Tensor:
        """(N, T, C) -> (N, T, C)."""
        count, reach = x.shape[1], self.dilation
        padded = functional.pad(x, (0, 0, 2 * reach, 0))
        told = self.told(torch.cat([padded[:, :count], padded[:, reach : reach + count], x], -1))
        if self.training and self.dropout > 0:  # of whole channels, the same at every step: quick to draw
            kept = torch.rand(len(x), 1, x.shape[2]) >= self.dropout
            told = told * (kept / (1 - self.dropout))
        return x + told

    def told(self, taps: Tensor) -> Tensor:
        """What three moments, (..., 3 C), tell: (..., C)."""
        told: Tensor = self.out(functional.relu(self.norm(self.taps(taps))))
        return told


class MovementNet(nn.Module):
    """(N, T, D) features -> (N, T, L) logits."""

    def __init__(
        self, width: int, labels: int, channels: int, dilations: tuple[int, ...], dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("deviation", torch.ones(width))
        self.enter = nn.Linear(width, channels)
        self.channels, self.dilations = channels, dilations
        self.blocks = nn.ModuleList([Block(channels, dilation, dropout) for dilation in dilations])
        self.norm = nn.LayerNorm(channels)
        self.leave = nn.Linear(channels, labels)
        nn.init.constant_(self.leave.bias, -4.0)  # most of the time nothing is going on

    def prepare(self, x: Tensor) -> Tensor:
        """Features in their own deviations, then in channels."""
        known: Tensor = self.enter(((x - self.mean) / self.deviation).clamp(-LIMIT, LIMIT))
        return known

    def answer(self, x: Tensor) -> Tensor:
        """Channels to logits."""
        logits: Tensor = self.leave(functional.relu(self.norm(x)))
        return logits

    def forward(self, x: Tensor) -> Tensor:
        x = self.prepare(x)
        for block in self.blocks:
            x = block(x)
        return self.answer(x)


class Stepper(nn.Module):
    """The same net for one step: features (N, D) and memory (N, depth, C) -> probabilities (N, L), memory after."""

    def __init__(self, net: MovementNet) -> None:
        super().__init__()
        self.net = net
        reaches = [2 * dilation for dilation in net.dilations]
        self.borders = list(itertools.pairwise([0, *itertools.accumulate(reaches)]))
        self.depth = sum(reaches)

    def forward(self, features: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        x, kept = self.net.prepare(features), []
        for block, (first, last) in zip(self.net.blocks, self.borders, strict=True):
            past = memory[:, first:last]
            kept += [past[:, 1:], x[:, None]]
            assert isinstance(block, Block)
            x = x + block.told(torch.cat([past[:, 0], past[:, block.dilation], x], -1))
        return torch.sigmoid(self.net.answer(x)), torch.cat(kept, 1)


def new_net(net: str, channels: int, dropout: float = 0.0, labels: int | None = None) -> MovementNet:
    """An untrained net of this name."""
    outputs = len(library(net).labels) if labels is None else labels
    return MovementNet(VIEWS[net].width, outputs, channels, DILATIONS[net], dropout)
