"""Trains the emotion net: `python -m training.emotion.train --out OUT`. Run again, it goes on where it stopped."""

import argparse
import copy
import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.emotion import data, measures
from training.emotion.augment import augment
from training.emotion.net import EmotionNet, standardise
from training.emotion.parallel import Parts


@dataclass
class Settings:
    """All that changes what comes out. Stored in the checkpoint: a run goes on only with the settings it began with."""

    seed: int = 1
    epochs: int = 40
    batch: int = 128
    parts: int = 2  # of a batch: normalised apart, worked on side by side
    rate: float = 0.08  # peak of the learning rate: it rises over `warm` epochs, then falls along a cosine to 0
    warm: float = 2.0  # epochs
    decay: float = 5e-4  # weight decay, on the weights of convolutions and of the last layer
    average: float = 0.999  # of the moving average of the weights, for each step
    balance: float = 0.25  # class weight: frequency to the power of minus this; 0.5 is the square root, 0 is none
    patience: int = 15  # epochs without a better valid accuracy


def main() -> None:
    args = arguments()
    settings = Settings(**{name: getattr(args, name) for name in Settings.__dataclass_fields__})
    torch.set_num_threads(1)
    folder = args.data or data.data_folder()
    run = Run(settings, data.load(folder, "train"), data.load(folder, "valid"), args.start, args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    checkpoint = args.out / "checkpoint.pt"
    if checkpoint.exists():
        run.restore(torch.load(checkpoint, weights_only=True))
    while not run.ended:
        line = run.epoch()
        replace(checkpoint, run.state())
        if line["best"]:
            replace(args.out / "best.pt", run.average.state_dict())
        with (args.out / "history.jsonl").open("a", encoding="utf-8") as history:
            history.write(json.dumps(line) + "\n")
        print(" ".join(f"{name} {value}" for name, value in line.items()), flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoint.pt, best.pt, history.jsonl")
    parser.add_argument("--data", type=Path, help="folder of the data set, default $FOOTLIGHTS_DATA/emotion")
    parser.add_argument("--start", type=Path, help="best.pt of an earlier run whose weights to begin with")
    parser.add_argument("--threads", type=int, default=2, help="cores to use, at most one for each part of a batch")
    for name, field in Settings.__dataclass_fields__.items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(field.default), default=field.default)
    return parser.parse_args()


class Run:
    """One training: the net, its moving average, and how far it has come."""

    def __init__(
        self, settings: Settings, train: data.Faces, valid: data.Faces, start: Path | None, threads: int = 1
    ) -> None:
        self.settings = settings
        self.labels = data.majority(valid.votes)
        self.valid = as_tensor(valid.pictures[self.labels >= 0])
        self.labels = self.labels[self.labels >= 0]
        targets, usable = data.distributions(train.votes)
        self.pictures, self.targets = as_tensor(train.pictures[usable]), torch.from_numpy(targets[usable])
        torch.manual_seed(settings.seed)
        self.net = load_net(start) if start else EmotionNet().to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.net).eval()
        self.parts = Parts(self.net, self.loss, settings.parts, threads)
        self.weights = class_weights(self.targets, settings.balance)
        self.optimiser = torch.optim.SGD(groups(self.net, settings.decay), lr=0.0, momentum=0.9, nesterov=True)
        self.steps = len(self.pictures) // settings.batch  # an epoch; the few left over are others each time
        self.done = 0  # epochs
        self.best, self.best_epoch = 0.0, -1

    @property
    def ended(self) -> bool:
        return self.done >= self.settings.epochs or self.done - self.best_epoch > self.settings.patience

    def epoch(self) -> dict[str, Any]:
        """One pass over the training pictures, then the score of the average on valid."""
        start, total = time.monotonic(), 0.0
        for step, (picture, target) in enumerate(self.batches()):
            rate = learning_rate(self.settings, self.done + step / self.steps)
            for group in self.optimiser.param_groups:
                group["lr"] = rate
            total += self.parts.gradients(picture, target)
            self.optimiser.step()
            blend(self.average, self.net, min(self.settings.average, self.seen(step) / (10 + self.seen(step))))
        logits = predict(self.average, self.valid)
        probabilities = measures.softmax(logits)
        score = measures.accuracy(probabilities, self.labels)
        better = score > self.best
        if better:
            self.best, self.best_epoch = score, self.done
        self.done += 1
        return {
            "epoch": self.done,
            "loss": round(total / self.steps, 4),
            "valid_loss": round(measures.log_loss(probabilities, self.labels), 4),
            "valid_accuracy": round(score, 4),
            "best": better,
            "seconds": round(time.monotonic() - start, 1),
        }

    def seen(self, step: int) -> int:
        return self.done * self.steps + step

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Augmented batches of one epoch.

        The seed and the epoch's number settle every draw, so an interrupted run goes on as if it had not been.
        """
        draw = torch.Generator().manual_seed(self.settings.seed * 1000 + self.done)
        order = torch.randperm(len(self.pictures), generator=draw)
        for chosen in order.split(self.settings.batch)[: self.steps]:
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
            "progress": [self.done, self.best, self.best_epoch],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state. Ends the program where the settings are not those it was made with."""
        if state["settings"] != vars(self.settings):
            raise SystemExit(f"the checkpoint was made with {state['settings']}; use the same or another --out")
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.done, self.best, self.best_epoch = state["progress"]


def as_tensor(pictures: np.ndarray) -> Tensor:
    """(N, 48, 48) uint8 -> (N, 1, 48, 48) uint8."""
    return torch.from_numpy(pictures).unsqueeze(1)


def load_net(path: Path) -> EmotionNet:
    """A net as `best.pt` holds it, ready to run."""
    net = EmotionNet()
    net.load_state_dict(torch.load(path, weights_only=True))
    return net.to(memory_format=torch.channels_last).eval()


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
def blend(average: nn.Module, net: nn.Module, keep: float) -> None:
    """Move the average, its normalisation's statistics too, towards the net."""
    for mine, new in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if mine.is_floating_point():
            mine.lerp_(new, 1 - keep)


@torch.no_grad()
def predict(net: EmotionNet, pictures: Tensor, batch: int = 512) -> np.ndarray:
    """(N, 1, 48, 48) uint8 -> (N, 8) float32 logits, each the mean over the picture and its mirror image."""
    net.eval()
    parts = []
    for part in pictures.split(batch):
        x = standardise(part.float() / 255)
        parts.append((net(x) + net(x.flip(3))) / 2)
    return torch.cat(parts).numpy()


def replace(path: Path, content: Any) -> None:
    """Save so that no interruption leaves half a file."""
    partial = path.with_suffix(".partial")
    torch.save(content, partial)
    partial.replace(path)


if __name__ == "__main__":
    main()
