"""Live pictures with a known content: a number in black and white that grows with every picture."""

from collections.abc import Callable
from itertools import count

import numpy as np

from footlights.core.frame import Frame
from footlights.core.scene import Scene
from footlights.media.encoder import Encoder
from footlights.media.picture import ArrayPicture, AvPicture, from_planes

BITS = 12


def numbered(number: int, width: int = 192, height: int = 96) -> AvPicture:
    """A picture that shows a number as columns of black and white under a grey slope."""
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    planes[: height // 2] = np.linspace(40, 200, width, dtype=np.uint8)
    side = width // BITS
    for bit in range(BITS):
        planes[height // 2 : height, bit * side : (bit + 1) * side] = 220 if number >> bit & 1 else 30
    return from_planes(planes, "bt601")


def read(rgb: np.ndarray) -> int:
    """The number that a picture shows."""
    height, width = rgb.shape[:2]
    side = width // BITS
    row = rgb[height * 3 // 4, :, 1]
    return sum((int(row[bit * side + side // 2]) > 128) << bit for bit in range(BITS))


def counting(**size: int) -> Callable[[], AvPicture]:
    """Gives the numbers from 0 on."""
    numbers = count()
    return lambda: numbered(next(numbers), **size)


class Ticking(Encoder):
    """An encoder that always has something new."""

    def _wait(self, due: float) -> bool:
        self._news = True
        return super()._wait(due)


def scene(stream: str, level: int, time: float = 0.0, *, width: int = 160, height: int = 90, **known: object) -> Scene:
    """A grey scene of a stream."""
    arrived = known.pop("arrived", None)
    picture = ArrayPicture(np.full((height, width, 3), level, np.uint8))
    return Scene(Frame(picture, time, stream, round(time * 25), arrived), **known)  # type: ignore[arg-type]
