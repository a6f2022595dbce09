import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.core.geometry import region_corners, wrap_angle
from footlights.core.scene import Pose, Region
from footlights.perception.regions import (
    body_anchors,
    body_region,
    box_region,
    face_region,
    hand_region,
    head_region,
    palm_region,
    turned,
    wrist_region,
)

angles = st.floats(-3.1, 3.1)
places = st.floats(-200, 800)
sizes = st.floats(10, 900)

ACROSS = (0, -20, -32, -38, -44, -14, -16, -17, -18, 0, 0, 0, 0, 13, 15, 16, 17, 25, 30, 33, 35)
UP = (0, 15, 35, 52, 66, 62, 90, 105, 118, 66, 98, 114, 128, 62, 92, 108, 120, 55, 76, 90, 100)
HAND = np.stack([ACROSS, -np.array(UP)], axis=1).astype(np.float32)  # fingers up


def pose_of(points: dict[int, tuple[float, float]]) -> Pose:
    xy = np.zeros((33, 2), np.float32)
    for index, point in points.items():
        xy[index] = point
    return Pose(
        xy, np.zeros(33, np.float32), np.ones(33, np.float32), np.zeros((33, 3), np.float32), 1.0, Region(0, 0, 1, 0)
    )


def rotation(angle: float) -> np.ndarray:
    return np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]], np.float32)


@given(places, places, sizes, angles)
def test_anchors_and_region_say_the_same(x: float, y: float, size: float, angle: float) -> None:
    anchors = body_anchors(Region(x, y, size, angle))
    again = body_region(anchors[0], anchors[1])
    assert again.x == pytest.approx(x, abs=1e-2)
    assert again.size == pytest.approx(size, rel=1e-2)
    assert wrap_angle(again.angle - angle) == pytest.approx(0, abs=1e-2)


@given(angles, st.floats(0.2, 5), places, places)
def test_the_region_of_a_hand_goes_with_the_hand(angle: float, scale: float, x: float, y: float) -> None:
    still = hand_region(HAND)
    moved = hand_region(HAND @ rotation(angle) * scale + np.array([x, y], np.float32))
    assert moved.size == pytest.approx(still.size * scale, rel=1e-2)
    assert wrap_angle(moved.angle - still.angle - angle) == pytest.approx(0, abs=1e-2)
    expected = region_corners(still) @ rotation(angle) * scale + [x, y]
    np.testing.assert_allclose(region_corners(moved), expected, atol=0.02 * moved.size)


def test_a_hand_with_its_fingers_up_stands_upright_and_whole_in_its_region() -> None:
    region = hand_region(HAND)
    assert abs(region.angle) < 0.05
    corners = region_corners(region)
    assert (corners[0] < HAND).all()
    assert (corners[2] > HAND).all()


def test_a_palm_with_its_fingers_to_the_right() -> None:
    points = np.array([[0, 50], [0, 0], [50, 50], [0, 0], [0, 0], [0, 0], [0, 0]], np.float32)
    region = palm_region(np.array([0, 30, 40, 70], np.float32), points)
    assert region.angle == pytest.approx(math.pi / 2)
    assert region.size == pytest.approx(40 * 2.6)
    assert (region.x, region.y) == (pytest.approx(40), pytest.approx(50))  # half a palm towards the fingers


def test_a_wrist_with_its_knuckles_above() -> None:
    region = wrist_region(pose_of({15: (100, 100), 17: (95, 70), 19: (105, 70)}), "left")
    assert region.size == pytest.approx(2.7 * 2 * 30.05, rel=1e-2)
    assert abs(region.angle) < 0.1
    assert region.y < 70


@pytest.mark.parametrize(("left_eye", "angle"), [((120, 100), 0.0), ((120, 110), math.atan2(10, 40)), ((40, 100), 0.0)])
def test_a_head_is_turned_as_its_eyes_are(left_eye: tuple[float, float], angle: float) -> None:
    marks = dict.fromkeys(range(11), (100.0, 105.0))
    region = head_region(pose_of({**marks, 5: (80, 100), 2: left_eye}))
    assert region.angle == pytest.approx(angle, abs=1e-6)
    assert region.size >= 3 * 40


def test_a_body_cut_by_the_lower_edge_goes_on_below_it() -> None:
    whole = box_region(np.array([300, 100, 400, 400], np.float32), 480)
    assert (whole.x, whole.y, whole.size) == (350, 250, 375)
    cut = box_region(np.array([200, 100, 480, 480], np.float32), 480)
    assert cut.y > 400
    assert cut.size == pytest.approx(1.25 * 2.5 * 280)


def test_a_face() -> None:
    assert face_region(np.array([10, 20, 30, 60], np.float32), 0.3) == Region(20, 40, 60, 0.3)


@given(angles)
def test_turning_keeps_lengths_and_depth(angle: float) -> None:
    points = np.array([[1, 0, 5], [0, 2, -1]], np.float32)
    moved = turned(points, angle)
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), np.linalg.norm(points, axis=1), rtol=1e-5)
    np.testing.assert_allclose(moved[:, 2], points[:, 2])
    np.testing.assert_allclose(moved[0, :2], [math.cos(angle), math.sin(angle)], atol=1e-6)
