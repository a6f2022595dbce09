"""Heads that give a list: SSD after its own suppression, SSD before it, and the DETR family."""

import numpy as np

from footlights.core.scene import Floats
from footlights.models.session import Array
from footlights.perception.heads.found import Found, around, best_first, sigmoid
from footlights.perception.heads.yolo import in_pixels


def decode_list(
    boxes: Floats, scores: Floats, classes: Array, size: tuple[int, int], threshold: float, *, down_first: bool = False
) -> Found:
    """From (N, 4) boxes, (N,) scores and (N,) classes.

    Boxes are left, top, right, bottom, or top, left, bottom, right (`down_first`: TensorFlow), in pixels of the input
    of this width and height, or shares of it. Rows whose score is 0 fill a list of fixed length.
    """
    good = scores > threshold
    chosen = boxes[good][:, [1, 0, 3, 2]] if down_first else boxes[good]
    return best_first(in_pixels(chosen, *size), scores[good], classes[good].astype(np.intp), threshold)


def decode_ssd_raw(
    boxes: Floats, scores: Floats, anchors: Floats | None, size: tuple[int, int], threshold: float
) -> Found:
    """From (N, 4) boxes and (N, 1 + classes) scores, of which the first is the background's.

    With (N, 4) anchors (centre and size, shares of the input) the boxes are offsets from them, with the variances 0.1
    and 0.2 of Liu et al., "SSD: Single Shot MultiBox Detector" (2016); without they are left, top, right, bottom.
    Scores that are no probabilities go through a softmax.
    """
    if scores.size and (scores.min() < 0 or scores.max() > 1):
        scores = _softmax(scores)
    kinds = scores[:, 1:].argmax(axis=1)
    best = scores[np.arange(len(scores)), kinds + 1]
    some = np.flatnonzero(best > threshold)
    chosen = boxes[some]
    if anchors is not None:
        near = anchors[some]
        centre, extent = near[:, :2] + 0.1 * chosen[:, :2] * near[:, 2:], near[:, 2:] * np.exp(0.2 * chosen[:, 2:])
        chosen = around(centre, extent) * np.array(size * 2, np.float32)
    else:
        chosen = in_pixels(chosen, *size)
    return best_first(chosen, best[some], kinds[some], threshold)


def decode_detr(
    boxes: Floats, logits: Floats, size: tuple[int, int], threshold: float, *, no_object: bool = False
) -> Found:
    """From (N, 4) centres and sizes, shares of the input, and (N, classes) logits: one kind for each query.

    `no_object`: the last class means that there is nothing, and classes exclude each other (Carion et al., "End-to-End
    Object Detection with Transformers", 2020). Else each class has a sigmoid of its own (RT-DETR, D-FINE, RF-DETR).
    Scores that already are probabilities (an export by Ultralytics) are taken as they are.
    """
    if no_object:
        scores = _softmax(logits)[:, :-1]
    elif logits.size and (logits.min() < 0 or logits.max() > 1):
        scores = sigmoid(logits)
    else:
        scores = logits
    kinds = scores.argmax(axis=1)
    found = around(boxes[:, :2], boxes[:, 2:]) * np.array(size * 2, np.float32)
    return best_first(found, scores[np.arange(len(scores)), kinds], kinds, threshold)


def _softmax(logits: Floats) -> Floats:
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True), np.float32)
