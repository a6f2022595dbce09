"""From postures to joints: rotations, two-bone inverse kinematics and hands, for many moments at once.

Stage coordinates (see `posture`). Index 0 is the person's left, 1 its right. T counts moments.
"""

from dataclasses import dataclass, fields

import numpy as np

from footlights.core.skeleton import BODY, BODY_INDEX
from footlights.media.rehearsal import posture as rows
from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.body import Body
from footlights.media.rehearsal.posture import ARM, LEG, TRUNK

SIDE = np.array([1.0, -1.0])  # left, right: the sign of x
HEAD_AXES = np.array([0.080, 0.116, 0.100])  # half axes of the head, metres: width, height, depth
FACE_POINTS = {  # in half axes from the head's centre: left, up, forward
    "nose": (0.0, -0.36, 1.10),
    "left_eye_inner": (0.22, -0.02, 0.92), "left_eye": (0.40, -0.02, 0.86), "left_eye_outer": (0.58, -0.02, 0.76),
    "right_eye_inner": (-0.22, -0.02, 0.92), "right_eye": (-0.40, -0.02, 0.86), "right_eye_outer": (-0.58, -0.02, 0.76),
    "left_ear": (1.0, -0.12, -0.1), "right_ear": (-1.0, -0.12, -0.1),
    "mouth_left": (0.27, -0.63, 0.80), "mouth_right": (-0.27, -0.63, 0.80),
    "mouth": (0.0, -0.63, 0.86),
}  # fmt: skip

_KNUCKLES = np.array([[0.088, 0.025], [0.091, 0.003], [0.085, -0.018], [0.074, -0.037]])  # along the hand, to the thumb
_BONES = np.array([[0.042, 0.025, 0.021], [0.046, 0.028, 0.022], [0.042, 0.027, 0.021], [0.034, 0.020, 0.018]])
_FAN = np.radians([7.0, 1.0, -5.0, -13.0])
_BEND = np.radians([84.0, 102.0, 66.0])  # of each finger joint in the fist
_THUMB_ROOT = np.array([0.026, 0.024, 0.010])
_THUMB_BONES = np.array([0.043, 0.031, 0.026])


@dataclass(frozen=True, eq=False)
class Joints:
    """Where every joint is. `axes` hold the part's own left, up and forward as columns."""

    pelvis: Reals  # (T, 3)
    waist: Reals  # (T, 3)
    neck: Reals  # (T, 3) root of the neck
    head: Reals  # (T, 3) centre of the head
    shoulders: Reals  # (T, 2, 3)
    elbows: Reals  # (T, 2, 3)
    wrists: Reals  # (T, 2, 3)
    hips: Reals  # (T, 2, 3)
    knees: Reals  # (T, 2, 3)
    ankles: Reals  # (T, 2, 3)
    heels: Reals  # (T, 2, 3)
    toes: Reals  # (T, 2, 3)
    hands: Reals  # (T, 2, 21, 3)
    pelvis_axes: Reals  # (T, 3, 3)
    chest_axes: Reals  # (T, 3, 3)
    head_axes: Reals  # (T, 3, 3)
    hand_axes: Reals  # (T, 2, 3, 3) columns: to the thumb's side, along the fingers, out of the palm

    def at(self, index: int) -> "Joints":
        """One moment, without the first dimension."""
        return Joints(**{field.name: getattr(self, field.name)[index] for field in fields(self)})

    def moved(self, turn: Reals, shift: Reals) -> "Joints":
        """Turned by a (3, 3) matrix, then shifted by a (3,) vector."""
        moved = {}
        for field in fields(self):
            array = getattr(self, field.name)
            moved[field.name] = turn @ array if field.name.endswith("axes") else array @ turn.T + shift
        return Joints(**moved)


def rotation(yaw: Reals, pitch: Reals, roll: Reals) -> Reals:
    """(..., 3, 3) rotations from degrees: first roll to the left, then pitch forward, then yaw to the left."""
    (cy, cp, cr), (sy, sp, sr) = np.cos(np.radians([yaw, pitch, roll])), np.sin(np.radians([yaw, pitch, roll]))
    return np.stack(
        [
            np.stack([cy * cr - sy * sp * sr, cy * sr + sy * sp * cr, sy * cp], -1),
            np.stack([-cp * sr, cp * cr, -sp], -1),
            np.stack([-sy * cr - cy * sp * sr, -sy * sr + cy * sp * cr, cy * cp], -1),
        ],
        -2,
    )


def _turned(axes: Reals, vectors: Reals) -> Reals:
    """(..., 3) vectors of a part in stage coordinates."""
    return np.asarray((axes @ vectors[..., None])[..., 0])


def _unit(vectors: Reals) -> Reals:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


def _outward(vectors: Reals) -> Reals:
    """(T, 2, 3) from (out, up, forward) to (left, up, forward)."""
    out = vectors.copy()
    out[..., 0] *= SIDE
    return out


def two_bones(root: Reals, target: Reals, upper: float, lower: float, pole: Reals) -> tuple[Reals, Reals]:
    """(..., 3) middle and end joint of a limb that reaches for a target and bends towards `pole`.

    A target out of reach is approached as far as the bones go; the bones keep their lengths in any case.
    """
    away = target - root
    far = np.linalg.norm(away, axis=-1, keepdims=True)
    reach = np.clip(far, abs(upper - lower) + 1e-3, upper + lower - 1e-4)
    along = np.where(far > 1e-6, away / np.maximum(far, 1e-6), [0.0, -1.0, 0.0])
    cos = (upper**2 + reach**2 - lower**2) / (2 * upper * reach)
    side = pole - along * (pole * along).sum(-1, keepdims=True)
    spare = np.cross(along, [0.31, 0.05, 0.95])
    side = _unit(np.where(np.linalg.norm(side, axis=-1, keepdims=True) > 1e-6, side, spare))
    middle = root + upper * (along * cos + side * np.sqrt(np.maximum(0, 1 - cos**2)))
    return np.asarray(middle), np.asarray(root + along * reach)


def solve(postures: Reals, body: Body) -> Joints:
    """Joints of (T, SIZE) postures on a body that stands on the origin and faces z."""
    trunk = {name: postures[:, place] for name, place in TRUNK.items()}
    pelvis = trunk["place"] * body.leg + [0, body.hip_height, 0]
    pelvis_axes = rotation(*trunk["turn"].T)
    chest_axes = pelvis_axes @ rotation(*trunk["spine"].T)
    head_axes = chest_axes @ rotation(*trunk["neck"].T)
    waist = pelvis + pelvis_axes[..., 1] * body.waist
    neck = waist + chest_axes[..., 1] * (body.spine - body.waist)
    head = neck + _turned(head_axes, np.array([0, 0.180, 0.022]) * body.scale)
    arms = _arms(rows.arms(postures), body, pelvis, pelvis_axes, neck, chest_axes, head, head_axes)
    legs = _legs(rows.legs(postures), body, pelvis, pelvis_axes)
    return Joints(
        pelvis=pelvis, waist=waist, neck=neck, head=head,
        pelvis_axes=pelvis_axes, chest_axes=chest_axes, head_axes=head_axes, **arms, **legs,
    )  # fmt: skip


def _arms(
    arm: Reals, body: Body, pelvis: Reals, pelvis_axes: Reals, neck: Reals, chest_axes: Reals, head: Reals,
    head_axes: Reals,
) -> dict[str, Reals]:  # fmt: skip
    """Shoulders, elbows, wrists and hands from (T, 2, ARM_SIZE) numbers."""
    part = {name: arm[..., place] for name, place in ARM.items()}
    chest, size = chest_axes[:, None], body.scale
    level = np.array([0.0, -0.045 * size, 0.0])
    joint = _outward(np.broadcast_to([body.shoulder, level[1], 0.0], (len(arm), 2, 3)))

    reach, weight, distance, across = np.split(part["chest"], [3, 4, 5], axis=-1)
    length = np.linalg.norm(reach, axis=-1, keepdims=True)
    reach = np.where(length > 1e-3, reach * distance / np.maximum(length, 1e-3), reach)  # on an arc, not on the chord
    reach = _outward(reach) * body.arm + joint * weight - (joint - level) * across
    target = weight * neck[:, None] + _turned(chest, reach)
    for name, origin, axes in (
        ("pelvis", pelvis[:, None], pelvis_axes[:, None]),
        ("head", head[:, None], head_axes[:, None]),
        ("floor", np.zeros(3), np.eye(3)),
    ):
        offset, share = part[name][..., :3], part[name][..., 3:]
        target = target + share * origin + _turned(axes, _outward(offset) * size)

    # The collar bone follows the arm: up with a raised arm, forward with one that reaches forward.
    wish = _unit(_turned(np.swapaxes(chest, -1, -2), target - neck[:, None]) - joint)
    lift = np.clip(wish[..., 1:2] * 0.6 + 0.2, 0, 1) * [0, 0.065, 0] + np.clip(wish[..., 2:], 0, 1) * [0, 0, 0.035]
    joint = _unit(joint + lift * size) * np.linalg.norm(joint, axis=-1, keepdims=True)
    shoulders = neck[:, None] + _turned(chest, joint)
    pole = _turned(chest, _outward(part["elbow"]))
    elbows, wrists = two_bones(shoulders, target, body.upper_arm, body.forearm, pole)

    level = part["level"][..., None]
    lying = chest * (1 - level) + np.eye(3) * level
    aim = _turned(lying, _outward(part["aim"][..., :3]))
    along = _unit(_unit(wrists - elbows) * (1 - part["aim"][..., 3:]) + aim)
    palm = _turned(lying, _outward(part["palm"]))
    palm = _unit(palm - along * (palm * along).sum(-1, keepdims=True))
    thumb = np.cross(palm, along) * SIDE[:, None]
    axes = np.stack([thumb, along, palm], -1)
    hands = wrists[..., None, :] + _hand(part["fingers"], part["spread"], part["thumb"]) * size @ np.swapaxes(
        axes, -1, -2
    )
    return {"shoulders": shoulders, "elbows": elbows, "wrists": wrists, "hands": hands, "hand_axes": axes}


def _hand(fingers: Reals, spread: Reals, thumb: Reals) -> Reals:
    """(..., 21, 3) points of the hand in its own axes: to the thumb's side, along the fingers, out of the palm."""
    bend = np.cumsum(fingers[..., None] * _BEND, -1)
    fan = (_FAN * spread)[..., None]
    steps = np.stack([np.cos(bend) * np.sin(fan), np.cos(bend) * np.cos(fan), np.sin(bend)], -1) * _BONES[..., None]
    knuckles = np.broadcast_to(np.stack([_KNUCKLES[:, 1], _KNUCKLES[:, 0], np.zeros(4)], -1), (*fingers.shape, 3))
    chains = np.cumsum(np.concatenate([knuckles[..., None, :], steps], -2), -2)

    bones = _unit(thumb.reshape(*thumb.shape[:-1], 3, 3))[..., [1, 0, 2]] * _THUMB_BONES[:, None]
    root = np.broadcast_to(_THUMB_ROOT[[1, 0, 2]], (*bones.shape[:-2], 1, 3))
    thumb_chain = np.cumsum(np.concatenate([root, bones], -2), -2)
    wrist = np.zeros_like(root)
    return np.concatenate([wrist, thumb_chain, chains.reshape(*fingers.shape[:-1], 16, 3)], -2)


def _legs(leg: Reals, body: Body, pelvis: Reals, pelvis_axes: Reals) -> dict[str, Reals]:
    """Hips, knees, ankles and feet from (T, 2, LEG_SIZE) numbers."""
    part = {name: leg[..., place] for name, place in LEG.items()}
    axes = pelvis_axes[:, None]
    hips = pelvis[:, None] + _turned(axes, _outward(np.broadcast_to([body.hip, 0, 0], (len(leg), 2, 3))))
    floor, on_floor = part["floor"][..., :3], part["floor"][..., 3:]
    free, in_air = part["pelvis"][..., :3], part["pelvis"][..., 3:]
    target = _outward(floor) * body.leg + on_floor * [0, body.ankle, 0]
    target = target + in_air * hips + _turned(axes, _outward(free) * body.leg)
    knees, ankles = two_bones(hips, target, body.thigh, body.shank, _turned(axes, _outward(part["knee"])))

    down, out = np.radians(part["foot"][..., 0]), np.radians(part["foot"][..., 1])
    flat = _outward(np.stack([np.sin(out) * np.cos(down), -np.sin(down), np.cos(out) * np.cos(down)], -1))
    below = _outward(np.stack([-np.sin(out) * np.sin(down), -np.cos(down), -np.cos(out) * np.sin(down)], -1))
    shin = _unit(ankles - knees)
    front = _turned(axes, np.array([0.0, 0.0, 1.0]))
    square = _unit(front - shin * (front * shin).sum(-1, keepdims=True))
    free_foot = square * np.cos(down)[..., None] + shin * np.sin(down)[..., None]
    foot = _unit(flat * on_floor + free_foot * in_air)
    sole = _unit(below * on_floor + shin * in_air)
    sole = _unit(sole - foot * (sole * foot).sum(-1, keepdims=True))
    heels = ankles + (sole * 0.050 - foot * 0.050) * body.scale
    toes = ankles + (sole * 0.060 + foot * 0.150) * body.scale
    return {"hips": hips, "knees": knees, "ankles": ankles, "heels": heels, "toes": toes}


def face_points(joints: Joints, body: Body, names: tuple[str, ...]) -> Reals:
    """(..., len(names), 3) points of the face, of `FACE_POINTS`."""
    local = np.array([FACE_POINTS[name] for name in names]) * HEAD_AXES * body.scale * body.head
    return np.asarray(joints.head[..., None, :] + local @ np.swapaxes(joints.head_axes, -1, -2))


def landmarks(joints: Joints, body: Body) -> Reals:
    """(..., 33, 3) the landmarks of `core.skeleton.BODY`, stage coordinates."""
    out = np.empty((*joints.pelvis.shape[:-1], 33, 3))
    out[..., :11, :] = face_points(joints, body, BODY[:11])
    for name in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "heel"):
        first = BODY_INDEX[f"left_{name}"]
        out[..., first : first + 2, :] = getattr(joints, f"{name}s")
    out[..., 31:33, :] = joints.toes
    for name, point in (("pinky", 17), ("index", 5), ("thumb", 3)):
        first = BODY_INDEX[f"left_{name}"]
        out[..., first : first + 2, :] = joints.hands[..., point, :]
    return out
