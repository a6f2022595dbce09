"""The net: the shipped movement nets without their answers, and a small head; or new blocks for whole pictures."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from footlights.core.errors import ModelCorruptError
from footlights.models.cache import find
from footlights.models.cards import card
from footlights.recognition.clip_classes import PICTURE_WIDTH
from footlights.recognition.movement.features import VIEWS, columns
from footlights.studio.movement.library import NETS
from footlights.studio.movement.net import DILATIONS, Block, MovementNet, new_net

HIDDEN = 64  # of the head
PICTURE_CHANNELS, PICTURE_DILATIONS = 64, (1, 2, 4, 8)  # at 10 looks a second: 3 s are seen
PICTURE_DROPOUT = 0.1


class ClipNet(nn.Module):
    """(N, T, D) features -> (N, T, L) logits, the last of the background."""

    def __init__(self, backbones: Sequence[MovementNet], taken: Sequence[np.ndarray], classes: int) -> None:
        super().__init__()
        self.backbones = nn.ModuleList(backbones)
        for place, chosen in enumerate(taken):
            self.register_buffer(f"columns{place}", torch.from_numpy(np.asarray(chosen, np.int64)))
        width = sum(net.channels for net in backbones)
        self.head = nn.Sequential(
            nn.LayerNorm(width), nn.Dropout(0.25), nn.Linear(width, HIDDEN), nn.ReLU(), nn.Dropout(0.25),
            nn.Linear(HIDDEN, classes),
        )  # fmt: skip
        self.temperature: Tensor
        self.register_buffer("temperature", torch.ones(()))

    def own(self, place: int, features: Tensor) -> Tensor:
        """What one of the backbones looks at."""
        chosen: Tensor = getattr(self, f"columns{place}")
        return features[..., chosen]

    def forward(self, features: Tensor) -> Tensor:
        told = []
        for place, net in enumerate(self.backbones):
            assert isinstance(net, MovementNet)
            x = net.prepare(self.own(place, features))
            for block in net.blocks:
                x = block(x)
            told.append(functional.relu(net.norm(x)))
        logits: Tensor = self.head(torch.cat(told, -1))
        return logits

    def freeze(self, layers: int) -> None:
        """Only the head and the last `layers` blocks of each backbone learn."""
        for net in self.backbones:
            assert isinstance(net, MovementNet)
            net.requires_grad_(False)
            if layers > 0:
                net.blocks[-layers:].requires_grad_(True)
                net.norm.requires_grad_(True)


class ClipStepper(nn.Module):
    """The same net for one step: features (N, D) and memory (N, depth, C) -> probabilities (N, L), memory after.

    C is that of the widest backbone.
    """

    def __init__(self, net: ClipNet) -> None:
        super().__init__()
        self.net = net
        reaches = [2 * block.dilation for part in net.backbones for block in part.blocks]  # type: ignore[union-attr]
        self.borders = list(itertools.pairwise([0, *itertools.accumulate(reaches)]))
        self.depth = sum(reaches)
        self.channels = max(int(part.channels) for part in net.backbones)  # type: ignore[arg-type]

    def forward(self, features: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        told, kept, borders = [], [], iter(self.borders)
        for place, part in enumerate(self.net.backbones):
            assert isinstance(part, MovementNet)
            x = part.prepare(self.net.own(place, features))
            for block in part.blocks:
                assert isinstance(block, Block)
                first, last = next(borders)
                past = memory[:, first:last, : part.channels]
                moved = torch.cat([past[:, 1:], x[:, None]], 1)
                kept.append(functional.pad(moved, (0, self.channels - part.channels)))
                x = x + block.told(torch.cat([past[:, 0], past[:, block.dilation], x], -1))
            told.append(functional.relu(part.norm(x)))
        logits = self.net.head(torch.cat(told, -1))
        return torch.softmax(logits / self.net.temperature, -1), torch.cat(kept, 1)


def people_net(classes: int) -> ClipNet:
    """On both shipped movement nets. Raises ModelError where they are not what they should be."""
    whole = VIEWS["whole"]
    return ClipNet([shipped(name) for name in NETS], [columns(VIEWS[name], whole) for name in NETS], classes)


def picture_net(classes: int) -> ClipNet:
    """For features of whole pictures, nothing of it learned yet."""
    net = MovementNet(PICTURE_WIDTH, 1, PICTURE_CHANNELS, PICTURE_DILATIONS, PICTURE_DROPOUT)
    return ClipNet([net], [np.arange(PICTURE_WIDTH)], classes)


def shipped(name: str) -> MovementNet:
    """A movement net of this package with the weights that its ONNX file holds."""
    path = find(card(name))
    stored = weights(path)
    channels = int(stored["enter.bias"].shape[0])
    net = new_net(name, channels, labels=int(stored["leave.bias"].shape[0]))
    if len(net.blocks) != len(DILATIONS[name]) or stored.keys() < net.state_dict().keys():
        raise ModelCorruptError(
            f"{path} lacks weights of a movement net: {sorted(net.state_dict().keys() - stored.keys())}"
        )
    net.load_state_dict({key: torch.from_numpy(stored[key].copy()) for key in net.state_dict()})
    return net.eval()


def weights(path: Path) -> dict[str, np.ndarray]:
    """The weights of an exported net by their names in it, as float32."""
    found = {}
    for tensor in onnx.load(str(path)).graph.initializer:
        if tensor.name.startswith("net."):
            name = tensor.name.removeprefix("net.").removesuffix("_half")
            found[name] = numpy_helper.to_array(tensor).astype(np.float32)
    return found
