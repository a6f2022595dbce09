import dataclasses
import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footlights.core.frame import Frame
from footlights.core.geometry import transform
from footlights.core.scene import Region
from footlights.media.picture import ArrayPicture
from footlights.models.cards import Input
from footlights.perception.crops import crop, letterbox

SPEC = Input(width=64, height=64)


def blob(width: int, height: int, x: float, y: float, spread: float) -> Frame:
    """A grey picture with one bright soft spot, so that places can be measured to fractions of a pixel."""
    down, across = np.mgrid[0:height, 0:width]
    light = np.exp(-((across - x) ** 2 + (down - y) ** 2) / (2 * spread**2))
    picture = np.repeat((40 + 200 * light)[..., None], 3, axis=2).astype(np.uint8)
    return Frame(ArrayPicture(picture), 0.0, "test", 0)


def brightest(values: np.ndarray) -> np.ndarray:
    """(2,) centre of the spot in (1, H, W, 3)."""
    light = np.clip(values[0, ..., 0] - values[0, ..., 0].max() / 2, 0, None)
    down, across = np.mgrid[0 : light.shape[0], 0 : light.shape[1]]
    return np.array([(light * across).sum(), (light * down).sum()]) / light.sum()


@given(st.floats(40, 500), st.floats(-math.pi, math.pi), st.floats(-0.25, 0.25), st.floats(-0.25, 0.25))
@settings(max_examples=40, deadline=None)
def test_what_is_seen_in_a_crop_is_taken_back_to_its_place(size: float, angle: float, dx: float, dy: float) -> None:
    x, y = 320.0, 240.0
    frame = blob(640, 480, x, y, size / 20)
    values, matrix = crop(frame, Region(x + dx * size, y + dy * size, size, angle), SPEC)
    place = transform(brightest(values)[None], matrix)[0]
    np.testing.assert_allclose(place, [x, y], atol=0.02 * size)


def test_a_large_region_needs_no_large_picture() -> None:
    frame = blob(640, 480, 320, 240, 30)
    crop(frame, Region(320, 240, 300, 0.0), SPEC)
    assert set(frame._scaled) == {(160, 120)}


def test_halving_moves_nothing() -> None:
    frame = blob(640, 480, 300, 200, 20)
    near = [
        transform(brightest(values)[None], matrix)[0]
        for values, matrix in (
            crop(frame, region, SPEC) for region in (Region(320, 240, 127, 0.0), Region(320, 240, 257, 0.0))
        )
    ]
    np.testing.assert_allclose(near[0], [300, 200], atol=1.5)
    np.testing.assert_allclose(near[1], [300, 200], atol=1.5)


@pytest.mark.parametrize(("border", "outside"), [("pad", 0.25), ("repeat", 1.0)])
def test_outside_of_the_picture(border: str, outside: float) -> None:
    frame = Frame(ArrayPicture(np.full((100, 100, 3), 255, np.uint8)), 0.0, "test", 0)
    values, _ = crop(frame, Region(0, 0, 60, 0.0), dataclasses.replace(SPEC, border=border, pad=0.25))
    assert values[0, 0, 0, 0] == pytest.approx(outside, abs=0.01)
    assert values[0, -1, -1, 0] == pytest.approx(1.0)


@pytest.mark.parametrize(("fit", "left", "top"), [("centre", 0, 8), ("corner", 0, 0)])
def test_letterbox(fit: str, left: int, top: int) -> None:
    frame = blob(640, 480, 200, 100, 30)
    spec = dataclasses.replace(SPEC, fit=fit, pad=-7.0)
    values, matrix = letterbox(frame, spec)
    assert values.shape == (1, 64, 64, 3)
    assert (values[0, :, :, 0] == -7).sum() == 64 * 16
    assert (values[0, top : top + 48] >= 0).all()
    np.testing.assert_allclose(matrix @ [left, top, 1], [0, 0])
    np.testing.assert_allclose(transform(brightest(np.maximum(values, 0))[None], matrix)[0], [200, 100], atol=6)


def test_other_layouts_and_ranges() -> None:
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[..., 0] = 255
    spec = Input(width=8, height=8, low=-1.0, high=1.0, layout="nchw", colour="bgr")
    values, _ = letterbox(Frame(ArrayPicture(picture), 0.0, "test", 0), spec)
    assert values.shape == (1, 3, 8, 8)
    assert values.flags.c_contiguous
    np.testing.assert_allclose(values[0, :, 0, 0], [-1, -1, 1])


def test_crop_is_the_same_as_opencv_draws_it() -> None:
    frame = blob(200, 200, 90, 110, 8)
    values, matrix = crop(frame, Region(100, 100, 64, 0.5), SPEC)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    np.testing.assert_allclose(values[0] * 255, cv2.warpAffine(frame.rgb(), matrix, (64, 64), flags=flags), atol=0.01)
