"""Fitness on real people: phases of exercises on poses that others labelled, and clips of push-ups.

    FOOTLIGHTS_DATA=DATA python bench/quality/fitness_real.py [--phases] [--clips]

Phases: `recognition.phase` says of one pose alone whether it is at the begin of an exercise's cycle or at its turn. It
knows the motion library and nothing else: no pose of these files was learned from. ML Kit's samples are stills (squats
and push-ups, up and down); those of "Exercise-Correction" are frames of films of 16:9 (squats; lunges: initial, middle,
down; its landmarks are shares of width and height). The plank and curl files are about good form, not about phases.
Clips: push-ups, evaluated only: recognised where at least one bout of a push-up is told, and no other exercise for
longer.

Exit status 1 where a figure is below 90 %.
"""

import argparse
import csv
import gzip
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from footlights.core.errors import SettingsError
from footlights.core.frame import Frame
from footlights.core.scene import Pose, Region, Scene, Track
from footlights.core.skeleton import BODY_INDEX
from footlights.engine.stream import Pace, Slots
from footlights.media.open import open_source
from footlights.perception.people import PeopleDetector
from footlights.perception.pose import PoseStage
from footlights.perception.track import BoxTracker
from footlights.recognition.exercises import ExerciseRecogniser
from footlights.recognition.phase import TURNED, phase

LEAST = 0.9
WIDE = 16 / 9  # of the films whose landmarks are shares of width and height
FILES = {  # of Exercise-Correction: the exercise
    "squat_model_train": "squat", "squat_model_test": "squat", "lunge_model_dataset": "lunge_stationary",
    "lunge_model_stage.test": "lunge_stationary",
}  # fmt: skip
DOWN = {"down", "D"}
LINGER = 2.0  # seconds for which the last picture of a clip is shown, so that a bout of its end can begin


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("phases", "clips"):
        parser.add_argument(f"--{name}", action="store_true", help="these; without any: all")
    args = parser.parse_args()
    folder = os.environ.get("FOOTLIGHTS_DATA")
    if not folder:
        raise SettingsError("set FOOTLIGHTS_DATA to the folder with the recordings")
    data, good = Path(folder) / "fitness", True
    if args.phases or not args.clips:
        good &= phases(data)
    if args.clips or not args.phases:
        good &= clips(data)
    return 0 if good else 1


def phases(data: Path) -> bool:
    """Print how often up and down are told rightly, by file and label."""
    right: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for source, exercise, label, pose in (*mlkit(data), *corrected(data)):
        told = phase(pose, exercise)
        right[source, label].append(told is not None and (told >= TURNED) == (label in DOWN))
    print("phases: begin or turn, from one pose")
    for (source, label), good in right.items():
        print(f"  {source:28} {label:6} {sum(good):5} / {len(good):5} = {np.mean(good):.1%}")
    sources = {
        source: [one for (name, _), good in right.items() if name == source for one in good] for source, _ in right
    }
    for source, good in sources.items():
        print(f"  {source:28} all    {sum(good):5} / {len(good):5} = {np.mean(good):.1%}")
    return all(np.mean(good) >= LEAST for good in sources.values())


def mlkit(data: Path) -> Iterator[tuple[str, str, str, Pose]]:
    """Source, exercise, label and pose of ML Kit's stills: 33 landmarks in pixels."""
    with gzip.open(data / "mlkit_fitness_pose_samples.csv.gz", "rt", encoding="utf-8") as file:
        for _, name, *numbers in csv.reader(file):
            kind, label = name.split("_")
            points = np.array(numbers, np.float32).reshape(33, 3)
            exercise = {"squats": "squat", "pushups": "push_up"}[kind]
            yield f"ML Kit, {kind}", exercise, label, posed(points[:, :2], np.ones(33, np.float32))


def corrected(data: Path) -> Iterator[tuple[str, str, str, Pose]]:
    """The same of the films: named landmarks, x and y as shares of the picture, visibility."""
    for stem, exercise in FILES.items():
        with gzip.open(data / "ngo_exercise" / f"{stem}.csv.gz", "rt", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                xy, visible = np.zeros((33, 2), np.float32), np.zeros(33, np.float32)
                for name, index in BODY_INDEX.items():
                    if f"{name}_x" in row:
                        xy[index] = WIDE * float(row[f"{name}_x"]), float(row[f"{name}_y"])
                        visible[index] = float(row[f"{name}_v"])
                yield stem, exercise, row["label"], posed(1000 * xy, visible)


def posed(xy: np.ndarray, visible: np.ndarray) -> Pose:
    """A pose of which only the picture's landmarks are known."""
    return Pose(xy, np.zeros(33, np.float32), visible, np.zeros((33, 3), np.float32), 1.0, Region(0.0, 0.0, 1.0, 0.0))


def clips(data: Path) -> bool:
    """Print what is told of every push-up clip."""
    paths, known = sorted((data / "pushup_clips").glob("*/*.mp4")), []
    print("push-up clips: seconds of each exercise told")
    for path in paths:
        recogniser, told = ExerciseRecogniser(), Counter[str]()
        time = 0.0
        for scene in look(path):
            time = scene.frame.time
            note(recogniser.update(scene), told)
        note(recogniser.finish("clip", time), told)
        known.append(bool(told) and max(told, key=lambda name: told[name]) == "push_up")
        print(f"  {path.stem:12} {time:5.1f} s {'found' if known[-1] else 'MISSED':6} {dict(told)}", flush=True)
    print(f"  recognised: {sum(known)} of {len(known)} = {np.mean(known):.1%}")
    return bool(np.mean(known) >= LEAST)


def note(events, told: Counter[str]) -> None:
    """Add up the seconds of every exercise that ends."""
    for event in events:
        if event.kind == "exercise.end":
            told[str(event.data["exercise"])] += round(float(event.data["seconds"]), 1)


def look(path: Path) -> Iterator[Scene]:
    """What the models see; the largest person only, under one number."""
    detector, tracker, slots, stage = PeopleDetector(), BoxTracker(), Slots(Pace()), PoseStage()
    following, last, largest = False, None, None
    for frame in open_source(str(path)).frames():
        scene = Scene(frame)
        if slots.due(frame, following=following):
            detector.run([scene])
        tracker.update(scene)
        stage.run(scene)
        people = [track for track in scene.tracks if track.pose is not None]
        following = bool(people)
        largest = max(people, key=lambda track: float(track.box[3] - track.box[1]), default=None)
        last = frame
        yield alone(frame, frame.time, largest)
    for step in range(1, int(LINGER * 15)):
        if last is not None:
            yield alone(last, last.time + step / 15, largest)


def alone(frame: Frame, time: float, person: Track | None) -> Scene:
    """A picture in which there is one person."""
    moment = Frame(frame.picture, time, "clip", frame.index)
    if person is None:
        return Scene(moment)
    one = Track(1, "person", person.box, 1.0, 0.0, time, pose=person.pose)
    return Scene(moment, tracks=[one])


if __name__ == "__main__":
    sys.exit(main())
