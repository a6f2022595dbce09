"""Our tracker and ByteTrack of the `trackers` package on the same detections: how good, how steady, how quick.

    python -m venv /tmp/peer && /tmp/peer/bin/pip install trackers
    FOOTLIGHTS_DATA=DATA python bench/tracking.py --peer /tmp/peer/bin/python

Generated scenes have known truth: HOTA and identity switches. Recorded clips have none: how many identities, how long
they live, how often they are interrupted; and, with the detector on every fifth frame only, how well the boxes between
lie on those of every-frame detection. Targets: no worse than ByteTrack; between detections an overlap of 0.7 and more.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.measures.hota import Boxes, score
from bench.measures.moving_boxes import HEIGHT, KINDS, WIDTH, record
from footlights.core.frame import Frame
from footlights.core.geometry import box_iou
from footlights.core.scene import Detections, Scene
from footlights.media.open import open_source
from footlights.perception.byte_track import ByteTracker
from footlights.perception.objects import ObjectDetector

PEER = Path(__file__).parent / "sides" / "tracking_peer.py"
CLIPS = ("intel_car-detection.mp4", "intel_bottle-detection.mp4", "supervision_walking.mp4")
INTERVAL = 5  # frames from one detection to the next
SURE = 0.3  # score of the detections that boxes between are compared with
IN_SIGHT = 0.25  # seconds since a thing was last seen, up to which its box counts


@dataclass(frozen=True)
class Blank:
    """A picture that nobody looks at."""

    width: int
    height: int

    def rgb(self, width: int, height: int) -> np.ndarray:
        return np.zeros((height, width, 3), np.uint8)


@dataclass(frozen=True)
class Clip:
    """Detections of every frame."""

    times: list[float]
    found: list[Detections]
    picture: Blank = Blank(WIDTH, HEIGHT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", type=Path, help="a Python that has the package trackers")
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    compare_generated(given.peer, given.seeds)
    compare_speed(given.peer)
    folder = os.environ.get("FOOTLIGHTS_DATA")
    if not folder:
        print("\nset FOOTLIGHTS_DATA for the recorded clips")
        return
    clips = {name: detect(Path(folder) / "people" / name) for name in CLIPS}
    compare_recorded(clips, given.peer)
    print("\n| clip | detections between | followed | mean IoU of those | of them IoU >= 0.7 | of all IoU >= 0.7 |")
    print("|---|---|---|---|---|---|")
    for name, clip in clips.items():
        print(f"| {name} | {' | '.join(between(clip))} |")


def compare_generated(peer: Path | None, seeds: int) -> None:
    print("\n| generated scene | tracker | HOTA | DetA | AssA | switches | fragments |\n|---|---|---|---|---|---|---|")
    for name, kind in KINDS.items():
        rows: dict[str, list] = {}
        for seed in range(seeds):
            scene = record(kind, seed)
            clip = Clip([index / scene.fps for index in range(len(scene.found))], scene.found)
            for tracker, (answers, _) in run_all(clip, peer).items():
                rows.setdefault(tracker, []).append(score(scene.truth, answers))
        for tracker, scores in rows.items():
            means = [np.mean([getattr(item, key) for item in scores]) for key in ("hota", "detection", "association")]
            sums = [sum(getattr(item, key) for item in scores) for key in ("switches", "fragments")]
            print(
                f"| {name} | {tracker} | {' | '.join(f'{mean:.3f}' for mean in means)} | {sums[0]} | {sums[1]} |",
                flush=True,
            )


def compare_speed(peer: Path | None) -> None:
    print("\n| things | tracker | ms an update (median) |\n|---|---|---|")
    for things in (10, 50, 200):
        random, frames = np.random.default_rng(0), []
        starts, speeds = random.uniform([0, 0], [1200, 650], (things, 2)), random.normal(0, 1, (things, 2))
        for index in range(150):
            corner = starts + speeds * index + random.normal(0, 1, (things, 2))
            boxes = np.concatenate([corner, corner + np.array([40, 60])], axis=1).astype(np.float32)
            frames.append(Detections(boxes, random.uniform(0.6, 0.95, things).astype(np.float32), ("thing",) * things))
        for tracker, (_, spent) in run_all(Clip([index / 30 for index in range(150)], frames), peer).items():
            print(f"| {things} | {tracker} | {spent:.2f} |", flush=True)


def compare_recorded(clips: dict[str, Clip], peer: Path | None) -> None:
    print("\n| clip | tracker | identities | shorter than 10 frames | median frames | interruptions | boxes |")
    print("|---|---|---|---|---|---|---|")
    for name, clip in clips.items():
        for tracker, (answers, _) in run_all(clip, peer).items():
            lives: dict[int, list[int]] = {}
            for index, frame in enumerate(answers):
                for identity in frame.ids.tolist():
                    lives.setdefault(identity, []).append(index)
            spans = [len(life) for life in lives.values()] or [0]
            gaps = sum(int((np.diff(life) > 1).sum()) for life in lives.values())
            short = sum(span < 10 for span in spans)
            print(
                f"| {name} | {tracker} | {len(lives)} | {short} | {np.median(spans):.0f} | {gaps} | {sum(spans)} |",
                flush=True,
            )


def run_all(clip: Clip, peer: Path | None) -> dict[str, tuple[list[Boxes], float]]:
    """Answers and milliseconds of every tracker. Only what was seen on the frame itself counts as an answer."""
    ways = {"ours": run_ours(clip, mixed=False), "ours, mixed labels": run_ours(clip, mixed=True)}
    if len({label for found in clip.found for label in found.labels}) <= 1:
        del ways["ours, mixed labels"]
    if peer is not None:
        ways["ByteTrack"] = run_peer(clip, peer, "defaults")
        ways["ByteTrack, our thresholds"] = run_peer(clip, peer, "ours")
    return ways


def run_ours(clip: Clip, *, mixed: bool) -> tuple[list[Boxes], float]:
    tracker, answers, spent = ByteTracker(mixed=mixed), [], []
    for index, (now, found) in enumerate(zip(clip.times, clip.found, strict=True)):
        scene = Scene(Frame(clip.picture, now, "bench", index), found)
        begin = time.perf_counter()
        tracker.update(scene)
        spent.append(time.perf_counter() - begin)
        seen = [track for track in scene.tracks if track.seen == now]
        boxes = np.array([track.box for track in seen], float).reshape(-1, 4)
        answers.append(Boxes(np.array([track.id for track in seen], int), boxes))
    return answers, 1e3 * float(np.median(spent))


def run_peer(clip: Clip, python: Path, options: str) -> tuple[list[Boxes], float]:
    counts = [len(found) for found in clip.found]
    rate = (len(clip.times) - 1) / (clip.times[-1] - clip.times[0])
    with tempfile.TemporaryDirectory() as folder:
        given, answered = Path(folder) / "given.npz", Path(folder) / "answered.npz"
        np.savez(
            given,
            count=len(counts),
            frame=np.repeat(np.arange(len(counts)), counts),
            boxes=np.concatenate([found.boxes for found in clip.found]),
            scores=np.concatenate([found.scores for found in clip.found]),
            kinds=np.zeros(sum(counts), int),
        )
        command = [str(python), "-W", "ignore", str(PEER), str(given), str(answered), str(rate), options]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        answer = np.load(answered)
        frames = [answer["frame"] == index for index in range(len(counts))]
        return [Boxes(answer["ids"][chosen], answer["boxes"][chosen]) for chosen in frames], float(done.stdout)


def detect(path: Path) -> Clip:
    """Every frame through yolox-nano."""
    detector, times, found = ObjectDetector("yolox-nano"), [], []
    for frame in open_source(str(path)).frames():
        times.append(frame.time)
        found.append(detector.find(frame))
        size = frame.width, frame.height
    return Clip(times, found, Blank(*size))


def between(clip: Clip) -> Sequence[str]:
    """On the frames without detection, how the tracks' boxes lie on what every-frame detection finds there."""
    tracker, overlaps = ByteTracker(sure=SURE, mixed=True), []
    for index, (now, found) in enumerate(zip(clip.times, clip.found, strict=True)):
        due = index % INTERVAL == 0
        scene = Scene(Frame(clip.picture, now, "bench", index), found if due else None)
        tracker.update(scene)
        if not due:
            near = [track.box for track in scene.tracks if now - track.seen <= IN_SIGHT]
            boxes = np.array([*near, np.zeros(4)], np.float32)
            overlaps.append(box_iou(found.boxes[found.scores >= SURE], boxes).max(axis=1))
    every = np.concatenate(overlaps)
    followed = every[every > 0.1]
    shares = [len(followed) / len(every), followed.mean(), (followed >= 0.7).mean(), (every >= 0.7).mean()]
    return [str(len(every)), *(f"{value:.3f}" for value in shares)]


if __name__ == "__main__":
    main()
