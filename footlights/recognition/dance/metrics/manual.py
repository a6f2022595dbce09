"""Manual features, 32 shares of a clip's frames (Müller et al., SIGGRAPH 2005, as fairmotion and AIST++ compute them).

Each is a yes or no of one frame, "the right hand is above the neck", and the feature is how often it is yes. As
published: speeds are taken at 1/120 s between frames though clips have 60 a second, lengths are against one fixed body,
and features 5 and 6, meant for the wrists, are both asked of the chest.
"""

import numpy as np
from numpy.typing import NDArray

from footlights.media.rehearsal.arrays import Reals
from footlights.recognition.dance.dance import SMPL

RATE = 120.0  # frames a second that speeds are taken at
_SHOULDER = np.array([1.99113488e-01, 2.36807942e-01, -1.80702247e-02])
HUMERUS = float(np.linalg.norm(_SHOULDER - [4.54445392e-01, 2.21158922e-01, -4.10167128e-02]))  # metres
SHOULDERS = float(np.linalg.norm(_SHOULDER - [-1.91692337e-01, 2.36928746e-01, -1.23055102e-02]))
HIPS = float(
    np.linalg.norm(
        np.array([5.64076714e-02, -3.23069185e-01, 1.09197125e-02]) - [-6.24834076e-02, -3.31302464e-01, 1.50412619e-02]
    )
)
UP = np.array([0.0, 1.0, 0.0])
Answers = NDArray[np.bool_]  # (T - 1,)


class _Moments:
    """The frames of a clip from the second on, each with the one before it, and the questions that can be asked."""

    def __init__(self, clip: Reals) -> None:
        self._now, self._before = clip[1:], clip[:-1]
        zero = np.zeros((len(clip) - 1, 3))
        low = zero.copy()
        low[:, 1] = self._now[..., 1].min(1)
        self._spots = {"zero": zero, "up": zero + UP, "down": zero - UP, "lowest": low}

    def at(self, name: str) -> Reals:
        return self._spots[name] if name in self._spots else self._now[:, SMPL.index(name)]

    def was(self, name: str) -> Reals:
        return np.asarray(self._before[:, SMPL.index(name)])

    def towards(self, origin: str, aim: str, who: str, speed: float) -> Answers:
        """Whether `who`, seen from `origin`, moves faster than `speed` in the direction from it to `aim`."""
        return self._along(origin, who, self.at(aim) - self.at(origin), speed)

    def out_of(self, a: str, b: str, c: str, who: str, speed: float) -> Answers:
        """Whether `who`, seen from `a`, moves faster than `speed` along the normal of the plane a, b, c."""
        return self._along(a, who, self._normal(a, b, c), speed)

    def before_plane(self, a: str, b: str, c: str, who: str, far: float) -> Answers:
        """Whether `who` is further than `far` in front of the plane a, b, c."""
        return _along(self.at(who) - self.at(a), self._normal(a, b, c)) > far

    def beyond(self, a: str, b: str, origin: str, who: str, far: float) -> Answers:
        """Whether `who` is further than `far` from `origin` in the direction from `a` to `b`."""
        return _along(self.at(who) - self.at(origin), self.at(b) - self.at(a)) > far

    def bent(self, a: str, b: str, c: str, d: str, low: float, high: float) -> Answers:
        """Whether the angle between a to b and c to d lies between so many degrees."""
        one, other = self.at(b) - self.at(a), self.at(d) - self.at(c)
        with np.errstate(invalid="ignore"):  # published without a clip: a rounding beyond 1 is no angle at all
            angle = np.degrees(np.arccos(_along(one, other) / np.linalg.norm(one, axis=-1)))
        return np.asarray((angle > low) & (angle < high))

    def fast(self, who: str, speed: float) -> Answers:
        return np.asarray(np.linalg.norm(self.at(who) - self.was(who), axis=-1) * RATE > speed)

    def _normal(self, a: str, b: str, c: str) -> Reals:
        return np.asarray(np.cross(self.at(c) - self.at(a), self.at(b) - self.at(a)))

    def _along(self, origin: str, who: str, direction: Reals, speed: float) -> Answers:
        moved = (self.at(who) - self.at(origin)) - (self.was(who) - self.was(origin))
        return _along(moved, direction) * RATE > speed


def _along(vectors: Reals, direction: Reals) -> Reals:
    length = np.maximum(np.linalg.norm(direction, axis=-1), 1e-12)
    return np.asarray((vectors * direction).sum(-1) / length)


def manual(clip: Reals) -> Reals:
    """(32,) shares 0..1 of the frames of a (T, 24, 3) clip, in the published order."""
    ask, arm, shoulders, hips = _Moments(clip), HUMERUS, SHOULDERS, HIPS
    answers = [
        ask.out_of("neck", "right_hip", "left_hip", "right_wrist", 1.8 * arm),
        ask.out_of("neck", "left_hip", "right_hip", "left_wrist", 1.8 * arm),
        ask.beyond("spine3", "neck", "neck", "right_wrist", 0.2 * arm),
        ask.beyond("spine3", "neck", "neck", "left_wrist", 0.2 * arm),
        ask.towards("spine1", "spine3", "spine3", 1.8 * arm),
        ask.towards("spine1", "spine3", "spine3", 1.8 * arm),
        ask.bent("right_elbow", "right_shoulder", "right_elbow", "right_wrist", 0, 110),
        ask.bent("left_elbow", "left_shoulder", "left_elbow", "left_wrist", 0, 110),
        ask.beyond("left_shoulder", "right_shoulder", "left_wrist", "right_wrist", 2.5 * shoulders),
        ask.towards("left_wrist", "right_wrist", "right_wrist", 1.4 * arm),
        ask.towards("right_wrist", "pelvis", "left_wrist", 1.4 * arm),
        ask.towards("left_wrist", "pelvis", "right_wrist", 1.4 * arm),
        ask.fast("right_wrist", 2.5 * arm),
        ask.fast("left_wrist", 2.5 * arm),
        ask.before_plane("pelvis", "left_hip", "left_foot", "right_ankle", 0.38 * arm),
        ask.before_plane("pelvis", "right_hip", "right_foot", "left_ankle", 0.38 * arm),
        ask.beyond("zero", "up", "lowest", "right_ankle", 1.2 * arm),
        ask.beyond("zero", "up", "lowest", "left_ankle", 1.2 * arm),
        ask.beyond("left_hip", "right_hip", "left_ankle", "right_ankle", 2.1 * hips),
        ask.bent("right_knee", "right_hip", "right_knee", "right_ankle", 0, 110),
        ask.bent("left_knee", "left_hip", "left_knee", "left_ankle", 0, 110),
        ask.fast("right_ankle", 2.5 * arm),
        ask.fast("left_ankle", 2.5 * arm),
        ask.bent("neck", "pelvis", "right_shoulder", "right_elbow", 25, 180),
        ask.bent("neck", "pelvis", "left_shoulder", "left_elbow", 25, 180),
        ask.bent("neck", "pelvis", "right_hip", "right_knee", 50, 180),
        ask.bent("neck", "pelvis", "left_hip", "left_knee", 50, 180),
        ask.before_plane("right_ankle", "neck", "left_ankle", "pelvis", 0.5 * arm),
        ask.bent("neck", "pelvis", "zero", "up", 70, 110),
        ask.beyond("zero", "down", "lowest", "right_wrist", -1.2 * arm),
        ask.beyond("zero", "down", "lowest", "left_wrist", -1.2 * arm),
        ask.fast("pelvis", 2.3 * arm),
    ]
    return np.asarray(np.stack(answers, 1).mean(0))
