"""Draws on the planes of a 4:2:0 picture, so that a decoder's frame reaches an encoder without ever becoming RGB."""

import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from footlights.core.frame import Picture
from footlights.core.scene import Floats
from footlights.media.picture import Matrix, Plane, Planes, scale_into, split_planes, yuv_rows
from footlights.media.sprites import Colour, Sprite, label

Ink = tuple[int, int, int]  # Y, U and V of a colour

_SHIFT = 4  # cv2 takes coordinates in 1/16 pixels
_DARK = 0.4  # of its brightness and colour is left to a dimmed picture


@dataclass(frozen=True, slots=True, eq=False)
class Stamp:
    """A small picture in YUV; its sides are even. Values are multiplied with their opacity where there is a cover."""

    planes: tuple[Plane, Plane, Plane]  # (H, W), (H/2, W/2), (H/2, W/2)
    covers: tuple[Plane, Plane] | None = None  # (H, W) and (H/2, W/2) 0..255; None: opaque

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.planes[0].shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.planes[0].shape[0])


class Canvas:
    """Planes to draw on. Sides and the places of stamps and parts are even; whatever lies outside is left out."""

    def __init__(self, y: Plane, u: Plane, v: Plane, matrix: Matrix) -> None:
        self.y, self.u, self.v = y, u, v
        self.matrix: Matrix = matrix
        self.height, self.width = int(y.shape[0]), int(y.shape[1])

    @classmethod
    def of(cls, planes: Planes, matrix: Matrix) -> "Canvas":
        """Draw on planes that lie one after the other, (H * 3 / 2, W)."""
        height, width = planes.shape[0] * 2 // 3, planes.shape[1]
        return cls(*split_planes(planes, height, width), matrix)

    def part(self, left: int, top: int, width: int, height: int) -> "Canvas":
        """A rectangle of this canvas as a canvas of its own, in even pixels."""
        rows, columns = slice(top, top + height), slice(left, left + width)
        half = (slice(top // 2, (top + height) // 2), slice(left // 2, (left + width) // 2))
        return Canvas(self.y[rows, columns], self.u[half], self.v[half], self.matrix)

    def fill(self, colour: Colour) -> None:
        """One colour everywhere."""
        for plane, value in zip((self.y, self.u, self.v), ink(colour, self.matrix), strict=True):
            plane[:] = value

    def show(self, picture: Picture, scaler: VideoReformatter | None = None) -> None:
        """A picture, scaled to fill the whole canvas."""
        scale_into((self.y, self.u, self.v), picture, self.matrix, scaler)

    def edge(self, colour: Colour, thick: int) -> None:
        """A frame along the sides, an even number of pixels thick."""
        for plane, value, wide in zip(
            (self.y, self.u, self.v), ink(colour, self.matrix), (thick, thick // 2, thick // 2), strict=True
        ):
            plane[:wide], plane[-wide:], plane[:, :wide], plane[:, -wide:] = value, value, value, value

    def dim(self) -> None:
        """Darker and paler, as what is past looks."""
        y, colour = _dimming()
        cv2.LUT(self.y, y, self.y)
        cv2.LUT(self.u, colour, self.u)
        cv2.LUT(self.v, colour, self.v)

    def box(self, box: Sequence[float], colour: Colour, thick: int) -> None:
        """The outline of a box: left, top, right, bottom in pixels."""
        far = 4 * max(self.width, self.height)
        left, top, right, bottom = [int(min(max(edge, -far), far)) for edge in box]
        luma, u, v = ink(colour, self.matrix)
        _outline(self.y, left, top, right, bottom, luma, thick)
        for plane, value in ((self.u, u), (self.v, v)):
            _outline(plane, left // 2, top // 2, right // 2, bottom // 2, value, max(1, thick // 2))

    def lines(self, points: Floats, pairs: NDArray[np.int_], colour: Colour, thick: int) -> None:
        """Lines between pairs of (N, 2) points in pixels."""
        if not len(pairs):
            return
        luma, *chroma = ink(colour, self.matrix)
        far = 4.0 * max(self.width, self.height)
        fixed = np.round(np.clip(points, -far, far) * (1 << _SHIFT)).astype(np.int32)[pairs]
        cv2.polylines(self.y, list(fixed), False, (luma,), thick, cv2.LINE_AA, _SHIFT)
        for plane, value in zip((self.u, self.v), chroma, strict=True):
            cv2.polylines(plane, list(fixed // 2), False, (value,), max(1, (thick + 1) // 2), cv2.LINE_8, _SHIFT)

    def bar(self, left: int, top: int, width: int, height: int, share: float, colour: Colour, back: Colour) -> None:
        """A bar that is filled up to a share of 0..1."""
        full = left + round(width * min(max(share, 0.0), 1.0))
        for right, shade in ((left + width, back), (full, colour)):
            x, y, end, bottom = (max(0, edge // 2) for edge in (left, top, right, top + height))
            luma, u, v = ink(shade, self.matrix)
            self.y[2 * y : 2 * bottom, 2 * x : 2 * end] = luma
            self.u[y:bottom, x:end], self.v[y:bottom, x:end] = u, v

    def stamp(self, stamp: Stamp, left: int, top: int) -> None:
        """Lay a stamp over the picture, at the nearest even place."""
        left, top = left // 2 * 2, top // 2 * 2
        x, y = max(left, 0), max(top, 0)
        right = min(left + stamp.width, self.width // 2 * 2)
        bottom = min(top + stamp.height, self.height // 2 * 2)
        if x >= right or y >= bottom:
            return
        for index, (whole, plane) in enumerate(zip((self.y, self.u, self.v), stamp.planes, strict=True)):
            step = 2 if index else 1
            target = whole[y // step : bottom // step, x // step : right // step]
            shown = plane[(y - top) // step : (bottom - top) // step, (x - left) // step : (right - left) // step]
            if stamp.covers is None:
                target[:] = shown
            else:
                cover = stamp.covers[min(index, 1)]
                cover = cover[(y - top) // step : (bottom - top) // step, (x - left) // step : (right - left) // step]
                kept = target.astype(np.uint16) * (255 - cover.astype(np.uint16))
                target[:] = shown + ((kept + 127) // 255).astype(np.uint8)


def _outline(plane: Plane, left: int, top: int, right: int, bottom: int, value: int, thick: int) -> None:
    """Thin ones inside each other: cv2 draws a thick one as four polygons, which takes ten times as long."""
    for inset in range(-(thick // 2), thick - thick // 2):
        cv2.rectangle(plane, (left + inset, top + inset), (right - inset, bottom - inset), (value,), 1)


@lru_cache(maxsize=256)
def ink(colour: Colour, matrix: Matrix) -> Ink:
    """Y, U and V of a colour, limited range."""
    y, u, v = (int(value) for value in (np.array(colour, np.float32) @ yuv_rows(matrix).T + (16, 128, 128)).round())
    return y, u, v


@lru_cache(maxsize=1024)
def plate(text: str, size: int, letters: Colour, paper: Colour, matrix: Matrix) -> Stamp:
    """A line of text on an opaque plate. `size`: height of the letters in pixels."""
    sprite = label(text, size, letters, paper, 255)
    behind = np.array(paper, np.float32) * (1 - sprite.cover.astype(np.float32) / 255)
    rgb = sprite.colour.astype(np.float32) + behind
    height, width = (side + side % 2 for side in rgb.shape[:2])
    rgb = np.pad(rgb, ((0, height - rgb.shape[0]), (0, width - rgb.shape[1]), (0, 0)), "edge")
    y, u, v = _converted(rgb.astype(np.float32), np.ones((height, width, 1), np.float32), matrix)
    # On memory pages of its own: a plate stays while pictures of megabytes come and go.
    kept = np.frombuffer(mmap.mmap(-1, height * width * 3 // 2), np.uint8)
    kept[:] = np.concatenate([y.ravel(), u.ravel(), v.ravel()])
    return Stamp(split_planes(kept, height, width))


def cut_out(sprite: Sprite, matrix: Matrix) -> Stamp:
    """A sprite with its transparency."""
    height, width = sprite.height + sprite.height % 2, sprite.width + sprite.width % 2
    rgb = np.zeros((height, width, 3), np.float32)
    cover = np.zeros((height, width, 1), np.float32)
    rgb[: sprite.height, : sprite.width] = sprite.colour
    cover[: sprite.height, : sprite.width] = sprite.cover / np.float32(255)
    whole = (cover[:, :, 0] * 255).round().astype(np.uint8)
    half = cv2.resize(cover[:, :, 0], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return Stamp(_converted(rgb, cover, matrix), (whole, (half * 255).round().astype(np.uint8)))


def _converted(rgb: NDArray[np.float32], cover: NDArray[np.float32], matrix: Matrix) -> tuple[Plane, Plane, Plane]:
    """Planes of colours 0..255 that are already multiplied with their cover 0..1, (H, W, 1)."""
    yuv = rgb @ yuv_rows(matrix).T.astype(np.float32) + np.array([16, 128, 128], np.float32) * cover
    half = cv2.resize(yuv, (yuv.shape[1] // 2, yuv.shape[0] // 2), interpolation=cv2.INTER_AREA)
    y, u, v = (np.clip(plane.round(), 0, 255).astype(np.uint8) for plane in (yuv[..., 0], half[..., 1], half[..., 2]))
    return y, u, v


@lru_cache(maxsize=1)
def _dimming() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """What every luma and every chroma value becomes where a picture is dimmed."""
    values = np.arange(256)
    luma, chroma = (np.round(zero + (values - zero) * _DARK).clip(0, 255).astype(np.uint8) for zero in (16, 128))
    return luma, chroma
