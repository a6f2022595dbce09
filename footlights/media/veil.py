"""Pictures of which a part is not to be seen: blurred things, and zones behind a curtain.

Both cover the picture itself, in every size and format in which it can be asked for: what comes later cannot look
behind them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from footlights.core.app import Source
from footlights.core.frame import Frame, Image, Luma, Picture
from footlights.core.scene import Floats
from footlights.media.picture import ArrayPicture, Planes

COARSE = 6  # pixels of the longer side to which a blurred thing is reduced
BLACK = 16  # the darkest luma of limited range


@dataclass(frozen=True, slots=True, eq=False)
class VeiledPicture:
    """A picture in which some boxes are too coarse to know anybody."""

    picture: Picture
    boxes: Floats  # (N, 4) shares of the picture: left, top, right, bottom

    @property
    def width(self) -> int:
        return self.picture.width

    @property
    def height(self) -> int:
        return self.picture.height

    def rgb(self, width: int, height: int) -> Image:
        return self._veiled(self.picture.rgb(width, height))

    def luma(self, width: int, height: int) -> Luma:
        return self._veiled(self.picture.luma(width, height))

    def yuv420p(self, width: int, height: int) -> Planes:
        """The picture as an encoder wants it."""
        return ArrayPicture(self.rgb(width, height)).yuv420p(width, height)

    def _veiled(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        image = image.copy()
        height, width = image.shape[:2]
        pixels = np.nan_to_num(self.boxes) * [width, height, width, height]
        for left, top, right, bottom in pixels.clip(0, [width, height, width, height]).tolist():
            part = image[int(top) : int(np.ceil(bottom)), int(left) : int(np.ceil(right))]
            if part.size:
                scale = COARSE / max(part.shape[:2])
                small = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
                coarse = cv2.resize(part, small, interpolation=cv2.INTER_AREA)
                part[:] = cv2.resize(coarse, part.shape[1::-1], interpolation=cv2.INTER_NEAREST).reshape(part.shape)
        return image


@dataclass(frozen=True, slots=True, eq=False)
class CurtainedPicture:
    """A picture with black zones."""

    picture: Picture
    zones: Sequence[NDArray[np.float64]]  # each (N, 2) corners in shares of the picture

    @property
    def width(self) -> int:
        return self.picture.width

    @property
    def height(self) -> int:
        return self.picture.height

    def rgb(self, width: int, height: int) -> Image:
        image = self.picture.rgb(width, height).copy()
        return np.asarray(cv2.fillPoly(image, self._pixels(width, height), (0, 0, 0)), np.uint8)

    def luma(self, width: int, height: int) -> Luma:
        image = self.picture.luma(width, height).copy()
        return np.asarray(cv2.fillPoly(image, self._pixels(width, height), (BLACK,)), np.uint8)

    def yuv420p(self, width: int, height: int) -> Planes:
        """The picture as an encoder wants it."""
        return ArrayPicture(self.rgb(width, height)).yuv420p(width, height)

    def _pixels(self, width: int, height: int) -> list[NDArray[np.int32]]:
        return [np.round(corners * [width, height]).astype(np.int32) for corners in self.zones]


class CurtainedSource:
    """A source some zones of which nobody ever sees. They may be changed while it runs."""

    def __init__(self, source: Source, zones: Sequence[NDArray[np.float64]] = ()) -> None:
        self._source = source
        self.zones = zones  # each (N, 2) corners in shares of the picture
        self.name, self.live, self.duration = source.name, source.live, source.duration

    def frames(self) -> Iterator[Frame]:
        """Every frame of the source, with the zones black."""
        for frame in self._source.frames():
            if zones := self.zones:
                frame.put(CurtainedPicture(frame.picture, zones))
            yield frame

    def close(self) -> None:
        """Close the source."""
        self._source.close()


def veiled(picture: Picture, boxes: Sequence[Floats]) -> Picture:
    """The picture with these boxes, in its pixels, made coarse; the picture itself where there are none."""
    if not boxes:
        return picture
    size = np.array([picture.width, picture.height] * 2, np.float32)
    return VeiledPicture(picture, np.asarray(np.stack(boxes) / size, np.float32))
