"""How good tracking is, from boxes and identities with known truth: HOTA, and how often identities change."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from footlights.core.geometry import box_iou
from footlights.perception.assignment import best_pairs

ALPHAS = np.arange(0.05, 0.99, 0.05)  # overlaps from which boxes are the same


@dataclass(frozen=True)
class Boxes:
    """What is in one frame, or what a tracker says is."""

    ids: np.ndarray  # (N,) int
    boxes: np.ndarray  # (N, 4) pixels: left, top, right, bottom


@dataclass(frozen=True)
class Score:
    """0..1, means over the overlaps; and counts at an overlap of 0.5."""

    hota: float
    detection: float
    association: float
    switches: int  # a thing that had one identity has another
    fragments: int  # a thing that was followed is followed again after it was not


def score(truth: Sequence[Boxes], answers: Sequence[Boxes]) -> Score:
    """Luiten et al., "HOTA: A Higher Order Metric for Evaluating Multi-Object Tracking" (IJCV 2021)."""
    true_ids, told_ids = _numbers(truth), _numbers(answers)
    overlaps = [
        box_iou(t.boxes.astype(np.float32), a.boxes.astype(np.float32)) for t, a in zip(truth, answers, strict=True)
    ]
    together = np.zeros((len(true_ids), len(told_ids)))
    true_count, told_count = np.zeros(len(true_ids)), np.zeros(len(told_ids))
    frames = []
    for t, a, iou in zip(truth, answers, overlaps, strict=True):
        rows = np.array([true_ids[name] for name in t.ids.tolist()], int)
        columns = np.array([told_ids[name] for name in a.ids.tolist()], int)
        frames.append((rows, columns))
        both = iou.sum(axis=0)[None] + iou.sum(axis=1)[:, None] - iou
        together[np.ix_(rows, columns)] += np.where(both > 0, iou / np.maximum(both, 1e-12), 0)
        true_count[rows] += 1
        told_count[columns] += 1
    alike = together / np.maximum(true_count[:, None] + told_count - together, 1e-12)
    matches = np.zeros((len(ALPHAS), len(true_ids), len(told_ids)))
    for (rows, columns), iou in zip(frames, overlaps, strict=True):
        if len(rows) and len(columns):
            pairs = best_pairs((alike[np.ix_(rows, columns)] * iou).astype(np.float64), 0.0)
            for place, alpha in enumerate(ALPHAS):
                good = iou[pairs] >= alpha - 1e-9
                matches[place, rows[pairs[0][good]], columns[pairs[1][good]]] += 1
    hit = matches.sum(axis=(1, 2))
    detection = hit / np.maximum(true_count.sum() + told_count.sum() - hit, 1)
    share = matches / np.maximum(true_count[:, None] + told_count - matches, 1)
    association = (matches * share).sum(axis=(1, 2)) / np.maximum(hit, 1)
    switches, fragments = _changes(truth, answers, overlaps)
    hota = float(np.sqrt(detection * association).mean())
    return Score(hota, float(detection.mean()), float(association.mean()), switches, fragments)


def _changes(truth: Sequence[Boxes], answers: Sequence[Boxes], overlaps: Sequence[np.ndarray]) -> tuple[int, int]:
    """Bernardin and Stiefelhagen, "Evaluating Multiple Object Tracking Performance" (2008): who was paired stays so."""
    last: dict[int, int] = {}
    before: dict[int, int] = {}
    switches = fragments = 0
    for t, a, iou in zip(truth, answers, overlaps, strict=True):
        stays = np.array([[before.get(true) == told for told in a.ids.tolist()] for true in t.ids.tolist()], float)
        affinity = np.where(iou >= 0.5, iou + 1000 * stays.reshape(iou.shape), 0)
        rows, columns = best_pairs(affinity, 0.0)
        pairs = dict(zip(t.ids[rows].tolist(), a.ids[columns].tolist(), strict=True))
        switches += sum(true in last and last[true] != told for true, told in pairs.items())
        fragments += sum(true in last and true not in before for true in pairs)
        last |= pairs
        before = pairs
    return switches, fragments


def _numbers(frames: Sequence[Boxes]) -> dict[int, int]:
    return {name: place for place, name in enumerate(sorted({int(name) for frame in frames for name in frame.ids}))}
