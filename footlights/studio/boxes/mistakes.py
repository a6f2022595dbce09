"""What a detector took for what, box by box, and its worst mistakes as pictures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from footlights.core.frame import Image
from footlights.core.geometry import box_iou
from footlights.core.scene import Detections
from footlights.media.snapshot import jpeg
from footlights.studio import report as reports
from footlights.studio.boxes.augment import Shown
from footlights.studio.boxes.scores import OVERLAP, ClassScore, Truth
from footlights.studio.report import NOTHING, WORST, Mistake

LEVELS = np.arange(10, 95, 5) / 100  # scores from which detections may count
AROUND = 1.5  # of the box's size, shown around it
_GREEN, _RED = (40, 200, 60), (235, 50, 40)


@dataclass(frozen=True, slots=True)
class Match:
    """A thing and what was found for it, or one of them alone; boxes in pixels of the net's input."""

    picture: int
    truth: int  # class; -1: nothing is there
    answer: int  # class; -1: it was not found
    score: float  # of the detection; 0 without one
    box: tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Judged:
    """Every thing and every detection from a score on that gives the best balance of precision and recall."""

    labels: tuple[str, ...]
    score: float
    matches: tuple[Match, ...]
    certainty: np.ndarray  # (N,) scores of all detections
    right: np.ndarray  # (N,) whether each found a thing of its class

    def confusion(self) -> dict[str, Any]:
        """Counts; the last row of what is not there, the last column of what was not found."""
        count = len(self.labels)
        table = np.zeros((count + 1, count + 1), int)
        for match in self.matches:
            table[match.truth if match.truth >= 0 else count, match.answer if match.answer >= 0 else count] += 1
        names = [*self.labels, NOTHING]
        return {"rows": names, "columns": names, "counts": table.tolist()}

    def classes(self, scores: Mapping[str, ClassScore]) -> dict[str, dict[str, Any]]:
        """Precision and recall at the chosen score, and the average precision over all."""
        table = {}
        for kind, label in enumerate(self.labels):
            things = sum(match.truth == kind for match in self.matches)
            answers = sum(match.answer == kind for match in self.matches)
            right = sum(match.truth == match.answer == kind for match in self.matches)
            area = scores[label].precision if label in scores else 0.0
            table[label] = {
                "examples": things, "answers": answers, "right": right,
                "missed": sum(match.truth == kind and match.answer < 0 for match in self.matches),
                "recall": reports.share(right, things), "precision": reports.share(right, answers),
                "average_precision": round(area, 4),
            }  # fmt: skip
        return table


def matched(labels: tuple[str, ...], truths: Sequence[Truth], found: Sequence[Detections]) -> Judged:
    """Pair things with detections, the surest first, whatever their classes."""
    every = [
        match for index, pair in enumerate(zip(truths, found, strict=True)) for match in _pairs(index, *pair, labels)
    ]
    detections = [match for match in every if match.answer >= 0]
    certainty = np.array([match.score for match in detections])
    right = np.array([match.answer == match.truth for match in detections], bool)
    things = sum(len(truth.boxes) for truth in truths)

    def balance(level: float) -> float:
        kept = certainty >= level
        return 2 * float(right[kept].sum()) / max(1, int(kept.sum()) + things)

    score = max(LEVELS.tolist(), key=balance) if detections else float(LEVELS[0])
    kept = [match for index, pair in enumerate(zip(truths, found, strict=True))
            for match in _pairs(index, pair[0], _from(pair[1], score), labels)]  # fmt: skip
    return Judged(labels, score, tuple(kept), certainty, right)


def _from(found: Detections, score: float) -> Detections:
    kept = np.flatnonzero(found.scores >= score)
    return Detections(found.boxes[kept], found.scores[kept], tuple(found.labels[i] for i in kept))


def _pairs(index: int, truth: Truth, found: Detections, labels: tuple[str, ...]) -> Iterator[Match]:
    """Every thing and every detection of one picture once."""
    shared = box_iou(np.asarray(found.boxes, np.float32).reshape(-1, 4), np.asarray(truth.boxes, np.float32))
    free = np.ones(len(truth.boxes), bool)
    for place in np.argsort(-found.scores, kind="stable").tolist():
        answer, score = labels.index(found.labels[place]), float(found.scores[place])
        row = np.where(free, shared[place], 0)
        own = row + np.array(
            [0.3 * (label == found.labels[place]) for label in truth.labels]
        )  # of its class, if any is
        best = int(np.argmax(np.where(row >= OVERLAP, own, -1))) if len(row) else -1
        box = _corners(found.boxes[place])
        if best >= 0 and row[best] >= OVERLAP:
            free[best] = False
            yield Match(index, labels.index(truth.labels[best]), answer, score, box)
        else:
            yield Match(index, -1, answer, score, box)
    for place in np.flatnonzero(free).tolist():
        yield Match(index, labels.index(truth.labels[place]), -1, 0.0, _corners(truth.boxes[place]))


def _corners(box: np.ndarray) -> tuple[float, float, float, float]:
    left, top, right, bottom = (float(value) for value in box)
    return left, top, right, bottom


def mistakes(judged: Judged, names: Sequence[str], pictures: Sequence[Shown], size: int, out: Path) -> list[Mistake]:
    """False and wrong detections, the surest first, then what was missed, the largest first; each with its picture."""
    wrong = [match for match in judged.matches if match.truth != match.answer]
    wrong.sort(key=lambda match: (-match.score, -(match.box[2] - match.box[0]) * (match.box[3] - match.box[1])))
    folder = out / "worst"
    for old in folder.glob("*.jpg"):
        old.unlink()
    told = [*judged.labels, NOTHING]
    found = []
    for place, match in enumerate(wrong[:WORST], start=1):
        folder.mkdir(parents=True, exist_ok=True)
        shown = pictures[match.picture]
        box = np.array(match.box) * max(shown.image.shape[:2]) / size  # as `fitted` laid the picture
        (out / f"worst/{place:02}.jpg").write_bytes(jpeg(cut_out(shown.image, box, match.answer < 0)))
        shares = box / np.array([shown.image.shape[1], shown.image.shape[0]] * 2)
        found.append(
            Mistake(
                names[match.picture], told[match.truth], told[match.answer], round(match.score, 4),
                f"worst/{place:02}.jpg", None, tuple(round(float(value), 4) for value in shares),
            )
        )  # fmt: skip
    return found


def cut_out(image: Image, box: np.ndarray, missed: bool) -> Image:
    """What is around a box, with its outline: green for a thing that was missed, red for what was answered."""
    height, width = image.shape[:2]
    grow = AROUND * (box[2:] - box[:2]) / 2 + 16
    low = np.clip(box[:2] - grow, 0, [width - 8, height - 8]).astype(int)
    high = np.clip(box[2:] + grow, low + 8, [width, height]).astype(int)
    drawn = image.copy()
    first, last = (tuple(int(value) for value in corner) for corner in (box[:2], box[2:]))
    cv2.rectangle(drawn, first, last, _GREEN if missed else _RED, 2)
    return np.ascontiguousarray(drawn[low[1] : high[1], low[0] : high[0]])
