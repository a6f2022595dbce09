"""Trains a head, epoch by epoch; an interrupted training goes on where it stopped."""

import copy
import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from footlights.recognition.photo_classes import Crop
from footlights.studio import checkpoint
from footlights.studio.emotion import measures
from footlights.studio.photos.features import FeatureSet, Watch
from footlights.studio.photos.net import BodyHead, Head, new_head

Line = dict[str, Any]  # what is said of one epoch
BODY_PASSES = 6  # times through all bodies in one epoch: they are small, and each time others
AT_ONCE = 64  # maps in one call when a set is judged


@dataclass(frozen=True)
class Settings:
    """How a head is trained."""

    crop: Crop = "none"
    epochs: int = 20
    seed: int = 1
    batch: int = 32
    rate: float = 2e-3  # peak of the learning rate
    decay: float = 0.05  # weight decay
    smoothing: float = 0.05  # of the labels
    variants: int = 9  # of each picture, that the epochs take in turn
    mirror: bool = True  # some of the variants are mirror images


class Run:
    """One training: the head, its moving average, and how far it has come."""

    def __init__(self, settings: Settings, labels: tuple[str, ...], train: FeatureSet, valid: FeatureSet) -> None:
        self.settings, self.labels, self.train, self.valid = settings, labels, train, valid
        torch.manual_seed(settings.seed)
        self.head = new_head(settings.crop, len(labels))
        if isinstance(self.head, BodyHead):
            values = torch.from_numpy(np.array(train.levels, np.float32)).flatten(0, 1)
            self.head.mean.copy_(values.mean(0))
            self.head.deviation.copy_(values.std(0) + 0.1)
        self.average = copy.deepcopy(self.head).eval()
        self.optimiser = torch.optim.AdamW(self.head.parameters(), lr=0.0, weight_decay=settings.decay)
        self.passes = BODY_PASSES if settings.crop == "body" else 1
        self.steps = max(1, self.passes * len(train) // settings.batch)
        counts = np.bincount(train.kinds, minlength=len(labels))
        self.weights = torch.tensor((len(train) / len(labels) / counts) ** 0.5, dtype=torch.float32)
        self.history: list[Line] = []

    @property
    def done(self) -> int:
        """Epochs."""
        return len(self.history)

    @property
    def ended(self) -> bool:
        return self.done >= self.settings.epochs

    def epoch(self, watch: Watch = lambda done, steps: None) -> Line:
        """One pass over the pictures, each in one of its variants; then the score of the average on valid."""
        began, total = time.monotonic(), 0.0
        rng = np.random.default_rng((self.settings.seed, self.done))
        torch.manual_seed(self.settings.seed + 1000 * self.done)
        order = np.concatenate([rng.permutation(len(self.train)) for _ in range(self.passes)])
        for step, chosen in enumerate(np.array_split(order, self.steps)):
            variants = rng.integers(0, self.train.levels.shape[1], len(chosen))
            batch = torch.from_numpy(self.train.levels[chosen, variants])
            total += self._learn(batch, torch.from_numpy(self.train.kinds[chosen]), self.done + step / self.steps)
            watch(step + 1, self.steps)
        judged = measures.softmax(judge(self.average, self.valid))
        line = {
            "epoch": self.done + 1,
            "loss": round(total / self.steps, 4),
            "valid_loss": round(measures.log_loss(judged, self.valid.kinds), 4),
            "valid_accuracy": round(measures.accuracy(judged, self.valid.kinds), 4),
            "seconds": round(time.monotonic() - began, 1),
        }
        self.history.append(line)
        return line

    def _learn(self, levels: Tensor, kinds: Tensor, epoch: float) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.settings, epoch)
        self.head.train()
        logits = self.head(levels)
        value = functional.cross_entropy(logits, kinds, self.weights, label_smoothing=self.settings.smoothing)
        self.optimiser.zero_grad()
        torch.autograd.backward(value)
        self.optimiser.step()
        seen = epoch * self.steps
        checkpoint.blend(self.average, self.head, min(0.98, (1 + seen) / (10 + seen)))
        return float(value.detach())

    def state(self) -> dict[str, Any]:
        """All that `restore` needs to go on."""
        return checkpoint.state(self.labels, self.settings, self.history, **self._parts())

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state. Raises SettingsError where settings or labels are not those it was made with."""
        self.history = checkpoint.restore(state, self.labels, self.settings, **self._parts())

    def _parts(self) -> dict[str, Any]:
        return {"head": self.head, "average": self.average, "optimiser": self.optimiser}


@torch.no_grad()
def judge(head: Head | BodyHead, found: FeatureSet) -> np.ndarray:
    """(N, classes) logits of the pictures of a set as they are."""
    head.eval()
    parts = [
        head(torch.from_numpy(np.array(found.levels[start : start + AT_ONCE, 0]))).numpy()
        for start in range(0, len(found), AT_ONCE)
    ]
    return np.concatenate(parts)


def learning_rate(settings: Settings, epoch: float) -> float:
    """At so many epochs: up over the first one, then down on a cosine."""
    if epoch < 1:
        return settings.rate * (0.02 + 0.98 * epoch)
    return settings.rate * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (epoch - 1) / max(1, settings.epochs - 1))))
