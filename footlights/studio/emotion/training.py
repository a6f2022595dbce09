"""Trains the emotion net, epoch by epoch; an interrupted training goes on where it stopped."""

import copy
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from footlights.core.errors import SettingsError, SourceError
from footlights.studio.checkpoint import blend, read
from footlights.studio.data.fer2013 import majority
from footlights.studio.emotion import measures
from footlights.studio.emotion.augment import augment
from footlights.studio.emotion.faces import Faces, check_learnable, distributions
from footlights.studio.emotion.net import EmotionNet, standardise
from footlights.studio.emotion.parallel import Parts
from footlights.studio.emotion.settings import Settings

Line = dict[str, Any]  # what is said of one epoch
Watch = Callable[[int, int], None]  # told the steps done in this epoch, and how many it has


class Run:
    """One training: the net, its moving average, and how far it has come. Close it when it is no longer needed."""

    def __init__(self, settings: Settings, train: Faces, valid: Faces, start: Path | None, threads: int = 1) -> None:
        check_learnable(train, "train", least=2 * settings.parts)
        check_learnable(valid, "valid")
        self.settings = settings
        self.labels = majority(valid.votes)
        self.valid = as_tensor(valid.pictures[self.labels >= 0])
        self.labels = self.labels[self.labels >= 0]
        targets, usable = distributions(train.votes)
        self.pictures, self.targets = as_tensor(train.pictures[usable]), torch.from_numpy(targets[usable])
        torch.manual_seed(settings.seed)
        self.net = load_net(start) if start else channels_last(EmotionNet())
        self.average = copy.deepcopy(self.net).eval()
        self.parts = Parts(self.net, self.loss, settings.parts, threads)
        self.weights = class_weights(self.targets, settings.balance)
        self.optimiser = torch.optim.SGD(groups(self.net, settings.decay), lr=0.0, momentum=0.9, nesterov=True)
        self.batch = min(settings.batch, len(self.pictures))
        self.steps = len(self.pictures) // self.batch  # an epoch; the few left over are others each time
        self.best, self.best_epoch = -1.0, -1
        self.history: list[Line] = []

    def __enter__(self) -> "Run":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.parts.close()

    @property
    def done(self) -> int:
        """Epochs."""
        return len(self.history)

    @property
    def ended(self) -> bool:
        return self.done >= self.settings.epochs or self.done - self.best_epoch > self.settings.patience

    def epoch(self, watch: Watch = lambda step, steps: None) -> Line:
        """One pass over the training pictures, then the score of the average on valid."""
        start, total = time.monotonic(), 0.0
        for step, (picture, target) in enumerate(self.batches()):
            rate = learning_rate(self.settings, self.done + step / self.steps)
            for group in self.optimiser.param_groups:
                group["lr"] = rate
            total += self.parts.gradients(picture, target)
            self.optimiser.step()
            blend(self.average, self.net, min(self.settings.average, self.seen(step) / (10 + self.seen(step))))
            watch(step + 1, self.steps)
        logits = predict(self.average, self.valid)
        probabilities = measures.softmax(logits)
        score = measures.accuracy(probabilities, self.labels)
        better = score > self.best
        if better:
            self.best, self.best_epoch = score, self.done
        line = {
            "epoch": self.done + 1,
            "loss": round(total / self.steps, 4),
            "valid_loss": round(measures.log_loss(probabilities, self.labels), 4),
            "valid_accuracy": round(score, 4),
            "best": better,
            "seconds": round(time.monotonic() - start, 1),
        }
        self.history.append(line)
        return line

    def seen(self, step: int) -> int:
        return self.done * self.steps + step

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Augmented batches of one epoch.

        The seed and the epoch's number settle every draw, so an interrupted run goes on as if it had not been.
        """
        draw = torch.Generator().manual_seed(self.settings.seed * 1000 + self.done)
        order = torch.randperm(len(self.pictures), generator=draw)
        for chosen in torch.split(order, self.batch)[: self.steps]:
            yield augment(self.pictures[chosen].float() / 255, draw), self.targets[chosen]

    def loss(self, net: nn.Module, x: Tensor, target: Tensor) -> Tensor:
        """Cross entropy against the distribution of the votes, rare emotions counting more."""
        x = x.to(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            logits = net(x).float()
        importance = target @ self.weights
        return (functional.cross_entropy(logits, target, reduction="none") * importance).sum() / importance.sum()

    def state(self) -> dict[str, Any]:
        """All that `restore` needs to go on."""
        return {
            "settings": vars(self.settings),
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "best": [self.best, self.best_epoch],
            "history": list(self.history),
            "faces": [len(self.pictures), len(self.valid)],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state. Raises SettingsError where settings or faces are not those it was made with."""
        mine = vars(self.settings)
        other = [
            f"{name} {was}, not {mine.get(name)}" for name, was in state["settings"].items() if was != mine.get(name)
        ]
        faces = [len(self.pictures), len(self.valid)]
        if state["faces"] != faces:
            other.append(f"{state['faces']} faces in train and valid, not {faces}")
        if other:
            raise SettingsError(f"the checkpoint was made with {', '.join(other)}; use the same or another --out")
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.best, self.best_epoch = state["best"]
        self.history = list(state["history"])


def as_tensor(pictures: np.ndarray) -> Tensor:
    """(N, 48, 48) uint8 -> (N, 1, 48, 48) uint8."""
    return torch.from_numpy(pictures).unsqueeze(1)


def channels_last(net: EmotionNet) -> EmotionNet:
    """The same net with its kernels laid out as the processor's convolutions want them."""
    for weight in net.parameters():
        if weight.ndim == 4:
            weight.data = weight.data.contiguous(memory_format=torch.channels_last)
    return net


def load_net(path: Path) -> EmotionNet:
    """A net as `best.pt` holds it, ready to run. Raises SourceError where the file holds no such net."""
    net = EmotionNet()
    try:
        net.load_state_dict(read(path))
    except (RuntimeError, TypeError) as error:
        raise SourceError(f"{path} does not hold the weights of this net") from error
    return channels_last(net).eval()


def class_weights(targets: Tensor, power: float) -> Tensor:
    """(8,) weights, 1 on average over the pictures."""
    share = targets.mean(dim=0).clamp(min=1e-6)
    weights = share**-power
    return weights / (weights * share).sum()


def groups(net: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Weight decay for matrices and kernels, none for biases and normalisation."""
    kernels = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim <= 1]
    return [{"params": kernels, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def learning_rate(settings: Settings, epoch: float) -> float:
    """At a time in epochs: linear up, cosine down."""
    if epoch < settings.warm:
        return settings.rate * epoch / settings.warm
    return settings.rate * 0.5 * (1 + math.cos(math.pi * (epoch - settings.warm) / (settings.epochs - settings.warm)))


@torch.no_grad()
def predict(net: EmotionNet, pictures: Tensor, batch: int = 512) -> np.ndarray:
    """(N, 1, 48, 48) uint8 -> (N, 8) float32 logits, each the mean over the picture and its mirror image."""
    net.eval()
    parts = []
    for part in torch.split(pictures, batch):
        x = standardise(part.float() / 255)
        parts.append((net(x) + net(x.flip(3))) / 2)
    return torch.cat(parts).numpy()
