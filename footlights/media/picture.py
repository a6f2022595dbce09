"""Pictures as decoders give them."""

from dataclasses import dataclass

import cv2
import numpy as np

from footlights.core.errors import ShapeError
from footlights.core.frame import Image


@dataclass(frozen=True, slots=True)
class ArrayPicture:
    """A picture that already is an RGB array of shape (H, W, 3)."""

    array: Image

    def __post_init__(self) -> None:
        if self.array.ndim != 3 or self.array.shape[2] != 3 or self.array.dtype != np.uint8:
            raise ShapeError(f"a picture must be (H, W, 3) uint8, got {self.array.shape} {self.array.dtype}")

    @property
    def width(self) -> int:
        return int(self.array.shape[1])

    @property
    def height(self) -> int:
        return int(self.array.shape[0])

    def rgb(self, width: int, height: int) -> Image:
        if (width, height) == (self.width, self.height):
            return self.array
        smaller = width < self.width or height < self.height
        flag = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(self.array, (width, height), interpolation=flag), np.uint8)
