"""Pictures with transparency at the size needed, from SVG files and from those that Pillow reads."""

import io
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from footlights.core.errors import SettingsError

Rgba = NDArray[np.uint8]  # (H, W, 4) RGB and opacity, not multiplied with each other

SUFFIXES = (".svg", ".png", ".webp")
LARGEST = 2048  # pixels
SMALLEST = 16  # pixels


@lru_cache(maxsize=64)
def rasterise(path: Path, side: int) -> Rgba:
    """The picture, its longer side `side` pixels long; read only, and kept, so ask for few different sizes.

    Fonts of the machine are not used: an SVG file looks the same everywhere, and its text must be drawn as paths.
    Raises SettingsError where the file cannot be read or is no such picture.
    """
    try:
        picture = _from_svg(path, side) if path.suffix.lower() == ".svg" else _from_pixels(path, side)
    except OSError as error:
        raise SettingsError(f"the picture {path} cannot be read: {error.strerror or 'it is damaged'}") from error
    except (ValueError, SyntaxError, Pillow.DecompressionBombError) as error:
        raise SettingsError(f"the picture {path} is damaged: {str(error).splitlines()[0]}") from error
    array = np.asarray(picture, np.uint8)
    array.flags.writeable = False
    return array


def step_up(size: float) -> int:
    """The side at which to rasterise what is shown `size` pixels large: a power of two, so that there are few."""
    return int(2 ** np.ceil(np.log2(np.clip(size, SMALLEST, LARGEST))))


def _from_svg(path: Path, side: int) -> Pillow.Image:
    import resvg_py

    text = path.read_text(encoding="utf-8")
    picture = Pillow.open(io.BytesIO(resvg_py.svg_to_bytes(svg_string=text, width=side, skip_system_fonts=True)))
    if picture.height > side:
        picture = Pillow.open(io.BytesIO(resvg_py.svg_to_bytes(svg_string=text, height=side, skip_system_fonts=True)))
    return picture.convert("RGBA")


def _from_pixels(path: Path, side: int) -> Pillow.Image:
    with Pillow.open(path) as opened:
        scale = side / max(opened.size)
        size = max(1, round(opened.width * scale)), max(1, round(opened.height * scale))
        return opened.convert("RGBA").resize(size, Pillow.Resampling.LANCZOS)
