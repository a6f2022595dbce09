from concurrent.futures import ThreadPoolExecutor

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footlights.core.errors import ShapeError
from footlights.media.picture import ArrayPicture, AvPicture, from_planes, scale_into, shrink, split_planes


def scenery(width: int, height: int) -> np.ndarray:
    """Smooth colours that differ in every corner, so that turning and mirroring show."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([255 * x / width, 255 * y / height, 128 + 60 * np.sin(x / 9)], axis=2).astype(np.uint8)


def decoded(array: np.ndarray, pixel_format: str = "yuv444p") -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(array, format="rgb24").reformat(format=pixel_format)


def off_by(a: np.ndarray, b: np.ndarray) -> float:
    assert a.shape == b.shape
    return float(np.abs(a.astype(int) - b).mean())


@settings(max_examples=30, deadline=None)
@given(st.integers(10, 90), st.integers(10, 90), st.integers(4, 120), st.integers(4, 120), st.integers(0, 3))
def test_a_picture_has_the_size_that_is_asked_for(width: int, height: int, to: int, by: int, turns: int) -> None:
    picture = AvPicture(decoded(scenery(width, height)), turns)
    assert (picture.width, picture.height) == ((height, width) if turns % 2 else (width, height))
    rgb = picture.rgb(to, by)
    assert rgb.shape == (by, to, 3)
    assert rgb.flags.c_contiguous


def test_small_sizes_are_averages_over_areas() -> None:
    array = np.random.default_rng(1).integers(0, 256, (480, 640, 3), np.uint8)
    small = AvPicture(decoded(array)).rgb(80, 60)
    assert off_by(small, cv2.resize(array, (80, 60), interpolation=cv2.INTER_AREA)) < 2
    assert off_by(small, cv2.resize(array, (80, 60), interpolation=cv2.INTER_LINEAR)) > 10


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_quarter_turns_make_upright(turns: int) -> None:
    array = scenery(96, 64)
    picture = AvPicture(decoded(np.ascontiguousarray(np.rot90(array, -turns))), turns)
    assert off_by(picture.rgb(96, 64), array) < 2
    planes = cv2.cvtColor(picture.yuv420p(96, 64), cv2.COLOR_YUV2RGB_I420)
    assert off_by(planes, array) < 4


def test_oblong_pixels_become_square() -> None:
    picture = AvPicture(decoded(scenery(72, 57)), aspect=16 / 11)
    assert (picture.width, picture.height) == (105, 57)
    assert off_by(picture.rgb(105, 57), cv2.resize(scenery(72, 57), (105, 57))) < 4


def test_the_planes_of_both_kinds_hold_the_same_picture() -> None:
    array = scenery(64, 48)
    for picture in (ArrayPicture(array), AvPicture(decoded(array, "yuv420p"))):
        planes = picture.yuv420p(64, 48)
        assert off_by(cv2.cvtColor(planes, cv2.COLOR_YUV2RGB_I420), array) < 4
        y, u, v = split_planes(planes, 48, 64)
        assert (y.shape, u.shape, v.shape) == ((48, 64), (24, 32), (24, 32))
        assert int(y.max()) <= 235


def test_full_range_pictures_of_webcams_keep_black_and_white() -> None:
    array = np.zeros((16, 32, 3), np.uint8)
    array[:, 16:] = 255
    frame = av.VideoFrame.from_ndarray(array, format="rgb24").reformat(format="yuvj420p", dst_color_range="JPEG")
    rgb = AvPicture(frame).rgb(32, 16)
    assert int(rgb[:, :14].max()) <= 3
    assert int(rgb[:, 18:].min()) >= 252


@pytest.mark.parametrize("size", [(63, 48), (64, 47), (0, 2)])
def test_odd_planes_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ShapeError, match="even"):
        AvPicture(decoded(scenery(64, 48))).yuv420p(*size)
    with pytest.raises(ShapeError, match="even"):
        ArrayPicture(scenery(64, 48)).yuv420p(*size)


def test_an_array_that_is_no_picture_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(48, 64\)"):
        ArrayPicture(np.zeros((48, 64), np.uint8))


def test_many_threads_may_read_one_picture() -> None:
    picture = AvPicture(decoded(scenery(320, 240), "yuv420p"))
    sizes = [(40 + 8 * step, 30 + 6 * step) for step in range(12)]
    alone = [picture.rgb(*size) for size in sizes]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda size: picture.rgb(*size), sizes * 8))
    for index, image in enumerate(together):
        assert np.array_equal(image, alone[index % len(sizes)])


def planes_for(width: int, height: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    half = np.zeros((height // 2, width // 2), np.uint8)
    return np.zeros((height, width), np.uint8), half, half.copy()


@settings(max_examples=40, deadline=None)
@given(st.integers(8, 400), st.integers(8, 400), st.integers(4, 120), st.integers(4, 120))
def test_a_plane_that_shrinks_keeps_its_brightness(width: int, height: int, to: int, by: int) -> None:
    whole = np.linspace(20, 220, width)[None] + np.zeros((height, 1))
    whole = whole.round().astype(np.uint8)
    wall = np.zeros((by + 6, to + 6), np.uint8)
    shrink(whole, wall[3:-3, 3:-3])
    assert abs(float(wall[3:-3, 3:-3].mean()) - float(whole.mean())) < 6
    assert not wall[:3].any(), "only the part that was asked for is written to"


def test_every_pixel_counts_in_a_plane_that_shrinks() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (720, 1280), np.uint8)
    small = np.zeros((90, 160), np.uint8)
    shrink(noise, small)
    assert small.std() < 15, "an eighth of noise is nearly grey; every eighth pixel of it is noise"


@pytest.mark.parametrize("matrix", ["bt601", "bt709"])
@pytest.mark.parametrize("own", ["bt601", "bt709"])
def test_scaling_into_planes_is_what_the_converter_does(own: str, matrix: str) -> None:
    rgb = scenery(640, 360)
    planes = ArrayPicture(rgb).yuv420p(640, 360)
    picture = from_planes(planes, own)  # type: ignore[arg-type]
    scaled = planes_for(320, 180)
    scale_into(scaled, picture, matrix)  # type: ignore[arg-type]
    for ours, theirs in zip(scaled, picture.planes(320, 180, matrix), strict=True):  # type: ignore[arg-type]
        assert off_by(ours, theirs) < 2.0


def test_a_turned_picture_is_scaled_upright() -> None:
    picture = AvPicture(decoded(scenery(64, 48), "yuv420p"), 1)
    scaled = planes_for(24, 32)
    scale_into(scaled, picture, "bt601")
    assert off_by(scaled[0], picture.planes(24, 32)[0]) == 0
