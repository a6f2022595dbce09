"""How good a classifier is on pictures it did not learn from, and its worst mistakes as a sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageOps

from footlights.core.errors import SourceError
from footlights.media.images import load
from footlights.studio.emotion import measures
from footlights.studio.photos.dataset import Photo

CERTAIN = 0.95  # share of right answers that a threshold is to give
THRESHOLDS = np.arange(50, 100, 5) / 100
TILE, COLUMNS, ROWS = 240, 6, 4  # of the sheet of mistakes


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


def score(judged: Judged) -> dict[str, Any]:
    """Confusion, precision and recall of each class with counts, calibration. A picture without an answer counts
    against the recall of its class and against the accuracy.
    """
    table = measures.confusion(judged.probabilities, judged.kinds)
    missed = np.bincount([photo.kind for photo in judged.missed], minlength=len(judged.labels))
    classes = {}
    for kind, label in enumerate(judged.labels):
        pictures, answers, right = (
            int(table[kind].sum() + missed[kind]),
            int(table[:, kind].sum()),
            int(table[kind, kind]),
        )
        classes[label] = {
            "pictures": pictures, "answers": answers, "right": right, "nobody_found": int(missed[kind]),
            "recall": round(right / pictures, 4) if pictures else None,
            "precision": round(right / answers, 4) if answers else None,
        }  # fmt: skip
    return {
        "pictures": len(judged.photos) + len(judged.missed),
        "accuracy": round(float(np.trace(table)) / max(1, len(judged.photos) + len(judged.missed)), 4),
        "calibration_error": round(measures.calibration_error(judged.probabilities, judged.kinds), 4),
        "confusion": table.tolist(),
        "classes": classes,
    }


def thresholds(judged: Judged) -> list[float]:
    """For each class the least probability from which so many of its answers are right as `CERTAIN` says."""
    answers, certainty = judged.probabilities.argmax(axis=1), judged.probabilities.max(axis=1)
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


def summary(result: dict[str, Any]) -> str:
    """The scores, for people."""
    lines = [f"accuracy {result['accuracy']:.1%} of {result['pictures']} pictures"]
    for label, row in result["classes"].items():
        found = "no answer" if row["precision"] is None else f"{row['precision']:.1%} of {row['answers']} answers right"
        nobody = f", nobody found in {row['nobody_found']}" if row["nobody_found"] else ""
        recall = "no pictures" if row["recall"] is None else f"{row['recall']:.1%} of {row['pictures']} found"
        lines.append(f"  {label}: {recall}, {found}{nobody}")
    width = max(len(label) for label in result["classes"])
    lines.append("confusion (rows: what it is, columns: what is answered)")
    for label, row in zip(result["classes"], result["confusion"], strict=True):
        lines.append(f"  {label:{width}} " + " ".join(f"{count:5}" for count in row))
    return "\n".join(lines)


def draw_mistakes(judged: Judged, path: Path) -> int:
    """A PNG with the mistakes of which it was surest, the worst first; how many are on it. None: no file."""
    kinds, answers = judged.kinds, judged.probabilities.argmax(axis=1)
    wrong = np.flatnonzero(answers != kinds)
    wrong = wrong[np.argsort(-judged.probabilities[wrong, answers[wrong]])][: COLUMNS * ROWS]
    path.unlink(missing_ok=True)
    if not len(wrong):
        return 0
    rows = -(-len(wrong) // COLUMNS)
    sheet = Pillow.new("RGB", (min(len(wrong), COLUMNS) * TILE, rows * (TILE + 34)), "white")
    draw = ImageDraw.Draw(sheet)
    for place, index in enumerate(wrong.tolist()):
        left, top = place % COLUMNS * TILE, place // COLUMNS * (TILE + 34)
        photo, answer = judged.photos[index], int(answers[index])
        sheet.paste(_tile(photo.path), (left, top))
        certain = judged.probabilities[index, answer]
        draw.text(
            (left + 4, top + TILE + 3), f"{judged.labels[photo.kind]}, taken for {judged.labels[answer]}", "black"
        )
        draw.text((left + 4, top + TILE + 17), f"{certain:.0%}  {photo.path.name[:30]}", "gray")
    sheet.save(path)
    return len(wrong)


def _tile(path: Path) -> Pillow.Image:
    try:
        return ImageOps.pad(Pillow.fromarray(load(path)), (TILE, TILE), color="black")
    except SourceError:  # it was readable when the training began
        return Pillow.new("RGB", (TILE, TILE), "gray")
