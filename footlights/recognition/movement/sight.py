"""What is seen of one person over time, and the same at one pace, whatever the frame rate of the source.

The nets take `RATE` steps a second. Between two frames the landmarks are interpolated; nothing is ever extrapolated, so
a step is taken as soon as the first frame at or after its moment is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from footlights.core.scene import Floats, Hand, Pose, Side

RATE = 20.0  # steps a second
GAP = 1.0  # seconds without a frame after which it is another story
SEEN = 0.2  # visibility under which a joint counts as unseen, as in `recognition.body`
SIDES: tuple[Side, Side] = ("left", "right")

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """Landmarks of one person at T moments. What is not seen is 0 and does not count."""

    times: NDArray[np.float64]  # (T,) seconds, growing
    points: Floats  # (T, 33, 2) pixels, in the order of `skeleton.BODY`
    depths: Floats  # (T, 33) metres away from the camera, from the hip centre
    seen: Bools  # (T, 33)
    deep: Bools  # (T,) `depths` are known
    hands: Floats  # (T, 2, 21, 2) pixels, left hand first, in the order of `skeleton.HAND`
    shapes: Floats  # (T, 2, 21, 3) metres, x right, y down, z away from the camera
    held: Bools  # (T, 2) the hand is seen

    def __len__(self) -> int:
        return len(self.times)

    def part(self, chosen: slice | NDArray[np.generic]) -> "Sight":
        """Some of the moments."""
        return Sight(*(getattr(self, field.name)[chosen] for field in fields(self)))


def sight(time: float, pose: Pose | None, hands: Mapping[Side, Hand]) -> Sight:
    """One moment. Without a pose nothing is seen, hands neither, for there is nothing to measure them with."""
    seen = np.zeros((1, 33), np.bool_)
    points, depths = np.zeros((1, 33, 2), np.float32), np.zeros((1, 33), np.float32)
    found, shapes = np.zeros((1, 2, 21, 2), np.float32), np.zeros((1, 2, 21, 3), np.float32)
    held, deep = np.zeros((1, 2), np.bool_), np.zeros(1, np.bool_)
    if pose is not None:
        seen[0] = pose.visibility >= SEEN
        points[0], depths[0] = pose.xy, pose.world[:, 2]
        deep[0] = bool(np.any(pose.world))
        for index, side in enumerate(SIDES):
            if side in hands:
                found[0, index], shapes[0, index], held[0, index] = hands[side].xy, hands[side].world, True
    return Sight(np.array([time]), points, depths, seen, deep, found, shapes, held)


def joined(parts: list[Sight]) -> Sight:
    """Several stretches as one."""
    return Sight(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Sight)))


@dataclass(slots=True, eq=False)
class Pace:
    """How far one person's steps have come."""

    start: float = 0.0  # seconds, of the first step
    steps: int = 0  # taken
    last: Sight | None = None  # the frame before

    def steps_of(self, new: Sight) -> Sight:
        """The steps that have become due with these frames; none, one or several."""
        if self.last is None:
            self.start, self.steps, frames = float(new.times[0]), 0, new
        else:
            frames = joined([self.last, new])
        self.last = new.part(slice(-1, None))
        due = int(np.floor((frames.times[-1] - self.start) * RATE + 1e-6)) + 1
        moments = self.start + np.arange(self.steps, max(due, self.steps)) / RATE
        self.steps = max(due, self.steps)
        return between(frames, moments)

    def is_broken_by(self, time: float) -> bool:
        """True where a frame at this time cannot follow on the last one."""
        return self.last is not None and not 0 <= time - float(self.last.times[0]) <= GAP


def between(frames: Sight, moments: NDArray[np.float64]) -> Sight:
    """The landmarks at these moments. A joint counts as seen where the nearest frame sees it."""
    if len(moments) == 0 or len(frames) == 1:
        return frames.part(np.zeros(len(moments), np.intp))
    first = np.clip(np.searchsorted(frames.times, moments, side="right") - 1, 0, len(frames) - 2)
    span = np.maximum(frames.times[first + 1] - frames.times[first], 1e-9)
    share = np.clip((moments - frames.times[first]) / span, 0, 1).astype(np.float32)
    before, after = frames.part(first), frames.part(first + 1)
    late = share >= 0.5

    def mixed(name: str, mask: str) -> Floats:
        old, new = getattr(before, name), getattr(after, name)
        known = getattr(before, mask) & getattr(after, mask)
        wide = (slice(None), *[None] * (old.ndim - 1))
        known = known.reshape(known.shape + (1,) * (old.ndim - known.ndim))
        weight = np.where(known, share[wide], late[wide].astype(np.float32))
        return np.asarray(old + weight * (new - old), np.float32)

    def nearest(name: str) -> Bools:
        old, new = getattr(before, name), getattr(after, name)
        return np.asarray(np.where(late.reshape(-1, *[1] * (old.ndim - 1)), new, old))

    return Sight(
        times=moments, points=mixed("points", "seen"), depths=mixed("depths", "seen"), seen=nearest("seen"),
        deep=nearest("deep"), hands=mixed("hands", "held"), shapes=mixed("shapes", "held"), held=nearest("held"),
    )  # fmt: skip
