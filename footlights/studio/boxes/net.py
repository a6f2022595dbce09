"""YOLOX-Nano (Ge et al., "YOLOX: Exceeding YOLO Series in 2021", arXiv:2107.08430), as it is exported: the batch
normalisation is folded into the convolutions.

It is written here again so that a published export can be taken as a start: its weights are read from the ONNX file,
convolution by convolution, in the order in which they run.
"""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from footlights.core.errors import ModelCorruptError

STRIDES = (8, 16, 32)
WIDTH = 64  # channels of the head
PRIOR = 0.01  # probability that a new class begins with


class Conv(nn.Module):
    """A convolution and SiLU."""

    def __init__(self, inner: int, outer: int, size: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inner, outer, size, stride, (size - 1) // 2, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        return torch.nn.functional.silu(self.conv(x))


def separable(inner: int, outer: int, stride: int = 1) -> nn.Sequential:
    """A 3x3 convolution for each channel, then one across the channels."""
    return nn.Sequential(Conv(inner, inner, 3, stride, groups=inner), Conv(inner, outer, 1))


class Bottleneck(nn.Module):
    """Two convolutions, around which the input may pass."""

    def __init__(self, channels: int, shortcut: bool) -> None:
        super().__init__()
        self.narrow, self.wide = Conv(channels, channels, 1), separable(channels, channels)
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        y = self.wide(self.narrow(x))
        out: Tensor = x + y if self.shortcut else y
        return out


class Stage(nn.Module):
    """A cross-stage partial layer: one half passes through the bottlenecks, the other beside them."""

    def __init__(self, inner: int, outer: int, depth: int, shortcut: bool = True) -> None:
        super().__init__()
        half = outer // 2
        self.through, self.beside, self.join = Conv(inner, half, 1), Conv(inner, half, 1), Conv(2 * half, outer, 1)
        self.inside = nn.Sequential(*(Bottleneck(half, shortcut) for _ in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        through = self.through(x)
        beside = self.beside(x)
        joined: Tensor = self.join(torch.cat([self.inside(through), beside], 1))
        return joined


class Pyramid(nn.Module):
    """Spatial pyramid pooling: the largest values of three neighbourhoods, beside the value itself."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.narrow, self.join = Conv(channels, channels // 2, 1), Conv(2 * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.narrow(x)
        around = [nn.functional.max_pool2d(x, size, 1, size // 2) for size in (5, 9, 13)]
        joined: Tensor = self.join(torch.cat([x, *around], 1))
        return joined


class Backbone(nn.Module):
    """From a picture to features at strides 8, 16 and 32."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Conv(12, 16, 3)
        self.two = nn.Sequential(separable(16, 32, 2), Stage(32, 32, 1))
        self.three = nn.Sequential(separable(32, 64, 2), Stage(64, 64, 3))
        self.four = nn.Sequential(separable(64, 128, 2), Stage(128, 128, 3))
        self.five = nn.Sequential(separable(128, 256, 2), Pyramid(256), Stage(256, 256, 1, shortcut=False))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        quarters = [x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]]
        three = self.three(self.two(self.stem(torch.cat(quarters, 1))))
        four = self.four(three)
        return three, four, self.five(four)


class Neck(nn.Module):
    """Tells the fine features what the coarse ones know, and back (PAFPN)."""

    def __init__(self) -> None:
        super().__init__()
        self.narrow5, self.mix4 = Conv(256, 128, 1), Stage(256, 128, 1, shortcut=False)
        self.narrow4, self.mix3 = Conv(128, 64, 1), Stage(128, 64, 1, shortcut=False)
        self.down3, self.out4 = separable(64, 64, 2), Stage(128, 128, 1, shortcut=False)
        self.down4, self.out5 = separable(128, 128, 2), Stage(256, 256, 1, shortcut=False)

    def forward(self, three: Tensor, four: Tensor, five: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        five = self.narrow5(five)
        four = self.narrow4(self.mix4(torch.cat([_doubled(five), four], 1)))
        three = self.mix3(torch.cat([_doubled(four), three], 1))
        middle = self.out4(torch.cat([self.down3(three), four], 1))
        return three, middle, self.out5(torch.cat([self.down4(middle), five], 1))


class Head(nn.Module):
    """At every cell of one stride: what it is, where it is, whether it is anything."""

    def __init__(self, inner: int, classes: int) -> None:
        super().__init__()
        self.stem = Conv(inner, WIDTH, 1)
        self.kind = nn.Sequential(separable(WIDTH, WIDTH), separable(WIDTH, WIDTH))
        self.kind_out = nn.Conv2d(WIDTH, classes, 1)
        self.place = nn.Sequential(separable(WIDTH, WIDTH), separable(WIDTH, WIDTH))
        self.place_out, self.thing_out = nn.Conv2d(WIDTH, 4, 1), nn.Conv2d(WIDTH, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        kind = self.kind_out(self.kind(x))
        place = self.place(x)
        return torch.cat([self.place_out(place), self.thing_out(place), kind], 1).flatten(2)


class Detector(nn.Module):
    """(N, 3, H, W) BGR 0..255 to (N, cells, 5 + classes): centre in the cell, logarithm of the size, then logits."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.backbone, self.neck = Backbone(), Neck()
        self.heads = nn.ModuleList(Head(inner, classes) for inner in (64, 128, 256))

    def forward(self, x: Tensor) -> Tensor:
        levels = self.neck(*self.backbone(x))
        return torch.cat([head(level) for head, level in zip(self.heads, levels, strict=True)], 2).transpose(1, 2)


class Exported(nn.Module):
    """What the file answers: objectness and classes as probabilities, as YOLOX exports have them."""

    def __init__(self, net: Detector) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        answer = self.net(x)
        return torch.cat([answer[..., :4], answer[..., 4:].sigmoid()], -1)


def _doubled(x: Tensor) -> Tensor:
    return nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")


def new_detector(classes: int, start: Path | None = None) -> Detector:
    """A detector for so many classes; with the weights of a YOLOX-Nano export (of any number of classes) where given.

    Raises ModelCorruptError where the file is no such export.
    """
    net = Detector(classes)
    if start is not None:
        _adopt(net, start)
    rare = float(np.log(PRIOR / (1 - PRIOR)))
    for head in net.heads:
        assert isinstance(head, Head)
        for out in (head.kind_out,) if start is not None else (head.kind_out, head.thing_out):
            assert out.bias is not None
            nn.init.constant_(out.bias, rare)
    return net


def _adopt(net: Detector, path: Path) -> None:
    graph = onnx.load(str(path)).graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    given = [[stored[name] for name in node.input[1:3]] for node in graph.node if node.op_type == "Conv"]
    convolutions = in_order(net)
    if len(given) != len(convolutions):
        raise ModelCorruptError(f"{path} has {len(given)} convolutions, YOLOX-Nano has {len(convolutions)}")
    outputs = {head.kind_out for head in net.heads if isinstance(head, Head)}
    for mine, (weight, bias) in zip(convolutions, given, strict=True):
        if mine in outputs:
            continue  # other classes
        if mine.weight.shape != weight.shape or mine.bias is None:
            raise ModelCorruptError(
                f"{path} is no YOLOX-Nano: a convolution is {weight.shape}, not {tuple(mine.weight.shape)}"
            )
        with torch.no_grad():
            mine.weight.copy_(torch.from_numpy(weight.copy()))
            mine.bias.copy_(torch.from_numpy(bias.copy()))


def in_order(net: Detector) -> list[nn.Conv2d]:
    """Every convolution, in the order in which they run."""
    order: list[nn.Conv2d] = []
    hooks = [
        module.register_forward_hook(lambda module, inputs, output: order.append(module))
        for module in net.modules()
        if isinstance(module, nn.Conv2d)
    ]
    with torch.no_grad():
        net(torch.zeros(1, 3, 64, 64))
    for hook in hooks:
        hook.remove()
    return order
