"""A sheet of stills: what a dance looks like, at a glance."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from footlights.core.errors import SinkError
from footlights.core.frame import Image
from footlights.media.sprites import label, lay
from footlights.recognition.dance.dance import Dance
from footlights.recognition.dance.film import FilmSettings, Show

COUNT = 12
_GAP = 6  # pixels between stills
_WIDTH = 480  # pixels of a still, about


def sheet(dance: Dance, settings: FilmSettings, progress: Callable[[float], None] | None = None) -> Image:
    """(H, W, 3) twelve stills in even steps, each with its moment and phrase."""
    show = Show(dance, settings)
    columns = 4 if show.width >= show.height else 6
    small = min(show.width, _WIDTH if show.width >= show.height else _WIDTH * 2 // 3)
    size = small, round(small * show.height / show.width)
    times = [(index + 0.5) * dance.seconds / COUNT for index in range(COUNT)]
    rows = COUNT // columns
    whole = np.full((rows * (size[1] + _GAP) + _GAP, columns * (size[0] + _GAP) + _GAP, 3), 12, np.uint8)
    for index, (time, picture) in enumerate(zip(times, show.stills(times), strict=True)):
        row, column = divmod(index, columns)
        top, left = _GAP + row * (size[1] + _GAP), _GAP + column * (size[0] + _GAP)
        whole[top : top + size[1], left : left + size[0]] = _labelled(picture, size, dance, time)
        if progress is not None:
            progress((index + 1) / COUNT)
    return whole


def save_picture(picture: Image, path: Path) -> None:
    """Write a picture in the format that the file's name says. Raises SinkError where it cannot be."""
    try:
        written = cv2.imwrite(str(path), picture[..., ::-1])
    except cv2.error:
        raise SinkError(f"{path} cannot be written: name it {path.stem}.png or .jpg") from None
    if not written:
        raise SinkError(f"{path} cannot be written: look at the folder and its rights")


def _labelled(picture: Image, size: tuple[int, int], dance: Dance, time: float) -> Image:
    """A small still with its moment and its phrase written on it."""
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    span = next((span for span in dance.phrases if span.begin <= time < span.end), None)
    name = "" if span is None else f"  {span.name.replace('_', ' ')}"
    words = label(f"{int(time) // 60}:{int(time) % 60:02d}{name}", 15, (246, 247, 250), (18, 20, 27), 150)
    lay(small, words, _GAP, size[1] - words.height - _GAP)
    return small
