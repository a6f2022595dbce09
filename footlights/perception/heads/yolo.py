"""The YOLO family. Boxes come out in pixels of the model's input; doubles are not suppressed yet.

Where a model knows objectness, that is looked at first: few cells have any, and only those are decoded.
"""

import math
from collections.abc import Sequence

import numpy as np

from footlights.core.scene import Floats
from footlights.perception.heads.found import Found, around, best_first, sigmoid

# Widths and heights of the five anchors of an Azure Custom Vision export, in cells (its own sample code).
CUSTOM_VISION_ANCHORS = np.array([[0.573, 0.677], [1.87, 2.06], [3.34, 5.47], [7.88, 3.53], [9.77, 9.17]], np.float32)
SHARES = 2.0  # boxes whose largest value is no larger than this are shares of the input, not pixels


def cells(width: int, height: int, strides: Sequence[int]) -> int:
    """How many cells the layers of these strides have together."""
    return sum((width // stride) * (height // stride) for stride in strides)


def yolox_grid(width: int, height: int, strides: Sequence[int]) -> tuple[Floats, Floats]:
    """(N, 2) cell corners in cells, and (N, 1) strides in pixels, in the order of YOLOX outputs."""
    corners, widths = [], []
    for stride in strides:
        y, x = np.mgrid[0 : height // stride, 0 : width // stride]
        corners.append(np.stack([x, y], axis=-1).reshape(-1, 2))
        widths.append(np.full((len(corners[-1]), 1), stride))
    return np.concatenate(corners).astype(np.float32), np.concatenate(widths).astype(np.float32)


def decode_yolox(output: Floats, corners: Floats, strides: Floats, threshold: float) -> Found:
    """From (N, 5 + classes) raw values: centre in the cell, logarithm of the size, objectness, classes."""
    some = np.flatnonzero(output[:, 4] > threshold)
    rows = output[some]
    centre, size = (rows[:, :2] + corners[some]) * strides[some], np.exp(rows[:, 2:4]) * strides[some]
    return _by_objectness(rows, around(centre, size), threshold)


def decode_yolov5(output: Floats, width: int, height: int, threshold: float) -> Found:
    """From (N, 5 + classes) decoded values: centre, size, objectness, classes."""
    rows = output[output[:, 4] > threshold]
    return _by_objectness(rows, in_pixels(around(rows[:, :2], rows[:, 2:4]), width, height), threshold)


def _by_objectness(rows: Floats, boxes: Floats, threshold: float) -> Found:
    kinds = rows[:, 5:].argmax(axis=1)
    return best_first(boxes, rows[np.arange(len(rows)), kinds + 5] * rows[:, 4], kinds, threshold)


def decode_yolov8(output: Floats, classes: int, width: int, height: int, threshold: float) -> Found:
    """From (4 + classes + more, N) decoded values: centre, size, classes; what stands behind them (masks, points) is
    left alone.
    """
    scores = output[4 : 4 + classes]
    some = np.flatnonzero(scores.max(axis=0) > threshold)
    columns = output[:, some]
    kinds = columns[4 : 4 + classes].argmax(axis=0)
    boxes = in_pixels(around(columns[:2].T, columns[2:4].T), width, height)
    return best_first(boxes, columns[kinds + 4, np.arange(len(some))], kinds, threshold)


def decode_yolov2(output: Floats, anchors: Floats, width: int, height: int, threshold: float) -> Found:
    """From (rows, columns, A * (5 + classes)) raw values, and (A, 2) anchors in cells.

    Azure Custom Vision exports in two flavours: with raw centres, and with centres that went through the sigmoid. One
    centre outside of 0..1 tells the first from the second.
    """
    down, across = output.shape[:2]
    values = output.reshape(down, across, len(anchors), -1)
    row, column, anchor = np.nonzero(values[..., 4] > math.log(threshold / (1 - threshold)))
    found = values[row, column, anchor]
    raw = bool((values[..., :2] < 0).any() or (values[..., :2] > 1).any())
    inside = sigmoid(found[:, :2]) if raw else found[:, :2]
    cell = np.array([width / across, height / down], np.float32)
    centre = (inside + np.stack([column, row], axis=1)) * cell
    size = np.exp(found[:, 2:4]) * anchors[anchor] * cell
    odds = np.exp(found[:, 5:] - found[:, 5:].max(axis=1, keepdims=True))
    kinds = odds.argmax(axis=1)
    scores = sigmoid(found[:, 4]) * odds[np.arange(len(odds)), kinds] / odds.sum(axis=1)
    return best_first(around(centre, size), scores, kinds, threshold)


def decode_end_to_end(rows: Floats, width: int, height: int, threshold: float) -> Found:
    """From (N, 6) left, top, right, bottom, score, class: nothing is left to suppress."""
    rows = rows[rows[:, 4] > threshold]
    return best_first(in_pixels(rows[:, :4], width, height), rows[:, 4], rows[:, 5].astype(np.intp), threshold)


def in_pixels(boxes: Floats, width: int, height: int) -> Floats:
    """(N, 4) boxes, also where the model gives shares of its input."""
    shares = bool(len(boxes)) and float(np.abs(boxes).max()) <= SHARES
    return boxes * np.array([width, height] * 2, np.float32) if shares else boxes
