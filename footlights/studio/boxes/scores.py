"""How good a detector is: average precision, as COCO and Pascal VOC define it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from footlights.core.geometry import box_iou
from footlights.core.scene import Detections, Floats

OVERLAP = 0.5


@dataclass(frozen=True, eq=False)
class Truth:
    """What is in one picture."""

    boxes: Floats  # (N, 4) pixels
    labels: tuple[str, ...]


@dataclass(frozen=True)
class ClassScore:
    """One class over a whole set."""

    label: str
    things: int
    precision: float  # average precision: the area under precision over recall
    recall: float  # of all that was found


def average_precision(
    truths: Sequence[Truth], found: Sequence[Detections], overlap: float = OVERLAP
) -> dict[str, ClassScore]:
    """The score of every class that is in the truth, by its name.

    Detections of all pictures are taken in the order of their scores; each counts if it overlaps a thing of its class
    that none before it has taken. Precision is made monotone and integrated over every recall (Everingham et al., The
    Pascal VOC Challenge, 2010, as from 2010 on).
    """
    scores = {}
    for label in sorted({label for truth in truths for label in truth.labels}):
        hits, values, things = [], [], 0
        for truth, guess in zip(truths, found, strict=True):
            mine = _of(truth.boxes, truth.labels, label)
            things += len(mine)
            chosen = [index for index, name in enumerate(guess.labels) if name == label]
            order = sorted(chosen, key=lambda index: -guess.scores[index])
            hits += _hits(mine, guess.boxes[order], overlap)
            values += [float(guess.scores[index]) for index in order]
        scores[label] = _area(label, np.array(hits, bool), np.array(values), things)
    return scores


def mean_average_precision(scores: dict[str, ClassScore]) -> float:
    """The mean over the classes; 0 where there are none."""
    return float(np.mean([score.precision for score in scores.values()])) if scores else 0.0


def _of(boxes: Floats, labels: Sequence[str], label: str) -> Floats:
    return boxes[[index for index, name in enumerate(labels) if name == label]].reshape(-1, 4)


def _hits(things: Floats, boxes: Floats, overlap: float) -> list[bool]:
    """For each box, best score first, whether it finds a thing that is free still."""
    shared = box_iou(np.asarray(boxes, np.float32).reshape(-1, 4), np.asarray(things, np.float32))
    free = np.ones(len(things), bool)
    hits = []
    for row in shared:
        best = int(np.argmax(np.where(free, row, -1))) if len(things) else -1
        hit = best >= 0 and bool(free[best]) and bool(row[best] >= overlap)
        if hit:
            free[best] = False
        hits.append(hit)
    return hits


def _area(label: str, hits: np.ndarray, values: np.ndarray, things: int) -> ClassScore:
    hits = hits[np.argsort(-values, kind="stable")]
    right = np.cumsum(hits)
    recall = right / max(1, things)
    precision = right / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    steps = np.diff(np.concatenate([[0.0], recall]))
    return ClassScore(label, things, float((steps * precision).sum()), float(recall[-1]) if len(recall) else 0.0)
