"""What a net sees of a person: numbers that do not depend on place, size, frame rate or who it is.

The same code makes them for training, many moments at once, and for a running stream, one step at a time. The origin
lies between the shoulders; the unit is the slow average of the larger of trunk and 1.5 shoulder widths (as in
`recognition.body`), about 0.5 m on an adult. Axes are the picture's, for gravity matters: lying is not standing. What
is not seen is 0, and a mask says so.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footlights.core.scene import Floats
from footlights.core.skeleton import BODY_INDEX, HAND_INDEX
from footlights.recognition.movement.sight import RATE, Sight

UNIT_SECONDS = 1.5  # over which the unit is averaged
PLACE_SECONDS = 1.5  # over which the place is averaged
TRUNK_TO_SHOULDERS = 1.5
SPEED = 0.25  # seconds: velocities are the way made in so much time
DEPTH_UNIT = 0.5  # metres
TIPS = tuple(HAND_INDEX[f"{finger}_tip"] for finger in ("thumb", "index", "middle", "ring", "pinky"))
HEAD = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "mouth_left", "mouth_right",
)  # fmt: skip
_ARMS = tuple(f"{side}_{joint}" for joint in ("shoulder", "elbow", "wrist") for side in ("left", "right"))
_KNUCKLES = tuple(f"{side}_{joint}" for joint in ("pinky", "index", "thumb") for side in ("left", "right"))
_LEGS = tuple(f"{side}_{joint}" for joint in ("knee", "ankle", "heel", "foot_index") for side in ("left", "right"))
_HIPS = ("left_hip", "right_hip")
_LEFT_SHOULDER, _RIGHT_SHOULDER = BODY_INDEX["left_shoulder"], BODY_INDEX["right_shoulder"]
_LEFT_HIP, _RIGHT_HIP = BODY_INDEX["left_hip"], BODY_INDEX["right_hip"]
_WRIST, _INDEX, _MIDDLE, _PINKY = 0, HAND_INDEX["index_mcp"], HAND_INDEX["middle_mcp"], HAND_INDEX["pinky_mcp"]
_SIGN = np.array([-1.0, 1.0], np.float32)[:, None]  # left, right: makes both palms look the same way


@dataclass(frozen=True)
class View:
    """Which part of a person a net looks at."""

    joints: tuple[str, ...]  # of `skeleton.BODY`
    hands: bool  # the 21 points of each hand too

    @property
    def width(self) -> int:
        """How many numbers there are for one moment."""
        return 6 * len(self.joints) + 5 + (2 * _HAND_WIDTH if self.hands else 0)


_HAND_WIDTH = 1 + 6 + 2 * len(TIPS) + 3 * 20
VIEWS = {
    "gestures": View((*HEAD, *_ARMS, *_KNUCKLES, *_HIPS), hands=True),  # legs do not matter
    "exercises": View(
        ("nose", "left_ear", "right_ear", *_ARMS, "left_index", "right_index", *_HIPS, *_LEGS), hands=False
    ),
    "whole": View((*HEAD, *_ARMS, *_KNUCKLES, *_HIPS, *_LEGS), hands=True),  # all that the others look at
}


def columns(view: View, whole: View) -> NDArray[np.intp]:
    """(view.width,) where the numbers of a view stand among those of one that holds it."""
    joints = np.array([whole.joints.index(name) for name in view.joints])
    count, pairs = len(whole.joints), (2 * joints[:, None] + [0, 1]).ravel()
    single = 4 * count + joints
    rest = 6 * count + np.arange(5 + (2 * _HAND_WIDTH if view.hands else 0))
    return np.concatenate([pairs, 2 * count + pairs, single, single + count, rest])


@dataclass(slots=True, eq=False)
class Past:
    """What must be remembered of one person from step to step."""

    count: int = 0  # steps at which the unit could be measured
    unit: float = 0.0  # pixels
    place: Floats | None = None  # (2,) pixels, slow average of the origin
    origin: Floats | None = None  # (2,) pixels
    points: Floats | None = None  # (33, 2) units
    seen: np.ndarray | None = None  # (33,)


def features(steps: Sight, view: View, past: Past) -> Floats:
    """(T, view.width) numbers for T steps, in the order of time; `past` is brought up to date."""
    if len(steps) == 0:
        return np.zeros((0, view.width), np.float32)
    frame = _frame(steps, past)
    points, seen, origin = frame.points, frame.seen, frame.origin
    before, known = _before(points, past.points), _before(seen, past.seen)
    speed = np.where((seen & known)[..., None], (points - before) * np.float32(SPEED * RATE), 0)
    drift = np.where(frame.moved[:, None], (origin - frame.origin_before) / frame.unit[:, None] * (SPEED * RATE), 0)
    past.points, past.seen = points[-1], seen[-1]

    chosen = [BODY_INDEX[name] for name in view.joints]
    deep = steps.deep & frame.valid
    middle = (steps.depths[:, _LEFT_SHOULDER] + steps.depths[:, _RIGHT_SHOULDER]) / 2
    depths = np.where(deep[:, None] & seen, (steps.depths - middle[:, None]) / DEPTH_UNIT, 0)
    flat = (len(steps), -1)
    parts = [
        points[:, chosen].reshape(flat), speed[:, chosen].reshape(flat), seen[:, chosen], depths[:, chosen],
        deep[:, None], drift, np.where(frame.valid[:, None], frame.offset, 0),
    ]  # fmt: skip
    if view.hands:
        parts.append(_hands(steps, frame).reshape(flat))
    return np.concatenate(parts, axis=1, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """Bodies in their own frames."""

    valid: np.ndarray  # (T,) there is something to measure with
    origin: np.ndarray  # (T, 2) pixels
    origin_before: Floats  # (T, 2) pixels
    moved: np.ndarray  # (T,) `origin_before` is known
    unit: Floats  # (T,) pixels
    offset: np.ndarray  # (T, 2) units, of the origin from its slow average
    points: Floats  # (T, 33, 2) units
    seen: np.ndarray  # (T, 33)


def _frame(steps: Sight, past: Past) -> _Frame:
    xy, seen = steps.points, steps.seen
    left, right = xy[:, _LEFT_SHOULDER], xy[:, _RIGHT_SHOULDER]
    valid = seen[:, _LEFT_SHOULDER] | seen[:, _RIGHT_SHOULDER]
    origin = (left + right) / 2
    spine = origin - (xy[:, _LEFT_HIP] + xy[:, _RIGHT_HIP]) / 2
    trunk = np.where(seen[:, _LEFT_HIP] & seen[:, _RIGHT_HIP], np.linalg.norm(spine, axis=1), 0)
    size = np.maximum(trunk, TRUNK_TO_SHOULDERS * np.linalg.norm(left - right, axis=1))
    valid &= size > 1e-6
    unit, place = np.ones(len(steps), np.float32), np.zeros((len(steps), 2), np.float32)
    earlier, moved = np.zeros((len(steps), 2), np.float32), np.zeros(len(steps), np.bool_)
    for step in range(len(steps)):
        moved[step] = valid[step] and past.origin is not None
        if moved[step]:
            earlier[step] = past.origin
        if valid[step]:
            past.count += 1
            past.unit += (float(size[step]) - past.unit) * max(1 / past.count, 1 / (UNIT_SECONDS * RATE))
            old = origin[step] if past.place is None else past.place
            past.place = old + (origin[step] - old) / np.float32(PLACE_SECONDS * RATE)
            unit[step], place[step] = past.unit, past.place
        past.origin = origin[step] if valid[step] else None
    seen = seen & valid[:, None]
    points = np.where(seen[..., None], (xy - origin[:, None]) / unit[:, None, None], 0)
    offset = (origin - place) / unit[:, None]
    return _Frame(valid, origin, earlier, moved, unit, offset, points.astype(np.float32), seen)


def _before(values: np.ndarray, first: np.ndarray | None) -> np.ndarray:
    """Each value's predecessor."""
    start = np.zeros_like(values[:1]) if first is None else first[None]
    return np.concatenate([start, values[:-1]])


def _hands(steps: Sight, frame: _Frame) -> Floats:
    """(T, 2, n) for each hand: whether it is seen, where fingers and palm look, where the tips are, its shape."""
    held = steps.held & frame.valid[:, None]
    axes, local = hand_frame(steps.shapes)
    along, palm = axes[..., 1], axes[..., 2]
    tips = (steps.hands[:, :, TIPS] - frame.origin[:, None, None]) / frame.unit[:, None, None, None]
    flat = (*held.shape, -1)
    values = np.concatenate([along, palm, tips.reshape(flat), local.reshape(flat)], axis=-1)
    return np.concatenate([held[..., None], np.where(held[..., None], values, 0)], axis=-1, dtype=np.float32)


def hand_frame(shapes: Floats) -> tuple[Floats, Floats]:
    """Hands in their own axes. (T, 2, 21, 3) points, left hand first.

    Gives (T, 2, 3, 3) axes as columns: to the thumb's side, along the fingers, out of the palm; and the (T, 2, 20, 3)
    points after the wrist along them, from the wrist, in palms. A hand and its mirror image read alike.
    """
    along = _unit(shapes[:, :, _MIDDLE] - shapes[:, :, _WRIST])
    palm = _unit(np.cross(shapes[:, :, _INDEX] - shapes[:, :, _PINKY], along)) * _SIGN
    thumb = np.cross(along, palm) * _SIGN
    axes = np.stack([thumb, along, palm], axis=-1)
    length = np.linalg.norm(shapes[:, :, _MIDDLE] - shapes[:, :, _WRIST], axis=-1)
    local = (shapes[:, :, 1:] - shapes[:, :, :1]) @ axes / np.maximum(length, 1e-6)[..., None, None]
    return axes.astype(np.float32), local.astype(np.float32)


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9), np.float32)
