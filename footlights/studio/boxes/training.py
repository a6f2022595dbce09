"""Trains a detector, epoch by epoch; an interrupted training goes on where it stopped."""

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from footlights.core.errors import SettingsError
from footlights.core.scene import Detections
from footlights.media.images import load
from footlights.perception.heads.found import suppression
from footlights.perception.heads.yolo import decode_yolox, yolox_grid
from footlights.studio import checkpoint
from footlights.studio.boxes.augment import Shown, augmented, fitted
from footlights.studio.boxes.dataset import BoxSet, Sample
from footlights.studio.boxes.loss import Cells, loss
from footlights.studio.boxes.net import STRIDES, Detector, Exported, new_detector
from footlights.studio.boxes.scores import Truth, average_precision, mean_average_precision

KEPT = 640  # pixels of the longer side with which pictures are held in memory
LEAST = 4  # pictures that a class must be in
THRESHOLD = 0.05  # score from which a detection counts when a detector is scored

Line = dict[str, Any]  # what is said of one epoch
Watch = Callable[[int, int], None]  # told the steps done in this epoch, and how many it has


@dataclass(frozen=True)
class Settings:
    """How a detector is trained."""

    epochs: int = 30
    seed: int = 1
    batch: int = 8
    size: int = 416  # pixels: width and height of the input, a multiple of 32
    rate: float = 1.5e-3  # peak of the learning rate
    decay: float = 0.02  # weight decay
    mosaic: float = 0.6  # chance of four pictures put together; none in the last fifth of the epochs
    frozen: bool = True  # the first two stages of a pretrained start stay as they are
    average: float = 0.998  # of the moving average of the weights, for each step


class Run:
    """One training: the net, its moving average, and how far it has come."""

    def __init__(self, settings: Settings, train: BoxSet, valid: BoxSet, start: Path | None) -> None:
        check(settings, train, valid)
        self.settings, self.labels = settings, train.labels
        self.train = [shown(sample) for sample in train.samples]
        self.valid = [shown(sample) for sample in valid.samples]
        torch.manual_seed(settings.seed)
        self.net = new_detector(len(train.labels), start)
        if start is not None and settings.frozen:
            for part in (self.net.backbone.stem, self.net.backbone.two, self.net.backbone.three):
                part.requires_grad_(False)
        self.average = copy.deepcopy(self.net).eval()
        learning = [weight for weight in self.net.parameters() if weight.requires_grad]
        self.optimiser = torch.optim.AdamW(
            [
                {"params": [weight for weight in learning if weight.ndim > 1], "weight_decay": settings.decay},
                {"params": [weight for weight in learning if weight.ndim <= 1], "weight_decay": 0.0},
            ],
            lr=0.0,
        )
        self.cells = Cells.of(settings.size, settings.size)
        self.steps = max(1, math.ceil(len(self.train) / settings.batch))
        self.best = -1.0
        self.history: list[Line] = []

    @property
    def done(self) -> int:
        """Epochs."""
        return len(self.history)

    @property
    def ended(self) -> bool:
        return self.done >= self.settings.epochs

    def epoch(self, watch: Watch = lambda step, steps: None) -> Line:
        """One pass over the training pictures, then the score of the average on valid."""
        began, total = time.monotonic(), 0.0
        rng = np.random.default_rng((self.settings.seed, self.done))
        order = rng.permutation(len(self.train))
        mosaic = self.settings.mosaic if self.done < 0.8 * self.settings.epochs else 0.0
        for step in range(self.steps):
            chosen = order[step * self.settings.batch : (step + 1) * self.settings.batch]
            made = [augmented(self.train, int(index), self.settings.size, rng, mosaic) for index in chosen]
            total += self._learn(made, self.done + step / self.steps)
            watch(step + 1, self.steps)
        scores = average_precision(*self.judged(self.average))
        value = mean_average_precision(scores)
        line = {
            "epoch": self.done + 1,
            "loss": round(total / self.steps, 3),
            "valid_map50": round(value, 4),
            "best": value > self.best,
            "seconds": round(time.monotonic() - began, 1),
        }
        self.best = max(self.best, value)
        self.history.append(line)
        return line

    def _learn(self, made: Sequence[Shown], epoch: float) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.settings, epoch)
        self.net.train()
        boxes, kinds = zip(*(targets(one) for one in made), strict=True)
        value = loss(self.net(batch(made)), list(boxes), list(kinds), self.cells)
        self.optimiser.zero_grad()
        torch.autograd.backward(value)
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 10.0)
        self.optimiser.step()
        seen = epoch * self.steps
        checkpoint.blend(self.average, self.net, min(self.settings.average, (1 + seen) / (10 + seen)))
        return float(value.detach())

    @torch.no_grad()
    def judged(self, net: Detector) -> tuple[list[Truth], list[Detections]]:
        """What is in every picture of valid, and what the net finds there."""
        grid = yolox_grid(self.settings.size, self.settings.size, STRIDES)
        truths, found = [], []
        for one in self.valid:
            laid = fitted(one, self.settings.size)
            answer = Exported(net).eval()(batch([laid]))[0].numpy()
            guess = suppression(decode_yolox(answer, *grid, THRESHOLD))
            names = tuple(self.labels[kind] for kind in guess.kinds.tolist())
            found.append(Detections(guess.boxes.astype(np.float32), guess.scores.astype(np.float32), names))
            truths.append(Truth(laid.boxes, tuple(self.labels[kind] for kind in laid.kinds.tolist())))
        return truths, found

    def state(self) -> dict[str, Any]:
        """All that `restore` needs to go on."""
        return {**checkpoint.state(self.labels, self.settings, self.history, **self._parts()), "best": self.best}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state. Raises SettingsError where settings or labels are not those it was made with."""
        self.history = checkpoint.restore(state, self.labels, self.settings, **self._parts())
        self.best = state["best"]

    def _parts(self) -> dict[str, Any]:
        return {"net": self.net, "average": self.average, "optimiser": self.optimiser}


def check(settings: Settings, train: BoxSet, valid: BoxSet) -> None:
    """Raises SettingsError, with one line, where nothing can be learned."""
    if settings.size % 32 or settings.size < 64:
        raise SettingsError(f"size must be a multiple of 32 from 64 on, got {settings.size}")
    if not train.labels:
        raise SettingsError("no class is named, and no picture has a box: draw some boxes first")
    if valid.labels != train.labels:
        raise SettingsError(
            f"train has the classes {', '.join(train.labels)}, valid has {', '.join(valid.labels) or 'none'}"
        )
    for kind, label in enumerate(train.labels):
        count = sum(kind in sample.kinds for sample in train.samples)
        if count < LEAST:
            raise SettingsError(f"the class '{label}' is in {count} pictures; it needs at least {LEAST}")


def shown(sample: Sample) -> Shown:
    """A picture of a set, no larger than it is of use. Raises SourceError where it cannot be read."""
    image = load(sample.picture)
    scale = min(1.0, KEPT / max(image.shape[:2]))
    if scale < 1:
        small = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        image = np.asarray(cv2.resize(image, small, interpolation=cv2.INTER_AREA), np.uint8)
    size = np.array([image.shape[1], image.shape[0]] * 2, np.float32)
    return Shown(image, sample.boxes * size, sample.kinds)


def batch(made: Sequence[Shown]) -> Tensor:
    """(N, 3, H, W) BGR 0..255."""
    images = np.stack([one.image[..., ::-1] for one in made])
    return torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)).astype(np.float32))


def targets(one: Shown) -> tuple[Tensor, Tensor]:
    """(N, 4) centre and size in pixels, and (N,) classes."""
    boxes = torch.from_numpy(np.asarray(one.boxes, np.float32))
    centre_size = torch.cat([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], 1)
    return centre_size, torch.from_numpy(one.kinds.astype(np.int64))


def learning_rate(settings: Settings, epoch: float) -> float:
    """At so many epochs: up over the first one, then down on a cosine."""
    if epoch < 1:
        return settings.rate * (0.02 + 0.98 * epoch)
    return settings.rate * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * (epoch - 1) / max(1, settings.epochs - 1))))
