"""Hands to learn from: generated ones and recorded ones, all as the net will see them.

Splits: of every class of a recorded set the last fifth, in the order of its file, is for testing (takes lie one behind
another, so that neighbours in time do not stand on both sides).
"""

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from footlights.core.scene import Floats
from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.body import Body
from footlights.media.rehearsal.posture import ARM, HandShape, arms, hand_shapes, rest
from footlights.media.rehearsal.skeleton import rotation, solve
from footlights.recognition.hand_shapes import SHAPES, measure

NAMED = {  # hands of the rehearsal that are a shape; every other is none of them
    "fist": "fist", "open": "open_palm", "flat": "open_palm", "victory": "victory", "ok": "ok", "thumb_up": "thumb",
    "point": "point", "middle_finger": "middle_finger",
}  # fmt: skip
DOUBTFUL = ("grip", "thumb_pointing")  # nearly a fist; the same as thumb_up
PATTERNS = {(1, 1, 1, 1), (0, 0, 0, 0), (1, 0, 0, 0), (1, 1, 0, 0), (0, 1, 0, 0), (0, 1, 1, 1)}  # fingers of shapes
POSEKIT = {  # classes of the set; what could be taken for either is left out: L, U, flat hands from the side, 9 and F
    "1": "point", "2": "victory", "5": "open_palm", "Stop": "open_palm", "Ok": "ok", "Super": "thumb",
    "Dislike": "thumb", "Fight_Fist": "fist", "Power_Fist": "fist", "Middle_Finger": "middle_finger", "0": "none",
    "3": "none", "6": "none", "7": "none", "8": "none", "Chef": "none", "Horns": "none", "Metal": "none",
    "Phone": "none", "Shaka": "none", "Water": "none", "Loser": "none",
}  # fmt: skip
KAZUHITO = ("open_palm", "fist", "point")
TEST = 0.2  # share of each class


@dataclass(frozen=True, eq=False)
class Hands:
    """Hands with their shapes."""

    seen: Floats  # (N, 64) of `measure`
    shape: np.ndarray  # (N,) index in SHAPES
    test: np.ndarray  # (N,) True: not to be trained on

    def __len__(self) -> int:
        return len(self.shape)

    def part(self, chosen: np.ndarray) -> "Hands":
        """Some of them."""
        return Hands(self.seen[chosen], self.shape[chosen], self.test[chosen])


def joined(*sets: Hands) -> Hands:
    """All of them."""
    return Hands(*(np.concatenate([getattr(one, name) for one in sets]) for name in ("seen", "shape", "test")))


def posekit(folder: Path) -> Hands:
    """Static signs, found in pictures by OpenPose: x and y only, y up."""
    archive = np.load(folder / "gesture" / "posekit_hands.npz")
    names = [str(name).rsplit("_", 2) for name in archive["labels"]]
    kept = np.array([name in POSEKIT for name, _, _ in names])
    shape = np.array([SHAPES.index(POSEKIT.get(name, "none")) for name, _, _ in names])
    right = np.array([side == "right" for _, side, _ in names], np.float32)
    xy = archive["xy"] * np.array([1, -1], np.float32)
    own = np.array(["_".join(name) for name in names])
    return Hands(measure(xy, None, right), shape, _last_fifth(own)).part(kept)


def kazuhito(folder: Path) -> Hands:
    """Open, closed and pointing hands of one person, as MediaPipe's model saw them; which hand is not known: both."""
    with gzip.open(folder / "gesture" / "kazuhito" / "keypoint.csv.gz", "rt", encoding="utf-8-sig") as lines:
        table = np.loadtxt(lines, delimiter=",", dtype=np.float32)
    shape = np.array([SHAPES.index(KAZUHITO[int(label)]) for label in table[:, 0]])
    xy, test = table[:, 1:].reshape(-1, 21, 2), _last_fifth(table[:, 0])
    return joined(*(Hands(measure(xy, None, np.full(len(xy), side, np.float32)), shape, test) for side in (0, 1)))


def _last_fifth(labels: np.ndarray) -> np.ndarray:
    """(N,) True for the last fifth of the places at which each label stands."""
    test = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        test[places[int(len(places) * (1 - TEST)) :]] = True
    return test


def drawn_shape(rng: np.random.Generator) -> tuple[HandShape, int]:
    """How somebody might hold a hand, and which shape that is. Half of them are none."""
    shapes = hand_shapes()
    if rng.random() < 0.62:
        wanted = SHAPES[int(rng.integers(1, len(SHAPES)))]
        name = str(rng.choice([name for name, shape in NAMED.items() if shape == wanted]))
    elif rng.random() < 0.6:
        return _any_fingers(rng), 0
    else:
        name = str(rng.choice([name for name in shapes if name not in NAMED and name not in DOUBTFUL]))
    base = shapes[name]
    curls = np.array(base.fingers)
    loose = rng.uniform(0, 0.12, 4) + rng.uniform(0, 0.06)
    fingers = np.where(
        curls > 0.9, curls - loose, np.where(curls < 0.12, curls + loose, curls + rng.normal(0, 0.05, 4))
    )
    thumb = np.array(base.thumb)
    if NAMED.get(name) in ("fist", "point", "victory", "middle_finger") and rng.random() < 0.4:
        thumb = np.array(shapes["flat"].thumb) * (1 - (mix := rng.uniform(0, 0.8))) + thumb * mix  # beside the fingers
    spread = base.spread * rng.uniform(0.6, 1.4) + (rng.uniform(0, 1.2) if name == "flat" else 0.0)
    thumb = thumb + rng.normal(0, 0.09, 9)
    return HandShape(tuple(np.clip(fingers, 0, 1.1)), float(spread), tuple(thumb)), SHAPES.index(
        NAMED.get(name, "none")
    )


def _single(values: Reals) -> Floats:
    return values.astype(np.float32)


def _any_fingers(rng: np.random.Generator) -> HandShape:
    """Fingers straight, bent or half bent, in no pattern that is a shape; or all of them half bent."""
    if rng.random() < 0.35:
        fingers = np.clip(rng.uniform(0.3, 0.62) + rng.normal(0, 0.05, 4), 0.24, 0.7)
    else:
        pattern = np.ones(4, int)
        while tuple(pattern) in PATTERNS:
            pattern = rng.integers(0, 2, 4)
        fingers = np.where(pattern == 1, rng.uniform(0, 0.15, 4), rng.uniform(0.8, 1.05, 4))
    thumb = np.array(hand_shapes()[str(rng.choice(["open", "flat", "fist", "ok", "relaxed"]))].thumb)
    return HandShape(tuple(fingers), float(rng.uniform(0.2, 1.4)), tuple(thumb + rng.normal(0, 0.1, 9)))


def generated(count: int, rng: np.random.Generator) -> Hands:
    """Hands of the rehearsal's skeleton from every side, with the errors of a landmark model."""
    rows = np.repeat(rest()[None], count, axis=0)
    shape = np.zeros(count, np.int64)
    for index in range(count):
        hand, shape[index] = drawn_shape(rng)
        arm = arms(rows)[index]
        arm[:, ARM["fingers"]], arm[:, ARM["spread"]], arm[:, ARM["thumb"]] = hand.fingers, hand.spread, hand.thumb
    joints = solve(rows, Body())
    left = joints.hand_axes[:, 0]
    points = (joints.hands[:, 0] - joints.hands[:, 0, :1]) @ left  # thumb's side, along, out of the palm
    view = rotation(rng.uniform(-180, 180, count), rng.uniform(-55, 55, count), np.zeros(count))
    seen = -points @ np.swapaxes(view, 1, 2)  # a left palm before the camera has its thumb to the left; y down, z away
    seen[..., :2] /= 1 + seen[..., 2:] * rng.uniform(0, 2, (count, 1, 1))
    error = rng.uniform(0.002, 0.008, (count, 1, 1))
    seen = seen + rng.normal(0, 1, seen.shape) * error * [1, 1, 2.5]
    seen = seen + np.repeat(rng.normal(0, 1, (count, 6, 3)), [1, 4, 4, 4, 4, 4], axis=1) * error * [0.8, 0.8, 2]
    z = seen[..., 2] * rng.uniform(0.5, 1.3, (count, 1))
    return Hands(measure(_single(seen[..., :2]), _single(z), _single(np.zeros(count))), shape, rng.random(count) < 0.1)
