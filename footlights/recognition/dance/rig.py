"""A dance as bones that turn: what animation files hold. One tree of joints, each with a fixed offset from its parent.

The tree has the names that Mixamo uses, so that tools which retarget motion know it. At rest it stands as a T: arms
along x, legs down, feet forward. Turns of limbs are the shortest ones from rest, carried along the tree, so that no
bone spins about itself.
"""

from dataclasses import dataclass

import numpy as np

from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.skeleton import HEAD_AXES, SIDE
from footlights.recognition.dance.dance import Dance

_SIDES = ("Left", "Right")
_TOES = 0.05  # metres of toes beyond their joint, before the body's scale
_MIDDLE_TIP = 12  # of the 21 points of a hand


@dataclass(frozen=True, eq=False)
class Rig:
    """J joints over T moments. Metres, x to the dancer's left, y up, z towards the audience."""

    names: tuple[str, ...]
    parents: tuple[int, ...]  # -1 for the root; a parent stands before its children
    offsets: Reals  # (J, 3) from the parent, at rest; of the root (0, 0, 0)
    tips: tuple[tuple[float, float, float] | None, ...]  # (J,) where the last bone of a chain ends, from its joint
    turns: Reals  # (T, J, 3, 3) against the parent
    root: Reals  # (T, 3) where the root is


def rig(dance: Dance) -> Rig:
    """The bones of a dance. Their lengths are the means over the dance: one length for all of it."""
    joints, size = dance.joints, dance.body.scale
    builder = _Builder(len(dance))
    builder.add("Hips", "", np.zeros(3), joints.pelvis_axes)
    builder.add("Spine", "Hips", _seen(joints.pelvis_axes, joints.waist - joints.pelvis), joints.chest_axes)
    builder.add("Neck", "Spine", _seen(joints.chest_axes, joints.neck - joints.waist), joints.head_axes)
    builder.add("Head", "Neck", _seen(joints.head_axes, joints.head - joints.neck), joints.head_axes)
    builder.end("Head", (0.0, float(HEAD_AXES[1] * size * dance.body.head), 0.0))
    for side, name in enumerate(_SIDES):
        _arm(builder, dance, side, name)
        _leg(builder, dance, side, name)
    return builder.rig(joints.pelvis)


def _arm(builder: "_Builder", dance: Dance, side: int, name: str) -> None:
    joints = dance.joints
    out = np.array([SIDE[side], 0.0, 0.0])
    shoulder, elbow, wrist = joints.shoulders[:, side], joints.elbows[:, side], joints.wrists[:, side]
    collar = shoulder - joints.neck
    rest = _seen(joints.chest_axes, collar)
    rest *= _length(collar) / np.linalg.norm(rest)
    builder.add(f"{name}Shoulder", "Spine", builder.offset("Neck"), _swung(joints.chest_axes, rest, collar))
    builder.add(f"{name}Arm", f"{name}Shoulder", rest, _swung(builder.axes[f"{name}Shoulder"], out, elbow - shoulder))
    forearm = _swung(builder.axes[f"{name}Arm"], out, wrist - elbow)
    builder.add(f"{name}ForeArm", f"{name}Arm", out * _length(elbow - shoulder), forearm)
    at_rest = np.array(
        [[0.0, out[0], 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]]
    )  # the hand's axes: thumb ahead, palm down
    builder.add(f"{name}Hand", f"{name}ForeArm", out * _length(wrist - elbow), joints.hand_axes[:, side] @ at_rest.T)
    reach = _length(joints.hands[:, side, _MIDDLE_TIP] - wrist)
    builder.end(f"{name}Hand", (float(out[0] * reach), 0.0, 0.0))


def _leg(builder: "_Builder", dance: Dance, side: int, name: str) -> None:
    joints = dance.joints
    down = np.array([0.0, -1.0, 0.0])
    hip, knee, ankle = joints.hips[:, side], joints.knees[:, side], joints.ankles[:, side]
    thigh = _swung(joints.pelvis_axes, down, knee - hip)
    builder.add(f"{name}UpLeg", "Hips", _seen(joints.pelvis_axes, hip - joints.pelvis), thigh)
    builder.add(f"{name}Leg", f"{name}UpLeg", down * _length(knee - hip), _swung(thigh, down, ankle - knee))
    toe, heel = joints.toes[:, side] - ankle, joints.heels[:, side] - ankle
    sole = _unit(toe + 3 * heel)  # of the foot's triangle: see `skeleton.solve`
    ahead = _unit(toe - sole * (toe * sole).sum(-1, keepdims=True))
    foot = np.stack([np.cross(-sole, ahead), -sole, ahead], -1)
    builder.add(f"{name}Foot", f"{name}Leg", down * _length(ankle - knee), foot)
    builder.add(f"{name}ToeBase", f"{name}Foot", _seen(foot, toe), foot)
    builder.end(f"{name}ToeBase", (0.0, 0.0, float(_TOES * dance.body.scale)))


class _Builder:
    """Collects joints with their axes in stage coordinates."""

    def __init__(self, count: int) -> None:
        self._names: list[str] = []
        self._parents: list[str] = []
        self._offsets: dict[str, Reals] = {}
        self._tips: dict[str, tuple[float, float, float]] = {}
        self.axes: dict[str, Reals] = {"": np.broadcast_to(np.eye(3), (count, 3, 3))}

    def add(self, name: str, parent: str, offset: Reals, axes: Reals) -> None:
        self._names.append(name)
        self._parents.append(parent)
        self._offsets[name], self.axes[name] = offset, axes

    def end(self, name: str, tip: tuple[float, float, float]) -> None:
        self._tips[name] = tip

    def offset(self, name: str) -> Reals:
        return self._offsets[name]

    def rig(self, root: Reals) -> Rig:
        turns = [
            np.swapaxes(self.axes[parent], -1, -2) @ self.axes[name]
            for name, parent in zip(self._names, self._parents, strict=True)
        ]
        return Rig(
            names=tuple(self._names),
            parents=tuple(self._names.index(parent) if parent else -1 for parent in self._parents),
            offsets=np.stack([self._offsets[name] for name in self._names]),
            tips=tuple(self._tips.get(name) for name in self._names), turns=np.stack(turns, 1), root=root,
        )  # fmt: skip


def _seen(axes: Reals, vectors: Reals) -> Reals:
    """(3,) the mean of (T, 3) vectors in the axes of a part."""
    return np.asarray(np.einsum("tji,tj->ti", axes, vectors).mean(0))


def _length(vectors: Reals) -> float:
    return float(np.linalg.norm(vectors, axis=-1).mean())


def _unit(vectors: Reals) -> Reals:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


def _swung(axes: Reals, rest: Reals, vectors: Reals) -> Reals:
    """(T, 3, 3) axes turned the shortest way so that `rest` (3,), seen in them, points along (T, 3) vectors."""
    start = rest / np.linalg.norm(rest)
    end = _unit(np.einsum("tji,tj->ti", axes, vectors))
    axis, cos = np.cross(start, end), end @ start
    cross = np.zeros((len(end), 3, 3))
    for (row, column), part in (((2, 1), 0), ((0, 2), 1), ((1, 0), 2)):
        cross[:, row, column], cross[:, column, row] = axis[:, part], -axis[:, part]
    turn = np.eye(3) + cross + cross @ cross / np.maximum(1 + cos, 1e-6)[:, None, None]
    back = cos < -1 + 1e-6  # straight back: half a turn about any axis across
    if back.any():
        across = np.cross(start, [0.31, 0.05, 0.95])
        across /= np.linalg.norm(across)
        turn[back] = 2 * np.outer(across, across) - np.eye(3)
    return np.asarray(axes @ turn)
