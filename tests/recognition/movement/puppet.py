"""Poses of a puppet as a perfect landmark model would see them."""

import numpy as np

from footlights.core.scene import Hand, Pose, Region, Side
from footlights.media.rehearsal.cast import camera, performers, rehearsal
from footlights.media.rehearsal.skeleton import landmarks

Seen = tuple[float, Pose, dict[Side, Hand]]
SIDES: tuple[Side, Side] = ("left", "right")
NOWHERE = Region(0.0, 0.0, 1.0, 0.0)


def seen(address: str, fps: float = 20.0, seconds: float = 4.0, size: float = 1.0, place: float = 0.0) -> list[Seen]:
    """(time, pose, hands) of every frame; `size` and `place` in pixels change nothing but where it lands."""
    settings = rehearsal(address)
    people = performers(settings)
    view, times = camera(settings, people), np.arange(round(seconds * fps)) / fps
    joints, _ = people[0].joints(times)
    body = view.view(landmarks(joints, people[0].body))
    hands = view.view(joints.hands)
    inside = _inside(view.project(body), settings.width, settings.height)
    xy, flat = view.project(body) * size + place, view.project(hands) * size + place
    world = body - body[:, [23, 24]].mean(1, keepdims=True)
    out: list[Seen] = []
    for row, time in enumerate(times):
        pose = Pose(
            xy[row].astype(np.float32), np.zeros(33, np.float32), inside[row].astype(np.float32),
            world[row].astype(np.float32), 1.0, NOWHERE,
        )  # fmt: skip
        found = {
            side: Hand(
                flat[row, i].astype(np.float32), np.zeros(21, np.float32),
                (hands[row, i] - hands[row, i].mean(0)).astype(np.float32), 1.0, side, NOWHERE,
            )
            for i, side in enumerate(SIDES)
        }  # fmt: skip
        out.append((float(time), pose, found))
    return out


def _inside(xy: np.ndarray, width: int, height: int) -> np.ndarray:
    return ((xy >= 0) & (xy < [width, height])).all(-1)
