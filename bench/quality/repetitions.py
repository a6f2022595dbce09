"""How well repetitions are counted, on generated sequences of every exercise and on real clips counted by eye.

    python bench/quality/repetitions.py                 # generated: every exercise of the motion library
    python bench/quality/repetitions.py --each 10 --only squat,jab
    python bench/quality/repetitions.py --real          # the clips of FOOTLIGHTS_DATA, against real_counts.toml

Measures as RepCount defines them: OBO, the share of sequences that are off by one at most, and the normalised mean
absolute error. "known": the counter is told which exercise it may be, as the recogniser tells it; "unknown": it is not.
"""

import argparse
import os
import tomllib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from footlights.core.scene import Pose, Region
from footlights.media.rehearsal.cast import Rehearsal, performers
from footlights.media.rehearsal.motion import Motion, motion, names
from footlights.media.rehearsal.skeleton import landmarks
from footlights.recognition.exercise_table import exercise_table
from footlights.recognition.expected_cycle import Expected
from footlights.recognition.repetitions import RepetitionCounter

RATES = (10.0, 15.0, 24.0, 30.0, 60.0)  # frames a second
FOCAL = 700.0  # pixels


@dataclass(frozen=True)
class Score:
    """One sequence."""

    name: str
    counted: int
    truth: int
    fps: float
    group: str = ""

    @property
    def off(self) -> int:
        """By how many."""
        return abs(self.counted - self.truth)


def sequence(name: str, seed: int, reps: int | None = None) -> tuple[list[tuple[float, Pose]], int, float]:
    """A person who does an exercise, as landmarks: any view that suits it, pace, size, frame rate and noise."""
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    known = motion(name)
    assert known.exercise is not None
    fps, drawn = float(rng.choice(RATES)), int(rng.integers(3, 12))
    reps = reps or drawn
    pace, yaw = float(rng.uniform(0.9 * known.pace[0], 1.1 * known.pace[1])), float(rng.uniform(*known.yaw))
    person = performers(Rehearsal((name,), seed=seed, yaw=yaw, reps=reps, pace=max(0.2, pace)))[0]
    span = person.score.spans[0]
    times = np.arange(0, span.end + 1.0, 1 / fps)
    joints, _ = person.joints(times)
    points = landmarks(joints, person.body)
    distance = float(rng.uniform(2.5, 4.5))
    depth = distance - points[..., 2]
    xy = np.stack([320 + FOCAL * points[..., 0] / depth, 300 - FOCAL * (points[..., 1] - 1.0) / depth], axis=-1)
    xy += noise(xy.shape, float(rng.uniform(0.01, 0.04)) * FOCAL * 0.5 / distance, fps, rng)
    poses = [(float(time), _pose(row)) for time, row in zip(times, xy, strict=True)]
    return poses, len(span.repeats) * known.exercise.counts, fps


def noise(shape: tuple[int, ...], size: float, fps: float, rng: np.random.Generator) -> np.ndarray:
    """Half of it new on every frame, half wandering within 0.15 s, as landmark models have it."""
    kept = float(np.exp(-1 / (0.15 * fps)))
    wander, now = np.empty(shape), np.zeros(shape[1:])
    for index in range(shape[0]):
        now = kept * now + np.sqrt(1 - kept**2) * rng.normal(0, 0.7 * size, shape[1:])
        wander[index] = now
    return wander + rng.normal(0, 0.7 * size, shape)


def _pose(xy: np.ndarray) -> Pose:
    none = np.zeros(33, np.float32)
    seen = np.full(33, 0.95, np.float32)
    return Pose(xy.astype(np.float32), none, seen, np.zeros((33, 3), np.float32), 1.0, Region(320, 240, 400, 0.0))


def generated(seeds: Sequence[int], only: Sequence[str], *, known: bool, reps: int | None) -> Iterator[Score]:
    """Scores of every exercise of the library that is repeated."""
    table = exercise_table()
    for name in names():
        found = motion(name)
        if found.kind != "exercises" or found.exercise is None or not (found.cycle and found.exercise.counts):
            continue
        if only and name not in only and found.label not in only:
            continue
        entry = table[found.label]
        for seed in seeds:
            poses, truth, fps = sequence(name, seed, reps)
            counted = count(poses, entry.expected if known else None)
            credited = int(sum(entry.credit(one) for one in counted) + 1e-6)
            yield Score(name, credited, truth, fps, group(found))


def group(found: Motion) -> str:
    """What kind of exercise it is, for the table."""
    assert found.exercise is not None
    if any(word in found.label for word in ("jab", "cross", "hook", "uppercut", "boxing", "squat_punch")):
        return "boxing"
    if found.posture not in ("standing", "bent", "squatting"):
        return "on the floor"
    if any(word in found.label for word in ("jump", "hop", "high_knees", "quick_feet", "butt_kicker", "snowboarder")):
        return "jumps and running in place"
    if any(word in found.label for word in ("squat", "lunge", "burpee")):
        return "squats and lunges"
    return "standing, arms and legs"


def count(poses: Sequence[tuple[float, Pose | None]], expected: Expected | None) -> list:
    """Every repetition of one person."""
    counter = RepetitionCounter()
    return [one for time, pose in poses for one in counter.update(time, pose, expected, sure=expected is not None)]


def real(folder: Path) -> Iterator[Score]:
    """Scores of the clips that were counted by eye, through the real landmark model."""
    table = exercise_table()
    given = tomllib.loads(Path(__file__).with_name("real_counts.toml").read_text(encoding="utf-8"))
    for name, truth in given["pushup_clips"].items():
        (path,) = (folder / "fitness" / "pushup_clips").glob(f"*/{name}.mp4")
        yield _clip(name, path, truth, table["push_up"])
    gif = folder / "fitness" / "roboflow_squat_init.gif"
    yield _clip("roboflow_squat_init", gif, given["roboflow_squat_init"]["squat"], table["squat"])


def _clip(name: str, path: Path, truth: int, entry) -> Score:
    poses = list(landmarks_of(path))
    counted = count(poses, entry.expected)
    return Score(name, int(sum(entry.credit(one) for one in counted) + 1e-6), truth, 0.0)


def landmarks_of(path: Path) -> Iterator[tuple[float, Pose | None]]:
    """The pose of the largest person of every frame."""
    from footlights.core.scene import Scene
    from footlights.media.open import open_source
    from footlights.perception.people import PeopleDetector
    from footlights.perception.pose import PoseStage
    from footlights.perception.track import BoxTracker

    detector, tracker, stage = PeopleDetector(), BoxTracker(), PoseStage()
    due = 0.0
    for frame in open_source(str(path)).frames():
        scene = Scene(frame)
        if frame.time >= due or not any(track.pose for track in scene.tracks):
            detector.run([scene])
            due = frame.time + 0.5
        tracker.update(scene)
        stage.run(scene)
        people = [track for track in scene.tracks if track.pose is not None]
        largest = max(people, key=lambda track: float(track.box[3] - track.box[1]), default=None)
        yield frame.time, largest.pose if largest is not None else None


def report(title: str, scores: Sequence[Score], *, each: bool) -> None:
    """One line for all, one for each frame rate, and the worst."""
    off, truth = np.array([score.off for score in scores]), np.array([score.truth for score in scores])
    print(
        f"{title:<10} {len(scores):5d} sequences   OBO {np.mean(off <= 1):.3f}   exact {np.mean(off == 0):.3f}"
        f"   MAE {np.mean(off / truth):.3f}"
    )
    if each:
        for score in scores:
            print(f"  {score.name:<24} {score.counted:3d} of {score.truth}")
        return
    parts = [(f"{score.fps:.0f} frames a second", score.group) for score in scores]
    for part in sorted({part for pair in parts for part in pair}):
        own = np.array([part in pair for pair in parts])
        print(
            f"  {part:<28} {own.sum():4d}   OBO {np.mean(off[own] <= 1):.3f}   exact {np.mean(off[own] == 0):.3f}"
            f"   MAE {np.mean(off[own] / truth[own]):.3f}"
        )
    worst: dict[str, list[float]] = {}
    for score in scores:
        worst.setdefault(score.name, []).append(score.off / score.truth)
    named = sorted(((float(np.mean(errors)), name) for name, errors in worst.items()), reverse=True)[:12]
    print("  worst: " + ", ".join(f"{name} {error:.2f}" for error, name in named if error > 0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--each", type=int, default=4, help="sequences of each motion")
    parser.add_argument("--seed", type=int, default=0, help="of the first sequence of each motion")
    parser.add_argument("--reps", type=int, help="cycles of every sequence; without it, 3 to 11")
    parser.add_argument("--only", default="", help="names of motions or exercises, with commas")
    parser.add_argument("--real", action="store_true", help="the clips that were counted by eye")
    given = parser.parse_args()
    if given.real:
        report("real", list(real(Path(os.environ["FOOTLIGHTS_DATA"]))), each=True)
        return
    only = [name for name in given.only.split(",") if name]
    seeds = range(given.seed, given.seed + given.each)
    for title, known in (("known", True), ("unknown", False)):
        report(title, list(generated(seeds, only, known=known, reps=given.reps)), each=False)


if __name__ == "__main__":
    main()
