"""From postures to a camera's coordinates: who it is, how they are turned, where they stand, how they are filmed."""

from dataclasses import dataclass, replace

import numpy as np

from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.body import Body, build, varied
from footlights.media.rehearsal.camera import Camera, placed
from footlights.media.rehearsal.motion import Motion
from footlights.media.rehearsal.posture import TRUNK
from footlights.media.rehearsal.skeleton import landmarks, rotation, solve
from footlights.studio.movement.library import FLOOR, LOW
from footlights.studio.movement.performance import Performance, Placed, Rng

_PICTURES = ((640, 480), (640, 360), (480, 640), (360, 640))
_LYING = 1.9  # metres that a picture is wide which holds somebody on the floor
_TURNING = 0.35  # seconds before and after a change of act in which the person turns


@dataclass(frozen=True, eq=False)
class Film:
    """A person in camera coordinates: metres, x right, y down, z away."""

    camera: Camera
    body: Reals  # (T, 33, 3) the landmarks
    hands: Reals  # (T, 2, 21, 3)


def somebody(rng: Rng) -> Body:
    """A grown-up of any build."""
    shape = build(
        float(rng.uniform(1.48, 1.98)), float(rng.uniform(0.94, 1.06)), float(rng.uniform(0.82, 1.14)),
        bust=float(rng.random() < 0.5) * float(rng.uniform(0, 1)),
    )  # fmt: skip
    shape = varied(shape, rng)
    return replace(shape, head=float(rng.uniform(0.92, 1.1)), spine=shape.spine * float(rng.uniform(0.94, 1.06)))


def filmed(done: Performance, framing: str, times: Reals, rng: Rng, most: float = 45.0) -> Film:
    """What the camera has before it at (T,) seconds. `most`: degrees to either side that the person is turned."""
    body = somebody(rng)
    rows = smoothed(done.rows(times), times, float(rng.uniform(0, 0.05)))
    joints = solve(rows, body)
    spots = _path(times, rng)
    yaws = _yaws(done.base, times, float(rng.uniform(-most, most)) * (1.0 if rng.random() < 0.6 else 0.3), rng)
    zero = np.zeros_like(yaws)
    turn = rotation(yaws, zero, zero)
    low = float(np.median(rows[:, TRUNK["place"].start + 1])) * body.leg if framing in ("upper", "head") else 0.0
    camera = _close(rng) if framing == FLOOR else _camera(body, framing, low, rng)

    def seen(points: Reals) -> Reals:
        """(T, N, 3) points of the stage as the camera has them."""
        return camera.view(points @ np.swapaxes(turn, -1, -2) + spots[:, None])

    shown = seen(landmarks(joints, body))
    return Film(camera, shown, seen(joints.hands.reshape(len(times), 42, 3)).reshape(-1, 2, 21, 3))


def smoothed(rows: Reals, times: Reals, deviation: float) -> Reals:
    """Postures with the corners taken off: a Gaussian of so many seconds."""
    period = float(np.median(np.diff(times)))
    reach = int(2.5 * deviation / period)
    if reach < 1:
        return rows
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * period / deviation) ** 2)
    kernel /= kernel.sum()
    padded = np.concatenate([rows[:1].repeat(reach, 0), rows, rows[-1:].repeat(reach, 0)])
    return np.asarray(sum(weight * padded[i : i + len(rows)] for i, weight in enumerate(kernel)))


def _yaws(base: tuple[Placed, ...], times: Reals, facing: float, rng: Rng) -> Reals:
    """(T,) degrees: each act as it is best seen, the person turning in between."""
    wanted, now = [], facing
    for item in base:
        if item.act.motion is not None:
            now = _yaw(item.act.motion, item.span is not None and item.span.mirror, facing, rng)
        wanted.append(now if item.act.motion is not None or abs(now) > 60 else facing)
    knots, values = [], []
    for item, yaw in zip(base, wanted, strict=True):
        turning = min(_TURNING, item.act.seconds / 3)
        knots += [item.start + turning, item.stop - turning]
        values += [yaw, yaw]
    return np.interp(times, knots, values)


def _yaw(motion: Motion, mirror: bool, facing: float, rng: Rng) -> float:
    """Degrees at which this motion is done: as the person stands, where that shows it."""
    low, high = (-motion.yaw[1], -motion.yaw[0]) if mirror else motion.yaw
    if not motion.twin and not motion.one_sided and rng.random() < 0.5:
        low, high = -high, -low
    spare = 60.0 if motion.posture in LOW else 12.0
    if low - spare <= facing <= high + spare:
        return facing
    return float(rng.uniform(low - spare, high + spare))


def _path(times: Reals, rng: Rng) -> Reals:
    """(T, 3) where the person stands; a few move about."""
    size = float(rng.uniform(0.1, 0.6)) if rng.random() < 0.3 else 0.0
    knots = np.arange(times[0], times[-1] + 3, float(rng.uniform(1.2, 2.5)))
    way = rng.normal(0, size, (len(knots), 2)) * (1.0, 0.5)
    return np.stack([np.interp(times, knots, way[:, 0]), np.zeros_like(times), np.interp(times, knots, way[:, 1])], 1)


def _camera(body: Body, framing: str, low: float, rng: Rng) -> Camera:
    """Before the person; `low`: metres by which they sit lower than they would stand."""
    shapes = len(_PICTURES) if framing == "full" else 2
    width, height = _PICTURES[rng.integers(shapes)]
    pitch = float(rng.uniform(-5, 25)) if rng.random() < 0.6 else float(rng.uniform(-4, 6))
    camera = placed(width, height, framing, [body], np.zeros((1, 3)), pitch=pitch)
    away = float(np.linalg.norm(camera.position - [0, camera.position[1], 0]))
    further = float(np.exp(rng.uniform(-0.12, 0.6 if framing == "full" else 0.22))) - 1
    aside = rng.uniform(-1, 1, 2) * (0.16, 0.05) * away * (0.5 if framing == "head" else 1.0)
    position = camera.position - camera.axes[2] * away * further + camera.axes[0] * aside[0] + camera.axes[1] * aside[1]
    position[1] += low
    return replace(camera, position=position, axes=_tilted(camera, rng))


def _close(rng: Rng) -> Camera:
    """Before somebody on the floor: near or across the room, from the floor or from above, often not all in sight."""
    width, height = _PICTURES[rng.integers(len(_PICTURES))]
    camera = placed(width, height, "full", [build(1.7)], np.zeros((1, 3)), pitch=float(rng.uniform(-8, 38)))
    away = _LYING * camera.focal / width * float(rng.uniform(0.5, 1.4))
    aim = np.array([rng.uniform(-0.35, 0.35), rng.uniform(0.1, 0.6), 0.0])
    position = aim - camera.axes[2] * away
    position[1] = max(position[1], 0.08)
    return replace(camera, position=position, axes=_tilted(camera, rng))


def _tilted(camera: Camera, rng: Rng) -> Reals:
    """Axes of a camera that nobody has set upright."""
    roll = float(np.radians(rng.normal(0, 2.0)))
    turn = np.array([[np.cos(roll), np.sin(roll), 0], [-np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return np.asarray(turn @ camera.axes)
