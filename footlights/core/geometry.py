"""Boxes, regions, angles: pure functions on arrays."""

import math

import numpy as np
from numpy.typing import NDArray

from footlights.core.scene import Floats, Region


def box_iou(a: Floats, b: Floats) -> Floats:
    """(N, M) intersection over union of (N, 4) and (M, 4) boxes (left, top, right, bottom). Empty boxes give 0."""
    across = np.minimum(a[:, None, 2], b[:, 2]) - np.maximum(a[:, None, 0], b[:, 0])
    down = np.minimum(a[:, None, 3], b[:, 3]) - np.maximum(a[:, None, 1], b[:, 1])
    inner = np.maximum(across, 0) * np.maximum(down, 0)
    areas = box_area(a)[:, None] + box_area(b) - inner
    return np.where(areas > 0, inner / np.maximum(areas, 1e-9), 0).astype(np.float32)


def box_area(boxes: Floats) -> Floats:
    """(N,) areas of (N, 4) boxes; 0 for boxes turned inside out."""
    return np.asarray(np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), axis=1), np.float32)


def bounding_box(points: Floats) -> Floats:
    """(4,) box around (N, 2) points."""
    return np.concatenate([points.min(axis=0), points.max(axis=0)]).astype(np.float32)


def joint_angle(a: Floats, b: Floats, c: Floats) -> float:
    """The angle at b between a and c, degrees 0..180. Points of any dimension; 180 where two of them coincide."""
    u, v = np.asarray(a, float) - b, np.asarray(c, float) - b
    length = float(np.linalg.norm(u) * np.linalg.norm(v))
    if length < 1e-9:
        return 180.0
    return math.degrees(math.acos(max(-1.0, min(1.0, float(u @ v) / length))))


def wrap_angle(angle: float) -> float:
    """The same direction in -pi .. pi."""
    return angle - 2 * math.pi * math.floor((angle + math.pi) / (2 * math.pi))


def region_matrix(region: Region, size: int) -> NDArray[np.float64]:
    """(2, 3) affine that takes pixels of a (size, size) crop of the region to pixels of the picture."""
    cos = math.cos(region.angle) * region.size / size
    sin = math.sin(region.angle) * region.size / size
    half = size / 2
    return np.array(
        [[cos, -sin, region.x - (cos - sin) * half], [sin, cos, region.y - (sin + cos) * half]], dtype=np.float64
    )


def transform(points: NDArray[np.floating], matrix: NDArray[np.float64]) -> Floats:
    """(N, 2) points through a (2, 3) affine."""
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], np.float32)


def region_corners(region: Region) -> Floats:
    """(4, 2) corners: top left, top right, bottom right, bottom left, in the region's own sense."""
    return transform(np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float64), region_matrix(region, 1))


def fit(width: int, height: int, inside: int) -> tuple[float, int, int]:
    """Scale, and the size in pixels, with which a picture fits into an (inside, inside) square, its shape kept."""
    scale = inside / max(width, height)
    return scale, max(1, round(width * scale)), max(1, round(height * scale))
