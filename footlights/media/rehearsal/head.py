"""Draws heads: a skull with a jaw and a painted face, ears, neck and hair."""

import cv2
import numpy as np

from footlights.core.frame import Image
from footlights.media.rehearsal.arrays import Float, Reals
from footlights.media.rehearsal.face import Face
from footlights.media.rehearsal.raster import NEAREST, Raster, Section, profile, sampled, seen_axes
from footlights.media.rehearsal.skeleton import HEAD_AXES
from footlights.media.rehearsal.wardrobe import Wardrobe

_EAR = profile((0, 0.016), (0.5, 0.016), (1, 0.010))
_NOSE = profile((0, 0.004), (0.5, 0.009), (1, 0.0135))
_BEHIND = profile((0, 0.086), (0.5, 0.092), (1, 0.072))
_LOCK = profile((0, 0.028), (0.5, 0.029), (1, 0.024))
_TAIL = profile((0, 0.030), (0.3, 0.042), (1, 0.014))
_BAND = profile((0, 0.030), (1, 0.030))
_CAPS = {  # style: half axes against the head's, width besides; where it grows (up, forward), how far round it reaches,
    # and how far down the sides: places below that plane stay free
    "buzz": (1.010, 1.03, (0.80, -0.60), -0.15, -0.26),
    "short": (1.024, 1.05, (0.80, -0.60), -0.16, -0.26),
    "curly": (1.090, 1.12, (0.66, -0.75), -0.22, -0.26),
    "bob": (1.070, 1.04, (0.45, -0.89), -0.45, -0.52),
    "long": (1.060, 1.04, (0.45, -0.89), -0.45, -0.52),
    "bun": (1.020, 1.04, (0.70, -0.71), -0.20, -0.26),
    "ponytail": (1.022, 1.04, (0.70, -0.71), -0.20, -0.26),
}


def draw_head(raster: Raster, centre: Reals, axes: Reals, size: float, face: Face, texture: Image, back: Image) -> None:
    """A skull that narrows to the chin, the face on its front. `size`: ratio against HEAD_AXES; `texture`: the face."""
    x, y, z = raster.point(centre)
    if z < NEAREST:
        return
    scale = raster.focal / z
    half = HEAD_AXES * size * scale
    most = float(half.max()) * 1.12
    box = raster.box(x - most, y - most, x + most, y + most)
    if box is None:
        return
    # Local axes here: left, down, back, so that the face texture's rows and columns are the first two.
    seen = (seen_axes(centre, axes) * [1, -1, -1]).astype(np.float32)
    to_x, to_y = raster.grid(box, x, y)
    flat = [seen[0, i] * to_x + seen[1, i] * to_y for i in range(3)]
    sight, down = seen[2], flat[1] / np.float32(half[1])
    for _ in range(2):  # the width depends on the height, which depends on where the line of sight meets the skull
        jaw, crown = np.clip(down, 0, 1), np.clip(-down, 0, 0.8)
        wide = 1 / (np.float32(half[0]) * (1 - np.float32(0.25) * jaw * jaw + np.float32(0.13) * crown))
        deep = 1 / (np.float32(half[2]) * (1 - np.float32(0.10) * jaw))
        tall = np.float32(1 / half[1])
        p, q = (flat[0] * wide, flat[1] * tall, flat[2] * deep), (sight[0] * wide, sight[1] * tall, sight[2] * deep)
        a = q[0] * q[0] + q[1] * q[1] + q[2] * q[2]
        b = p[0] * q[0] + p[1] * q[1] + p[2] * q[2]
        root = b * b - a * (p[0] * p[0] + p[1] * p[1] + p[2] * p[2] - 1)
        into = (-b - np.sqrt(np.maximum(root, 0))) / a
        down = (flat[1] + sight[1] * into) * tall
    u, v, w = p[0] + into * q[0], p[1] + into * q[1], p[2] + into * q[2]
    colour, slope_x, slope_y = _face_colour(face, texture, back, u, v, w)
    front = (w < 0).astype(np.float32)
    normal = _normal([u * wide, v * tall * (1 - np.float32(0.5) * front), w * deep])
    normal = _normal(
        [normal[0] + slope_x * front * np.float32(0.16), normal[1] + slope_y * front * np.float32(0.11), normal[2]]
    )
    raster.put(
        box, root > 0, into * np.float32(1 / scale) + np.float32(z),
        seen[0, 0] * normal[0] + seen[0, 1] * normal[1] + seen[0, 2] * normal[2],
        seen[1, 0] * normal[0] + seen[1, 1] * normal[1] + seen[1, 2] * normal[2], colour,
    )  # fmt: skip


def _normal(vector: list[Float]) -> list[Float]:
    inverse = 1 / np.sqrt(vector[0] * vector[0] + vector[1] * vector[1] + vector[2] * vector[2] + np.float32(1e-9))
    return [part * inverse for part in vector]


def _face_colour(face: Face, texture: Image, back: Image, u: Float, v: Float, w: Float) -> tuple[Image, Float, Float]:
    """Colour and relief at places of the skull."""
    half = np.float32((texture.shape[0] - 1) / 2)
    columns, rows = (u + 1) * half, (v + 1) * half
    colour = sampled(texture, columns, rows)
    half = np.float32((back.shape[0] - 1) / 2)
    behind = (w > 0.12).view(np.uint8)
    cv2.copyTo(sampled(back, (u + 1) * half, (v + 1) * half), behind, colour)
    across, down = (
        np.asarray(cv2.remap(slope, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
        for slope in face.slopes
    )
    return colour, across, down


class Headdress:
    """Ears and hair around a head. Places are in half axes of the head: left, up, forward."""

    def __init__(self, raster: Raster, centre: Reals, axes: Reals, size: float, clothes: Wardrobe) -> None:
        self._raster, self._centre, self._axes, self._size, self._clothes = raster, centre, axes, size, clothes

    def at(self, left: float, up: float, forward: float) -> Reals:
        """(3,) the place in camera coordinates."""
        return np.asarray(self._centre + self._axes @ (np.array([left, up, forward]) * HEAD_AXES * self._size))

    def ears(self) -> None:
        """Two of them."""
        for side in (-1, 1):
            self._tube((side * 0.98, -0.02, -0.10), (side * 0.93, -0.26, -0.04), _EAR, self._clothes.skin)

    def nose(self) -> None:
        """What stands out in profile; from ahead it lies on the painted one."""
        self._tube((0.0, 0.02, 0.90), (0.0, -0.36, 0.965), _NOSE, self._clothes.nose)

    def hair(self, style: str, down: Reals) -> None:
        """The hair in one of the styles of `looks.toml`. `down` (3,): where loose hair falls."""
        if style == "bald":
            return
        self._cap(style)
        if style in ("bob", "long"):
            self._loose(style, down)
        elif style == "bun":
            self._ball((0.0, 0.75, -0.85), 0.052)
        elif style == "ponytail":
            knot, fall = self.at(0.0, 0.45, -1.15), self.at(0.0, 0.35, -1.30)
            self._raster.tube(fall, fall + down * 0.26 * self._size, _TAIL, self._clothes.hair)
            self._raster.tube(knot, fall, _BAND, self._clothes.band)

    def _tube(
        self, first: tuple[float, float, float], last: tuple[float, float, float], radii: Float, texture: Image
    ) -> None:
        self._raster.tube(self.at(*first), self.at(*last), radii * np.float32(self._size), texture)

    def _cap(self, style: str) -> None:
        """A second skull, a little larger and shifted: it shows wherever it lies outside the first."""
        grown, wide, (up, forward), reach, low = _CAPS[style]
        shift = reach + np.sqrt(reach * reach + grown * grown - 1)  # so that the two meet `reach` along the direction
        self._raster.ellipsoid(
            self.at(0.0, up * shift, forward * shift), self._axes, HEAD_AXES * self._size * grown * [wide, 1.0, 1.0],
            (self._clothes.hair,) * 2, beyond=(np.array([0.0, 0.857, -0.514]), low),
        )  # fmt: skip

    def _ball(self, place: tuple[float, float, float], radius: float) -> None:
        half = np.full(3, radius * self._size)
        self._raster.ellipsoid(self.at(*place), self._axes, half, (self._clothes.hair,) * 2)

    def _loose(self, style: str, down: Reals) -> None:
        """Hair that hangs, behind and at both sides."""
        length, size = (0.10 if style == "bob" else 0.24) * self._size, np.float32(self._size)
        flat = Section(self._axes[:, 0], self._axes[:, 2], 0.55)
        start = self.at(0.0, 0.1, -0.55)
        self._raster.tube(start, start + down * length, _BEHIND * size, self._clothes.hair, section=flat)
        for side in (-1, 1):
            top, out = self.at(side * 0.80, 0.35, -0.18), self.at(side * 0.94, -0.35, -0.22)
            self._raster.tube(top, out, _LOCK * size, self._clothes.hair)
            self._raster.tube(out, out + down * (length - 0.03 * size), _LOCK * size, self._clothes.hair)
