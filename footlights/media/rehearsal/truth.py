"""What is really in a picture of the rehearsal: landmarks, hands, faces, boxes, and who is doing what."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footlights.core.scene import Floats, Side
from footlights.core.skeleton import BODY_INDEX
from footlights.media.rehearsal.arrays import Float, Reals
from footlights.media.rehearsal.camera import Camera
from footlights.media.rehearsal.cast import Performer
from footlights.media.rehearsal.motion import Span
from footlights.media.rehearsal.posture import SIDES
from footlights.media.rehearsal.skeleton import HEAD_AXES, Joints, face_points, landmarks

_FACE = ("right_eye", "left_eye", "nose", "mouth", "right_ear", "left_ear")
_DEEP = {  # how far below the skin a landmark may lie, metres; what is nearer to the camera by more than this hides it
    "shoulder": 0.13, "elbow": 0.09, "wrist": 0.07, "hip": 0.20, "knee": 0.12, "ankle": 0.10, "heel": 0.11,
    "foot_index": 0.09,
}  # fmt: skip
_DEEP_FACE, _DEEP_HAND = 0.045, 0.05


@dataclass(frozen=True, eq=False)
class HandTruth:
    """One hand, in the order of `core.skeleton.HAND`."""

    xy: Floats  # (21, 2) pixels
    world: Floats  # (21, 3) metres, origin at the wrist, x right, y down, z away
    visible: NDArray[np.bool_]  # (21,)


@dataclass(frozen=True, eq=False)
class PersonTruth:
    """One person, landmarks in the order of `core.skeleton.BODY`."""

    id: int
    look: str
    xy: Floats  # (33, 2) pixels
    world: Floats  # (33, 3) metres, origin at the hip centre, x right, y down, z away from the camera
    visible: NDArray[np.bool_]  # (33,) inside the picture and not hidden
    box: Floats  # (4,) pixels: left, top, right, bottom of what is drawn; outside the picture too
    hands: dict[Side, HandTruth]
    face_box: Floats  # (4,) pixels
    face_points: Floats  # (6, 2) pixels, in the order of `core.skeleton.FACE`
    face_visible: bool  # the face is turned to the camera and nothing hides it
    span: Span | None  # what is being done now, where it has a label
    repeats: int  # how often since the span began


@dataclass(frozen=True, eq=False)
class Truth:
    """Everything about one frame."""

    index: int
    time: float  # seconds
    people: tuple[PersonTruth, ...]


def _depths() -> Reals:
    out = np.full(33, _DEEP_FACE)
    for name, index in BODY_INDEX.items():
        out[index] = _DEEP.get(name.split("_", 1)[-1], _DEEP_HAND if index > 16 else _DEEP_FACE)
    return out


_BODY_DEPTHS = _depths()


def unhidden(points: Reals, margin: Reals | float, depth: Float, camera: Camera) -> NDArray[np.bool_]:
    """(N,) which of (N, 3) points in camera coordinates lie in the picture, nothing more than `margin` metres before
    them.
    """
    xy = camera.project(points)
    inside = (xy >= 0).all(-1) & (xy < [camera.width, camera.height]).all(-1) & (points[..., 2] > 0.15)
    columns, rows = np.clip(xy, 0, [camera.width - 1, camera.height - 1]).astype(int).T
    return np.asarray(inside & (depth[rows, columns] > points[..., 2] - margin), np.bool_)


def of_person(person: Performer, joints: Joints, time: float, depth: Float, camera: Camera) -> PersonTruth:
    """The truth about one person. `joints` in camera coordinates, `depth` of the whole picture with everybody in it."""
    body = landmarks(joints, person.body)
    face = face_points(joints, person.body, _FACE)
    forward = joints.head_axes[:, 2]
    faces_us = float(-forward @ joints.head / np.linalg.norm(joints.head)) > 0.25
    nose_seen = unhidden(face[:3], _DEEP_FACE, depth, camera).all()
    doing = person.score.doing(time)
    return PersonTruth(
        id=person.id,
        look=person.look.name,
        xy=camera.project(body).astype(np.float32),
        world=(body - joints.pelvis).astype(np.float32),
        visible=unhidden(body, _BODY_DEPTHS, depth, camera),
        box=_box(camera.project(_outline(joints, body, person))),
        hands={side: _hand(joints.hands[index], depth, camera) for index, side in enumerate(SIDES)},
        face_box=_box(camera.project(_front(joints, person))),
        face_points=camera.project(face).astype(np.float32),
        face_visible=bool(faces_us and nose_seen),
        span=doing,
        repeats=0 if doing is None else sum(moment <= time for moment in doing.repeats),
    )


def _hand(points: Reals, depth: Float, camera: Camera) -> HandTruth:
    return HandTruth(
        xy=camera.project(points).astype(np.float32),
        world=(points - points[0]).astype(np.float32),
        visible=unhidden(points, _DEEP_HAND, depth, camera),
    )


def _outline(joints: Joints, body: Reals, person: Performer) -> Reals:
    """(N, 3) points whose bounding box is that of the person: joints with flesh around them."""
    size = person.body.scale
    crown = joints.head[None] + joints.head_axes.T * np.array([[1], [1], [1]]) * HEAD_AXES[:, None] * size
    around = np.concatenate([body[11:17], body[23:]])
    flesh = 0.05 * size * np.array([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]])
    padded = (around[:, None] + flesh).reshape(-1, 3)
    return np.concatenate([padded, crown, 2 * joints.head - crown, joints.hands.reshape(-1, 3)])


def _front(joints: Joints, person: Performer) -> Reals:
    """(4, 3) forehead, chin and cheeks."""
    local = np.array([[0.0, 0.55, 0.85], [0.0, -1.0, 0.35], [0.88, -0.1, 0.45], [-0.88, -0.1, 0.45]])
    return np.asarray(joints.head + local * HEAD_AXES * person.body.scale * person.body.head @ joints.head_axes.T)


def _box(xy: Reals) -> Floats:
    return np.concatenate([xy.min(0), xy.max(0)]).astype(np.float32)
