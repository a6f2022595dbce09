"""Trains a recogniser of clips, epoch by epoch; an interrupted training goes on where it stopped."""

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from footlights.core.errors import SettingsError
from footlights.core.scene import Floats
from footlights.recognition.clip_classes import BACKGROUND, PICTURE_RATE
from footlights.recognition.movement.sight import RATE
from footlights.studio import checkpoint
from footlights.studio.clips.dataset import SeenClip
from footlights.studio.clips.everyday import TRAINING, everyday
from footlights.studio.clips.net import people_net, picture_net
from footlights.studio.clips.scores import Judged, judge
from footlights.studio.clips.seeing import as_rows, as_sight
from footlights.studio.clips.variants import held_still, steps_of, stretched, varied

Line = dict[str, Any]  # what is said of one epoch
Sided = Callable[[str], str]
CHAIN = 9.0  # seconds of one row of clips
STEPS = 12  # batches of an epoch, at least
SURE = 0.4  # of a clip's moments that must show its class; the others may show nothing
QUIET = 0.3  # seconds after the beginning of anything that say nothing yet
DAYS, DAY = 40, 15.0  # everyday stretches, seconds


@dataclass(frozen=True)
class Settings:
    """How a recogniser of clips is trained."""

    backbone: Literal["people", "picture"] = "people"  # what it looks at
    layers_to_finetune: int = 1  # last blocks of the pretrained nets that learn, too
    epochs: int = 25
    seed: int = 1
    batch: int = 12  # rows of clips
    rate: float = 2e-3  # peak of the learning rate of the head; that of the blocks is a quarter
    decay: float = 0.02  # weight decay
    variants: int = 24  # of each clip, seen differently
    mirror: bool = True  # some of them mirrored; never where a label says left or right
    everyday: bool = True  # generated everyday movements are told apart as background


@dataclass(frozen=True, eq=False)
class Stretch:
    """A clip in all its variants, or a stretch of background."""

    kind: int
    rows: tuple[Floats, ...]  # of each variant (T, D)


class Run:
    """One training: the net, its moving average, and how far it has come."""

    def __init__(
        self, settings: Settings, labels: tuple[str, ...], train: Sequence[SeenClip], valid: Sequence[SeenClip]
    ) -> None:
        check(settings)
        self.settings, self.labels, self.valid = settings, labels, valid
        self.rate = RATE if settings.backbone == "people" else PICTURE_RATE
        self.stretches = [self._stretch(clip, number) for number, clip in enumerate(train)]
        self.background = self._background()
        torch.manual_seed(settings.seed)
        self.net = people_net(len(labels)) if settings.backbone == "people" else picture_net(len(labels))
        if settings.backbone == "people":
            self.net.freeze(settings.layers_to_finetune)
        else:
            self._measure()
        self.average = copy.deepcopy(self.net).eval()
        blocks = [weight for weight in self.net.backbones.parameters() if weight.requires_grad]
        pretrained = 0.25 if settings.backbone == "people" else 1.0
        groups = [{"params": list(self.net.head.parameters()), "share": 1.0}]
        groups += [{"params": blocks, "share": pretrained}] if blocks else []
        self.optimiser = torch.optim.AdamW(groups, lr=0.0, weight_decay=settings.decay)
        self.steps = max(STEPS, math.ceil(2 * len(train) / settings.batch))
        self.history: list[Line] = []

    @property
    def done(self) -> int:
        """Epochs."""
        return len(self.history)

    @property
    def ended(self) -> bool:
        return self.done >= self.settings.epochs

    def _stretch(self, one: SeenClip, number: int) -> Stretch:
        """A clip as it is, and its variants."""
        rng = np.random.default_rng((self.settings.seed, 1, number))
        mirror = self.settings.mirror and not any(sided(label) for label in self.labels)
        kind = self.labels.index(one.clip.label)
        if self.settings.backbone == "people":
            seen = as_sight(one.found)
            rows = [steps_of(seen), *(varied(seen, rng, mirror) for _ in range(self.settings.variants))]
            return Stretch(kind, tuple(row.astype(np.float16) for row in rows))
        rows = [as_rows(one.found, False)]
        for _ in range(self.settings.variants // 3):
            rows.append(
                stretched(as_rows(one.found, mirror and rng.random() < 0.5), float(rng.uniform(0.72, 1.35)), rng)
            )
        return Stretch(kind, tuple(row.astype(np.float16) for row in rows))

    def _background(self) -> list[Stretch]:
        if not self.settings.everyday or self.settings.backbone != "people":
            return []
        last = len(self.labels) - 1
        days = (everyday((self.settings.seed, TRAINING, number), DAY) for number in range(DAYS))
        return [Stretch(last, (rows.astype(np.float16),)) for rows in days]

    def _measure(self) -> None:
        """Mean and deviation of the features of pictures."""
        net = self.net.backbones[0]
        rows = torch.from_numpy(np.concatenate([row for one in self.stretches for row in one.rows]).astype(np.float32))
        net.mean.copy_(rows.mean(0))  # type: ignore[operator]
        net.deviation.copy_(rows.std(0) + 0.05)  # type: ignore[operator]

    def epoch(self, watch: Callable[[int, int], None] = lambda done, steps: None) -> Line:
        """Some batches of rows of clips; then the score of the average on valid."""
        began, total = time.monotonic(), 0.0
        rng = np.random.default_rng((self.settings.seed, 2, self.done))
        torch.manual_seed(self.settings.seed + 1000 * self.done)
        for step in range(self.steps):
            total += self._learn([self._chain(rng) for _ in range(self.settings.batch)], self.done + step / self.steps)
            watch(step + 1, self.steps)
        judged = self.judged()
        seconds = time.monotonic() - began
        line = {
            "epoch": self.done + 1,
            "loss": round(total / self.steps, 4),
            "valid_accuracy": round(judged.accuracy, 4),
            "seconds": round(seconds, 1),
            "left": round(seconds * (self.settings.epochs - self.done - 1)),
        }
        self.history.append(line)
        return line

    def judged(self) -> Judged:
        """What the average answers to the clips of valid."""
        return judge(self.average, self.labels, self.valid, self.settings.backbone, self.rate)

    def _chain(self, rng: np.random.Generator) -> "Chain":
        """Clips and background in a row, as they come in a stream."""
        length, parts, spans = round(CHAIN * self.rate), list[Floats](), list[tuple[int, int, int]]()
        count = 0
        while count < length:
            if self.background and rng.random() < 0.4:
                day = self.background[rng.integers(len(self.background))]
                rows = day.rows[0]
                start = int(rng.integers(max(1, len(rows) - round(4 * self.rate))))
                rows, kind = rows[start : start + int(rng.integers(10, round(4 * self.rate)))], day.kind
            else:
                one = self.stretches[rng.integers(len(self.stretches))]
                rows, kind = one.rows[rng.integers(len(one.rows))], one.kind
                still = held_still(rows, 1.0, rng, self.rate)
                parts.append(still)
                count += len(still)
            spans.append((kind, count, count + len(rows)))
            parts.append(rows)
            count += len(rows)
        whole = np.concatenate(parts)[:length].astype(np.float32)
        quiet = round(QUIET * self.rate)
        inside = [(kind, first + quiet, min(last, length)) for kind, first, last in spans if first + quiet + 4 < length]
        return Chain(whole, tuple((kind, first, last) for kind, first, last in inside if last - first >= 4))

    def _learn(self, chains: Sequence["Chain"], epoch: float) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = group["share"] * learning_rate(self.settings, epoch)
        self.net.train()
        values = torch.from_numpy(np.stack([chain.rows for chain in chains]))
        value = loss(torch.log_softmax(self.net(values), -1), [chain.spans for chain in chains])
        self.optimiser.zero_grad()
        torch.autograd.backward(value)
        nn.utils.clip_grad_norm_([weight for weight in self.net.parameters() if weight.requires_grad], 1.0)
        self.optimiser.step()
        seen = epoch * self.steps
        checkpoint.blend(self.average, self.net, min(0.98, (1 + seen) / (10 + seen)))
        return float(value.detach())

    def state(self) -> dict[str, Any]:
        """All that `restore` needs to go on."""
        return checkpoint.state(self.labels, self.settings, self.history, **self._parts())

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state. Raises SettingsError where settings or labels are not those it was made with."""
        self.history = checkpoint.restore(state, self.labels, self.settings, **self._parts())

    def _parts(self) -> dict[str, Any]:
        return {"net": self.net, "average": self.average, "optimiser": self.optimiser}


@dataclass(frozen=True, eq=False)
class Chain:
    """Clips in a row."""

    rows: Floats  # (T, D)
    spans: tuple[tuple[int, int, int], ...]  # what it is, first step, the step after the last


def loss(told: Tensor, spans: Sequence[Sequence[tuple[int, int, int]]]) -> Tensor:
    """(N, T, L) logarithms of probabilities against what the clips are.

    A clip shows its class at its surest moments; at the others it shows that or nothing. Background is background all
    the time.
    """
    last, values = told.shape[-1] - 1, []
    for row, own in zip(told, spans, strict=True):
        for kind, first, end in own:
            part = row[first:end]
            if kind == last:
                values.append(-part[:, last].mean())
                continue
            mine = part[:, kind]
            count = max(1, round(SURE * len(mine)))
            surest = mine.topk(count).values
            either = torch.logaddexp(mine, part[:, last])
            values.append(-surest.mean() - either.mean())
    return torch.stack(values).mean()


def learning_rate(settings: Settings, epoch: float) -> float:
    """At so many epochs: up over the first one, then down on a cosine."""
    if epoch < 1:
        return settings.rate * (0.02 + 0.98 * epoch)
    return settings.rate * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (epoch - 1) / max(1, settings.epochs - 1))))


def check(settings: Settings) -> None:
    """Raises SettingsError where a setting is out of range."""
    if settings.backbone == "picture" and settings.layers_to_finetune > 1:
        raise SettingsError(
            "a recogniser that looks at whole pictures has no layers to fine-tune: all of its own are new"
        )
    if not 0 <= settings.layers_to_finetune <= 6:
        raise SettingsError(f"layers to fine-tune are 0 to 6, got {settings.layers_to_finetune}")


def sided(label: str) -> bool:
    """True for what is something else in a mirror."""
    return label != BACKGROUND and any(side in label.lower() for side in ("left", "right"))
