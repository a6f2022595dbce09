import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from footlights.core.geometry import (
    bounding_box,
    box_area,
    box_iou,
    fit,
    joint_angle,
    region_corners,
    region_matrix,
    transform,
    wrap_angle,
)
from footlights.core.scene import Region

numbers = st.floats(-1000, 1000, width=32)
points = arrays(np.float32, (7, 2), elements=numbers)
angles = st.floats(-10, 10)


@st.composite
def boxes(draw: st.DrawFn, count: int = 4) -> np.ndarray:
    corner = draw(arrays(np.float32, (count, 2), elements=numbers))
    size = draw(arrays(np.float32, (count, 2), elements=st.floats(1, 500, width=32)))
    return np.concatenate([corner, corner + size], axis=1)


@given(boxes(), boxes())
def test_iou_is_symmetric_and_between_0_and_1(a: np.ndarray, b: np.ndarray) -> None:
    iou = box_iou(a, b)
    assert np.all((iou >= 0) & (iou <= 1 + 1e-5))
    np.testing.assert_allclose(iou, box_iou(b, a).T, atol=1e-5)


@given(boxes())
def test_iou_of_a_box_with_itself_is_1(a: np.ndarray) -> None:
    np.testing.assert_allclose(np.diag(box_iou(a, a)), 1, atol=1e-3)


def test_iou_of_known_boxes() -> None:
    a = np.array([[0, 0, 2, 2]], np.float32)
    b = np.array([[1, 1, 3, 3], [2, 2, 4, 4], [0, 0, 2, 1], [3, 3, 3, 3]], np.float32)
    np.testing.assert_allclose(box_iou(a, b), [[1 / 7, 0, 0.5, 0]], atol=1e-6)


def test_a_box_turned_inside_out_is_empty() -> None:
    assert box_area(np.array([[5, 5, 1, 1]], np.float32))[0] == 0


@given(points)
def test_a_bounding_box_holds_its_points(some: np.ndarray) -> None:
    left, top, right, bottom = bounding_box(some)
    assert np.all((some >= [left, top]) & (some <= [right, bottom]))


@given(points, st.floats(-500, 500), st.floats(-500, 500), st.floats(1, 800), angles, st.integers(16, 512))
def test_into_a_region_and_back(some: np.ndarray, x: float, y: float, size: float, angle: float, pixels: int) -> None:
    matrix = region_matrix(Region(x, y, size, angle), pixels)
    whole = np.vstack([matrix, [0, 0, 1]])
    back = np.linalg.inv(whole)[:2]
    scale = max(1.0, pixels / size)
    np.testing.assert_allclose(transform(transform(some, back), matrix), some, atol=0.05 * scale, rtol=1e-3)


@given(st.floats(-500, 500), st.floats(-500, 500), st.floats(1, 800), angles)
def test_a_region_is_a_square_around_its_centre(x: float, y: float, size: float, angle: float) -> None:
    corners = region_corners(Region(x, y, size, angle))
    np.testing.assert_allclose(corners.mean(axis=0), [x, y], atol=0.01)
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
    np.testing.assert_allclose(sides, size, rtol=1e-3)


def test_a_region_turns_clockwise() -> None:
    top_left = region_corners(Region(0, 0, 2, math.pi / 2))[0]
    np.testing.assert_allclose(top_left, [1, -1], atol=1e-6)


@given(angles)
def test_wrapped_angles_are_the_same_direction(angle: float) -> None:
    wrapped = wrap_angle(angle)
    assert -math.pi <= wrapped <= math.pi
    assert math.isclose(math.cos(wrapped), math.cos(angle), abs_tol=1e-9)
    assert math.isclose(math.sin(wrapped), math.sin(angle), abs_tol=1e-9)


@given(st.floats(0, 180), angles, st.floats(0.1, 100))
def test_a_joint_angle_does_not_depend_on_place_turn_and_size(opening: float, turn: float, size: float) -> None:
    a = np.array([math.cos(turn), math.sin(turn)]) * size
    c = np.array([math.cos(turn + math.radians(opening)), math.sin(turn + math.radians(opening))])
    assert joint_angle(a + 3, np.array([3.0, 3.0]), c + 3) == pytest.approx(opening, abs=0.01)


def test_a_joint_without_length_is_straight() -> None:
    assert joint_angle(np.zeros(2), np.zeros(2), np.ones(2)) == 180


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(16, 1024))
def test_a_fitted_picture_is_inside_and_touches(width: int, height: int, inside: int) -> None:
    _, w, h = fit(width, height, inside)
    assert max(w, h) == inside
    assert min(w, h) >= 1
