"""How deep the parts of one body lie in one another: limbs, trunk and head as capsules.

A capsule is a segment with a radius. The radii are those of the flesh under the clothes, so that a hand laid on the
hip or a clap overlaps a little: `TOLERANCE` is what still looks like touching. Pairs that are grown together, like a
thigh and the hips or an upper arm and the chest beside it, are left out.
"""

from itertools import product

import numpy as np

from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.body import Body
from footlights.media.rehearsal.skeleton import Joints

TOLERANCE = 0.035  # metres

_ARMS = ("forearm", "hand")
_TRUNK = ("chest", "belly", "hips")


def _both(kind: str) -> tuple[str, str]:
    return f"left_{kind}", f"right_{kind}"


def _pairs() -> tuple[tuple[str, str], ...]:
    """Every pair of parts that must not lie in one another."""
    found: list[tuple[str, str]] = []
    for limb in (*_both("forearm"), *_both("hand")):
        found += [(limb, f"{side}_{part}") for side, part in product(("left", "right"), _TRUNK)]
        found += [(limb, part) for part in ("head", *_both("thigh"))]
    for limb in _both("upper_arm"):
        found += [(limb, "head")]
    found += [(f"left_{first}", f"right_{second}") for first, second in product(_ARMS, _ARMS)]
    for here, there in (("left", "right"), ("right", "left")):
        found += [(f"{here}_{limb}", f"{there}_upper_arm") for limb in _ARMS]
        found += [(f"{here}_foot", f"{there}_shank"), (f"{here}_knee", f"{there}_shank")]
    found += [("left_knee", "right_knee"), ("left_shank", "right_shank"), ("left_foot", "right_foot")]
    return tuple(found)


PAIRS = _pairs()  # (P,) the names of the parts


def _capsules(joints: Joints, body: Body) -> dict[str, tuple[Reals, Reals, float]]:
    """Both ends (T, 3) and the radius of every part, metres."""
    size, limb, girth = body.scale, body.scale * body.limb, body.scale * body.girth
    parts: dict[str, tuple[Reals, Reals, float]] = {}
    rise = joints.head_axes[..., 1] * 0.028 * size
    parts["head"] = joints.head - rise, joints.head + rise, 0.086 * size * body.head
    low, high = joints.pelvis_axes, joints.chest_axes
    for side, name in enumerate(("left", "right")):
        sign = 1 - 2 * side
        wide, narrow = high[..., 0] * sign * 0.056 * girth, low[..., 0] * sign * 0.045 * girth
        up, below = high[..., 1], low[..., 1]
        parts[f"{name}_chest"] = (
            joints.waist + wide + up * 0.06 * size,
            joints.neck + wide - up * 0.13 * size,
            0.096 * girth,
        )
        parts[f"{name}_belly"] = joints.pelvis + narrow + below * 0.08 * size, joints.waist + narrow, 0.088 * girth
        parts[f"{name}_hips"] = (
            joints.pelvis + narrow - below * 0.02 * size,
            joints.pelvis + narrow + below * 0.04 * size,
            0.1 * girth,
        )
        shoulder, elbow, wrist = (
            joints.shoulders[..., side, :],
            joints.elbows[..., side, :],
            joints.wrists[..., side, :],
        )
        hip, knee, ankle = joints.hips[..., side, :], joints.knees[..., side, :], joints.ankles[..., side, :]
        heel, toe = joints.heels[..., side, :], joints.toes[..., side, :]
        parts[f"{name}_upper_arm"] = shoulder * 0.55 + elbow * 0.45, elbow, 0.040 * limb
        parts[f"{name}_forearm"] = elbow * 0.9 + wrist * 0.1, wrist, 0.032 * limb
        parts[f"{name}_hand"] = wrist, joints.hands[..., side, 9, :], 0.022 * size
        parts[f"{name}_thigh"] = hip * 0.8 + knee * 0.2, knee, 0.068 * limb
        parts[f"{name}_knee"] = hip * 0.4 + knee * 0.6, knee, 0.060 * limb
        parts[f"{name}_shank"] = knee * 0.9 + ankle * 0.1, ankle, 0.045 * limb
        parts[f"{name}_foot"] = heel, toe, 0.036 * size
    return parts


def _apart(a: Reals, b: Reals, c: Reals, d: Reals) -> Reals:
    """(...) metres between the segments a-b and c-d, each (..., 3) (Ericson, Real-Time Collision Detection, 5.1.9)."""
    first, second, between = b - a, d - c, a - c
    aa, ee = (first**2).sum(-1), (second**2).sum(-1)
    bb, cc, ff = (first * second).sum(-1), (first * between).sum(-1), (second * between).sum(-1)
    square = aa * ee - bb * bb
    s = np.where(square > 1e-12, np.clip((bb * ff - cc * ee) / np.maximum(square, 1e-12), 0, 1), 0.0)
    t = np.clip((bb * s + ff) / np.maximum(ee, 1e-12), 0, 1)
    s = np.clip((bb * t - cc) / np.maximum(aa, 1e-12), 0, 1)
    return np.asarray(np.linalg.norm(between + first * s[..., None] - second * t[..., None], axis=-1))


def depths(joints: Joints, body: Body) -> Reals:
    """(T, P) metres by which the two parts of each of `PAIRS` lie in one another; below 0: so far apart."""
    parts = _capsules(joints, body)
    ends = [np.stack([parts[pair[which]][end] for pair in PAIRS], -2) for which in (0, 1) for end in (0, 1)]
    radii = np.array([parts[first][2] + parts[second][2] for first, second in PAIRS])
    return np.asarray(radii - _apart(*ends))


def worst(joints: Joints, body: Body) -> tuple[float, int, tuple[str, str]]:
    """The deepest overlap of a movement: metres, its moment (index) and the two parts."""
    found = depths(joints, body)
    moment, pair = np.unravel_index(int(found.argmax()), found.shape)
    return float(found[moment, pair]), int(moment), PAIRS[pair]
