"""What every detection head answers with, and the suppression of doubles."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footlights.core.geometry import box_iou
from footlights.core.scene import Floats

MOST = 1000  # detections of one picture that are compared with each other, the best ones


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a detection head read from one picture, best first."""

    boxes: Floats  # (N, 4) pixels: left, top, right, bottom
    scores: Floats  # (N,) 0..1
    points: Floats  # (N, K, 2) pixels; K may be 0
    kinds: NDArray[np.intp]  # (N,) index into the model's labels

    def __len__(self) -> int:
        return len(self.boxes)


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + exp(-x)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)), np.float32)


def best_first(boxes: Floats, scores: Floats, kinds: NDArray[np.intp], threshold: float) -> Found:
    """Detections without points, sorted, those above the threshold."""
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] > threshold]
    none = np.zeros((len(order), 0, 2), np.float32)
    return Found(boxes[order].astype(np.float32), scores[order].astype(np.float32), none, kinds[order])


def around(centre: Floats, size: Floats) -> Floats:
    """(N, 4) boxes from (N, 2) centres and (N, 2) widths and heights."""
    return np.concatenate([centre - size / 2, centre + size / 2], axis=1)


def suppression(found: Found, overlap: float = 0.45) -> Found:
    """The best detection of each cluster of overlapping ones of the same kind, among the `MOST` best."""
    if len(found) < 2:
        return found
    boxes, kinds = found.boxes[:MOST], found.kinds[:MOST]
    alike = (box_iou(boxes, boxes) > overlap) & (kinds[:, None] == kinds[None])
    alive = np.ones(len(boxes), bool)
    for index in np.flatnonzero(alike.sum(axis=1) > 1):
        if alive[index]:
            alive[index + 1 :] &= ~alike[index, index + 1 :]
    kept = np.flatnonzero(alive)
    return Found(boxes[kept], found.scores[kept], found.points[kept], kinds[kept])


def weighted_suppression(found: Found, overlap: float = 0.3) -> Found:
    """One detection for each cluster of overlapping ones: their mean, weighted by score, with the best score.

    Source: MediaPipe's NonMaxSuppressionCalculator, WEIGHTED.
    """
    values = np.concatenate([found.boxes, found.points.reshape(len(found), 2 * found.points.shape[1])], axis=1)
    left = np.arange(len(found))  # best first
    means, firsts = [], []
    while len(left):
        near = box_iou(found.boxes[left[:1]], found.boxes[left])[0] > overlap
        near[0] = True
        cluster = left[near]
        means.append(np.average(values[cluster], axis=0, weights=found.scores[cluster]))
        firsts.append(left[0])
        left = left[~near]
    merged = np.array(means, np.float32).reshape(-1, values.shape[1])
    points = merged[:, 4:].reshape(len(merged), found.points.shape[1], 2)
    return Found(merged[:, :4], found.scores[firsts], points, found.kinds[firsts])
