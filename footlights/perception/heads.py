"""What the outputs of models mean: pure functions from arrays to arrays, each held by golden arrays in the tests.

Detection heads answer in pixels of the model's input; `detect` takes them back to the picture.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from footlights.core.geometry import box_iou
from footlights.core.scene import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a detection head read from one picture, best first."""

    boxes: Floats  # (N, 4) pixels: left, top, right, bottom
    scores: Floats  # (N,) 0..1
    points: Floats  # (N, K, 2) pixels; K may be 0
    kinds: NDArray[np.intp]  # (N,) index into the card's labels

    def __len__(self) -> int:
        return len(self.boxes)


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + exp(-x)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)), np.float32)


def ssd_anchors(size: int, strides: Sequence[int], per_layer: int) -> Floats:
    """(N, 2) anchor centres, 0..1, of the BlazeFace family: layers of one stride in a row lie in one grid.

    Source: MediaPipe's SsdAnchorsCalculator with fixed anchor size, on which width and height of an anchor are 1.
    """
    grids = []
    for stride, layers in groupby(strides):
        cells = size // stride
        y, x = np.mgrid[0:cells, 0:cells]
        centres = np.stack([(x + 0.5) / cells, (y + 0.5) / cells], axis=-1).reshape(-1, 2)
        grids.append(np.repeat(centres, per_layer * len(list(layers)), axis=0))
    return np.concatenate(grids).astype(np.float32)


def decode_ssd(regressions: Floats, logits: Floats, anchors: Floats, size: int, threshold: float) -> Found:
    """Boxes and points from (N, 4 + 2 K) regressions, (N,) score logits and (N, 2) anchors; before suppression."""
    good = np.flatnonzero(logits > math.log(threshold / (1 - threshold)))
    good = good[np.argsort(-logits[good], kind="stable")]
    centres = anchors[good] * size
    values = regressions[good].reshape(len(good), regressions.shape[1] // 2, 2)
    middle, half = values[:, 0] + centres, values[:, 1] / 2
    boxes = np.concatenate([middle - half, middle + half], axis=1)
    points = values[:, 2:] + centres[:, None]
    return Found(boxes, sigmoid(logits[good]), points, np.zeros(len(good), np.intp))


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


def yolox_grid(size: int, strides: Sequence[int]) -> tuple[Floats, Floats]:
    """(N, 2) cell corners in cells, and (N, 1) strides in pixels, in the order of YOLOX outputs."""
    cells, widths = [], []
    for stride in strides:
        y, x = np.mgrid[0 : size // stride, 0 : size // stride]
        cells.append(np.stack([x, y], axis=-1).reshape(-1, 2))
        widths.append(np.full((len(cells[-1]), 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(widths).astype(np.float32)


def decode_yolox(output: Floats, cells: Floats, strides: Floats, threshold: float) -> Found:
    """Boxes from (N, 5 + classes) raw outputs. Objectness first: few anchors have any, and only those are decoded."""
    some = np.flatnonzero(output[:, 4] > threshold)
    rows = output[some]
    kinds = rows[:, 5:].argmax(axis=1)
    scores = rows[np.arange(len(rows)), kinds + 5] * rows[:, 4]
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] > threshold]
    some, rows = some[order], rows[order]
    centre, half = (rows[:, :2] + cells[some]) * strides[some], np.exp(rows[:, 2:4]) * strides[some] / 2
    boxes = np.concatenate([centre - half, centre + half], axis=1).astype(np.float32)
    return Found(boxes, scores[order].astype(np.float32), np.zeros((len(boxes), 0, 2), np.float32), kinds[order])


def suppression(found: Found, overlap: float = 0.45) -> Found:
    """The best detection of each cluster of overlapping ones of the same kind."""
    kept: list[int] = []
    iou = box_iou(found.boxes, found.boxes) * (found.kinds[:, None] == found.kinds[None])
    for index in range(len(found)):
        if not kept or iou[index, kept].max() <= overlap:
            kept.append(index)
    return Found(found.boxes[kept], found.scores[kept], found.points[kept], found.kinds[kept])


def refine_by_heat_map(points: Floats, heat: Floats, kernel: int = 7, enough: float = 0.5) -> Floats:
    """(N, 2) points, 0..1, moved to the centre of mass of the (H, W, N) heat map's logits around them.

    A point whose surroundings hold nothing hotter than `enough`, or that lies outside, stays. Source: MediaPipe's
    RefineLandmarksFromHeatmapCalculator.
    """
    height, width, count = heat.shape
    column, row = (points[:, 0] * width).astype(int), (points[:, 1] * height).astype(int)
    reach = np.arange(-(kernel // 2), kernel // 2 + 1)
    columns, rows = column[:, None, None] + reach[None, None, :], row[:, None, None] + reach[None, :, None]
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    window = heat[rows.clip(0, height - 1), columns.clip(0, width - 1), np.arange(count)[:, None, None]]
    window = sigmoid(window) * inside
    weight = window.sum(axis=(1, 2))
    centre = np.stack([(window * columns).sum(axis=(1, 2)) / width, (window * rows).sum(axis=(1, 2)) / height], axis=1)
    here = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    hot = here & (window.max(axis=(1, 2)) >= enough)
    return np.where(hot[:, None], centre / np.maximum(weight, 1e-9)[:, None], points).astype(np.float32)
