"""Lights what the raster drew and lays it over the background."""

from dataclasses import dataclass

import cv2
import numpy as np

from footlights.core.frame import Image
from footlights.media.rehearsal.arrays import Float
from footlights.media.rehearsal.raster import FAR, Box, Raster

_KERNEL = np.ones((3, 3), np.uint8)
_MARGIN = 6  # pixels around what was drawn, for the blurs
_HALF_ABOVE = 90_000  # pixels: larger areas seen from near are lit at half the resolution


@dataclass(frozen=True)
class Light:
    """The light of a room. Directions in camera coordinates: right, down, away."""

    key: tuple[float, float, float] = (-0.24, -0.52, -0.82)  # towards the lamp
    ambient: float = 0.46
    strength: float = 0.62
    warm: tuple[float, float, float] = (1.03, 1.0, 0.96)  # RGB of the lit side
    cool: tuple[float, float, float] = (-0.02, 0.0, 0.03)  # RGB added to the dark side


def joined(boxes: list[Box]) -> list[Box]:
    """Boxes that do not meet: those that do are joined."""
    apart: list[Box] = []
    for box in boxes:
        whole = box
        while touching := [other for other in apart if other.meets(whole)]:
            apart = [other for other in apart if other not in touching]
            for other in touching:
                whole = whole.joined(other)
        apart.append(whole)
    return apart


def lit(raster: Raster, picture: Image, light: Light) -> None:
    """Light what was drawn and write it over a (H, W, 3) picture of the empty room."""
    boxes = [
        Box(
            max(0, box.left - _MARGIN), max(0, box.top - _MARGIN), min(raster.width, box.right + _MARGIN),
            min(raster.height, box.bottom + _MARGIN),
        )
        for box in raster.drawn if box.right > box.left
    ]  # fmt: skip
    for box in joined(boxes):
        _light_box(raster, box, picture, light)


def _light_box(raster: Raster, box: Box, picture: Image, light: Light) -> None:
    rows, columns = box.slices
    depth = raster.depth[rows, columns]
    drawn = (depth < FAR).view(np.uint8)
    nearest = float(depth.min())
    behind = nearest + 1.2
    depth = np.minimum(depth, np.float32(behind))
    normal = raster.normal[rows, columns]
    softness = min(6.0, max(1.1, raster.focal / max(0.2, nearest) * 0.0028))  # parts melt into one another
    half = depth.size > _HALF_ABOVE and softness > 1.7
    full = depth.shape[::-1]
    if half:
        normal = cv2.resize(normal, (full[0] // 2, full[1] // 2), interpolation=cv2.INTER_AREA)
        softness /= 2
    normal = cv2.addWeighted(cv2.GaussianBlur(normal, (0, 0), softness), 0.72, normal, 0.28, 0)
    shade, gloss = _intensity(normal, light)
    shade *= 1 - _occlusion(depth, normal.shape[1::-1], raster.width)
    lamps = []
    for warm, cool in zip(light.warm, light.cool, strict=True):
        lamps.append(cv2.convertScaleAbs(shade, alpha=128 * (warm - cool), beta=128 * cool))
    lamp, shine = cv2.merge(lamps), cv2.convertScaleAbs(gloss, alpha=14)
    if half:
        lamp, shine = cv2.resize(lamp, full), cv2.resize(shine, full)
    colour = cv2.multiply(raster.colour[rows, columns], lamp, scale=1 / 128)
    colour = cv2.add(colour, cv2.merge((shine, shine, shine)))
    out = picture[rows, columns]
    cv2.copyTo(colour, drawn, out)
    edges = (cv2.morphologyEx(depth, cv2.MORPH_GRADIENT, _KERNEL) > 0.03).view(np.uint8)
    cv2.copyTo(cv2.GaussianBlur(out, (3, 3), 0.85), edges, out)


def _intensity(normal: Float, light: Light) -> tuple[Float, Float]:
    """How much light each pixel gets, and how much it mirrors, from (H, W, 2) normals."""
    x, y = cv2.split(normal)
    z = np.sqrt(np.maximum(1 - x * x - y * y, 0))
    key = np.array(light.key) / np.linalg.norm(light.key)
    between = key - np.array([0, 0, 1.0])
    between /= np.linalg.norm(between)
    key, between = key.astype(np.float32), between.astype(np.float32)
    diffuse = np.maximum(x * key[0] + y * key[1] - z * key[2], 0)
    gloss = cv2.pow(np.maximum(x * between[0] + y * between[1] - z * between[2], 0), 16)
    shade = (
        np.float32(light.ambient) + np.float32(light.strength) * diffuse + np.float32(0.10) * z - np.float32(0.06) * y
    )
    return shade, gloss


def _occlusion(depth: Float, size: tuple[int, int], width: int) -> Float:
    """Soft shadows where something near hides light from what is behind it."""
    small = cv2.resize(depth, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    around = cv2.resize(cv2.GaussianBlur(small, (0, 0), 2.2 * max(1.0, width / 640 * 1.2)), size)
    here = cv2.resize(depth, size, interpolation=cv2.INTER_NEAREST) if depth.shape[::-1] != size else depth
    return np.asarray(np.minimum(np.maximum((here - around) * np.float32(3.2), 0), np.float32(0.42)), np.float32)
