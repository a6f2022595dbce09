"""The stage: people in a room before a camera, drawn at any moment."""

import cv2
import numpy as np

from footlights.core.frame import Image
from footlights.media.rehearsal.arrays import Float, Reals
from footlights.media.rehearsal.camera import Camera
from footlights.media.rehearsal.cast import Performer
from footlights.media.rehearsal.face import Expression
from footlights.media.rehearsal.figure import Figure
from footlights.media.rehearsal.figure import figure as make_figure
from footlights.media.rehearsal.raster import Raster
from footlights.media.rehearsal.room import Room, seen
from footlights.media.rehearsal.shade import lit
from footlights.media.rehearsal.skeleton import HEAD_AXES, Joints

_GRAINS = 8  # pictures of sensor noise, taken in turns


def viewed(joints: Joints, camera: Camera) -> Joints:
    """Joints in camera coordinates."""
    return joints.moved(camera.axes, -camera.axes @ camera.position)


class Stage:
    """Draws moments. Not for several threads at once: make one for each."""

    def __init__(self, people: list[Performer], room: Room, camera: Camera, seed: int) -> None:
        self.people, self.room, self.camera = people, room, camera
        self._figures = [self._figure(person, seed) for person in people]
        self.raster = Raster(camera.width, camera.height, camera.focal)
        self._background = seen(room, camera, seed)
        rng = np.random.default_rng([seed, 99])
        size = (_GRAINS, camera.height, camera.width, 3)
        self._grain = np.clip(rng.standard_normal(size, np.float32) * 2.2 + 16, 0, 32).astype(np.uint8)

    def draw(self, index: int, joints: list[Joints], faces: list[Reals]) -> Image:
        """(H, W, 3) one moment, from joints in camera coordinates and (5,) numbers of the face for each person."""
        self.raster.begin()
        picture = self._background.copy()
        for figure, joint, face in zip(self._figures, joints, faces, strict=True):
            self._shadow(picture, figure, joint)
            figure.draw(self.raster, joint, Expression.rounded(face), -self.camera.axes[:, 1])
        lit(self.raster, picture, self.room.light)
        return np.asarray(cv2.addWeighted(picture, 1, self._grain[index % _GRAINS], 1, -16), np.uint8)

    def _figure(self, person: Performer, seed: int) -> Figure:
        away = max(0.3, float(self.camera.position[2] - person.spot[2]) - 0.3)
        head = 2 * float(HEAD_AXES[1]) * person.body.scale * self.camera.focal / away
        return make_figure(person.look, person.body, seed + person.id, head)

    @property
    def depth(self) -> Float:
        """(H, W) metres to what was drawn last; `raster.FAR` where nobody is."""
        return self.raster.depth

    def _shadow(self, background: Image, figure: Figure, joint: Joints) -> None:
        """Soft shadows on the floor below feet, hips and chest."""
        camera, size = self.camera, figure.body.scale
        marks = [(0.5 * (joint.heels[side] + joint.toes[side]), 0.17, 1.0) for side in (0, 1)]
        marks += [(joint.pelvis, 0.26, 0.55), (joint.neck, 0.26, 0.35)]
        for place, radius, depth in marks:
            stage = place @ camera.axes + camera.position
            height = max(0.0, float(stage[1]))
            fade = self.room.shadow * depth / (1 + (height * 1.4) ** 2)
            centre = camera.view(stage * [1.0, 0.0, 1.0] + [0.06 * height, 0.0, -0.10 * height])
            if centre[2] < 0.3 or fade < 0.02:
                continue
            (x, y), scale = camera.project(centre), camera.focal / centre[2]
            wide = radius * size * scale * (1 + height * 0.5)
            _darken(background, x, y, wide, wide * max(0.08, float(centre[1] / centre[2])), fade)


def _darken(picture: Image, x: float, y: float, wide: float, high: float, depth: float) -> None:
    """A soft dark ellipse, half as dark at its half axes."""
    left, top = max(0, int(x - 2.2 * wide)), max(0, int(y - 2.2 * high))
    right, bottom = min(picture.shape[1], int(x + 2.2 * wide)), min(picture.shape[0], int(y + 2.2 * high))
    if right <= left or bottom <= top:
        return
    columns = np.exp(-(((np.arange(left, right) - x) / wide) ** 2)).astype(np.float32)
    rows = np.exp(-(((np.arange(top, bottom) - y) / high) ** 2)).astype(np.float32)
    factor = cv2.convertScaleAbs(rows[:, None] * columns[None], alpha=-255 * depth, beta=255)
    part = picture[top:bottom, left:right]
    cv2.multiply(part, cv2.merge((factor, factor, factor)), part, scale=1 / 255)
