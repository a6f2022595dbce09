"""What never moves in the street: houses, pavements, the road."""

import cv2
import numpy as np

from footlights.media.rehearsal.arrays import Float
from footlights.media.rehearsal.textures import noise

_WALLS = ((196, 172, 142), (170, 116, 94), (206, 200, 188), (148, 158, 164), (186, 150, 112), (214, 190, 150))
_GROUND = 0.50  # where the houses stand, in shares of the height
_KERB, _FAR_KERB = 0.905, 0.605  # where the road ends on the near side, and on the far one


def scenery(width: int, height: int, seed: int) -> Float:
    """(H, W, 3) RGB 0..255, without anybody."""
    rng = np.random.default_rng([seed, 17])
    picture: Float = np.zeros((height, width, 3), np.float32)
    ground = round(_GROUND * height)
    sky = np.linspace(0, 1, ground, dtype=np.float32)[:, None, None]
    picture[:ground] = (1 - sky) * np.array([128, 168, 212], np.float32) + sky * np.array([206, 220, 232], np.float32)
    left = -round(rng.uniform(0, 0.15) * width)
    while left < width:
        right = left + round(rng.uniform(0.19, 0.32) * width)
        _house(picture, left, right, ground, rng)
        left = right
    _streets(picture, ground, rng)
    picture *= (1 + 0.025 * noise(height, width, 5, seed + 5, 4))[..., None]
    return np.asarray(np.clip(picture, 0, 255), np.float32)


def _house(picture: Float, left: int, right: int, ground: int, rng: np.random.Generator) -> None:
    """A front with rows of windows, and a shop or a door below."""
    top = round(rng.uniform(0.0, 0.16) * ground)
    wall = np.array(_WALLS[int(rng.integers(len(_WALLS)))], np.float32) * rng.uniform(0.9, 1.06)
    _box(picture, left, top, right, ground, wall)
    _box(picture, left, top, right, top + max(2, ground // 40), wall * 0.72)
    _box(picture, right - max(1, ground // 90), top, right, ground, wall * 0.6)
    floor = 0.30 * ground  # pixels, of one storey
    count = max(2, round((right - left) / (0.30 * ground)))
    across = (right - left) / count
    for storey in range(int((ground - floor * 1.1 - top) // floor) + 1):
        sill = ground - floor * (1.25 + storey)
        for place in range(count):
            x = left + (place + 0.5) * across
            _window(picture, x, sill, 0.20 * across, floor * 0.56, wall, rng)
    if rng.random() < 0.6:
        awning = np.array(((178, 40, 40), (36, 96, 72), (40, 66, 128))[int(rng.integers(3))], np.float32)
        _window(picture, (left + right) / 2, ground - 0.04 * ground, 0.36 * (right - left), floor * 0.62, wall, rng)
        low, high = ground - 0.86 * floor, ground - 1.04 * floor
        for stripe in range(12):
            edges = np.linspace(left + 0.09 * (right - left), right - 0.09 * (right - left), 13)
            shade = awning if stripe % 2 else np.array([232, 228, 218], np.float32)
            _box(picture, edges[stripe], high, edges[stripe + 1], low, shade)
        return
    for place in range(count):
        x = left + (place + 0.5) * across
        if place == count // 2:
            _box(picture, x - 0.17 * across, ground - 0.78 * floor, x + 0.17 * across, ground, wall * 0.42)
        else:
            _window(picture, x, ground - 0.22 * floor, 0.20 * across, floor * 0.5, wall, rng)


def _window(
    picture: Float, x: float, sill: float, half: float, high: float, wall: Float, rng: np.random.Generator
) -> None:
    """A frame, dark glass with a curtain or the sky in it, and a sill."""
    _box(picture, x - half * 1.14, sill - high * 1.06, x + half * 1.14, sill, wall * 0.55 + 90)
    glass = np.array([74, 86, 98], np.float32) * rng.uniform(0.7, 1.25)
    _box(picture, x - half, sill - high, x + half, sill - high * 0.03, glass)
    if rng.random() < 0.4:
        _box(picture, x - half, sill - high, x - half * 0.45, sill - high * 0.03, glass + 70)
    _box(picture, x - half * 0.05, sill - high, x + half * 0.05, sill - high * 0.03, wall * 0.55 + 90)
    _box(picture, x - half * 1.25, sill, x + half * 1.25, sill + max(1, high * 0.06), wall * 0.7)


def _streets(picture: Float, ground: int, rng: np.random.Generator) -> None:
    """Pavements of slabs on both sides, kerbs, the road with its middle line."""
    height, width = picture.shape[:2]
    far, near = round(_FAR_KERB * height), round(_KERB * height)
    depth = np.linspace(0.9, 1.05, height - ground, dtype=np.float32)[:, None, None]
    picture[ground:] = np.array([164, 160, 152], np.float32) * depth
    for top, low, slab in ((ground, far, 0.055), (near, height, 0.10)):
        for x in np.arange(-0.3 * width, 1.3 * width, slab * width):
            lean = (x - width / 2) * 0.10
            ends = (round(float(x)), top), (round(float(x + lean)), low)
            cv2.line(picture, *ends, (138.0, 134.0, 127.0), 1, cv2.LINE_AA)
    asphalt = 84 + 7 * noise(near - far, width, 6, int(rng.integers(1 << 30)), 24)
    picture[far:near] = asphalt[..., None] * np.array([1.0, 1.0, 1.04], np.float32)
    kerb = max(2, height // 90)
    picture[far : far + kerb], picture[near - kerb : near] = 190.0, 198.0
    picture[near - 2 * kerb : near - kerb] *= np.float32(0.7)
    middle, thick = round(0.735 * height), max(2, height // 110)
    for x in np.arange(0.02, 1.0, 0.14):
        picture[middle : middle + thick, round(x * width) : round((x + 0.07) * width)] = 214.0


def _box(picture: Float, left: float, top: float, right: float, bottom: float, colour: Float) -> None:
    rows, columns = slice(max(0, round(top)), max(0, round(bottom))), slice(max(0, round(left)), max(0, round(right)))
    picture[rows, columns] = colour
