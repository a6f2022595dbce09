"""The six face detectors on the 128 COCO pictures: how many faces each finds, what else it takes for one, how long.

    FOOTLIGHTS_DATA=DATA python bench/quality/face_detectors.py

COCO has no labels for faces. `coco_faces.json` beside this file has, drawn for this table: YuNet (on the picture and on
the picture enlarged twice), BlazeFace and two Haar cascades proposed places with low thresholds; every proposal of 16
pixels and more was looked at; afterwards every picture was looked at whole for faces that nobody had proposed, and
two places were added. `faces` have both eyes in view and are at least 16 pixels large. `ignore` counts neither way:
profiles, masks, statues, faces out of focus or in the dark, and smaller ones. The proposals came from the detectors
that are compared, so a face which all of them miss may be missing here, and recall is an upper bound.

A face is found where a box overlaps it with an IoU of 0.4 or more, each box counting once. A false face is any other
box that is not on an ignored place and at least 16 pixels large.
"""

import json
import os
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from footlights.core.frame import Frame
from footlights.core.geometry import box_iou
from footlights.core.scene import Floats, Scene
from footlights.media.images import load
from footlights.media.picture import ArrayPicture
from footlights.perception.face_detectors import NAMES, FaceDetectors

LABELS = Path(__file__).with_name("coco_faces.json")
OVERLAP = 0.4
SMALL = 16  # pixels: smaller boxes do not count
NEAR = 32  # pixels: what stands in front of a screen is larger than this at 640x480


@dataclass
class Score:
    """What one detector did on all pictures."""

    found: list[bool] = field(default_factory=list)  # for each face
    sides: list[float] = field(default_factory=list)  # pixels, of each face
    false: int = 0
    spent: list[float] = field(default_factory=list)  # seconds of CPU, for each picture

    def recall(self, least: float, most: float) -> str:
        """Of the faces of some size."""
        chosen = [found for found, side in zip(self.found, self.sides, strict=True) if least <= side < most]
        return f"{sum(chosen) / len(chosen):.2f} of {len(chosen)}"


def main() -> None:
    pictures = data_folder() / "images"
    labels = json.loads(LABELS.read_text())
    frames = {path.stem: load(path) for path in sorted(pictures.glob("*.jpg"))}
    cv2.setNumThreads(1)
    print(f"{len(frames)} pictures, {sum(len(label['faces']) for label in labels.values())} faces, one thread\n")
    print("| detector | recall | 16-31 px | 32 px and more | false faces | CPU ms a picture |")
    print("|---|---|---|---|---|---|")
    for name in NAMES:
        score = judge(FaceDetectors(name), frames, labels)
        row = [score.recall(0, 1e9), score.recall(0, NEAR), score.recall(NEAR, 1e9)]
        print(
            f"| {name} | {' | '.join(row)} | {score.false} | {1e3 * statistics.median(score.spent):.1f} |", flush=True
        )


def data_folder() -> Path:
    """The COCO pictures. Ends the program with a line that says what to do where they are not."""
    base = os.environ.get("FOOTLIGHTS_DATA")
    folder = Path(base or "") / "detect" / "coco_val128"
    if not base or not folder.is_dir():
        raise SystemExit("set FOOTLIGHTS_DATA to the folder that holds detect/coco_val128")
    return folder


def judge(detectors: FaceDetectors, frames: dict[str, np.ndarray], labels: dict[str, dict[str, list]]) -> Score:
    score = Score()
    for stem, picture in frames.items():
        scene = Scene(Frame(ArrayPicture(picture), 0.0, stem, 0))
        begin = time.thread_time()
        detectors.run([scene])
        score.spent.append(time.thread_time() - begin)
        assert scene.detections is not None
        label = labels.get(stem, {"faces": [], "ignore": []})
        count(score, scene.detections.boxes, as_boxes(label["faces"]), as_boxes(label["ignore"]))
    return score


def count(score: Score, boxes: Floats, faces: Floats, ignored: Floats) -> None:
    """Pair boxes, best first, with faces; what is left over is false unless it is ignored."""
    free = np.ones(len(faces), bool)
    for box in boxes:
        overlaps = box_iou(box[None], faces)[0] * free
        if overlaps.size and overlaps.max() >= OVERLAP:
            free[overlaps.argmax()] = False
        elif box[2] - box[0] >= SMALL and not on_ignored(box, ignored):
            score.false += 1
    score.found += (~free).tolist()
    score.sides += (faces[:, 2] - faces[:, 0]).tolist()


def on_ignored(box: Floats, ignored: Floats) -> bool:
    """Overlapping an ignored place, or with its centre in one."""
    if not len(ignored):
        return False
    x, y = (box[:2] + box[2:]) / 2
    inside = (ignored[:, 0] <= x) & (x <= ignored[:, 2]) & (ignored[:, 1] <= y) & (y <= ignored[:, 3])
    return bool(inside.any() or box_iou(box[None], ignored).max() >= OVERLAP)


def as_boxes(rows: list) -> Floats:
    return np.array(rows, np.float32).reshape(-1, 4)


if __name__ == "__main__":
    main()
