"""What is lost where the detector does not look at every frame: boxes between two looks, and behind the motion gate.

    FOOTLIGHTS_DATA=DATA python bench/quality/attention.py [--frames 300]

Compared is with detections of every frame from a score of 0.3 on. A detection is found where a track of that frame
overlaps it by a half or more. Targets: at interval 4 the boxes between two looks have a mean IoU of at least 0.7; with
the gate at least 0.98 of the detections are found, on fixed cameras.
"""

import argparse
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from footlights.core.frame import Frame
from footlights.core.geometry import box_iou
from footlights.core.scene import Detections, Scene
from footlights.engine.handover import HandOver
from footlights.engine.stream import Attention, Stream
from footlights.media.open import open_source
from footlights.perception.attention import EveryNth, MotionGate
from footlights.perception.byte_track import ByteTracker
from footlights.perception.objects import ObjectDetector

CLIPS = ("intel_car-detection.mp4", "intel_bottle-detection.mp4", "supervision_walking.mp4")
FIXED = CLIPS[:2]
SURE = 0.3
FOUND = 0.5


class Remembered:
    """The detector, which looks at every frame once however often it is asked."""

    def __init__(self, detector: ObjectDetector) -> None:
        self._detector = detector
        self.answers: dict[int, Detections] = {}
        self.looks = 0

    def run(self, scenes: list[Scene]) -> None:
        for scene in scenes:
            self.looks += 1
            scene.detections = self.at(scene.frame)

    def at(self, frame: Frame) -> Detections:
        if frame.index not in self.answers:
            self.answers[frame.index] = self._detector.find(frame)
        return self.answers[frame.index]


def compared(frames: Sequence[Frame], every: Remembered, attention: Attention) -> tuple[float, float, float]:
    """Mean overlap between two looks, share of the detections that is found, share of the frames looked at."""
    handover = HandOver(open_source("rehearsal:line"), threading.Condition(), paced=False)
    stream = Stream(handover, ByteTracker(sure=SURE, mixed=True), [], [], attention)
    every.looks = 0
    overlaps: list[float] = []
    found = there = 0
    for frame in frames:
        scene = stream.step(frame, every)
        sure = every.at(frame).boxes[every.at(frame).scores >= SURE]
        boxes = np.array([track.box for track in scene.tracks], np.float32).reshape(-1, 4)
        best = box_iou(sure, boxes).max(axis=1) if len(boxes) else np.zeros(len(sure))
        there += len(sure)
        found += int((best >= FOUND).sum())
        if scene.detections is None:
            overlaps += best[best > 0].tolist()
    return float(np.mean(overlaps or [1.0])), found / max(1, there), every.looks / len(frames)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=300, help="Of each clip.")
    given = parser.parse_args()
    folder = Path(os.environ["FOOTLIGHTS_DATA"]) / "people"
    detector = ObjectDetector("yolox-nano")
    for clip in CLIPS:
        frames = [
            frame for frame, _ in zip(open_source(str(folder / clip)).frames(), range(given.frames), strict=False)
        ]
        every = Remembered(detector)
        print(f"{clip}: {len(frames)} frames")
        gates = [(f"gate, interval {n}", MotionGate(n)) for n in ((0, 1, 2, 4) if clip in FIXED else ())]
        ways: list[tuple[str, Attention]] = [("every frame", EveryNth(0)), ("interval 4", EveryNth(4)), *gates]
        for name, attention in ways:
            overlap, share, looks = compared(frames, every, attention)
            print(
                f"  {name:18} IoU between looks {overlap:.3f}, found {share:.3f}, looked at {looks:.0%} of the frames"
            )


if __name__ == "__main__":
    main()
