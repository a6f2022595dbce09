"""How good a recogniser is on clips that it did not learn from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from footlights.core.scene import Floats
from footlights.studio.clips.dataset import SeenClip
from footlights.studio.clips.everyday import JUDGING, everyday
from footlights.studio.clips.net import ClipNet
from footlights.studio.clips.seeing import rows_of

SMOOTH = 0.25  # seconds over which the app averages
LAST = 0.5  # seconds that the app goes on after the end of a clip
HOLD = 0.3  # seconds that a class must last to count
CERTAIN = 0.95  # share of right answers that a threshold is to give
FALSE = 1.0  # false beginnings a minute of everyday movements, of one class, that a threshold may let through
THRESHOLDS = np.arange(50, 100, 5) / 100


@dataclass(frozen=True, eq=False)
class Judged:
    """Answers for clips: for each the probabilities at the moment at which it is surest of any class."""

    labels: tuple[str, ...]  # the last is the background
    clips: tuple[str, ...]  # N names
    kinds: np.ndarray  # (N,) the true classes
    probabilities: np.ndarray  # (N, L)
    moments: np.ndarray  # (N,) seconds
    thresholds: tuple[float, ...] = ()

    @property
    def answers(self) -> np.ndarray:
        """(N,) the classes answered: the background where none is probable enough."""
        last = len(self.labels) - 1
        best = self.probabilities[:, :last].argmax(axis=1)
        levels = np.array(self.thresholds or (0.5,) * len(self.labels))
        sure = self.probabilities[np.arange(len(best)), best] >= levels[best]
        return np.where(sure, best, last)

    @property
    def accuracy(self) -> float:
        """Share of right answers."""
        return float((self.answers == self.kinds).mean()) if len(self.kinds) else 0.0


def judge(
    net: ClipNet, labels: tuple[str, ...], clips: Sequence[SeenClip], backbone: str, rate: float,
    thresholds: Sequence[float] = (),
) -> Judged:  # fmt: skip
    """The net's answers to whole clips, each as a stream of its own."""
    found, moments = [], []
    for one in clips:
        told = smoothed(probabilities(net, rows_of(one.found, backbone)), rate)
        moment = int(told[:, :-1].max(axis=1).argmax())
        found.append(told[moment])
        moments.append(moment / rate)
    kinds = np.array([labels.index(one.clip.label) for one in clips], int)
    return Judged(
        labels, tuple(one.clip.name for one in clips), kinds, np.array(found).reshape(-1, len(labels)),
        np.array(moments), tuple(thresholds),
    )  # fmt: skip


@torch.no_grad()
def probabilities(net: ClipNet, rows: Floats) -> Floats:
    """(T, D) -> (T, L), all steps at once."""
    logits = net.eval()(torch.from_numpy(rows)[None])[0] / net.temperature
    told: Floats = torch.softmax(logits, -1).numpy()
    return told


def smoothed(told: Floats, rate: float) -> Floats:
    """(T, L) averaged as the app does, step by step, from nothing."""
    keep, out = float(np.exp(-1 / (SMOOTH * rate))), np.empty_like(told)
    now = told[0]
    for step, row in enumerate(told):
        now = keep * now + (1 - keep) * row
        out[step] = now
    return out


def alarms(net: ClipNet, seed: int, count: int, seconds: float, rate: float) -> list[Floats]:
    """(T, L) smoothed answers to everyday movements that it did not learn from."""
    return [smoothed(probabilities(net, everyday((seed, JUDGING, number), seconds)), rate) for number in range(count)]


def begins(told: Sequence[Floats], kind: int, level: float, rate: float) -> int:
    """How often a class would begin: probable enough for `HOLD`."""
    total, need = 0, max(1, round(HOLD * rate))
    for rows in told:
        above = np.concatenate([[False], rows[:, kind] >= level, [False]]).astype(int)
        edges = np.diff(above)
        total += int((np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1) >= need).sum())
    return total


def choose_thresholds(judged: Judged, quiet: Sequence[Floats], rate: float) -> tuple[float, ...]:
    """For each class the least probability from which answers are right as often as `CERTAIN` says, and everyday
    movements seldom taken for it.
    """
    last = len(judged.labels) - 1
    best = judged.probabilities[:, :last].argmax(axis=1) if len(judged.kinds) else np.zeros(0, int)
    minutes = sum(len(rows) for rows in quiet) / rate / 60
    chosen = []
    for kind in range(last):
        good = []
        for level in THRESHOLDS.tolist():
            mine = (best == kind) & (judged.probabilities[:, kind] >= level)
            right = not mine.any() or float((judged.kinds[mine] == kind).mean()) >= CERTAIN
            calm = not quiet or begins(quiet, kind, level, rate) / minutes <= FALSE
            if right and calm:
                good.append(level)
        chosen.append(round(float(good[0] if good else THRESHOLDS[-1]), 2))
    return (*chosen, 0.5)
