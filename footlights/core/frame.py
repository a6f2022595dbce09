"""A picture and the moment it belongs to."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]  # (H, W, 3) RGB
Luma = NDArray[np.uint8]  # (H, W) brightness


class Picture(Protocol):
    """What a decoder gave, in the decoder's own format. Implemented in `media`."""

    @property
    def width(self) -> int:
        """Width in pixels."""

    @property
    def height(self) -> int:
        """Height in pixels."""

    def rgb(self, width: int, height: int) -> Image:
        """(height, width, 3) RGB, scaled by area averaging and converted in one pass."""

    def luma(self, width: int, height: int) -> Luma:
        """(height, width) brightness, scaled by area averaging: of all pictures the cheapest."""


@dataclass(slots=True, eq=False)
class Frame:
    """One picture of one stream.

    `time` is media time: seconds on the stream's own clock. `arrived` is the reading of the monotonic clock when a live
    source handed the frame over, in seconds, and None for files: it serves to measure latency and nothing else.
    """

    picture: Picture
    time: float
    stream: str
    index: int
    arrived: float | None = None
    _scaled: dict[tuple[int, int], Image] = field(default_factory=dict, repr=False)
    _luma: dict[tuple[int, int], Luma] = field(default_factory=dict, repr=False)

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.picture.width

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.picture.height

    def rgb(self, width: int | None = None, height: int | None = None) -> Image:
        """(height, width, 3) RGB, read only; full size where none is given. Made when first asked for, then kept."""
        size = (width or self.width, height or self.height)
        image = self._scaled.get(size)
        if image is None:
            image = self.picture.rgb(*size).view()  # the array itself stays its maker's to write to
            image.flags.writeable = False
            self._scaled[size] = image
        return image

    def luma(self, width: int, height: int) -> Luma:
        """(height, width) brightness, read only. Made when first asked for, then kept."""
        size = (width, height)
        if size not in self._luma:
            luma = self.picture.luma(*size).view()
            luma.flags.writeable = False
            self._luma[size] = luma
        return self._luma[size]

    def put(self, picture: Picture) -> None:
        """From here on, this is the picture: nothing that comes later can see the one before."""
        self.picture = picture
        self._scaled.clear()
        self._luma.clear()
