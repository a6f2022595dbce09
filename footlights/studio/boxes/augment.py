"""Training pictures that never were: four put together, moved, mirrored, in another light."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from footlights.core.frame import Image
from footlights.core.scene import Floats

GREY = 114  # around a picture of another shape
SEEN = 0.35  # of a box that must be left inside for it to count


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture and its boxes, in pixels."""

    image: Image  # (H, W, 3) RGB
    boxes: Floats  # (N, 4) left, top, right, bottom
    kinds: np.ndarray  # (N,)


def augmented(pool: Sequence[Shown], index: int, size: int, rng: np.random.Generator, mosaic: float) -> Shown:
    """A (size, size) training picture made of one of the pool, with the chance `mosaic` together with three others."""
    if rng.random() < mosaic:
        others = rng.integers(0, len(pool), 3)
        shown = _mosaic([pool[index], *(pool[other] for other in others)], size, rng)
    else:
        shown = _placed(pool[index], size, rng)
    if rng.random() < 0.5:
        boxes = shown.boxes.copy()
        boxes[:, [0, 2]] = size - shown.boxes[:, [2, 0]]
        shown = Shown(np.ascontiguousarray(shown.image[:, ::-1]), boxes, shown.kinds)
    return Shown(_other_light(shown.image, rng), shown.boxes, shown.kinds)


def fitted(shown: Shown, size: int) -> Shown:
    """The whole picture in the upper left of a (size, size) one, as the engine lays it."""
    height, width = shown.image.shape[:2]
    scale = size / max(width, height)
    small = cv2.resize(
        shown.image, (max(1, round(width * scale)), max(1, round(height * scale))),
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
    )  # fmt: skip
    canvas = np.full((size, size, 3), GREY, np.uint8)
    canvas[: small.shape[0], : small.shape[1]] = small
    return Shown(canvas, shown.boxes * np.float32(scale), shown.kinds)


def _placed(shown: Shown, size: int, rng: np.random.Generator) -> Shown:
    """One picture, larger or smaller, somewhere."""
    height, width = shown.image.shape[:2]
    scale = size / max(width, height) * float(np.exp(rng.uniform(np.log(0.6), np.log(1.6))))
    aspect = float(np.exp(rng.uniform(-0.12, 0.12)))
    across, down = scale * aspect, scale / aspect
    left = rng.uniform(*sorted((0.0, size - width * across)))
    top = rng.uniform(*sorted((0.0, size - height * down)))
    return _warped(shown, across, down, float(left), float(top), (0, 0, size, size), size)


def _mosaic(four: Sequence[Shown], size: int, rng: np.random.Generator) -> Shown:
    """Four pictures around a point."""
    x, y = (int(value) for value in rng.uniform(0.3, 0.7, 2) * size)
    tiles = ((0, 0, x, y), (x, 0, size, y), (0, y, x, size), (x, y, size, size))
    canvas = np.full((size, size, 3), GREY, np.uint8)
    boxes, kinds = [], []
    for shown, tile in zip(four, tiles, strict=True):
        left, top, right, bottom = tile
        height, width = shown.image.shape[:2]
        scale = max((right - left) / width, (bottom - top) / height) * float(np.exp(rng.uniform(-0.5, 0.35)))
        at_x = left + float(rng.uniform(*sorted((0.0, right - left - width * scale))))
        at_y = top + float(rng.uniform(*sorted((0.0, bottom - top - height * scale))))
        part = _warped(shown, scale, scale, at_x, at_y, tile, size)
        canvas[top:bottom, left:right] = part.image[top:bottom, left:right]
        boxes.append(part.boxes)
        kinds.append(part.kinds)
    return Shown(canvas, np.concatenate(boxes), np.concatenate(kinds))


def _warped(
    shown: Shown, across: float, down: float, left: float, top: float, window: tuple[int, int, int, int], size: int
) -> Shown:
    """Scaled and moved; what is cut off at the window counts as long as enough of it is left."""
    if min(across, down) < 0.5:  # area averaging first: the warp looks at four pixels only
        height, width = shown.image.shape[:2]
        small = cv2.resize(
            shown.image, (max(1, round(width * across)), max(1, round(height * down))), interpolation=cv2.INTER_AREA
        )
        matrix = np.array([[1, 0, left], [0, 1, top]], np.float32)
    else:
        small, matrix = shown.image, np.array([[across, 0, left], [0, down, top]], np.float32)
    image = cv2.warpAffine(small, matrix, (size, size), flags=cv2.INTER_LINEAR, borderValue=(GREY,) * 3)
    boxes = shown.boxes * np.array([across, down] * 2, np.float32) + np.array([left, top] * 2, np.float32)
    low, high = np.array(window[:2] * 2, np.float32), np.array(window[2:] * 2, np.float32)
    inside = np.clip(boxes, low, high)
    whole, rest = (np.prod(part[:, 2:] - part[:, :2], axis=1) for part in (boxes, inside))
    stay = (rest > SEEN * whole) & ((inside[:, 2:] - inside[:, :2]).min(axis=1, initial=np.inf) > 2)
    return Shown(np.asarray(image, np.uint8), inside[stay], shown.kinds[stay])


def _other_light(image: Image, rng: np.random.Generator) -> Image:
    """Another hue, saturation and brightness; now and then grey, or out of focus."""
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV).astype(np.int16)
    hue, saturation, value = rng.uniform(-1, 1, 3) * (10, 60, 60)
    hsv[..., 0] = (hsv[..., 0] + int(hue)) % 180
    hsv[..., 1:] = np.clip(hsv[..., 1:] + np.array([saturation, value], np.int16), 0, 255)
    out = cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB)
    if rng.random() < 0.1:
        out = cv2.blur(out, (int(rng.integers(2, 5)), int(rng.integers(1, 4))))
    return np.asarray(out, np.uint8)
