"""Where the camera stands, and where things land in its picture."""

from dataclasses import dataclass

import numpy as np

from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.body import MODEL_STATURE, Body

FRAMINGS = {  # bottom and top of the picture in statures of the tallest person, half the width needed in metres
    "full": (-0.09, 1.33, 0.80),
    "knees": (0.22, 1.24, 0.72),
    "upper": (0.50, 1.16, 0.60),
    "head": (0.74, 1.07, 0.36),
}


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole camera that looks at the stage. Camera coordinates: metres, x right, y down, z away from the camera."""

    width: int  # pixels
    height: int  # pixels
    focal: float  # pixels
    position: Reals  # (3,) stage coordinates
    axes: Reals  # (3, 3) rows: the camera's right, down and forward in stage coordinates

    def view(self, points: Reals) -> Reals:
        """(..., 3) stage coordinates to camera coordinates."""
        return np.asarray((points - self.position) @ self.axes.T)

    def project(self, points: Reals) -> Reals:
        """(..., 2) pixels of (..., 3) camera coordinates. Points behind the camera land far outside the picture."""
        away = np.maximum(points[..., 2:], 1e-3)
        return np.asarray(points[..., :2] / away * self.focal + [self.width / 2, self.height / 2])

    def floor_rays(self) -> Reals:
        """(H, W, 3) directions of the pixels' rays in stage coordinates, with a forward part of 1."""
        x = (np.arange(self.width) + 0.5 - self.width / 2) / self.focal
        y = (np.arange(self.height) + 0.5 - self.height / 2) / self.focal
        rays = np.stack([*np.meshgrid(x, y), np.ones((self.height, self.width))], -1)
        return np.asarray(rays @ self.axes)


def placed(
    width: int, height: int, framing: str, bodies: list[Body], spots: Reals, *, distance: float | None = None,
    pitch: float = 0.0,
) -> Camera:  # fmt: skip
    """A camera that frames everybody. `spots` (N, 3) is where they stand; `distance` in metres overrides the framing's
    own.

    `pitch` in degrees looks down from above. The picture is 43° high, like that of a usual webcam.
    """
    focal = 1.27 * height
    low, high, beside = FRAMINGS[framing]
    tall = max(body.stature for body in bodies)
    middle = (low + high) / 2 * tall
    half_width = float(np.abs(spots[:, 0]).max()) + beside * tall / MODEL_STATURE
    nearest = float(spots[:, 2].max())
    needed = max((high - low) * tall / 2 / (height / 2), half_width / (width / 2)) * focal
    away = nearest + (needed if distance is None else distance)
    angle = np.radians(pitch)
    position = np.array([0.0, middle + np.sin(angle) * away, np.cos(angle) * away])
    axes = np.array([[1, 0, 0], [0, -np.cos(angle), np.sin(angle)], [0, -np.sin(angle), -np.cos(angle)]])
    return Camera(width, height, focal, position, axes)
