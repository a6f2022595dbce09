"""How stage light falls on the dancers: a spot from the front, coloured lamps from behind at both sides."""

from dataclasses import dataclass

import cv2
import numpy as np

from footlights.core.frame import Image
from footlights.media.rehearsal.arrays import Float
from footlights.media.rehearsal.raster import FAR, Box, Raster
from footlights.media.rehearsal.shade import joined
from footlights.recognition.dance.show.lights import Lighting

_MARGIN = 6  # pixels around what was drawn, for the blurs
_KERNEL = np.ones((3, 3), np.uint8)
_DIRECTIONS = np.array([[-0.30, -0.60, -0.74], [-0.86, -0.25, 0.44], [0.86, -0.25, 0.44], [0.0, -0.95, 0.31]])
_DIRECTIONS /= np.linalg.norm(_DIRECTIONS, axis=1, keepdims=True)  # towards key, left, right, top: right, down, away
_BEHIND = 1.2  # metres behind the nearest part that count for the soft shadows between parts


@dataclass(frozen=True, eq=False)
class Layer:
    """What was lit: a piece of the picture to be laid over the hall."""

    box: Box
    colour: Image  # (H, W, 3)
    drawn: Image  # (H, W) 255 where somebody is, soft at the edges


def lit_layers(raster: Raster, lighting: Lighting) -> list[Layer]:
    """Light what the raster drew, one layer for each group of dancers that overlap."""
    boxes = [
        Box(
            max(0, box.left - _MARGIN), max(0, box.top - _MARGIN), min(raster.width, box.right + _MARGIN),
            min(raster.height, box.bottom + _MARGIN),
        )
        for box in raster.drawn if box.right > box.left
    ]  # fmt: skip
    return [_lit(raster, box, lighting) for box in joined(boxes)]


def _lit(raster: Raster, box: Box, lighting: Lighting) -> Layer:
    rows, columns = box.slices
    depth = raster.depth[rows, columns]
    there = (depth < FAR).astype(np.uint8)
    nearest = float(depth.min())
    depth = np.minimum(depth, np.float32(nearest + _BEHIND))
    full = depth.shape[::-1]
    half = max(1, full[0] // 2), max(1, full[1] // 2)
    normal = cv2.resize(raster.normal[rows, columns], half, interpolation=cv2.INTER_AREA)
    softness = min(3.0, max(0.7, raster.focal / max(0.2, nearest) * 0.0014))  # parts melt into one another
    normal = cv2.addWeighted(cv2.GaussianBlur(normal, (0, 0), softness), 0.7, normal, 0.3, 0)
    lamp = cv2.resize(_lamps(normal, depth, lighting, raster.width), full, interpolation=cv2.INTER_LINEAR)
    colour = cv2.multiply(raster.colour[rows, columns], lamp, scale=1 / 128)
    solid = cv2.erode(there, _KERNEL)
    soft = cv2.GaussianBlur(there * np.uint8(255), (3, 3), 0.8)
    drawn = cv2.max(cv2.min(soft, there * np.uint8(255)), solid * np.uint8(255))
    return Layer(box, np.asarray(colour, np.uint8), np.asarray(drawn, np.uint8))


def _lamps(normal: Float, depth: Float, lighting: Lighting, width: int) -> Image:
    """(H/2, W/2, 3) what each pixel's colour is multiplied by, 128: as it is."""
    x, y = cv2.split(normal)
    toward = np.sqrt(np.maximum(1 - x * x - y * y, 0))
    sides = [
        np.maximum(x * np.float32(d[0]) + y * np.float32(d[1]) - toward * np.float32(d[2]), 0) for d in _DIRECTIONS
    ]
    shadow = 1 - _occlusion(depth, normal.shape[1::-1], width)
    shadow *= np.float32(lighting.level)
    features = cv2.merge([(np.float32(0.55) + np.float32(0.45) * toward) * shadow, *(side * shadow for side in sides)])
    palette, pulse, energy = lighting.palette, lighting.pulse, lighting.energy
    ambient = 0.16 + 0.10 * np.array(palette.bright) + 0.05 * np.array(palette.wall)
    rim = 1.5 + 1.1 * energy * (0.4 + 0.6 * pulse)
    weights = np.stack([
        ambient, np.array(palette.key) * (0.88 + 0.07 * pulse), np.array(palette.left) * rim,
        np.array(palette.right) * rim, np.array(palette.key) * 0.30,
    ], axis=1)  # fmt: skip
    return np.asarray(cv2.convertScaleAbs(cv2.transform(features, weights * 128)), np.uint8)


def _occlusion(depth: Float, size: tuple[int, int], width: int) -> Float:
    """Soft shadows where something near hides light from what is behind it."""
    small = cv2.resize(depth, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    around = cv2.resize(cv2.GaussianBlur(small, (0, 0), 2.2 * max(1.0, width / 640 * 1.2)), size)
    here = cv2.resize(depth, size, interpolation=cv2.INTER_NEAREST)
    return np.asarray(np.clip((here - around) * np.float32(3.2), 0, 0.5), np.float32)
