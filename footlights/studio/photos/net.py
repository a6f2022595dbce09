"""The head: from the backbone's map of features to classes."""

import torch
from torch import Tensor, nn

from footlights.perception.image_features import STEP
from footlights.recognition.photo_classes import BODY_WIDTH, Crop

CHANNELS = 512  # of the map


class Head(nn.Module):
    """Looks at neighbouring spots together, then at the whole: 0.2 million weights. Map (N, 14, 14, 512) of 8 bit in,
    logits (N, classes) out.
    """

    def __init__(self, classes: int, width: int = 96) -> None:
        super().__init__()
        self.narrow = nn.Sequential(nn.Conv2d(CHANNELS, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        self.near = nn.Sequential(
            nn.Conv2d(width, width, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
        )  # fmt: skip
        self.drop = nn.Dropout(0.3)
        self.out = nn.Linear(2 * width, classes)

    def forward(self, levels: Tensor) -> Tensor:
        values = levels.permute(0, 3, 1, 2).float() * STEP
        spots = self.near(self.narrow(values))
        whole = torch.cat([spots.mean((2, 3)), spots.amax((2, 3))], dim=1)
        logits: Tensor = self.out(self.drop(whole))
        return logits


class BodyHead(nn.Module):
    """From landmarks of a body (N, BODY_WIDTH) to logits (N, classes): ten thousand weights."""

    def __init__(self, classes: int, width: int = 48) -> None:
        super().__init__()
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", torch.zeros(BODY_WIDTH))
        self.register_buffer("deviation", torch.ones(BODY_WIDTH))
        self.layers = nn.Sequential(
            nn.Dropout(0.3), nn.Linear(BODY_WIDTH, width), nn.ReLU(), nn.Dropout(0.3), nn.Linear(width, classes)
        )

    def forward(self, body: Tensor) -> Tensor:
        logits: Tensor = self.layers((body - self.mean) / self.deviation)
        return logits


def new_head(crop: Crop, classes: int) -> Head | BodyHead:
    """An untrained head for what is looked at."""
    return BodyHead(classes) if crop == "body" else Head(classes)


class Exported(nn.Module):
    """With calibrated probabilities: what the file holds."""

    def __init__(self, head: Head | BodyHead, temperature: float) -> None:
        super().__init__()
        self.head, self.temperature = head, temperature

    def forward(self, levels: Tensor) -> Tensor:
        """Of maps or bodies, (N, classes)."""
        return torch.softmax(self.head(levels) / self.temperature, dim=1)
