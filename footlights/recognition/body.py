"""A body measured by itself: landmarks in the body's own frame, free of place, size and picture.

The origin lies between the shoulders, "up" runs along the spine and "across" from the right shoulder to the left. One
unit is about the length of the trunk (shoulders to hips, some 0.5 m on an adult). Joints that cannot be seen are NaN:
whatever is computed from them is NaN too, and nothing is invented.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from footlights.core.scene import Floats, Hand, Pose, Side
from footlights.core.skeleton import BODY_INDEX

SEEN = 0.2  # visibility under which a joint counts as unseen: the model gives about 0.05 out of the picture and 0.3 to
# 0.9 for wrists that lie on dark clothes
TRUNK_TO_SHOULDERS = 1.5  # trunk length over shoulder width, in the landmarks of people who face the camera
UNSEEN = complex(math.nan, math.nan)

_LEFT_SHOULDER, _RIGHT_SHOULDER = BODY_INDEX["left_shoulder"], BODY_INDEX["right_shoulder"]
_LEFT_HIP, _RIGHT_HIP = BODY_INDEX["left_hip"], BODY_INDEX["right_hip"]


@dataclass(frozen=True)
class Body:
    """One pose in its own frame. A point is a complex number: across (towards the left hand) + up · i, in units."""

    points: tuple[complex, ...]  # 33, in the order of `skeleton.BODY`; NaN where unseen
    facing: float  # signed shoulder width in units: about 0.65 facing the camera, 0 from the side, below 0 from behind
    lean: float  # degrees, how far the trunk leans in the picture: above 0 clockwise
    hands: Mapping[Side, Hand]
    axes: "Axes | None" = None  # None: unseen
    shapes: Mapping[Side, Mapping[str, float]] = field(default_factory=dict)  # of the hands: how sure, 0..1
    learned: Mapping[str, float] = field(default_factory=dict)  # what a movement net says: labels, 0..1

    @cached_property
    def left(self) -> "Half":
        """The left half; its points have the outward direction as real part."""
        return Half(self, "left")

    @cached_property
    def right(self) -> "Half":
        """The right half, mirrored: the same movement of either arm gives the same numbers."""
        return Half(self, "right")

    def half(self, side: Side) -> "Half":
        """One half of the body."""
        return self.left if side == "left" else self.right


@dataclass(frozen=True)
class Axes:
    """Where the body's own frame lies in the picture."""

    origin: complex  # pixels, x + y · i
    across: complex  # of length 1: the direction of the left hand
    up: complex  # of length 1
    unit: float  # pixels

    def place(self, xy: Floats) -> complex:
        """A point of the picture, (2,) pixels, in the body's frame."""
        way = (complex(xy[0], xy[1]) - self.origin) / self.unit
        return complex((way * self.across.conjugate()).real, (way * self.up.conjugate()).real)


@dataclass(frozen=True)
class Half:
    """The body seen from one side: a point is outward + up · i, in units, so that left and right read alike."""

    body: Body
    side: Side

    def point(self, name: str) -> complex:
        """A joint of this half ("wrist"), or one that has no side ("nose", "mouth")."""
        if name == "mouth":
            return (self._mirrored(BODY_INDEX["mouth_left"]) + self._mirrored(BODY_INDEX["mouth_right"])) / 2
        return self._mirrored(BODY_INDEX["nose"] if name == "nose" else BODY_INDEX[f"{self.side}_{name}"])

    def other(self, name: str) -> complex:
        """A joint of the other half, in the coordinates of this one."""
        return self._mirrored(BODY_INDEX[f"{'right' if self.side == 'left' else 'left'}_{name}"])

    @property
    def hand(self) -> Hand | None:
        """The landmarks of this half's hand, where a hand stage ran and saw it."""
        return self.body.hands.get(self.side)

    def finger(self, index: int) -> complex:
        """A landmark of this half's hand, of `skeleton.HAND`, in the coordinates of `point`; unseen without a hand."""
        if self.hand is None or self.body.axes is None:
            return UNSEEN
        place = self.body.axes.place(self.hand.xy[index])
        return place if self.side == "left" else complex(-place.real, place.imag)

    def shape(self, name: str) -> float:
        """How sure it is that this half's hand has a shape, 0..1; NaN without a hand."""
        return self.body.shapes.get(self.side, {}).get(name, math.nan)

    def _mirrored(self, index: int) -> complex:
        point = self.body.points[index]
        return point if self.side == "left" else complex(-point.real, point.imag)


def measure_body(
    pose: Pose,
    hands: Mapping[Side, Hand] | None = None,
    shapes: Mapping[Side, Mapping[str, float]] | None = None,
    learned: Mapping[str, float] | None = None,
) -> Body:
    """The pose in its own frame. Without both shoulders everything is unseen, for there is nothing to measure with."""
    seen = pose.visibility >= SEEN
    xy = pose.xy.astype(np.float64)
    shoulders = (xy[_LEFT_SHOULDER] + xy[_RIGHT_SHOULDER]) / 2
    width = xy[_LEFT_SHOULDER] - xy[_RIGHT_SHOULDER]
    spine = shoulders - (xy[_LEFT_HIP] + xy[_RIGHT_HIP]) / 2
    has_hips = bool(seen[_LEFT_HIP] and seen[_RIGHT_HIP]) and float(np.hypot(*spine)) > 1e-6
    trunk = float(np.hypot(*spine)) if has_hips else 0.0
    unit = max(trunk, TRUNK_TO_SHOULDERS * float(np.hypot(*width)))
    if not (seen[_LEFT_SHOULDER] and seen[_RIGHT_SHOULDER]) or unit < 1e-6:
        return Body((UNSEEN,) * len(xy), math.nan, math.nan, hands or {}, None, shapes or {}, learned or {})
    up = spine / trunk if has_hips else np.array([math.sin(pose.region.angle), -math.cos(pose.region.angle)])
    across = np.array([-up[1], up[0]])  # to the right of "up" in the picture: the left hand of who faces the camera
    facing = float(width @ across) / unit
    if facing < 0:  # from behind: the person's left is the picture's left
        across = -across
    points = np.stack([(xy - shoulders) @ across, (xy - shoulders) @ up], axis=1) / unit
    points[~seen] = math.nan
    lean = math.degrees(math.atan2(up[0], -up[1]))
    axes = Axes(complex(*shoulders), complex(*across), complex(*up), unit)
    placed = tuple(complex(x, y) for x, y in points.tolist())
    return Body(placed, facing, lean, hands or {}, axes, shapes or {}, learned or {})
