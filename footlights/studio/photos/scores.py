"""How good a classifier is on pictures that it did not learn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from footlights.core.errors import SourceError
from footlights.core.geometry import fit
from footlights.media.images import load
from footlights.media.snapshot import jpeg
from footlights.studio.photos.dataset import Photo
from footlights.studio.report import WORST, Mistake

CERTAIN = 0.95  # share of right answers that a threshold is to give
THRESHOLDS = np.arange(50, 100, 5) / 100
SIDE = 480  # pixels of the longer side of the picture of a mistake


@dataclass(frozen=True, eq=False)
class Judged:
    """Answers for the pictures of a set."""

    labels: tuple[str, ...]
    photos: Sequence[Photo]
    probabilities: np.ndarray  # (N, classes)
    missed: Sequence[Photo] = ()  # pictures in which nobody was found: no answer

    @property
    def kinds(self) -> np.ndarray:
        """(N,) the true classes."""
        return np.array([photo.kind for photo in self.photos], int)

    @property
    def answers(self) -> np.ndarray:
        """(N,) the most probable classes."""
        return np.asarray(self.probabilities.argmax(axis=1))

    @property
    def accuracy(self) -> float:
        """Share of right answers; a picture without one counts as wrong."""
        count = len(self.photos) + len(self.missed)
        return float((self.answers == self.kinds).sum()) / count if count else 0.0


def thresholds(judged: Judged) -> list[float]:
    """For each class the least probability from which so many of its answers are right as `CERTAIN` says."""
    answers, certainty = judged.answers, judged.probabilities.max(axis=1)
    chosen = []
    for kind in range(len(judged.labels)):
        mine = answers == kind
        good = [
            float(level)
            for level in THRESHOLDS
            if (above := mine & (certainty >= level)).any() and (judged.kinds[above] == kind).mean() >= CERTAIN
        ]
        chosen.append(round(good[0] if good else float(THRESHOLDS[-1]) if mine.any() else 0.5, 2))
    return chosen


def mistakes(judged: Judged, out: Path) -> list[Mistake]:
    """The mistakes of which it was surest, the worst first, each with its picture in `out/worst`."""
    kinds, answers, certainty = judged.kinds, judged.answers, judged.probabilities.max(axis=1)
    wrong = np.flatnonzero(answers != kinds)
    wrong = wrong[np.argsort(-certainty[wrong], kind="stable")][:WORST]
    found, folder = [], out / "worst"
    for old in folder.glob("*.jpg"):
        old.unlink()
    for place, index in enumerate(wrong.tolist(), start=1):
        folder.mkdir(parents=True, exist_ok=True)
        photo, name = judged.photos[index], f"worst/{place:02}.jpg"
        (out / name).write_bytes(jpeg(_small(photo.path)))
        sure = round(float(certainty[index]), 4)
        found.append(Mistake(photo.name, judged.labels[kinds[index]], judged.labels[answers[index]], sure, name))
    return found


def _small(path: Path) -> np.ndarray:
    try:
        image = load(path)
    except SourceError:  # it was readable when the training began
        return np.full((SIDE, SIDE, 3), 128, np.uint8)
    height, width = image.shape[:2]
    _, wide, high = fit(width, height, min(SIDE, max(width, height)))
    return np.asarray(cv2.resize(image, (wide, high), interpolation=cv2.INTER_AREA), np.uint8)
