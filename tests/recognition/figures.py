"""A stick figure that moves as it is told: landmarks with known truth, without any picture or model."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from footlights.core.event import Event
from footlights.core.frame import Frame
from footlights.core.scene import Pose, Region, Scene, Track
from footlights.core.skeleton import BODY_INDEX, BODY_MIRROR
from footlights.media.picture import ArrayPicture
from footlights.recognition.gestures import GestureRecogniser

Point = tuple[float, float, float]  # trunk lengths: to the picture's right, up, towards the camera; from the shoulders
Arm = tuple[Point, Point]  # elbow and wrist of the left arm; a right arm is its mirror image
Arms = tuple[Arm, Arm]  # left, right
PICTURE = ArrayPicture(np.zeros((480, 640, 3), np.uint8))

DOWN: Arm = ((0.42, -0.55, 0.0), (0.45, -1.05, 0.1))
UP: Arm = ((0.50, 0.50, 0.0), (0.42, 1.05, 0.05))
CROSSED: Arm = ((0.30, -0.45, 0.35), (-0.17, 0.02, 0.60))
CROSSED_LOW: Arm = ((0.40, -0.55, 0.20), (-0.15, -0.92, 0.40))
FOLDED: Arm = ((0.38, -0.50, 0.20), (-0.18, -0.47, 0.45))
ON_HEAD: Arm = ((0.75, 0.35, 0.0), (0.15, 0.62, 0.0))
T: Arm = ((0.80, 0.0, 0.0), (1.30, 0.0, 0.0))


@dataclass(frozen=True)
class View:
    """From where, and how well, the figure is seen."""

    unit: float = 110.0  # pixels, the trunk
    x: float = 320.0  # pixels, the middle of the shoulders
    y: float = 180.0  # pixels
    yaw: float = 0.0  # degrees that the figure is turned
    noise: float = 0.0  # pixels, standard deviation
    unseen: frozenset[str] = frozenset()  # joints


FRONT = View()
LEGS = ("hip", "knee", "ankle", "heel", "foot_index")
WEBCAM = View(
    unit=260, y=300, unseen=frozenset(f"{side}_{joint}" for side in ("left", "right") for joint in LEGS)
)  # head and shoulders only


def figure(arms: Arms, view: View = FRONT, rng: np.random.Generator | None = None) -> Pose:
    """The landmarks of a figure that holds its arms so."""
    joints: dict[str, Point] = {"nose": (0.0, 0.45, 0.15)}
    for side, sign, (elbow, wrist) in (("left", 1.0, arms[0]), ("right", -1.0, arms[1])):
        hand = tuple(w + 0.2 * (w - e) for e, w in zip(elbow, wrist, strict=True))
        half = {
            "shoulder": (0.33, 0.0, 0.0), "elbow": elbow, "wrist": wrist, "pinky": hand, "index": hand, "thumb": wrist,
            "hip": (0.2, -1.0, 0.0), "knee": (0.2, -1.9, 0.05), "ankle": (0.2, -2.75, 0.0), "heel": (0.2, -2.8, 0.0),
            "foot_index": (0.22, -2.85, 0.2), "eye": (0.07, 0.5, 0.1), "ear": (0.16, 0.48, 0.0),
        }  # fmt: skip
        joints |= {f"{side}_{name}": (sign * x, y, z) for name, (x, y, z) in half.items()}
    points = np.array([joints.get(name, joints["nose"]) for name in BODY_INDEX])
    turn = math.radians(view.yaw)
    across = points[:, 0] * math.cos(turn) + points[:, 2] * math.sin(turn)
    xy = np.stack([view.x + view.unit * across, view.y - view.unit * points[:, 1]], axis=1)
    if rng is not None:
        xy += rng.normal(0, view.noise, xy.shape)
    visibility = np.array([0.05 if name in view.unseen else 0.95 for name in BODY_INDEX])
    return pose_of(xy, visibility)


def pose_of(xy: np.ndarray, visibility: np.ndarray) -> Pose:
    """A pose of landmarks and their visibility."""
    size = float(np.ptp(xy, axis=0).max()) * 1.3
    region = Region(float(xy[:, 0].mean()), float(xy[:, 1].mean()), size, 0.0)
    none = np.zeros(33, np.float32)
    world = np.zeros((33, 3), np.float32)
    return Pose(xy.astype(np.float32), none, visibility.astype(np.float32), world, 1.0, region)


def mirrored(pose: Pose, width: float = 640.0) -> Pose:
    """The pose that a model finds in the mirrored picture."""
    order = list(BODY_MIRROR)
    xy = pose.xy[order] * [-1, 1] + np.array([width, 0])
    return replace(pose, xy=xy.astype(np.float32), visibility=pose.visibility[order])


def both(arm: Arm) -> Arms:
    """Both arms alike."""
    return arm, arm


def between(a: Arm, b: Arm, share: float) -> Arm:
    """From a (0) to b (1)."""
    share = min(1.0, max(0.0, share))
    elbow, wrist = (
        tuple(p + share * (q - p) for p, q in zip(one, other, strict=True)) for one, other in zip(a, b, strict=True)
    )
    return elbow, wrist  # type: ignore[return-value]


Motion = Callable[[float], Arms]  # seconds -> arms


def held(arm: Arm, begin: float = 1.0, end: float = 3.0, move: float = 0.35) -> Motion:
    """Arms down, brought to a position that is reached at `begin`, left at `end`."""
    return lambda t: both(between(DOWN, arm, min((t - begin) / move + 1, (end - t) / move + 1)))


def waving(begin: float = 1.0, end: float = 3.5, rate: float = 2.0, size: float = 0.22) -> Motion:
    """The left hand raised, then swung from side to side."""

    def arms(t: float) -> Arms:
        swing = size * math.sin(2 * math.pi * rate * (t - begin)) if begin <= t <= end else 0.0
        raised: Arm = ((0.60, -0.35, 0.1), (0.62 + swing, 0.28, 0.2))
        return between(DOWN, raised, min((t - begin) / 0.35 + 1, (end - t) / 0.35 + 1)), DOWN

    return arms


def clapping(
    begin: float = 1.0, end: float = 3.5, rate: float = 2.5, size: float = 0.4, height: float = -0.35
) -> Motion:
    """Hands meet before the chest at `begin`, then again and again."""

    def arms(t: float) -> Arms:
        open_ = size * (1 - math.cos(2 * math.pi * rate * (t - begin))) / 2 if begin <= t <= end else 0.0
        hands: Arm = ((0.45 + open_ / 4, -0.5, 0.2), (0.06 + open_, height, 0.6))
        return both(between(DOWN, hands, min((t - begin) / 0.4 + 1, (end - t) / 0.35 + 1)))

    return arms


def jumping_jacks(rate: float = 1.0) -> Motion:
    """Straight arms from the hips to above the head and back."""

    def arms(t: float) -> Arms:
        angle = math.radians(15 + 155 * (1 - math.cos(2 * math.pi * rate * t)) / 2)
        x, y = math.sin(angle), -math.cos(angle)
        arm: Arm = ((0.33 + 0.55 * x, 0.55 * y, 0.0), (0.33 + 1.05 * x, 1.05 * y, 0.0))
        return both(arm)

    return arms


def scenes(
    motions: Motion | Mapping[int, Motion], seconds: float = 5.0, fps: float = 30.0, view: View = FRONT, seed: int = 0
) -> Iterator[Scene]:
    """A film of one figure, or of several by their track."""
    people = motions if isinstance(motions, Mapping) else {1: motions}
    rng = np.random.default_rng(seed)
    for index in range(round(seconds * fps)):
        time = index / fps
        tracks = []
        for track, motion in people.items():
            pose = figure(motion(time), replace(view, x=view.x + 250 * (track - 1)), rng)
            box = np.concatenate([pose.xy.min(0), pose.xy.max(0)])
            tracks.append(Track(track, "person", box, 1.0, 0.0, time, pose=pose))
        yield Scene(Frame(PICTURE, time, "test", index), tracks=tracks)


def watch(film: Iterable[Scene], recogniser: GestureRecogniser | None = None) -> list[Event]:
    """All events of a film, the end included."""
    recogniser = recogniser or GestureRecogniser()
    events, time = [], 0.0
    for scene in film:
        time = scene.frame.time
        events += recogniser.update(scene)
    return [*events, *recogniser.finish("test", time)]


def begins(events: Iterable[Event]) -> list[tuple[str, float]]:
    """Gesture and onset of every begin."""
    return [(str(e.data["gesture"]), float(e.data["onset"])) for e in events if e.kind == "gesture.begin"]  # type: ignore[arg-type]
