"""A drinks can, drawn by casting a ray for every pixel at a cylinder.

Coordinates: metres, x along the belt, y up, z towards the camera. The camera looks from far away (parallel rays) and
down by `PITCH`.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from footlights.media.rehearsal.arrays import Float, Mask, Reals

RADIUS, HALF = 0.033, 0.058  # metres: of the can, and half its height
PITCH = np.radians(24.0)
UP = np.array([0.0, np.cos(PITCH), -np.sin(PITCH)])  # the picture's up
AWAY = np.array([0.0, -np.sin(PITCH), -np.cos(PITCH)])  # where the camera looks
REACH = 0.072  # metres from a can's centre to the edge of its picture: more than its half diagonal
_LAMP = np.array([-0.42, 0.78, 0.46]) / np.linalg.norm([-0.42, 0.78, 0.46])
_FINE = 2  # rays for each pixel, along each side
_RIM = 0.90  # of the half height: from here on the bare metal begins


@dataclass(frozen=True, eq=False)
class Paint:
    """What is printed on a can."""

    ground: Reals  # (3,) RGB 0..255
    print: Reals  # (3,)
    stripes: float  # how often the pattern goes round
    slant: float  # how far it winds up
    band: tuple[float, float]  # a plain band, in heights -1..1


def paint(rng: np.random.Generator) -> Paint:
    """Draw one brand of many."""
    hue, other = rng.uniform(0, 180, 2)
    colours = np.array([[[hue, rng.uniform(90, 220), rng.uniform(110, 235)], [other, rng.uniform(0, 160), 235]]])
    ground, shown = cv2.cvtColor(colours.astype(np.uint8), cv2.COLOR_HSV2RGB)[0].astype(np.float64)
    low = float(rng.uniform(-0.7, 0.2))
    return Paint(
        ground, shown, float(rng.integers(1, 7)), float(rng.uniform(-3, 3)), (low, low + rng.uniform(0.2, 0.6))
    )


def on_screen(points: Reals) -> Reals:
    """(..., 2) metres right and down in the picture of (..., 3) points."""
    return np.stack([points[..., 0], -(points @ UP)], -1)


def axis(tilt: float, heading: float) -> Reals:
    """(3,) the direction of the can's height, tilted by radians from upright towards a heading on the belt."""
    flat = np.array([np.cos(heading), 0.0, np.sin(heading)])
    return np.asarray(np.cos(tilt) * np.array([0.0, 1.0, 0.0]) + np.sin(tilt) * flat)


def centre(tilt: float, heading: float) -> Reals:
    """(3,) the can's centre over the spot on which it stood: it tips over its lower edge."""
    flat = np.array([np.cos(heading), 0.0, np.sin(heading)])
    across = RADIUS - RADIUS * np.cos(tilt) + HALF * np.sin(tilt)
    return np.asarray(flat * across + np.array([0.0, HALF * np.cos(tilt) + RADIUS * np.sin(tilt), 0.0]))


def draw(look: Paint, tilt: float, heading: float, scale: float) -> Float:
    """(S, S, 4) RGB 0..255 times alpha, and alpha 0..1, around the can's centre; `scale` in pixels a metre."""
    side = 2 * int(np.ceil(REACH * scale))
    at = ((np.arange(side * _FINE) + 0.5) / _FINE - side / 2) / scale
    x, down = np.meshgrid(at, at)
    origins = x[..., None] * np.array([1.0, 0.0, 0.0]) - down[..., None] * UP - AWAY
    colour, hit = _shaded(origins, axis(tilt, heading), look)
    fine = np.concatenate([colour * hit[..., None], hit[..., None]], -1).astype(np.float32)
    return np.asarray(cv2.resize(fine, (side, side), interpolation=cv2.INTER_AREA))


def _shaded(origins: Reals, up: Reals, look: Paint) -> tuple[Reals, Reals]:
    """Colours (..., 3) and 1 or 0 (...) where the rays from the origins along `AWAY` meet the can at the origin."""
    along = float(AWAY @ up)
    across = AWAY - along * up
    start = origins - (origins @ up)[..., None] * up
    b, c = start @ across, (start**2).sum(-1) - RADIUS**2
    a = max(1e-9, float(across @ across))
    root = np.sqrt(np.maximum(b * b - a * c, 0))
    side = np.where(b * b >= a * c, (-b - root) / a, np.inf)
    height = origins @ up + side * along
    side = np.where(np.abs(height) <= HALF, side, np.inf)

    end = HALF if along < 0 else -HALF  # the lid or the bottom: the one that faces the camera
    lid = (end - origins @ up) / along if abs(along) > 1e-6 else np.full(side.shape, np.inf)
    spot = start + np.where(np.isfinite(lid), lid, 0.0)[..., None] * across
    far = np.linalg.norm(spot, axis=-1)
    lid = np.where(far <= RADIUS, lid, np.inf)

    depth = np.minimum(side, lid)
    hit = np.isfinite(depth)
    at = start + np.where(np.isfinite(side), side, 0.0)[..., None] * across
    normal = np.where((lid < side)[..., None], up * np.sign(end), at / RADIUS)
    base = np.where((lid < side)[..., None], _metal(far / RADIUS, end > 0), _printed(at, height / HALF, up, look))
    return _lit(base, normal, (lid < side) | (np.abs(height) > _RIM * HALF)), hit.astype(np.float64)


def _printed(at: Reals, height: Reals, up: Reals, look: Paint) -> Reals:
    """The colours of the wall, by the angle around the can and the height -1..1."""
    first = np.cross(up, [0.31, 0.05, 0.95])
    first /= np.linalg.norm(first)
    angle = np.arctan2(at @ np.cross(up, first), at @ first)
    height = np.where(np.isfinite(height), height, 0.0)
    wave = np.sin(look.stripes * angle + look.slant * height) > 0.2
    plain = (height > look.band[0]) & (height < look.band[1])
    colour = np.where((wave & ~plain)[..., None], look.print, look.ground)
    return np.asarray(np.where((np.abs(height) > _RIM)[..., None], 178.0, colour))


def _metal(far: Reals, lid: bool) -> Reals:
    """The colours of lid and bottom: rings, and the opening of the lid."""
    rings = 168 + 30 * np.cos(far * 16) - 40 * (far > 0.92)
    return np.asarray((rings if lid else 120 + 60 * np.cos(far * 6))[..., None] * np.ones(3))


def _lit(base: Reals, normal: Reals, metal: Mask) -> Reals:
    """Light from the upper left, and a gloss."""
    bright = np.clip(normal @ _LAMP, 0, 1)
    half = _LAMP - AWAY
    gloss = np.clip(normal @ (half / np.linalg.norm(half)), 0, 1) ** 24
    colour = base * (0.38 + 0.68 * bright)[..., None] + (np.where(metal, 110, 70) * gloss)[..., None]
    return np.asarray(np.clip(colour, 0, 255))
