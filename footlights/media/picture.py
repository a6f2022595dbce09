"""Pictures as decoders give them."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from footlights.core.errors import ShapeError
from footlights.core.frame import Image, Luma, Picture

Matrix = Literal["bt601", "bt709"]  # how luma and chroma are made of red, green and blue
Planes = NDArray[np.uint8]  # (H * 3 / 2, W) the Y, U and V planes of 4:2:0 one after the other, limited range
Plane = NDArray[np.uint8]  # (H, W)

SPACES: dict[Matrix, Colorspace] = {"bt601": Colorspace.ITU601, "bt709": Colorspace.ITU709}
_WEIGHTS: dict[Matrix, tuple[float, float]] = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722)}  # of red and blue
_TURNS = {1: cv2.ROTATE_90_COUNTERCLOCKWISE, 2: cv2.ROTATE_180, 3: cv2.ROTATE_90_CLOCKWISE}


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

    def luma(self, width: int, height: int) -> Luma:
        return np.asarray(cv2.cvtColor(self.rgb(width, height), cv2.COLOR_RGB2GRAY), np.uint8)

    def yuv420p(self, width: int, height: int) -> Planes:
        """The picture as an encoder wants it (BT.601). Width and height must be even: ShapeError otherwise."""
        _check_even(width, height)
        return np.asarray(cv2.cvtColor(self.rgb(width, height), cv2.COLOR_RGB2YUV_I420), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class AvPicture:
    """A decoder's own frame, upright and with square pixels; converted only to the sizes that are asked for.

    May be read by several threads at once: every conversion has a scaler of its own, which costs 0.1 ms at most, while
    FFmpeg's default of one thread for every core costs four times the whole conversion.
    """

    frame: av.VideoFrame
    turns: int = 0  # quarter turns, counterclockwise, that make the picture upright
    aspect: float = 1.0  # width of a stored pixel divided by its height

    @property
    def width(self) -> int:
        return self.frame.height if self.turns % 2 else self._stored_width

    @property
    def height(self) -> int:
        return self._stored_width if self.turns % 2 else self.frame.height

    @property
    def _stored_width(self) -> int:
        return max(1, round(self.frame.width * self.aspect))

    def rgb(self, width: int, height: int) -> Image:
        array = self._scaled(width, height, "rgb24")
        if self.turns:
            array = np.asarray(cv2.rotate(array, _TURNS[self.turns]), np.uint8)
        return np.ascontiguousarray(array)

    def luma(self, width: int, height: int) -> Luma:
        array = self._scaled(width, height, "gray")
        return np.asarray(cv2.rotate(array, _TURNS[self.turns]), np.uint8) if self.turns else array

    def yuv420p(self, width: int, height: int) -> Planes:
        """The picture as an encoder wants it, in the decoder's colour matrix (BT.601 where the file names none).

        Width and height must be even: ShapeError otherwise.
        """
        _check_even(width, height)
        planes = [plane.ravel() for plane in self.planes(width, height)]
        return np.asarray(np.concatenate(planes).reshape(height * 3 // 2, width), np.uint8)

    @property
    def matrix(self) -> Matrix:
        """The colour matrix of the stored planes, BT.601 where the decoder names none."""
        return "bt709" if self.frame.colorspace == Colorspace.ITU709 else "bt601"

    def planes(
        self, width: int, height: int, matrix: Matrix | None = None, scaler: VideoReformatter | None = None
    ) -> tuple[Plane, Plane, Plane]:
        """Y (H, W), U and V (H/2, W/2), limited range, only to be read; in the decoder's colour matrix unless one is
        asked for. A scaler that is kept for one stream by one thread saves making a new one.
        """
        _check_even(width, height)
        planes = _stored_planes(self._converted(width, height, "yuv420p", matrix, scaler))
        if not self.turns:
            return planes
        y, u, v = (np.asarray(cv2.rotate(plane, _TURNS[self.turns]), np.uint8) for plane in planes)
        return y, u, v

    def stored(self) -> tuple[Plane, Plane, Plane] | None:
        """The decoder's own planes, only to be read, where they are upright 4:2:0 of limited range."""
        frame = self.frame
        plain = frame.format.name == "yuv420p" and frame.color_range != ColorRange.JPEG and not self.turns
        return _stored_planes(frame) if plain else None

    def _scaled(self, width: int, height: int, pixel_format: str) -> NDArray[np.uint8]:
        return np.asarray(self._converted(width, height, pixel_format).to_ndarray(), np.uint8)

    def _converted(
        self,
        width: int,
        height: int,
        pixel_format: str,
        matrix: Matrix | None = None,
        scaler: VideoReformatter | None = None,
    ) -> av.VideoFrame:
        if self.turns % 2:
            width, height = height, width
        other = matrix is not None and matrix != self.matrix
        return (scaler or VideoReformatter()).reformat(
            self.frame,
            width,
            height,
            pixel_format,
            src_colorspace=SPACES[self.matrix] if other else None,
            dst_colorspace=SPACES[matrix] if other and matrix is not None else None,
            interpolation=Interpolation.AREA,
            dst_color_range=ColorRange.MPEG if pixel_format == "yuv420p" else None,
            threads=1,
        )


def scale_into(
    planes: tuple[Plane, Plane, Plane], picture: Picture, matrix: Matrix, scaler: VideoReformatter | None = None
) -> None:
    """Scale any picture to fill Y (H, W), U and V (H/2, W/2), limited range: without a copy, where the decoder's planes
    will do.
    """
    height, width = planes[0].shape
    if not isinstance(picture, AvPicture) or (stored := picture.stored()) is None:
        for plane, scaled in zip(planes, planes_of(picture, width, height, matrix, scaler), strict=True):
            plane[:] = scaled
        return
    for plane, whole in zip(planes, stored, strict=True):
        shrink(whole, plane)
    if picture.matrix != matrix:
        _recolour(*planes, yuv_rows(matrix) @ np.linalg.inv(yuv_rows(picture.matrix)))


def shrink(plane: Plane, into: Plane) -> None:
    """Scale a plane into another: by area as long as it can be halved, and by what is left, where bilinear leaves no
    pixel out. A third of the time of one pass by area.
    """
    height, width = into.shape
    while min(plane.shape[0] / height, plane.shape[1] / width) > 2:
        half = (plane.shape[1] + 1) // 2, (plane.shape[0] + 1) // 2
        plane = np.asarray(cv2.resize(plane, half, interpolation=cv2.INTER_AREA), np.uint8)
    cv2.resize(plane, (width, height), dst=into, interpolation=cv2.INTER_LINEAR)


def _recolour(y: Plane, u: Plane, v: Plane, change: NDArray[np.float64]) -> None:
    """Change the colour matrix of planes in place. Grey stays grey: `change`, (3, 3), begins with a column 1, 0, 0."""
    luma, blue, red = (
        cv2.addWeighted(u, from_u, v, from_v, 128 * (1 - from_u - from_v)) for from_u, from_v in change[:, 1:].tolist()
    )
    cv2.addWeighted(y, 1, cv2.resize(luma, y.shape[::-1]), 1, -128, dst=y)
    u[:], v[:] = blue, red


@lru_cache(maxsize=2)
def yuv_rows(matrix: Matrix) -> NDArray[np.float64]:
    """(3, 3) from RGB 0..255 to Y, U and V in limited range without their offsets (ITU-R BT.601, BT.709)."""
    red, blue = _WEIGHTS[matrix]
    luma = np.array([red, 1 - red - blue, blue])
    u = (np.array([0, 0, 1]) - luma) / (2 * (1 - blue)) * 224
    v = (np.array([1, 0, 0]) - luma) / (2 * (1 - red)) * 224
    return np.stack([luma * 219, u, v]) / 255


def planes_of(
    picture: Picture, width: int, height: int, matrix: Matrix, scaler: VideoReformatter | None = None
) -> tuple[Plane, Plane, Plane]:
    """Y (H, W), U and V (H/2, W/2) of any picture, scaled, limited range, only to be read. Even sizes: ShapeError
    otherwise. A decoder's frame stays in YUV all the way.
    """
    if isinstance(picture, AvPicture):
        return picture.planes(width, height, matrix, scaler)
    if matrix == "bt601":
        return split_planes(ArrayPicture(picture.rgb(width, height)).yuv420p(width, height), height, width)
    _check_even(width, height)
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture.rgb(width, height)), format="rgb24")
    converted = VideoReformatter().reformat(
        frame, format="yuv420p", dst_colorspace=SPACES[matrix], dst_color_range=ColorRange.MPEG, threads=1
    )
    return _stored_planes(converted)


def joined(planes: tuple[Plane, Plane, Plane]) -> Planes:
    """(H * 3 / 2, W) the three planes of 4:2:0 in one piece of memory of their own."""
    height, width = planes[0].shape
    return np.asarray(np.concatenate([plane.reshape(-1) for plane in planes]).reshape(height * 3 // 2, width), np.uint8)


def from_planes(planes: Planes, matrix: Matrix) -> AvPicture:
    """A picture of 4:2:0 planes, which become its own: nobody may write to them any more."""
    frame = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(planes), "yuv420p")
    frame.colorspace, frame.color_range = SPACES[matrix].value, ColorRange.MPEG.value
    return AvPicture(frame)


def _stored_planes(frame: av.VideoFrame) -> tuple[Plane, Plane, Plane]:
    """Views of a frame's planes without the padding at the end of their lines."""
    y, u, v = (
        np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
        for plane in frame.planes[:3]
    )
    return y, u, v


def split_planes(planes: Planes, height: int, width: int) -> tuple[Planes, Planes, Planes]:
    """Y (H, W), U and V (H/2, W/2) of 4:2:0 planes; views, where the planes lie in one piece."""
    flat = planes.reshape(-1)
    whole, quarter = height * width, height * width // 4
    half = (height // 2, width // 2)
    return (
        flat[:whole].reshape(height, width),
        flat[whole : whole + quarter].reshape(half),
        flat[whole + quarter : whole + 2 * quarter].reshape(half),
    )


def _check_even(width: int, height: int) -> None:
    if width % 2 or height % 2 or width < 2 or height < 2:
        raise ShapeError(f"4:2:0 planes have an even width and height, got {width}x{height}")
