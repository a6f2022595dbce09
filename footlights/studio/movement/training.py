"""Trains a movement net, step by step; an interrupted training goes on where it stopped."""

import copy
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from footlights.core.errors import SettingsError, SourceError
from footlights.recognition.movement.features import VIEWS
from footlights.recognition.movement.sight import RATE
from footlights.studio import checkpoint
from footlights.studio.checkpoint import blend
from footlights.studio.movement.generator import sequence
from footlights.studio.movement.library import library
from footlights.studio.movement.net import MovementNet, new_net
from footlights.studio.movement.settings import Settings

Watch = Callable[[int, float], None]  # told the steps done and the loss, averaged over the last hundred or so
TRAINING, VALID, TEST = 0, 1, 2  # worlds of seeds that never meet
QUIET = 7  # every so many sequences of a training hold nothing that has a label


class Pool:
    """The newest sequences of a training, in half precision."""

    def __init__(self, net: str, settings: Settings) -> None:
        self.library, self.settings = library(net), settings
        steps = round(settings.seconds * RATE)
        self.inputs = torch.zeros(settings.pool, steps, VIEWS[net].width, dtype=torch.float16)
        self.wanted = torch.zeros(settings.pool, steps, len(self.library.labels), dtype=torch.bool)
        self.counted = torch.zeros_like(self.wanted)
        self.made = 0

    def grow(self, upto: int) -> None:
        """Make the sequences up to this number; the oldest make room."""
        for number in range(max(self.made, upto - self.settings.pool), upto):
            seed, quiet = (self.settings.seed, TRAINING, number), number % QUIET == QUIET - 1
            made = sequence(self.library, seed, self.settings.seconds, quiet=quiet)
            place, length = number % self.settings.pool, self.inputs.shape[1]
            for mine, new in ((self.inputs, made.inputs), (self.wanted, made.wanted), (self.counted, made.counted)):
                values = torch.from_numpy(new[-length:])
                mine[place] = 0
                mine[place, : len(values)] = values.to(mine.dtype)
        self.made = max(self.made, upto)

    def draw(self, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """A batch: inputs, what is wanted, where it counts."""
        held = min(self.made, self.settings.pool)
        chosen = torch.from_numpy(rng.choice(held, self.settings.batch, replace=held < self.settings.batch))
        return self.inputs[chosen].float(), self.wanted[chosen].float(), self.counted[chosen].float()


class Run:
    """One training: the net, its moving average, and how far it has come."""

    def __init__(self, name: str, settings: Settings, start: Path | None = None) -> None:
        self.name, self.settings, self.labels = name, settings, library(name).labels
        torch.manual_seed(settings.seed)
        self.pool = Pool(name, settings)
        self.first = min(settings.pool, 24 * settings.batch)  # sequences before the first step
        self.pool.grow(self.first)
        self.net = new_net(name, settings.channels, settings.dropout)
        if start is None:
            self._measure()
        else:
            adopt(self.net, self.labels, read(start))
        self.average = copy.deepcopy(self.net).eval()
        self.optimiser = torch.optim.AdamW(self.net.parameters(), 0.0, (0.9, 0.98), weight_decay=settings.decay)
        self.done, self.loss = 0, math.nan
        self.weights = self._weights()

    def _measure(self) -> None:
        """Mean and deviation of the inputs, over the first sequences."""
        values = self.pool.inputs[: self.pool.made].float().flatten(0, 1)
        self.net.mean.copy_(values.mean(0))
        self.net.deviation.copy_(values.std(0) + 0.05)

    def _weights(self) -> Tensor:
        """(L,) how much more a rare label counts where it is right: its frequency to the power of -1/2."""
        share = self.pool.wanted[: self.pool.made].float().mean((0, 1)).clamp(min=2e-3)
        weights = (share / share.mean()) ** -0.5
        return weights.clamp(0.5, 3.0)

    @property
    def ended(self) -> bool:
        return self.done >= self.settings.steps

    def step(self) -> None:
        """One batch."""
        settings = self.settings
        self.pool.grow(self.first + settings.fresh * self.done)
        rng = np.random.default_rng((settings.seed, self.done))
        torch.manual_seed(settings.seed * 1_000_003 + self.done)
        inputs, wanted, counted = self.pool.draw(rng)
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(settings, self.done)
        self.net.train()
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.net(inputs).float()
        importance = counted * (1 + wanted * (self.weights - 1))
        losses = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
        loss = (losses * importance).sum(-1).mean()
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimiser.step()
        blend(self.average, self.net, min(settings.average, self.done / (10 + self.done)))
        now = float(loss.detach())
        self.loss = now if math.isnan(self.loss) else 0.99 * self.loss + 0.01 * now
        self.done += 1

    def state(self) -> dict[str, Any]:
        """All that `restore` needs to go on."""
        return {
            "name": self.name,
            "labels": list(self.labels),
            "settings": vars(self.settings),
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "weights": self.weights,
            "done": self.done,
            "loss": self.loss,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state. Raises SettingsError where settings or labels are not those it was made with."""
        mine = {"name": self.name, **vars(self.settings)}
        other = [
            f"{name} {was}, not {mine.get(name)}"
            for name, was in {"name": state["name"], **state["settings"]}.items()
            if was != mine.get(name)
        ]
        if state["labels"] != list(self.labels):
            other.append("another motion library")
        if other:
            raise SettingsError(f"the checkpoint was made with {', '.join(other)}; use the same or another folder")
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.weights, self.done, self.loss = state["weights"], state["done"], state["loss"]
        self.pool.grow(self.first + self.settings.fresh * max(self.done - 1, 0))


def learning_rate(settings: Settings, done: int) -> float:
    """After so many steps: linear up, cosine down."""
    warm = max(1, settings.steps // 20)
    if done < warm:
        return settings.rate * (done + 1) / warm
    return settings.rate * 0.5 * (1 + math.cos(math.pi * (done - warm) / max(1, settings.steps - warm)))


def adopt(net: MovementNet, labels: tuple[str, ...], state: dict[str, Any]) -> None:
    """Begin with the weights of an earlier net: outputs are matched by label, up to twice the channels may be new."""
    old, mine = dict(state["average"]), net.state_dict()
    if 0 < len(mine["enter.bias"]) - len(old["enter.bias"]) <= len(old["enter.bias"]):
        old = widened(old, len(mine["enter.bias"]))
    if any(old[name].shape[1:] != value.shape[1:] for name, value in mine.items() if name in old):
        raise SettingsError("the weights to start with are of a net of another size")
    for name in ("leave.weight", "leave.bias"):
        rows = mine[name].clone()
        for index, label in enumerate(labels):
            if label in state["labels"]:
                rows[index] = old[name][state["labels"].index(label)]
        old[name] = rows
    net.load_state_dict(old)


def widened(old: dict[str, Tensor], channels: int) -> dict[str, Tensor]:
    """Nearly the same net with more channels: some do their work twice and are heard half (Net2Net, Chen et al., 2016).

    A hundredth of noise makes the two of them go different ways.
    """
    width = len(old["enter.bias"])
    source = torch.cat([torch.arange(width), torch.randperm(width)[: channels - width]])
    share = 1 / torch.bincount(source, minlength=width)[source].float()
    taken = {0: lambda value: value[source], 1: lambda value: value[:, source] * share}
    new = {}
    for name, value in old.items():
        kind = name.rsplit(".", 2)[-2:]
        if name in ("mean", "deviation") or name == "leave.bias":
            new[name] = value
        elif kind == ["taps", "weight"]:
            parts = [taken[1](part) for part in torch.split(value, width, 1)]
            new[name] = taken[0](torch.cat(parts, 1))
        elif kind == ["out", "weight"]:
            new[name] = taken[0](taken[1](value))
        elif name == "leave.weight":
            new[name] = taken[1](value)
        else:
            new[name] = taken[0](value)
        if name.endswith("weight") and value.dim() == 2:
            new[name] = new[name] * (1 + 0.01 * torch.randn_like(new[name]))
    return new


def read(path: Path) -> dict[str, Any]:
    """The checkpoint of a training. Raises SourceError where the file is none."""
    state: dict[str, Any] = checkpoint.read(path)
    if not {"net", "average", "labels"} <= state.keys():
        raise SourceError(f"{path} is no checkpoint of a movement net")
    return state
