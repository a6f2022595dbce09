"""Gestures of real people: skeletons of a depth camera, pictures, clips of people who mean other things.

    FOOTLIGHTS_DATA=DATA python bench/quality/gestures_real.py [--skeletons] [--pictures] [--clips]

Skeletons: UTD-MHAD, four people, never trained on and never tuned on. Its joints become those of our 33 landmarks which
it has; hands, eyes and ears are masked. Forced choice: which of the actions that have a label here scores highest over
a sequence. Continuous: all sequences of a person in a drawn order, with half a second between them, as one stream.
Pictures: emre_frames, of every class the odd ones in the order of their names (the even ones were trained on).
Clips: ten people who sign (no label here is meant), fixed cameras, and an idle puppet: every gesture is false.
"""

import argparse
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from footlights.core.errors import SettingsError
from footlights.core.event import Event
from footlights.core.frame import Frame
from footlights.core.scene import Floats, Pose, Region, Scene, Track
from footlights.engine.stream import Pace, Slots
from footlights.media.images import load
from footlights.media.open import open_source
from footlights.media.picture import ArrayPicture
from footlights.perception.hands import HandStage
from footlights.perception.people import PeopleDetector
from footlights.perception.pose import PoseStage
from footlights.perception.track import BoxTracker
from footlights.recognition.gestures import GestureRecogniser
from footlights.recognition.second_look import SecondLook

ACTIONS = {1: "swipe_left", 2: "swipe_right", 3: "wave", 4: "clap", 6: "x_arms"}
NAMES = (
    "swipe left", "swipe right", "wave", "clap", "throw", "arm cross", "basketball shoot", "draw X", "circle cw",
    "circle ccw", "triangle", "bowling", "boxing", "baseball swing", "tennis swing", "arm curl", "tennis serve", "push",
    "knock", "catch", "pick up and throw", "jog", "walk", "sit to stand", "stand to sit", "lunge", "squat",
)  # fmt: skip
PICTURES = {
    "body": {"follow": "x_arms", "take_off": "arms_up"},
    "hand": {
        "up": "thumb_up", "down": "thumb_down", "emergency": "fist", "palm": "open_palm", "further": "victory",
        "land": "victory",
    },
}  # fmt: skip
CLIPS = ("gesture/intel_asl/*.mkv", "people/*")
IDLE = "rehearsal:idle?seconds=30&seed=4242"
KINECT = {  # landmark: joint of the Kinect
    0: 0, 11: 4, 13: 5, 15: 6, 17: 7, 19: 7, 21: 7, 12: 8, 14: 9, 16: 10, 18: 11, 20: 11, 22: 11, 23: 12, 25: 13,
    27: 14, 24: 16, 26: 17, 28: 18,
}  # fmt: skip
PAUSE = 15  # frames between two sequences
NOTHING = ArrayPicture(np.zeros((2, 2, 3), np.uint8))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("skeletons", "pictures", "clips"):
        parser.add_argument(f"--{name}", action="store_true", help="these; without any: all")
    args = parser.parse_args()
    folder = os.environ.get("FOOTLIGHTS_DATA")
    if not folder:
        raise SettingsError("set FOOTLIGHTS_DATA to the folder with the recordings")
    chosen = [name for name in ("pictures", "clips", "skeletons") if getattr(args, name)]
    for name in chosen or ("pictures", "clips", "skeletons"):
        {"pictures": pictures, "clips": clips, "skeletons": skeletons}[name](Path(folder))
    return 0


def pictures(data: Path) -> None:
    """Each picture alone: which gestures it shows."""
    detector = PeopleDetector()
    for part, shows in PICTURES.items():
        right, of, wrong = Counter[str](), Counter[str](), defaultdict(Counter)
        for path in sorted((data / "gesture" / "emre_frames" / part).glob("*/*.jpg")):
            place = sorted(path.parent.iterdir()).index(path)
            if part == "hand" and place % 2 == 0:
                continue
            scene = Scene(Frame(ArrayPicture(load(path)), 0.0, "stills", 0))
            detector.run([scene])
            BoxTracker().update(scene)
            for stage in (PoseStage(), SecondLook(), HandStage()):
                stage.run(scene)
            recogniser = GestureRecogniser()
            found = {
                str(event.data["gesture"]) for event in [*recogniser.update(scene), *recogniser.finish("stills", 0.0)]
            }
            expected = shows.get(path.parent.name)
            if expected:
                of[expected] += 1
                right[expected] += expected in found
            wrong[path.parent.name].update(found - {expected})
        print(f"\nemre_frames, {part}: found of shown; what else was found on the pictures of each class")
        for name in of:
            print(f"  {name:12} {right[name]} / {of[name]}")
        for kind, others in wrong.items():
            if others:
                print(f"  ({kind}) {dict(others)}")


def clips(data: Path) -> None:
    """Gestures in clips in which none is meant."""
    total: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: Counter[str] = Counter()
    print("\nclips: seconds, poses, gestures")
    paths = [str(path) for pattern in CLIPS for path in sorted(data.glob(pattern))]
    for address in [*paths, IDLE]:
        recogniser, time, poses, found = GestureRecogniser(), 0.0, 0, Counter[str]()
        for scene in look(address):
            time, poses = scene.frame.time, poses + sum(track.pose is not None for track in scene.tracks)
            found.update(begins(recogniser.update(scene)))
        kind = "idle" if address == IDLE else Path(address).parent.name
        total[kind] += found
        seconds[kind] += round(time)
        print(f"  {Path(address).name[:52]:52} {time:6.1f} {poses:6} {dict(found)}", flush=True)
    for kind, found in total.items():
        rate = 60 * found.total() / max(1, seconds[kind])
        print(f"  {kind}: {found.total()} gestures in {seconds[kind]} s, {rate:.2f} a minute {dict(found)}")


def look(address: str) -> Iterator[Scene]:
    """What the models see."""
    detector, tracker, slots = PeopleDetector(), BoxTracker(), Slots(Pace())
    stages, following = [PoseStage(), SecondLook(), HandStage()], False
    for frame in open_source(address).frames():
        scene = Scene(frame)
        if slots.due(frame, following=following):
            detector.run([scene])
        tracker.update(scene)
        for stage in stages:
            stage.run(scene)
        following = bool(scene.tracks)
        yield scene


def skeletons(data: Path) -> None:
    """Forced choice and continuous recognition on UTD-MHAD."""
    archive = np.load(data / "gesture" / "utd_mhad_skeleton.npz")
    keys = {name: tuple(int(part[1:]) for part in name.split("_")) for name in archive.files}
    labels = list(ACTIONS.values())
    right: dict[str, list[bool]] = defaultdict(list)
    for name, (action, _, _) in keys.items():
        if action in ACTIONS:
            recogniser, sums = GestureRecogniser(labels), Counter[str]()
            for scene in film(padded(archive[name])):
                for _ in recogniser.update(scene):
                    pass
                for label, progress in recogniser.progress(1).items():
                    sums[label] += progress.score
            best = max(labels, key=lambda label: sums[label])
            right[ACTIONS[action]].append(best == ACTIONS[action] and sums[best] > 0)
    print("\nskeletons, forced choice among " + ", ".join(labels))
    for label, good in right.items():
        print(f"  {label:12} {sum(good)} / {len(good)}")
    every = [one for good in right.values() for one in good]
    print(f"  all {sum(every)} / {len(every)} = {np.mean(every):.1%}")
    continuous(archive, keys)


def continuous(archive: "np.lib.npyio.NpzFile", keys: dict[str, tuple[int, ...]]) -> None:
    hit, of, false, per_action, minutes = Counter[str](), Counter[str](), Counter[str](), defaultdict(Counter), 0.0
    for subject in sorted({subject for _, subject, _ in keys.values()}):
        mine = sorted(name for name, key in keys.items() if key[1] == subject)
        order = np.random.default_rng(subject).permutation(len(mine))
        joints, places = in_a_row([(keys[mine[index]][0], archive[mine[index]]) for index in order])
        recogniser, told = GestureRecogniser(), list[tuple[str, float]]()
        for scene in film(joints):
            told += [(str(e.data["gesture"]), e.time) for e in recogniser.update(scene) if e.kind == "gesture.begin"]
        for action, first, last in places:
            during = [name for name, time in told if first / 30 <= time < (last + PAUSE) / 30]
            label = ACTIONS.get(action)
            if label:
                of[label] += 1
                hit[label] += label in during
                per_action[NAMES[action - 1]].update(name for name in during if name != label)
            else:
                minutes += (last - first + PAUSE) / 30 / 60
                false.update(during)
                per_action[NAMES[action - 1]].update(during)
    print("skeletons, continuous: recall; what else was found in each action")
    for label in of:
        print(f"  {label:12} {hit[label]} / {of[label]}")
    print(f"  all {hit.total()} / {of.total()} = {hit.total() / of.total():.1%}")
    rate = false.total() / minutes
    print(f"  on the other actions {rate:.2f} false events a minute in {minutes:.1f} minutes {dict(false)}")
    for action, names in per_action.items():
        if names:
            print(f"  ({action}) {dict(names)}")


def padded(joints: Floats) -> Floats:
    """(20, 3, T) with a second of the first and of the last posture around it."""
    return np.concatenate([np.repeat(joints[..., :1], 30, 2), joints, np.repeat(joints[..., -1:], PAUSE, 2)], axis=2)


def in_a_row(sequences: list[tuple[int, Floats]]) -> tuple[Floats, list[tuple[int, int, int]]]:
    """All sequences one after the other, blended over; and action, first and last frame of each."""
    parts, places, now = [], [], 0
    for index, (action, joints) in enumerate(sequences):
        if index:
            share = np.linspace(0, 1, PAUSE + 2)[1:-1]
            parts.append(parts[-1][..., -1:] * (1 - share) + joints[..., :1] * share)
            now += PAUSE
        parts.append(joints)
        places.append((action, now, now + joints.shape[2]))
        now += joints.shape[2]
    return np.concatenate(parts, axis=2), places


def film(joints: Floats) -> Iterator[Scene]:
    """(20, 3, T) metres of a depth camera at 30 frames a second, as scenes of one person."""
    for index in range(joints.shape[2]):
        points, visibility = np.zeros((33, 3), np.float32), np.zeros(33, np.float32)
        points[list(KINECT)] = joints[list(KINECT.values()), :, index]
        visibility[list(KINECT)] = 1.0
        hips = (points[23] + points[24]) / 2
        world = np.where(visibility[:, None] > 0, (points - hips) * np.array([-1, -1, 1], np.float32), 0)
        xy = np.array([320, 240], np.float32) - 200 * points[:, :2]  # the left shoulder lies at the smaller x
        pose = Pose(xy, 200 * (points[:, 2] - hips[2]), visibility, world, 1.0, Region(320.0, 240.0, 400.0, 0.0))
        seen = xy[visibility > 0]
        track = Track(1, "person", np.concatenate([seen.min(0), seen.max(0)]), 1.0, 0.0, index / 30, pose=pose)
        yield Scene(Frame(NOTHING, index / 30, "skeletons", index), tracks=[track])


def begins(told: Iterator[Event]) -> list[str]:
    """The names of the gestures that begin."""
    return [str(event.data["gesture"]) for event in told if event.kind == "gesture.begin"]


if __name__ == "__main__":
    sys.exit(main())
