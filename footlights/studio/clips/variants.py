"""Clips seen a little differently: mirrored, faster, slower, from another side, by less certain eyes."""

import math
from dataclasses import replace

import numpy as np

from footlights.core.scene import Floats
from footlights.core.skeleton import BODY_INDEX, BODY_MIRROR
from footlights.recognition.movement.features import VIEWS, Past, features
from footlights.recognition.movement.sight import RATE, Pace, Sight

SLOWEST, FASTEST = 0.72, 1.35  # times as fast
YAW, ROLL = 22.0, 4.0  # degrees by which the person is turned and the camera tilted
GROW = 0.10  # logarithm of how much each limb's length varies
JITTER = 0.012  # trunks, of every joint
LOSE = 0.12  # of the variants a hand is never seen
LOW = 0.3  # of the variants what lies below the hips is not in the picture
_LEGS = [index for name, index in BODY_INDEX.items() if name.partition("_")[2] in (
    "knee", "ankle", "heel", "foot_index",
)]  # fmt: skip
_HIPS = [BODY_INDEX["left_hip"], BODY_INDEX["right_hip"]]
_SHOULDERS = [BODY_INDEX["left_shoulder"], BODY_INDEX["right_shoulder"]]
_WIDTH = 640.0  # pixels: where mirrored points are laid, which makes no difference
Rng = np.random.Generator


def mirrored(seen: Sight) -> Sight:
    """As a mirror shows it: left is right."""
    swap = list(BODY_MIRROR)
    flip, turn = np.array([-1, 1], np.float32), np.array([-1, 1, 1], np.float32)
    shift = np.array([_WIDTH, 0], np.float32)
    return replace(
        seen, points=np.where(seen.seen[..., None], seen.points * flip + shift, 0)[:, swap].astype(np.float32),
        depths=seen.depths[:, swap], seen=seen.seen[:, swap],
        hands=(seen.hands * flip + shift)[:, ::-1].astype(np.float32), shapes=(seen.shapes * turn)[:, ::-1],
        held=seen.held[:, ::-1],
    )  # fmt: skip


def faster(seen: Sight, pace: float) -> Sight:
    """Done so many times as fast."""
    return replace(seen, times=seen.times / pace)


def disturbed(seen: Sight, rng: Rng) -> Sight:
    """The same movement of somebody of another build, seen from a little aside and by eyes that err otherwise."""
    trunk = _trunk(seen)
    points, hands = seen.points.astype(np.float64), seen.hands.astype(np.float64)
    origin = points[:, _SHOULDERS].mean(axis=1, keepdims=True)
    yaw, roll = np.radians(rng.uniform(-YAW, YAW)), np.radians(rng.normal(0, ROLL))
    metre = trunk / 0.5  # pixels
    deep = seen.depths - seen.depths[:, _SHOULDERS].mean(axis=1, keepdims=True)
    across = (points[..., 0] - origin[..., 0]) * math.cos(yaw)
    points[..., 0] = origin[..., 0] + across + np.where(seen.deep[:, None], deep, 0) * metre * math.sin(yaw)
    stretch = np.exp(rng.normal(0, GROW, 2)) / math.exp(rng.normal(0, GROW))
    turn = np.array([[math.cos(roll), -math.sin(roll)], [math.sin(roll), math.cos(roll)]]) * stretch
    points = origin + (points - origin) @ turn.T
    points += trunk * JITTER * (rng.normal(0, 1, points.shape) + 2 * rng.normal(0, 1, (1, 33, 2)))
    hands = origin[:, None] + (hands - origin[:, None]) @ turn.T
    mask, held = seen.seen.copy(), seen.held.copy()
    if rng.random() < LOW:
        mask[:, [*_LEGS, *(_HIPS if rng.random() < 0.4 else ())]] = False
    lost = rng.random((1, 2)) < LOSE
    held &= ~lost & (rng.random(held.shape) > rng.uniform(0, 0.25))
    _hide(mask, rng)
    return replace(
        seen, points=np.where(mask[..., None], points, 0).astype(np.float32), seen=mask,
        hands=hands.astype(np.float32), held=held,
    )  # fmt: skip


def _trunk(seen: Sight) -> float:
    """Pixels, typical."""
    spine = seen.points[:, _SHOULDERS].mean(axis=1) - seen.points[:, _HIPS].mean(axis=1)
    across = seen.points[:, _SHOULDERS[0]] - seen.points[:, _SHOULDERS[1]]
    size = np.maximum(np.linalg.norm(spine, axis=1), np.linalg.norm(across, axis=1))
    return float(np.median(size)) or 1.0


def _hide(mask: np.ndarray, rng: Rng) -> None:
    """Now and then a joint is not seen for a moment."""
    for _ in range(rng.poisson(1.0)):
        start, length = int(rng.integers(len(mask))), 1 + int(rng.integers(max(1, len(mask) // 5)))
        mask[start : start + length, int(rng.integers(33))] = False


def varied(seen: Sight, rng: Rng, mirror: bool) -> Floats:
    """(T, D) features of a clip as it might also have been."""
    if mirror and rng.random() < 0.5:
        seen = mirrored(seen)
    return steps_of(disturbed(faster(seen, float(rng.uniform(SLOWEST, FASTEST))), rng))


def steps_of(seen: Sight) -> Floats:
    """(T, D) features of a clip as it is: what the net sees when it runs."""
    return features(Pace().steps_of(seen), VIEWS["whole"], Past())


def stretched(rows: Floats, pace: float, rng: Rng) -> Floats:
    """(T, D) features of pictures, done so many times as fast, by eyes that err a little."""
    count = max(2, round(len(rows) / pace))
    place = np.linspace(0, len(rows) - 1, count)
    first = np.minimum(place.astype(int), max(0, len(rows) - 2))
    share = (place - first)[:, None].astype(np.float32)
    after = np.minimum(first + 1, len(rows) - 1)
    mixed = rows[first] * (1 - share) + rows[after] * share
    light = np.exp(rng.normal(0, 0.06, (1, rows.shape[1])))
    return np.asarray(mixed * light * math.exp(rng.normal(0, 0.05)), np.float32)


def held_still(rows: Floats, seconds: float, rng: Rng, rate: float = RATE) -> Floats:
    """(T, D) the first moment of a clip for so long."""
    count = int(rng.integers(0, max(1, round(seconds * rate)) + 1))
    return np.repeat(rows[:1], count, axis=0)
