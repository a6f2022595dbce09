"""Small pictures with transparency: how they are made of text or of a file, and laid over a picture."""

import logging
import math
import mmap
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from footlights.core.errors import SettingsError
from footlights.core.frame import Image
from footlights.media.emojis.raster import Rgba, rasterise, step_up

log = logging.getLogger(__name__)
Colour = tuple[int, int, int]  # RGB

_FONTS = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "Arial Unicode.ttf", "arial.ttf")
_NO_LETTER = "\uffff"  # every font shows its sign for "missing" here
_OVERSAMPLE = 4  # round corners are drawn this much larger and scaled down


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """A picture whose colours are already multiplied with their opacity."""

    colour: NDArray[np.uint8]  # (H, W, 3)
    cover: NDArray[np.uint8]  # (H, W, 1) 0..255

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.cover.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.cover.shape[0])


def lay(canvas: Image, sprite: Sprite, left: int, top: int) -> None:
    """Lay a sprite over the canvas; what lies outside is left out."""
    x, y = max(left, 0), max(top, 0)
    right, bottom = min(left + sprite.width, canvas.shape[1]), min(top + sprite.height, canvas.shape[0])
    if x >= right or y >= bottom:
        return
    part = (slice(y - top, bottom - top), slice(x - left, right - left))
    under = canvas[y:bottom, x:right]
    kept = under.astype(np.uint16) * (255 - sprite.cover[part].astype(np.uint16))
    under[:] = sprite.colour[part] + ((kept + 127) // 255).astype(np.uint8)


@lru_cache(maxsize=256)
def label(text: str, size: int, ink: Colour, paper: Colour, opacity: int) -> Sprite:
    """A line of text on a rounded plate. `size`: height of the letters in pixels; `opacity`: the plate's, 0..255."""
    font, text = _readable(text, size)
    left, _, right, _ = font.getbbox(text)
    ascent, descent = font.getmetrics()
    pad = max(2, round(size * 0.45))
    width, height = round(right - left) + 2 * pad, ascent + descent + pad
    plate = Pillow.new("L", (width * _OVERSAMPLE, height * _OVERSAMPLE), 0)
    edge = (0, 0, width * _OVERSAMPLE - 1, height * _OVERSAMPLE - 1)
    ImageDraw.Draw(plate).rounded_rectangle(edge, radius=height * _OVERSAMPLE // 3, fill=opacity)
    letters = Pillow.new("L", (width, height), 0)
    ImageDraw.Draw(letters).text((pad - left, pad // 2), text, font=font, fill=255)
    under = np.asarray(plate.resize((width, height), Pillow.Resampling.BOX), np.float32)[:, :, None] / 255
    over = np.asarray(letters, np.float32)[:, :, None] / 255
    cover = over + under * (1 - over)
    colour = np.array(ink, np.float32) * over + np.array(paper, np.float32) * under * (1 - over)
    return Sprite(_apart(colour), _apart(cover * 255))


def _apart(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """The values as bytes on memory pages of their own.

    A label stays while pictures of a megabyte come and go. Among them on the heap, every new label would keep the room
    of one picture from being used again: half a gigabyte for 500 labels.
    """
    pages = np.frombuffer(mmap.mmap(-1, values.size), np.uint8).reshape(values.shape)
    pages[:] = values.round()
    return pages


def is_drawing(path: Path) -> bool:
    """True for an SVG file, which has no size of its own."""
    return path.suffix.lower() == ".svg"


def load_sprite(path: Path, side: int) -> Sprite:
    """A picture file with its transparency; a drawing is made `side` pixels large.

    Raises SettingsError where there is none that can be read.
    """
    if is_drawing(path):
        return _multiplied(rasterise(path, side))
    try:
        with Pillow.open(path) as opened:
            return _multiplied(np.asarray(opened.convert("RGBA")))
    except (OSError, ValueError, SyntaxError):
        raise SettingsError(f"the overlay {path} is not a picture that can be read; give an SVG, PNG or WebP") from None


def _multiplied(rgba: Rgba) -> Sprite:
    cover = rgba[:, :, 3:]
    colour = (rgba[:, :, :3].astype(np.uint16) * cover + 127) // 255
    return Sprite(colour.astype(np.uint8), cover)


def turned(sprite: Sprite, size: float, angle: float, alpha: float) -> Sprite:
    """The sprite scaled so that its longer side is `size` pixels, turned clockwise by `angle` radians, and faded."""
    scale = size / max(sprite.width, sprite.height)
    width, height = max(1, round(sprite.width * scale)), max(1, round(sprite.height * scale))
    flag = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    rgba = np.dstack((sprite.colour, sprite.cover))
    rgba = np.asarray(cv2.resize(rgba, (width, height), interpolation=flag), np.uint8)
    if angle:
        cos, sin = math.cos(angle), math.sin(angle)
        side = (math.ceil(width * abs(cos) + height * abs(sin)), math.ceil(width * abs(sin) + height * abs(cos)))
        shift_x = side[0] / 2 - (cos * width - sin * height) / 2
        shift_y = side[1] / 2 - (sin * width + cos * height) / 2
        matrix = np.array([[cos, -sin, shift_x], [sin, cos, shift_y]])
        rgba = np.asarray(cv2.warpAffine(rgba, matrix, side, flags=cv2.INTER_LINEAR), np.uint8)
    if alpha < 1:
        rgba = np.round(rgba * max(0.0, alpha)).astype(np.uint8)
    return Sprite(rgba[:, :, :3], rgba[:, :, 3:])


def _readable(text: str, size: int) -> tuple[ImageFont.FreeTypeFont, str]:
    """A font that has the letters of a text; where none has them, the text with plain letters instead.

    Pillow's own font comes first: it is the same on every machine, but knows little more than ASCII.
    """
    for name in (None, *_FONTS):
        font = _font(name, size)
        if font is not None and not any(_lacks(font, letter) for letter in text):
            return font, text
    plain = unicodedata.normalize("NFKD", text)
    own = _font(None, size)
    assert own is not None
    letters = (letter for letter in plain if not unicodedata.combining(letter))
    return own, "".join("?" if _lacks(own, letter) else letter for letter in letters)


def _lacks(font: ImageFont.FreeTypeFont, letter: str) -> bool:
    return not letter.isspace() and bytes(font.getmask(letter)) == bytes(font.getmask(_NO_LETTER))


@lru_cache(maxsize=64)
def _font(name: str | None, size: int) -> ImageFont.FreeTypeFont | None:
    """A font of this machine, or Pillow's own; None where it is not installed."""
    try:
        font = ImageFont.load_default(size) if name is None else ImageFont.truetype(name, size)
    except OSError:
        return None
    return font if isinstance(font, ImageFont.FreeTypeFont) else None


class Shelf:
    """The sprites of the overlays that an app names, each loaded once for every size of drawing.

    `pictures` are the files of the names that it knows; any other name is a path. What cannot be loaded is left out,
    with one warning.
    """

    def __init__(self, pictures: Mapping[str, Path] | None = None) -> None:
        self._pictures = dict(pictures or {})
        self._sprites: dict[tuple[str, int], Sprite | None] = {}

    def sprite(self, name: str, size: float) -> Sprite | None:
        """The sprite for a size in pixels; None where there is none."""
        path = self._pictures.get(name, Path(name))
        key = (name, step_up(size) if is_drawing(path) else 0)
        if key not in self._sprites:
            try:
                self._sprites[key] = load_sprite(path, key[1])
            except SettingsError as fault:
                log.warning("%s", fault)
                self._sprites[key] = None
        return self._sprites[key]
