"""The BlazeFace family, and the heat maps of BlazePose."""

import math
from collections.abc import Sequence
from itertools import groupby

import numpy as np

from footlights.core.scene import Floats
from footlights.perception.heads.found import Found, sigmoid


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
