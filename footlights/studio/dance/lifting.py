"""From landmarks of a person in a video to joints on the stage.

The pose model gives places in metres from the hips. The way over the stage comes from where the hips are in the
picture; depth from how large the person is, smoothed well. The lower foot is taken to stand: jumps stay on the floor.
"""

import numpy as np

from footlights.core.skeleton import BODY_INDEX
from footlights.media.rehearsal.arrays import Reals
from footlights.studio.dance.watching import Person

FPS = 30.0
BLUR = 0.045  # seconds: deviation of the Gaussian that landmarks are smoothed with
SLOW = 0.7  # seconds: the same for the size in the picture
AWAY = 3.5  # metres that a camera is taken to be away
_SOLE = 0.02  # metres of the toes above the floor
_TRUNK = [BODY_INDEX[f"{side}_{part}"] for part in ("shoulder", "hip", "knee") for side in ("left", "right")]


def even(person: Person, begin: float, end: float) -> tuple[Reals, Reals]:
    """(T, 33, 2) pixels and (T, 33, 3) metres of a person at 30 a second; gaps are filled on straight lines."""
    at, times = np.arange(begin, end, 1 / FPS), np.array(person.times)
    xy, world = np.stack(person.xy).astype(np.float64), np.stack(person.world).astype(np.float64)
    both = np.concatenate([xy.reshape(len(times), -1), world.reshape(len(times), -1)], 1)
    rows = np.stack([np.interp(at, times, column) for column in both.T], 1)
    return rows[:, :66].reshape(-1, 33, 2), rows[:, 66:].reshape(-1, 33, 3)


def lifted(xy: Reals, world: Reals, width: int) -> Reals:
    """(T, 24, 3) joints in SMPL order on the stage, at 30 a second, beginning in its middle."""
    world = blurred(world * [1, -1, -1], BLUR)  # the camera's axes: right, down, away
    xy = blurred(xy, BLUR)
    hips = (xy[:, 23] + xy[:, 24]) / 2
    spread = np.linalg.norm(world[:, _TRUNK, :2], axis=-1).sum(1)
    pixels = np.linalg.norm(xy[:, _TRUNK] - hips[:, None], axis=-1).sum(1)
    scale = blurred((spread / np.maximum(pixels, 1.0))[:, None], SLOW)[:, 0]  # metres to a pixel
    place = np.zeros((len(xy), 3))
    place[:, 0] = (hips[:, 0] - width / 2) * scale
    place[:, 2] = -AWAY * (scale / np.median(scale) - 1)
    joints = _smpl(world)
    soles = joints[:, [7, 8, 10, 11], 1] - [0.08, 0.08, _SOLE, _SOLE]
    place[:, 1] = -blurred(soles.min(1)[:, None], 2 * BLUR)[:, 0]
    joints = joints + place[:, None]
    return np.asarray(joints - [*joints[0, 0, [0]], 0.0, *joints[0, 0, [2]]])


def _smpl(points: Reals) -> Reals:
    """(T, 24, 3) joints of (T, 33, 3) landmarks."""
    at = {name: points[:, index] for name, index in BODY_INDEX.items()}
    hips, shoulders = (at["left_hip"] + at["right_hip"]) / 2, (at["left_shoulder"] + at["right_shoulder"]) / 2
    trunk = shoulders - hips
    neck, head = shoulders + 0.09 * trunk, (at["left_ear"] + at["right_ear"]) / 2
    middle = [hips, hips + 0.2 * trunk, hips + 0.4 * trunk, hips + 0.7 * trunk]
    out = np.empty((len(points), 24, 3))
    out[:, 0], out[:, 3], out[:, 6], out[:, 9], out[:, 12], out[:, 15] = *middle, neck, head
    for k, side in enumerate(("left", "right")):
        hand = (at[f"{side}_index"] + at[f"{side}_pinky"]) / 2
        out[:, 1 + k], out[:, 4 + k], out[:, 7 + k] = (at[f"{side}_{part}"] for part in ("hip", "knee", "ankle"))
        out[:, 10 + k] = at[f"{side}_foot_index"]
        out[:, 13 + k] = neck + 0.3 * (at[f"{side}_shoulder"] - neck)
        out[:, 16 + k], out[:, 18 + k], out[:, 20 + k] = (
            at[f"{side}_{part}"] for part in ("shoulder", "elbow", "wrist")
        )
        out[:, 22 + k] = hand
    return out


def blurred(values: Reals, seconds: float) -> Reals:
    """(T, ...) smoothed over time at 30 a second; the ends are mirrored."""
    reach = min(max(1, int(3 * seconds * FPS)), max(1, len(values) - 1))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (seconds * FPS)) ** 2)
    flat = values.reshape(len(values), -1)
    padded = np.pad(flat, ((reach, reach), (0, 0)), mode="reflect" if len(flat) > reach else "edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=0)
    return np.asarray((windows @ (weights / weights.sum())).reshape(values.shape))
