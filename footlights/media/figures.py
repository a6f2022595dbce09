"""Large figures and timelines as sprites: what an app wants to be read from across the room."""

from functools import lru_cache
from zlib import crc32

import cv2
import numpy as np
from numpy.typing import NDArray

from footlights.core.cue import Strip
from footlights.media.sprites import Colour, Sprite, label, lay

INK: Colour = (246, 247, 250)
FAINT: Colour = (176, 182, 194)
PAPER: Colour = (18, 20, 27)
SPAN_COLOURS: tuple[Colour, ...] = (
    (64, 200, 255), (255, 176, 46), (126, 222, 92), (255, 110, 150), (178, 140, 255), (60, 224, 190), (240, 140, 90),
    (150, 190, 255),
)  # fmt: skip
_PLATE = 205  # opacity of what lies under text, 0..255


@lru_cache(maxsize=128)
def figure_sprite(value: str, text: str, size: int, accent: Colour) -> Sprite:
    """A value in letters `size` pixels high, a small line below it, an accent at the left edge."""
    number = label(_line(value), max(10, size), INK, PAPER, 0)
    words = label(_line(text), max(9, round(size * 0.27)), FAINT, PAPER, 0)
    pad = max(5, round(size * 0.2))
    edge = max(2, round(size * 0.07))
    trim = round(size * 0.22)  # room above and below the digits that their font keeps for accents
    left, inner = edge + pad, (_inset(max(10, size)), _inset(max(9, round(size * 0.27))))
    width = left + max(number.width - 2 * inner[0], words.width - 2 * inner[1]) + pad
    height = number.height - trim + words.height + pad // 2
    canvas, cover = _sheet(width, height, round(size * 0.14))
    canvas[:, :edge] = np.where(cover[:, :edge, None] > 0, np.array(accent, np.uint8), 0)
    cover[:, :edge] = np.where(cover[:, :edge] > 0, 255, 0)
    _print(canvas, cover, number, left - inner[0], -trim // 2)
    _print(canvas, cover, words, left - inner[1], number.height - trim)
    return Sprite(canvas, cover[:, :, None])


def strip_sprite(strip: Strip, width: int, height: int) -> Sprite:
    """A timeline as wide as the picture."""
    canvas = np.empty((height, width, 3), np.uint8)
    canvas[:] = np.array(PAPER) * _PLATE // 255
    cover = np.full((height, width), _PLATE, np.uint8)
    pad = max(3, height // 8)
    words = label(_line(strip.text), max(9, round(height * 0.26)), FAINT, PAPER, 0) if strip.text else None
    right = width - pad - (words.width if words else 0)
    top, bottom = round(height * 0.46), height - pad
    scale = (right - pad) / max(1e-6, strip.end - strip.begin)

    def across(time: float) -> int:
        return round(pad + (min(max(time, strip.begin), strip.end) - strip.begin) * scale)

    _block(canvas, cover, (pad, top, right, bottom), (44, 48, 60), 235)
    for begin, end, text in strip.spans:
        left, stop = across(begin), max(across(begin) + 2, across(end))
        _block(canvas, cover, (left, top, stop, bottom), span_colour(text), 255)
        name = label(_line(text), max(8, round(height * 0.21)), (16, 18, 22), PAPER, 0)
        if name.width <= stop - left:
            lay(canvas, name, left + (stop - left - name.width) // 2, (top + bottom - name.height) // 2)
    points = [(across(time), top - 2 - value * (top - pad - 2)) for time, value in strip.curve]
    if len(points) > 1:
        line = np.round(np.array(points) * 16).astype(np.int32)
        for image, colour in ((canvas, INK), (cover, (255, 255, 255))):
            cv2.polylines(image, [line], False, colour, max(1, height // 28), cv2.LINE_AA, 4)
    if words is not None:
        _print(canvas, cover, words, width - pad // 2 - words.width, (top + bottom - words.height) // 2)
    return Sprite(canvas, cover[:, :, None])


def span_colour(text: str) -> Colour:
    """The colour by which one activity is known everywhere."""
    return SPAN_COLOURS[crc32(text.encode()) % len(SPAN_COLOURS)]


def _sheet(width: int, height: int, radius: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A dark plate with round corners: colours multiplied with their opacity, and the opacity."""
    large = np.zeros((height * 4, width * 4), np.uint8)
    r = max(1, radius * 4)
    cv2.rectangle(large, (r, 0), (width * 4 - r - 1, height * 4), _PLATE, -1)
    cv2.rectangle(large, (0, r), (width * 4, height * 4 - r - 1), _PLATE, -1)
    for x in (r, width * 4 - r - 1):
        for y in (r, height * 4 - r - 1):
            cv2.circle(large, (x, y), r, (_PLATE,), -1)
    cover = np.asarray(cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return (np.array(PAPER) * (cover[:, :, None] / 255)).astype(np.uint8), cover


def _print(canvas: NDArray[np.uint8], cover: NDArray[np.uint8], sprite: Sprite, left: int, top: int) -> None:
    """Lay a text on a plate, the plate's opacity included."""
    lay(canvas, sprite, left, top)
    mask = np.zeros((*cover.shape, 1), np.uint8)
    lay(mask, Sprite(sprite.cover, sprite.cover), left, top)
    np.maximum(cover, mask[:, :, 0], out=cover)


def _block(
    canvas: NDArray[np.uint8], cover: NDArray[np.uint8], box: tuple[int, int, int, int], colour: Colour, opacity: int
) -> None:
    left, top, right, bottom = box
    canvas[top:bottom, left:right] = np.array(colour) * opacity // 255
    cover[top:bottom, left:right] = opacity


def _inset(size: int) -> int:
    """Pixels between the edge of a label and its letters."""
    return max(2, round(size * 0.45))


def _line(text: str) -> str:
    return " ".join(text.split())[:40] or " "
