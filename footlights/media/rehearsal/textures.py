"""Cloth, skin and hair as small pictures, drawn from seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from footlights.core.frame import Image
from footlights.media.rehearsal.arrays import Float

Colour = tuple[int, int, int]  # RGB


def noise(height: int, width: int, octaves: int, seed: int, base: int) -> Float:
    """(height, width) soft noise in -1..1: the sum of octaves, the coarsest with `base` bumps across."""
    rng = np.random.default_rng(seed)
    out, strength = np.zeros((height, width), np.float32), 1.0
    for octave in range(octaves):
        bumps = base * 2**octave
        grid = rng.standard_normal((min(height, bumps), min(width, bumps))).astype(np.float32)
        out += strength * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        strength *= 0.55
    return np.asarray(out / np.abs(out).max(), np.float32)


def plain(colour: Colour, height: int, width: int | None = None) -> Float:
    """(height, width, 3) one colour, as floats to paint on."""
    return np.ones((height, width or height, 3), np.float32) * np.array(colour, np.float32)


def finished(picture: Float) -> Image:
    """Floats 0..255 to a picture."""
    return np.clip(picture, 0, 255).astype(np.uint8)


def cloth(colour: Colour, seed: int, height: int = 128, width: int | None = None, folds: float = 0.16) -> Float:
    """Cloth of one colour with folds and a weave. The folds fade towards both ends, so that pieces match at a joint."""
    width = width or height
    fade = np.sin(np.pi * (np.arange(height, dtype=np.float32) + 0.5) / height)[:, None] ** 0.5
    shade = noise(height, width, 5, seed, 3) * folds * fade + noise(height, width, 2, seed + 1, 48) * 0.04
    return np.asarray(plain(colour, height, width) * (1 + shade[..., None]), np.float32)


def skin(colour: Colour, seed: int, size: int = 64) -> Float:
    """Skin, a little uneven and a little redder here and there."""
    picture = plain(colour, size) * (1 + 0.05 * noise(size, size, 4, seed, 3))[..., None]
    picture[..., 0] *= 1 + 0.03 * noise(size, size, 3, seed + 9, 3)
    return picture


def hair(colour: Colour, seed: int, size: int = 128) -> Image:
    """Strands that run from top to bottom."""
    strands = cv2.resize(noise(12, size, 4, seed, 12), (size, size), interpolation=cv2.INTER_LINEAR)
    return finished(plain(colour, size) * (1.1 + 0.45 * strands[..., None]) + 4)


def striped(picture: Float, colour: Colour, count: int, share: float = 0.5) -> Float:
    """Stripes across, `count` of them."""
    rows = np.arange(len(picture)) / len(picture) * count
    shade = picture.mean(axis=2, keepdims=True) / max(float(picture.mean()), 1.0)
    chosen = (rows % 1 < share)[:, None, None]
    return np.asarray(np.where(chosen, shade * np.array(colour, np.float32), picture), np.float32)


def darkened(picture: Float, top: int, bottom: int, factor: float) -> Float:
    """A seam or a hem: some rows darker."""
    picture[top:bottom] *= factor
    return picture


@dataclass(frozen=True, eq=False)
class HandSkin:
    """The textures of a hand, each as seen on the back and on the palm side."""

    palm: tuple[Image, Image]  # palm side, back
    bone: Image
    finger: tuple[Image, Image]  # back, palm side
    tip: tuple[Image, Image]  # back with the nail, palm side


def hand_skin(colour: Colour) -> HandSkin:
    """What the landmark models look for in a hand: creases, a lighter palm, knuckles, nails."""
    size = 64
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32) / (size - 1)
    base = skin(colour, 71, size)
    lift = np.array([1.05, 1.02, 1.02], np.float32) * (
        1 + 0.22 * (1 - max(colour) / 255)
    )  # palms are light on everybody
    inner, outer = base * lift, base * np.array([0.95, 0.93, 0.92], np.float32)

    def crease(place: float, width: float, depth: float) -> Float:
        return np.asarray(1 - depth * np.exp(-(((rows - place) / width) ** 2))[..., None], np.float32)

    back = outer * crease(0.02, 0.06, 0.16) * crease(0.10, 0.03, 0.08) * crease(0.98, 0.06, 0.16)
    front = inner * crease(0.03, 0.035, 0.30) * crease(0.97, 0.035, 0.30)
    across = columns * 2 - 1
    rim = (across / 0.52) ** 4 + ((rows - 0.72) / 0.30) ** 4
    nail = cv2.GaussianBlur((rim < 1).astype(np.float32), (0, 0), 0.8)[..., None]
    edge = cv2.GaussianBlur(np.exp(-(((rim - 1) / 0.5) ** 2)), (0, 0), 0.8)[..., None]
    tip = outer * crease(0.03, 0.05, 0.18) * (1 - 0.28 * edge)
    lacquer = (np.array(colour, np.float32) * 0.35 + np.array([232, 190, 186], np.float32) * 0.65) * (
        0.5 + 0.5 * max(colour) / 220
    )
    tip += (lacquer * (1 + 0.12 * np.exp(-(((across + 0.15) / 0.15) ** 2)))[..., None] - tip) * nail * 0.8
    return HandSkin(
        palm=(_palm(inner), _back_of_hand(outer)),
        bone=finished((inner + outer) / 2),
        finger=(finished(back), finished(front)),
        tip=(finished(tip), finished(front)),
    )


def _palm(inner: Float) -> Image:
    size, fine = 128, 512
    lines: Float = np.ones((fine, fine), np.float32)
    for points, width in (
        (((-0.85, 0.45), (-0.4, 0.36), (0.1, 0.42), (0.40, 0.70)), 7),
        (((0.92, 0.42), (0.45, 0.28), (-0.1, 0.02), (-0.6, -0.15)), 7),
        (((0.90, 0.45), (0.42, 0.15), (0.22, -0.25), (0.18, -0.85)), 9),
        (((-0.1, 0.5), (-0.05, 0.0), (0.0, -0.6)), 3),
    ):
        cv2.polylines(lines, [_curved(points, fine)], False, (0.70,), width, cv2.LINE_AA)
    lines = cv2.resize(cv2.GaussianBlur(lines, (0, 0), 3), (size, size), interpolation=cv2.INTER_AREA)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / (size - 1) * 2 - 1
    picture = cv2.resize(inner, (size, size)) * (lines * (1 + noise(size, size, 4, 82, 4) * 0.05))[..., None]
    picture *= (1 - 0.14 * np.exp(-(((x + 0.05) / 0.35) ** 2) - (y / 0.4) ** 2))[..., None]
    picture[..., 0] *= 1 + 0.05 * np.exp(-(((y - 0.7) / 0.25) ** 2))
    return finished(picture[::-1])


def _back_of_hand(outer: Float) -> Image:
    size = 128
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / (size - 1) * 2 - 1
    picture = cv2.resize(outer, (size, size)) * (1 + noise(size, size, 4, 82, 4) * 0.05)[..., None]
    for tendon in (-0.75, -0.3, 0.15, 0.6):
        picture *= (1 + 0.05 * np.exp(-(((x - tendon * (0.725 + 0.275 * y)) / 0.07) ** 2)))[..., None]
    return finished(picture[::-1])


def _curved(points: Sequence[tuple[float, float]], size: int) -> NDArray[np.int32]:
    """A smooth line through points in -1..1, as pixels."""
    places = np.array(points)
    at, of = np.linspace(0, 1, 30), np.linspace(0, 1, len(places))
    line: Float = np.stack([np.interp(at, of, places[:, 0]), np.interp(at, of, places[:, 1])], 1).astype(np.float32)
    line = cv2.GaussianBlur(line, (1, 9), 2, borderType=cv2.BORDER_REPLICATE)
    return np.asarray((line * 0.5 + 0.5) * size, np.int32)
