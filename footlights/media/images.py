"""Still pictures: one, or a folder of them."""

import logging
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from footlights.core.errors import SourceEmptyError, SourceError
from footlights.core.frame import Frame, Image
from footlights.media.picture import ArrayPicture

log = logging.getLogger(__name__)

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".jp2"})
APART = 1.0  # seconds between the pictures of a folder
HOLD = 3.0  # seconds that each picture stays when looped, long enough for a gesture to count
RATE = 10  # frames a second of a held picture


class Stills:
    """One picture, or a folder of pictures in natural order (2 before 10), each one frame.

    With `loop` it never ends: every picture is held for 3 s at 10 frames a second, and a folder is listed anew on every
    round. A file in a folder that is no picture, or a damaged one, is left out with one warning.
    """

    live = False

    def __init__(self, path: Path, name: str, *, loop: bool = False) -> None:
        self.name = name
        self._path = path
        self._loop = loop
        self._closed = threading.Event()
        self._refused: set[Path] = set()
        self.duration = None if loop else APART * len(self._paths())

    def frames(self) -> Iterator[Frame]:
        """Every picture. Raises SourceError for a picture that cannot be read, SourceEmptyError for an empty folder."""
        index, time = 0, 0.0
        repeat, apart = (round(HOLD * RATE), 1 / RATE) if self._loop else (1, APART)
        while not self._closed.is_set():
            before = index
            for picture in self._pictures():
                for _ in range(repeat):
                    if self._closed.is_set():
                        return
                    yield Frame(picture, time, self.name, index)
                    index += 1
                    time = round(index * apart, 6)
            if index == before:
                raise SourceEmptyError(f"{self._path} holds no picture; put {_known()} files into it")
            if not self._loop:
                return

    def close(self) -> None:
        self._closed.set()

    def _paths(self) -> list[Path]:
        if not self._path.is_dir():
            return [self._path]
        return sorted(self._seen(), key=_natural)

    def _seen(self) -> Iterator[Path]:
        for path in self._path.iterdir():
            if path.name.startswith(".") or not path.is_file() or path in self._refused:
                continue
            if path.suffix.lower() in SUFFIXES:
                yield path
            else:
                self._refuse(path, f"{path} is not a picture ({_known()}): left out")

    def _pictures(self) -> Iterator[ArrayPicture]:
        for path in self._paths():
            try:
                yield ArrayPicture(load(path))
            except SourceError as fault:
                if path == self._path:
                    raise
                self._refuse(path, f"{fault}: left out")

    def _refuse(self, path: Path, line: str) -> None:
        self._refused.add(path)
        log.warning(line)


def load(path: Path) -> Image:
    """(H, W, 3) RGB of a picture file: upright, grey and 16 bit brought to 8 bit RGB, transparent laid on black.

    Raises SourceError where the file is no picture or is damaged.
    """
    try:
        with Pillow.open(path) as opened:
            return _flat(ImageOps.exif_transpose(opened))
    except UnidentifiedImageError:
        raise SourceError(f"{path} is not a picture that can be read") from None
    except Pillow.DecompressionBombError:
        raise SourceError(f"{path} is too large to be a photo; scale it down") from None
    except FileNotFoundError:
        raise SourceError(f"{path} does not exist; correct the path") from None
    except (OSError, SyntaxError, ValueError) as fault:  # Pillow raises all three for damaged files
        raise SourceError(f"{path} is damaged ({str(fault).splitlines()[0]})") from None


def _flat(image: Pillow.Image) -> Image:
    if image.mode.startswith("I") or image.mode == "F":
        deep = np.asarray(image).astype(np.float64)
        grey = np.clip(deep / 257.0, 0, 255).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.has_transparency_data:
        seen = image.convert("RGBA")
        image = Pillow.alpha_composite(Pillow.new("RGBA", seen.size, (0, 0, 0, 255)), seen)
    return np.array(image.convert("RGB"), np.uint8)


def _natural(path: Path) -> list[tuple[int, int | str]]:
    """Sorts picture2 before picture10."""
    parts = re.split(r"(\d+)", path.name.lower())
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts if part]


def _known() -> str:
    return "JPEG, PNG, WebP, BMP or TIFF"
