"""Where in the cycle of an exercise a body is, from one pose alone: at its begin, on the way, at its turn.

The joints about the shoulders are compared with those of the motion library at every phase of every way of doing the
exercise, from all sides and at any size. No movement is needed, so that it can be said of a photograph too.
"""

import math
from functools import cache

import numpy as np

from footlights.core.scene import Pose
from footlights.core.skeleton import BODY_INDEX
from footlights.recognition.body import SEEN
from footlights.recognition.exercise_table import exercise_table
from footlights.recognition.expected_cycle import Expected
from footlights.recognition.joint_signal import COUNTED, Reals

TURNED = 0.4  # from which a body is rather at the turn of the cycle than at its begin
CLEAR = 0.01  # of what is unlike: phases that are worse than the best by so much count for little
LEAST = 7  # joints that must be seen
_SIDES = np.linspace(0, 2 * math.pi, 24, endpoint=False)  # from which a cycle may be seen
_JOINTS = [BODY_INDEX[name] for name in COUNTED]
_SHOULDERS = [BODY_INDEX["left_shoulder"], BODY_INDEX["right_shoulder"]]


def phase(pose: Pose, exercise: str) -> float | None:
    """How far from the begin of an exercise's cycle (0) towards its turn (1) a body is.

    None where too little of it is seen, or the exercise has no cycle that is known.
    """
    seen = pose.visibility >= SEEN
    if exercise not in exercise_table() or not seen[_SHOULDERS].all() or seen[_JOINTS].sum() < LEAST:
        return None
    paths, depths = _paths(exercise)
    if len(paths) == 0:
        return None
    joints = (pose.xy[_JOINTS] - pose.xy[_SHOULDERS].mean(axis=0)) * seen[_JOINTS, None]
    x, down, z = np.moveaxis(paths * seen[_JOINTS, None], -1, 0)  # (V, PHASES, 15) each
    cos, sin = np.cos(_SIDES), np.sin(_SIDES)
    across, away = x @ joints[:, 0], z @ joints[:, 0]
    agreed = across[..., None] * cos + away[..., None] * sin + (down @ joints[:, 1])[..., None]
    xx, zz, xz, yy = ((one * other).sum(-1)[..., None] for one, other in ((x, x), (z, z), (x, z), (down, down)))
    size = (cos**2 * xx + sin**2 * zz + 2 * cos * sin * xz + yy) * float((joints**2).sum())
    unlike = (1 - np.maximum(agreed, 0) ** 2 / np.maximum(size, 1e-9)).min(axis=-1)
    weights = np.exp((unlike.min() - unlike) / CLEAR)
    return float((weights * depths).sum() / weights.sum())


@cache
def _paths(exercise: str) -> tuple[Reals, Reals]:
    """(V, PHASES, 15, 3) the joints about the shoulders; (V, PHASES) how far they are from where the cycle begins."""
    expected: Expected | None = exercise_table()[exercise].expected
    known = [way.path for way in expected.ways if way.path is not None] if expected is not None else []
    if not known:
        return np.zeros((0, 0, len(_JOINTS), 3)), np.zeros((0, 0))
    paths = np.stack(known)
    apart = np.linalg.norm((paths - paths[:, :1]).reshape(*paths.shape[:2], -1), axis=-1)
    return paths[:, :, : len(_JOINTS)], apart / apart.max(axis=1, keepdims=True)
