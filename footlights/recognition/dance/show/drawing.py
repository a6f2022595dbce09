"""Draws one frame of the show: hall, shadows, mirror images, dancers, haze, grain."""

from dataclasses import dataclass

import cv2
import numpy as np

from footlights.core.frame import Image
from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.camera import Camera
from footlights.media.rehearsal.face import Expression
from footlights.media.rehearsal.figure import Figure
from footlights.media.rehearsal.figure import figure as make_figure
from footlights.media.rehearsal.raster import Box, Raster
from footlights.media.rehearsal.skeleton import Joints
from footlights.media.rehearsal.stage import viewed
from footlights.recognition.dance.show.hall import Hall, Shade
from footlights.recognition.dance.show.lamps import Layer, lit_layers
from footlights.recognition.dance.show.lights import Lighting
from footlights.recognition.dance.show.troupe import Dancer

_GRAINS = 6  # pictures of noise, taken in turns
_MIRRORED = 0.34  # how bright a mirror image in the floor is
_HAZE = 0.38  # the share of the lit haze that lies before the dancers
_HEAD_PIXELS = 220  # the face is painted no finer


@dataclass(frozen=True, eq=False)
class Moment:
    """All that one frame shows."""

    index: int
    joints: list[Joints]  # of each dancer, one moment, stage coordinates
    faces: list[Reals]  # (5,) numbers of each face
    camera: Camera
    lighting: Lighting


class Artist:
    """Draws moments of one show at one size. Not for several threads at once: make one for each."""

    def __init__(self, dancers: tuple[Dancer, ...], width: int, height: int, seed: int = 0) -> None:
        self.width, self.height = width, height
        head = min(_HEAD_PIXELS, height * 0.13)
        self._figures: list[Figure] = [
            make_figure(dancer.look, dancer.body, seed + index, head) for index, dancer in enumerate(dancers)
        ]
        self._hall = Hall(width, height, seed)
        self._raster = Raster(width, height, height * 1.3)
        rng = np.random.default_rng([seed, 75])
        noise = rng.standard_normal((_GRAINS, height, width), np.float32) * 1.6 + 8
        self._grain = [cv2.merge([one] * 3) for one in np.clip(noise, 0, 16).astype(np.uint8)]

    def draw(self, moment: Moment) -> Image:
        """(H, W, 3) RGB."""
        camera, raster = moment.camera, self._raster
        raster.focal = camera.focal
        raster.begin()
        down = -camera.axes[:, 1]
        seen = [viewed(joints, camera) for joints in moment.joints]
        for figure, joints, face in zip(self._figures, seen, moment.faces, strict=True):
            figure.draw(raster, joints, Expression.rounded(face), down)
        layers = lit_layers(raster, moment.lighting)
        shades = [shade for joints in moment.joints for shade in _shades(joints)]
        hall, haze = self._hall.draw(camera, moment.lighting, shades)
        for box, joints in zip(raster.drawn, moment.joints, strict=True):
            self._mirror(hall, _part(layers, box), _ground(joints, camera))
        picture = np.asarray(cv2.resize(hall, (self.width, self.height), interpolation=cv2.INTER_LINEAR), np.uint8)
        for layer in layers:
            self._lay(picture, layer, haze)
        return np.asarray(cv2.addWeighted(picture, 1, self._grain[moment.index % _GRAINS], 1, -8), np.uint8)

    def _lay(self, picture: Image, layer: Layer, haze: Image) -> None:
        """Put dancers into the picture, with some haze before them."""
        rows, columns = layer.box.slices
        part = picture[rows, columns]
        scale_y, scale_x = haze.shape[0] / self.height, haze.shape[1] / self.width
        top, left = int(layer.box.top * scale_y), int(layer.box.left * scale_x)
        bottom, right = int(layer.box.bottom * scale_y) + 1, int(layer.box.right * scale_x) + 1
        veil = cv2.resize(haze[top:bottom, left:right], part.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        colour = np.asarray(cv2.addWeighted(layer.colour, 1.0, veil, _HAZE, 0.0), np.uint8)
        _blend(part, colour, layer.drawn)

    def _mirror(self, hall: Image, layer: Layer | None, ground: float) -> None:
        """Mirror a dancer in the floor, at the hall's half size: upside down from the row where it stands."""
        if layer is None:
            return
        box = layer.box
        size = max(1, (box.right - box.left) // 2), max(1, (box.bottom - box.top) // 2)
        colour = cv2.resize(layer.colour, size, interpolation=cv2.INTER_AREA)[::-1]
        drawn = cv2.resize(layer.drawn, size, interpolation=cv2.INTER_AREA)[::-1]
        top, left = round(2 * ground - box.bottom / 2), box.left // 2
        skip = max(0, -top)
        high = min(size[1], hall.shape[0] - top)
        wide = min(size[0], hall.shape[1] - left)
        if high <= skip or wide <= 0:
            return
        fade = np.linspace(_MIRRORED, _MIRRORED * 0.10, size[1], dtype=np.float32)[:, None]
        share = cv2.blur(drawn * fade, (3, 7))[skip:high, :wide]
        part = hall[top + skip : top + high, left : left + wide]
        soft = cv2.blur(colour, (3, 7))[skip:high, :wide]
        weight = (share * np.float32(1 / 255))[..., None]
        part[:] = (part * (1 - weight) + soft * weight).astype(np.uint8)


def _blend(part: Image, colour: Image, drawn: Image) -> None:
    """Lay a colour over a picture: fully where `drawn` is 255, in shares at the edges."""
    cv2.copyTo(colour, (drawn == 255).view(np.uint8), part)
    rows, columns = np.nonzero((drawn > 0) & (drawn < 255))
    share = drawn[rows, columns, None].astype(np.float32) * np.float32(1 / 255)
    part[rows, columns] = (part[rows, columns] * (1 - share) + colour[rows, columns] * share).astype(np.uint8)


def _part(layers: list[Layer], box: Box) -> Layer | None:
    """The piece of a layer that shows one dancer; None for one outside the picture."""
    for layer in layers:
        inside = layer.box
        if box.right > box.left and box.meets(inside):
            rows = slice(box.top - inside.top, box.bottom - inside.top)
            columns = slice(box.left - inside.left, box.right - inside.left)
            return Layer(box, layer.colour[rows, columns], layer.drawn[rows, columns])
    return None


def _ground(joints: Joints, camera: Camera) -> float:
    """The hall's row on which a dancer stands: below the middle of its feet."""
    feet = (joints.heels.mean(0) + joints.toes.mean(0)) / 2 * [1.0, 0.0, 1.0]
    return float(camera.project(camera.view(feet))[1]) / 2


def _shades(joints: Joints) -> list[Shade]:
    """Soft shadows on the floor below feet, hips and chest: the higher, the wider and the fainter."""
    marks = [(0.5 * (joints.heels[side] + joints.toes[side]), 0.15, 0.85) for side in (0, 1)]
    marks += [(joints.pelvis, 0.30, 0.55), (joints.neck, 0.30, 0.35)]
    found = []
    for place, radius, depth in marks:
        height = max(0.0, float(place[1]))
        fade = depth / (1 + (height * 1.3) ** 2)
        wide = radius * (1 + height * 0.5)
        found.append(Shade(float(place[0]), float(place[2]) - 0.08 * height, wide, fade))
    return found
