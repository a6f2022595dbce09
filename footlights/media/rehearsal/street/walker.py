"""A person who walks across the picture: the puppet of the rehearsal, in as many pictures as a stride has phases."""

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from footlights.media.rehearsal.arrays import Float
from footlights.media.rehearsal.camera import Camera
from footlights.media.rehearsal.face import Expression
from footlights.media.rehearsal.figure import Figure, figure
from footlights.media.rehearsal.looks import looks
from footlights.media.rehearsal.motion import Motion, curve, parse
from footlights.media.rehearsal.raster import FAR, Raster
from footlights.media.rehearsal.shade import Light, lit
from footlights.media.rehearsal.skeleton import Joints, rotation, solve
from footlights.media.rehearsal.stage import viewed

PHASES = 20  # pictures of one stride
STRIDE = 1.36  # metres of two steps, of a person of `TALL` metres
TALL = 1.75
_AWAY = 9.0  # metres from the camera: nearly parallel rays
_WIDE, _HIGH = 1.5, 2.1  # metres around a person
_FINE = 2  # pixels drawn for one shown, along each side
_TURN = 78.0  # degrees: nearly from the side
_DAY = Light(key=(-0.35, -0.75, -0.55), ambient=0.52, strength=0.62)


class Walker:
    """One person, walking to the right or to the left. Pictures are made when first asked for."""

    def __init__(self, look: int, scale: float, *, to_the_right: bool) -> None:
        self.look = looks()[look % len(looks())]
        self.stature = self.look.stature
        self.stride = STRIDE * self.stature / TALL  # metres
        self._scale = scale  # pixels a metre
        self._yaw = _TURN if to_the_right else -_TURN
        self._pictures: dict[int, Float] = {}
        self._figure: Figure | None = None

    def picture(self, phase: float) -> Float:
        """(H, W, 4) RGB 0..255 times alpha and alpha 0..1 at a share 0..1 of the stride; below its middle lies the spot
        on which the person stands, `feet` pixels above the lower edge.
        """
        number = int(phase * PHASES) % PHASES
        if number not in self._pictures:
            self._pictures[number] = self._drawn(number / PHASES)
        return self._pictures[number]

    @property
    def feet(self) -> float:
        """Pixels from the lower edge of the picture to the ground."""
        return 0.12 * self._scale

    def _drawn(self, phase: float) -> Float:
        camera = self._camera()
        body = self.look.body()
        if self._figure is None:
            self._figure = figure(self.look, body, 1, 0.24 * self._scale * _FINE)
        none = np.zeros(())
        rows = curve([*_walk().enter, *_walk().cycle, *_walk().cycle]).at(_moments(np.array([phase])))
        joints: Joints = solve(rows, body).moved(rotation(np.array(self._yaw), none, none), np.zeros(3))
        raster = Raster(camera.width, camera.height, camera.focal)
        raster.begin()
        self._figure.draw(raster, viewed(joints, camera).at(0), Expression.rounded(np.zeros(5)), -camera.axes[:, 1])
        picture = np.zeros((camera.height, camera.width, 3), np.uint8)
        lit(raster, picture, _DAY)
        alpha = (raster.depth < FAR).astype(np.float32)
        whole = np.dstack([picture * alpha[..., None], alpha]).astype(np.float32)
        size = (camera.width // _FINE, camera.height // _FINE)
        return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.float32)

    def _camera(self) -> Camera:
        fine = self._scale * _FINE
        width, height = round(_WIDE * self._scale) * _FINE, round(_HIGH * self._scale) * _FINE
        middle = _HIGH / 2 - 0.12  # metres above the ground
        axes = np.array([[1.0, 0, 0], [0, -1.0, 0], [0, 0, -1.0]])
        return Camera(width, height, fine * _AWAY, np.array([0.0, middle, _AWAY]), axes)


@lru_cache(maxsize=1)
def _walk() -> Motion:
    path = Path(__file__).parent / "walk.toml"
    return parse("walk", path.read_text(encoding="utf-8"))


def _moments(phase: Float) -> Float:
    """Seconds on the curve of two strides, of shares of the second one."""
    first, stride = sum(key.seconds for key in _walk().enter), sum(key.seconds for key in _walk().cycle)
    return np.asarray(first + stride * (0.5 + phase % 1.0))
