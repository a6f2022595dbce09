"""The whole way of gestures: drawn people, the real landmark models, the recogniser.

    python bench/quality/gestures_path.py [--each 1] [--first 100000] [--keep FOLDER] [LABEL …]

Every gesture of the rehearsal's library is done by seeds that nothing was tuned on, seen by every framing in turn that
still shows it and from up to 45° to either side. Found: the gesture's event begins while it is done, or up to half a
second later. False: any event that is neither the gesture nor, by `HOLDS`, a shape that the hand really has meanwhile.
Every third of the everyday motions, idle people among them, is a negative: every event is false.

What was seen is kept in FOLDER, so that another version of the recogniser can be scored on the same.
Exit status 1 where recall is below 90 %.
"""

import argparse
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from footlights.core.frame import Frame
from footlights.core.scene import Hand, Pose, Region, Scene, Side, Track
from footlights.engine.stream import Pace, Slots
from footlights.media.picture import ArrayPicture
from footlights.media.rehearsal.camera import FRAMINGS
from footlights.media.rehearsal.cast import script
from footlights.media.rehearsal.motion import Motion, motion, names
from footlights.media.rehearsal.source import open_rehearsal
from footlights.perception.hands import HandStage
from footlights.perception.people import PeopleDetector
from footlights.perception.pose import PoseStage
from footlights.perception.track import BoxTracker
from footlights.recognition.definitions import library
from footlights.recognition.gestures import GestureRecogniser
from footlights.recognition.second_look import SecondLook

RECALL = 0.9
RATE = 15  # frames a second
LATE = 0.5  # seconds after its end at which a gesture may still be told
YAWS = (0, -30, 20, -45, 35, -15, 45)  # degrees, in turn
SEEN_BY = ("upper", "knees", "full")
NOTHING = ArrayPicture(np.zeros((480, 640, 3), np.uint8))
HOLDS = {  # gesture: shapes that its hand has while it is done
    "open_palm": {"wave", "come_closer", "swipe_down", "swipe_down_two_hands", "swipe_left", "swipe_right", "swipe_up",
                  "swipe_up_two_hands", "zoom_in", "zoom_out", "arms_up", "cover_ears", "roll_hand", "dab"},
    "fist": {"arms_up", "x_arms", "dab"},
}  # fmt: skip


@dataclass(frozen=True)
class Take:
    """One performance, as the models saw it."""

    motion: Motion
    framing: str
    begin: float  # seconds; of the gesture
    end: float
    seconds: float
    scenes: list[Scene]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", nargs="*", help="only these")
    parser.add_argument("--each", type=int, default=1, help="performances of each motion")
    parser.add_argument("--first", type=int, default=100_000, help="added to every seed")
    parser.add_argument("--keep", type=Path, help="folder for what was seen")
    args = parser.parse_args()
    results = [
        (take, events(take))
        for name in names()
        if wanted(motion(name), args.labels)
        for again in range(args.each)
        for take in [observe(name, args.first, again, args.keep)]
    ]
    return report(results)


def wanted(one: Motion, labels: list[str]) -> bool:
    """Gestures, and every third of the everyday motions, which are none."""
    if one.kind == "gestures":
        return not labels or one.label in labels
    sampled = one.name == "idle" or zlib.crc32(one.name.encode()) % 3 == 0
    return one.kind == "everyday" and (one.name in labels if labels else sampled)


def observe(name: str, first: int, again: int, keep: Path | None) -> Take:
    """One performance through the models. Seed, framing and view follow from the motion's name and `again`."""
    one, turn = motion(name), zlib.crc32(name.encode()) % 1000 + again
    closest = list(FRAMINGS).index(one.camera)
    framings = [framing for framing in SEEN_BY if list(FRAMINGS).index(framing) <= closest]
    framing = framings[turn % len(framings)]
    yaw = float(np.clip(YAWS[turn % len(YAWS)], max(one.yaw[0], -45), min(one.yaw[1], 45)))
    address = f"{name}?seed={first + turn}&camera={framing}&yaw={yaw:g}&fps={RATE}"
    spans = script(address, until=60)
    begin, end = (spans[0].span.begin, spans[0].span.end) if one.label and spans else (0.0, 0.0)
    seconds = end + 1.2 if one.label else 8.0
    path = None if keep is None else keep / f"{name}.{framing}.{yaw:g}.{first + turn}.npz"
    if path is not None and path.exists():
        seen, begin, end = remembered(path)
        return Take(one, framing, begin, end, seconds, seen)
    seen = list(look(f"{address}&seconds={seconds:.2f}"))
    if path is not None:
        remember(path, seen, begin, end)
    return Take(one, framing, begin, end, seconds, seen)


def look(address: str) -> Iterator[Scene]:
    """What the models see."""
    detector, tracker, slots = PeopleDetector(), BoxTracker(), Slots(Pace())
    stages = [PoseStage(), SecondLook(), HandStage()]
    following = False
    for frame in open_rehearsal(address, "path").frames():
        scene = Scene(frame)
        if slots.due(frame, following=following):
            detector.run([scene])
        tracker.update(scene)
        for stage in stages:
            stage.run(scene)
        following = bool(scene.tracks)
        yield Scene(Frame(NOTHING, frame.time, frame.stream, frame.index), tracks=scene.tracks)


def events(take: Take) -> list[tuple[str, float]]:
    """Gesture and time of every begin."""
    recogniser = GestureRecogniser()
    found = []
    for scene in take.scenes:
        found += [event for event in recogniser.update(scene) if event.kind == "gesture.begin"]
    return [(str(event.data["gesture"]), event.time) for event in found]


def report(results: Iterable[tuple[Take, list[tuple[str, float]]]]) -> int:
    """Print what was found, missed and false; the exit status."""
    known = library()
    done: Counter[str] = Counter()
    found: Counter[str] = Counter()
    by_framing: dict[str, list[bool]] = defaultdict(list)
    taken: dict[str, Counter[str]] = defaultdict(Counter)
    seconds, false = 0.0, Counter[str]()
    quiet, alarms = 0.0, Counter[str]()
    for take, told in results:
        label = take.motion.label
        if label not in known:
            quiet += take.seconds
            alarms.update(name for name, _ in told)
            taken[f"({take.motion.name})"].update(name for name, _ in told)
            continue
        good = any(name == label and take.begin - LATE <= time <= take.end + LATE for name, time in told)
        wrong = [name for name, _ in told if name != label and label not in HOLDS.get(name, set())]
        done[label] += 1
        found[label] += good
        by_framing[take.framing].append(good)
        taken[label].update(wrong)
        false.update(wrong)
        seconds += take.seconds
        if not good or wrong:
            print(f"  {take.motion.name:32} {take.framing:6} {'found' if good else 'MISSED':7} {told}", flush=True)
    print(f"\n{'gesture':22} {'found':>9}   false events of it in other takes; taken for")
    for label in sorted(done):
        print(f"{label:22} {found[label]:3} / {done[label]:3}   {false[label]:3}  {dict(taken[label])}")
    for name, others in taken.items():
        if name.startswith("(") and others:
            print(f"{name:22} {dict(others)}")
    print("\nframings: " + ", ".join(f"{name} {np.mean(good):.1%} of {len(good)}" for name, good in by_framing.items()))
    for what, count, time in (("other gestures are", false.total(), seconds), ("none is", alarms.total(), quiet)):
        print(f"false while {what} done: {60 * count / max(time, 1):.2f} a minute in {time / 60:.1f} minutes")
    recall = found.total() / max(1, done.total())
    print(f"recall {recall:.1%} of {done.total()}")
    return 0 if recall >= RECALL else 1


def remember(path: Path, scenes: list[Scene], begin: float, end: float) -> None:
    """Write what was seen of the first person."""
    rows: dict[str, list[np.ndarray]] = defaultdict(list)
    for scene in scenes:
        track = next((track for track in scene.tracks if track.pose is not None), None)
        pose = None if track is None else track.pose
        none = np.full((33, 2), np.nan, np.float32)
        rows["time"].append(np.array(scene.frame.time))
        rows["pose"].append(none if pose is None else pose.xy)
        rows["rest"].append(
            np.zeros((33, 5), np.float32)
            if pose is None
            else np.concatenate([pose.z[:, None], pose.visibility[:, None], pose.world], axis=1)
        )
        rows["angle"].append(np.array(0.0 if pose is None else pose.region.angle))
        for side in ("left", "right"):
            hand = None if track is None else track.hands.get(side)  # type: ignore[call-overload]
            rows[side].append(
                np.full((21, 6), np.nan, np.float32)
                if hand is None
                else np.concatenate([hand.xy, hand.z[:, None], hand.world], axis=1)
            )
    path.parent.mkdir(parents=True, exist_ok=True)
    rows["span"] = [np.array(begin), np.array(end)]
    np.savez_compressed(path, **{name: np.stack(values) for name, values in rows.items()})  # type: ignore[arg-type]


def remembered(path: Path) -> tuple[list[Scene], float, float]:
    """What `remember` wrote: scenes, begin and end of the gesture."""
    table = np.load(path)
    sides: tuple[Side, Side] = ("left", "right")
    scenes = []
    for index, time in enumerate(table["time"].tolist()):
        tracks = []
        xy, rest = table["pose"][index], table["rest"][index]
        if np.isfinite(xy).all():
            pose = Pose(
                xy, rest[:, 0], rest[:, 1], rest[:, 2:], 1.0, Region(0.0, 0.0, 1.0, float(table["angle"][index]))
            )
            hands = {
                side: Hand(hand[:, :2], hand[:, 2], hand[:, 3:], 1.0, side, Region(0.0, 0.0, 1.0, 0.0))
                for side in sides
                if np.isfinite(hand := table[side][index]).all()
            }
            box = np.concatenate([xy.min(0), xy.max(0)])
            tracks.append(Track(1, "person", box, 1.0, 0.0, time, pose=pose, hands=hands))
        scenes.append(Scene(Frame(NOTHING, time, "path", index), tracks=tracks))
    return scenes, float(table["span"][0]), float(table["span"][1])


if __name__ == "__main__":
    sys.exit(main())
