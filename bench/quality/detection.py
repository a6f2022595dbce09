"""Average precision of a detection model, through our own engine, on the 128 pictures of COCO val2017.

    FOOTLIGHTS_DATA=DATA python bench/quality/detection.py [--model yolox-nano] [--predictions FILE]

Target: yolox-nano AP50 >= 0.50. The pictures are for evaluation only: nothing is chosen by this score.

AP is the area under precision's envelope over every step of recall (all-point interpolation, as PASCAL VOC since 2010
has it), the mean over the classes that occur; mAP is the mean over the overlaps 0.50, 0.55 … 0.95. pycocotools samples
the same curve at 101 places. `--predictions` writes boxes and truth in COCO's format for it.
"""

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from footlights.core.frame import Frame
from footlights.core.geometry import box_iou
from footlights.core.scene import Detections
from footlights.media.images import load
from footlights.media.picture import ArrayPicture
from footlights.perception.objects import ObjectDetector

OVERLAPS = np.arange(0.5, 0.96, 0.05)
FLOOR = 0.001  # score from which detections are judged, as COCO evaluations have it
TARGET = 0.50


@dataclass(frozen=True)
class Judged:
    """One picture."""

    name: str
    labels: np.ndarray  # (N,) index of the class
    truth: np.ndarray  # (N, 4) pixels: left, top, right, bottom
    found: Detections


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="yolox-nano")
    parser.add_argument("--predictions", type=Path)
    given = parser.parse_args()
    base = os.environ.get("FOOTLIGHTS_DATA")
    folder = Path(base or "") / "detect" / "coco_val128"
    if not base or not folder.is_dir():
        raise SystemExit("set FOOTLIGHTS_DATA to the folder that holds detect/coco_val128")
    cv2.setNumThreads(1)
    detector = ObjectDetector(given.model, min_score=FLOOR)
    pictures = [judged(path, detector) for path in sorted((folder / "images").glob("*.jpg"))]
    precisions = average_precisions(pictures, detector.labels)
    print(f"{given.model}: {len(pictures)} pictures, {sum(len(item.labels) for item in pictures)} things")
    print(f"AP50 {precisions[0]:.3f}   mAP {precisions.mean():.3f}   target: AP50 >= {TARGET:.2f}")
    if given.predictions:
        given.predictions.write_text(json.dumps(in_coco_format(pictures, detector.labels)))


def judged(path: Path, detector: ObjectDetector) -> Judged:
    picture = load(path)
    height, width = picture.shape[:2]
    lines = path.parent.parent.joinpath("labels", path.stem + ".txt")
    rows = np.array([line.split() for line in lines.read_text().splitlines()], float).reshape(-1, 5)
    centre, size = rows[:, 1:3] * [width, height], rows[:, 3:5] * [width, height]
    truth = np.concatenate([centre - size / 2, centre + size / 2], axis=1)
    found = detector.find(Frame(ArrayPicture(picture), 0.0, path.stem, 0))
    return Judged(path.stem, rows[:, 0].astype(int), truth, found)


def average_precisions(pictures: Sequence[Judged], labels: Sequence[str]) -> np.ndarray:
    """(10,) the mean over classes, for each overlap."""
    classes = sorted({int(label) for item in pictures for label in item.labels})
    return np.mean([_of_class(pictures, number, labels[number]) for number in classes], axis=0)


def _of_class(pictures: Sequence[Judged], number: int, label: str) -> np.ndarray:
    """(10,) average precision of one class."""
    scores, hits, things = [], [], 0
    for item in pictures:
        mine = np.array([name == label for name in item.found.labels], bool)
        boxes = item.found.boxes[mine][:100]
        truth = item.truth[item.labels == number].astype(np.float32)
        things += len(truth)
        scores.append(item.found.scores[mine][:100])
        hits.append(_hits(box_iou(boxes, truth)))
    order = np.argsort(-np.concatenate(scores), kind="stable")
    hit = np.concatenate(hits)[order]
    return np.array([average_precision(column, things) for column in hit.T])


def _hits(overlaps: np.ndarray) -> np.ndarray:
    """(N, 10) whether each box, best first, finds a thing that none before it found, for each overlap."""
    hits = np.zeros((len(overlaps), len(OVERLAPS)), bool)
    for place, least in enumerate(OVERLAPS):
        free = np.ones(overlaps.shape[1], bool)
        for row, overlap in enumerate(overlaps):
            best = np.where(free, overlap, 0)
            if best.size and best.max() >= least - 1e-9:
                free[best.argmax()] = False
                hits[row, place] = True
    return hits


def average_precision(hits: np.ndarray, things: int) -> float:
    """The area under the envelope of precision, from whether each answer, best first, was right."""
    right = np.cumsum(hits)
    precision = right / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float((envelope * hits).sum() / things)


def in_coco_format(pictures: Sequence[Judged], labels: Sequence[str]) -> dict[str, object]:
    """Truth and answers as pycocotools reads them."""

    def sides(box: np.ndarray) -> list[float]:
        return [*map(float, box[:2]), *map(float, box[2:] - box[:2])]

    truth, answers = [], []
    for picture, item in enumerate(pictures):
        for label, box in zip(item.labels.tolist(), item.truth, strict=True):
            width, height = sides(box)[2:]
            entry = {"id": len(truth) + 1, "image_id": picture, "category_id": label, "bbox": sides(box)}
            truth.append(entry | {"area": width * height, "iscrowd": 0})
        for name, box, score in zip(item.found.labels, item.found.boxes, item.found.scores.tolist(), strict=True):
            category = labels.index(name)
            answers.append({"image_id": picture, "category_id": category, "bbox": sides(box), "score": score})
    images = [{"id": index} for index in range(len(pictures))]
    categories = [{"id": index, "name": name} for index, name in enumerate(labels)]
    return {"truth": {"images": images, "categories": categories, "annotations": truth}, "answers": answers}


if __name__ == "__main__":
    main()
