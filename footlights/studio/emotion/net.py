"""The network: a small residual net over one grey face of 48x48 pixels, about 100 million multiply-adds.

`EmotionNet` gives logits. `Recogniser` is what is shipped: it takes a picture as it is, makes it grey, standardises it
by its own mean and deviation, and gives calibrated probabilities, so that nothing of the preprocessing can get lost.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from footlights.studio.data.fer2013 import EMOTIONS, SIDE

FLOOR = 1e-3  # least deviation of grey values in 0..1: a picture of one grey must not be divided by nothing


def standardise(grey: Tensor) -> Tensor:
    """(N, 1, 48, 48) grey values in 0..1 -> the same with mean 0 and deviation 1 in each picture."""
    mean = grey.mean(dim=(2, 3), keepdim=True)
    centred = grey - mean
    deviation = centred.square().mean(dim=(2, 3), keepdim=True).sqrt()
    return centred / (deviation + FLOOR)


def convolution(inputs: int, outputs: int, stride: int = 1, size: int = 3) -> nn.Sequential:
    """With a normalisation behind it; only the stride makes the picture smaller."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False), nn.BatchNorm2d(outputs)
    )


class Block(nn.Module):
    """Two 3x3 convolutions and a shortcut, as in He et al., "Deep Residual Learning" (2016), figure 2.

    Where the picture is halved, the shortcut averages before its 1x1 convolution, so that no pixel is passed over
    (ResNet-D in He et al., "Bag of Tricks", 2019).
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = convolution(inputs, outputs, stride)
        self.second = convolution(outputs, outputs)
        self.shortcut = nn.Sequential()
        if stride > 1:
            self.shortcut.append(nn.AvgPool2d(stride))
        if inputs != outputs:
            self.shortcut.append(convolution(inputs, outputs, size=1))

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.second(functional.relu(self.first(x))) + self.shortcut(x))


class EmotionNet(nn.Module):
    """(N, 1, 48, 48) standardised grey values -> (N, 8) logits, in the order of `EMOTIONS`.

    The pooling at the end is learned for each place (a depthwise convolution as large as the map, as in Chen et al.,
    "MobileFaceNets" (2018)): a mouth counts otherwise than a forehead.
    """

    def __init__(self, widths: tuple[int, ...] = (32, 96, 192), blocks: int = 2) -> None:
        super().__init__()
        self.fold = nn.PixelUnshuffle(2)
        self.stem = convolution(4, widths[0])
        layers: list[nn.Module] = []
        inputs = widths[0]
        for stage, outputs in enumerate(widths):
            for place in range(blocks):
                layers.append(Block(inputs, outputs, stride=2 if stage and place == 0 else 1))
                inputs = outputs
        self.body = nn.Sequential(*layers)
        side = SIDE // 2 ** len(widths)
        self.pool = nn.Sequential(
            nn.Conv2d(inputs, 2 * inputs, side, groups=inputs, bias=False), nn.BatchNorm2d(2 * inputs)
        )
        self.head = nn.Linear(2 * inputs, len(EMOTIONS))

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.pool(self.body(functional.relu(self.stem(self.fold(x))))).flatten(1))
        return logits


class Recogniser(nn.Module):
    """(N, 48, 48, 3) pictures, RGB in 0..1 -> (N, 8) calibrated probabilities, in the order of `EMOTIONS`.

    The answer is the mean over a picture and its mirror image, so it does not depend on the side.
    """

    luma: Tensor

    def __init__(self, net: EmotionNet, temperature: float) -> None:
        super().__init__()
        self.net = net
        self.temperature = temperature
        self.register_buffer("luma", torch.tensor([0.299, 0.587, 0.114]))  # Rec. 601, as OpenCV makes grey

    def forward(self, rgb: Tensor) -> Tensor:
        x = standardise((rgb * self.luma).sum(dim=3).unsqueeze(1))
        both = self.net(torch.cat([x, x.flip(3)]))
        return torch.softmax(both.view(2, -1, len(EMOTIONS)).mean(dim=0) / self.temperature, dim=1)
