"""Small pictures of what a project holds: of photos and frames, of clips, and of moments in recordings."""

import functools
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from footlights.core.errors import SourceError
from footlights.core.frame import Image
from footlights.media.container import Container, Shot
from footlights.studio.project import CLIPS

SIDES = (96, 160, 240, 480, 960)  # pixels that may be asked for
QUALITY = 82
KEPT = 400  # previews in memory, of some 10 kB each
STRIP = 120  # pictures of one strip, at most


@functools.lru_cache(maxsize=KEPT)
def preview(path: Path, digest: str, side: int) -> bytes:
    """JPEG of a picture, or of the middle of a clip, that fits into a square. `digest` says which content is meant.

    Raises SourceError where the file is gone or damaged.
    """
    if path.suffix.lower() in CLIPS:
        return jpeg(ImageOps.contain(Pillow.fromarray(_middle(path)), (side, side)))
    try:
        with Pillow.open(path) as opened:
            opened.draft("RGB", (2 * side, 2 * side))  # JPEG is decoded at a fraction of its size
            upright = ImageOps.exif_transpose(opened).convert("RGB")
            return jpeg(ImageOps.contain(upright, (side, side)))
    except (UnidentifiedImageError, Pillow.DecompressionBombError, OSError, ValueError) as error:
        raise SourceError(f"{path.name} cannot be shown: {error}") from error


def jpeg(picture: Pillow.Image) -> bytes:
    """A picture as JPEG."""
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def length(path: Path) -> float:
    """Seconds of a clip. Where the file does not say how long it is, it is read through."""
    with Container(str(path), path.name) as container:
        if container.length is not None:
            return float(container.length)
    return max(time for time, _ in _pictures(path))


def _middle(path: Path) -> Image:
    """The picture in the middle of a clip."""
    half = length(path) / 2
    for time, shot in _pictures(path):
        picture = shot.picture
        if time >= half - 1e-3:
            break
    return picture.rgb(picture.width, picture.height)


@functools.lru_cache(maxsize=16)
def strip(path: Path, digest: str, count: int, height: int) -> bytes:
    """JPEG with so many pictures of a clip side by side, evenly spaced in time: what lies under a timeline.

    Raises SourceError where the file is gone or damaged.
    """
    count = min(count, STRIP)
    seconds = length(path)
    moments = [(index + 0.5) * seconds / count for index in range(count)]
    tiles: list[Image] = []
    for time, shot in _pictures(path):
        due = sum(moment <= time + 1e-3 for moment in moments) - len(tiles)
        if due > 0:
            tile = shot.picture.rgb(max(2, round(shot.picture.width * height / shot.picture.height)), height)
            tiles += [tile] * due
        last = shot.picture
    if len(tiles) < count:
        tile = last.rgb(max(2, round(last.width * height / last.height)), height)
        tiles += [tile] * (count - len(tiles))
    return jpeg(Pillow.fromarray(np.concatenate(tiles, axis=1)))


def _pictures(path: Path) -> Iterator[tuple[float, Shot]]:
    """Every picture of a clip with its seconds since the first."""
    first, time = None, 0.0
    with Container(str(path), path.name) as container:
        for shot in container.read():
            if isinstance(shot, Shot):
                stamp = time + container.step if shot.stamp is None else shot.stamp
                first = stamp if first is None else first
                time = stamp
                yield time - first, shot
