"""The body's own frame, and the features read in it."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footlights.core.scene import Hand, Region
from footlights.recognition.body import measure_body
from footlights.recognition.features import BODY_FEATURES, HALF_FEATURES, feature, hand_open
from tests.recognition.figures import (
    CROSSED,
    DOWN,
    FOLDED,
    FRONT,
    UP,
    WEBCAM,
    Arm,
    Point,
    T,
    View,
    both,
    figure,
    mirrored,
    pose_of,
)

EVERY = [*BODY_FEATURES, *(f"{side}.{name}" for side in ("left", "right") for name in HALF_FEATURES)]
SWAPPED = {"left": "right", "right": "left"}
points = st.tuples(st.floats(-1.2, 1.2), st.floats(-1.2, 1.2), st.floats(0.0, 0.6))
arms = st.tuples(points, points).filter(lambda arm: _long(arm[0], arm[1]) and _long(arm[0], (0.33, 0.0, 0.0)))


def _long(one: Point, other: Point) -> bool:
    """Whether a limb between two joints has a direction."""
    return math.hypot(one[0] - other[0], one[1] - other[1]) > 0.1


def read(name: str, *pose: Arm) -> float:
    return feature(name, measure_body(figure((pose[0], pose[-1]))))


def test_lengths_are_in_trunks() -> None:
    body = measure_body(figure(both(DOWN)))
    assert body.left.point("hip") == pytest.approx(complex(0.2, -1.0), abs=1e-4)
    assert body.right.point("hip") == pytest.approx(complex(0.2, -1.0), abs=1e-4)
    assert body.left.other("hip") == pytest.approx(complex(-0.2, -1.0), abs=1e-4)
    assert body.facing == pytest.approx(0.66, abs=1e-3)
    assert body.lean == pytest.approx(0.0, abs=0.1)


def test_without_hips_the_shoulders_give_the_measure() -> None:
    body = measure_body(figure(both(UP), WEBCAM))
    assert feature("left.wrist_height", body) == pytest.approx(1.05, abs=0.08)
    assert math.isnan(feature("left.knee_angle", body))


def test_unseen_joints_give_nan_and_nothing_is_invented() -> None:
    body = measure_body(figure(both(CROSSED), View(unseen=frozenset({"left_wrist"}))))
    for name in ("left.wrist_height", "wrists_apart", "wrists_crossed", "left.elbow_angle", "forearms_rise"):
        assert math.isnan(feature(name, body)), name
    assert not math.isnan(feature("right.wrist_height", body))


def test_without_shoulders_nothing_can_be_measured() -> None:
    body = measure_body(figure(both(CROSSED), View(unseen=frozenset({"right_shoulder"}))))
    assert all(math.isnan(feature(name, body)) for name in EVERY)


@pytest.mark.parametrize(
    ("name", "arm", "value"),
    [
        ("wrists_crossed", DOWN, -0.9),
        ("wrists_crossed", CROSSED, 0.34),
        ("hands_height", FOLDED, -0.47),
        ("left.elbow_angle", T, 180.0),
        ("left.arm_raise", T, 90.0),
        ("left.arm_raise", UP, 161.0),
        ("left.forearm_rise", ((0.5, 0, 0), (0.9, 0.4, 0)), 45.0),
        ("left.wrist_above_nose", UP, 0.6),
        ("left.wrist_to_other_shoulder", ((0.3, -0.4, 0), (-0.33, 0.0, 0)), 0.0),
        ("wrists_apart", T, 2.6),
    ],
)
def test_features_of_known_figures(name: str, arm: Arm, value: float) -> None:
    assert read(name, arm) == pytest.approx(value, abs=2.0 if abs(value) > 10 else 0.02)


def test_from_behind_left_stays_left() -> None:
    front = measure_body(figure((T, DOWN)))
    behind = measure_body(figure((T, DOWN), View(yaw=180)))
    assert behind.facing == pytest.approx(-front.facing, abs=1e-3)
    assert feature("left.wrist_out", behind) == pytest.approx(feature("left.wrist_out", front), abs=1e-3)


@given(left=arms, right=arms, x=st.floats(-200, 900), y=st.floats(-200, 700), unit=st.floats(25, 400))
@settings(max_examples=60, deadline=None)
def test_place_and_size_do_not_matter(left: Arm, right: Arm, x: float, y: float, unit: float) -> None:
    here = measure_body(figure((left, right)))
    there = measure_body(figure((left, right), View(x=x, y=y, unit=unit)))
    for name in EVERY:
        _same(name, feature(name, here), feature(name, there))


@given(left=arms, right=arms)
@settings(max_examples=60, deadline=None)
def test_a_mirrored_picture_swaps_left_and_right(left: Arm, right: Arm) -> None:
    pose = figure((left, right))
    here, there = measure_body(pose), measure_body(mirrored(pose))
    for name in EVERY:
        side, _, rest = name.rpartition(".")
        other = f"{SWAPPED[side]}.{rest}" if side else rest
        sign = -1 if name in ("lean", "hands_across") else 1
        _same(name, sign * feature(name, here), feature(other, there))


@given(turn=st.floats(-60, 60), left=arms)
@settings(max_examples=40, deadline=None)
def test_a_leaning_body_has_the_same_features(turn: float, left: Arm) -> None:
    pose = figure((left, DOWN))
    angle = math.radians(turn)
    rotation = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    centre = np.array([FRONT.x, FRONT.y])
    leaning = measure_body(pose_of((pose.xy - centre) @ rotation.T + centre, pose.visibility))
    assert leaning.lean == pytest.approx(turn, abs=0.5)
    for name in EVERY:
        if name != "lean":
            _same(name, feature(name, measure_body(pose)), feature(name, leaning))


def test_hand_open_tells_a_fist_from_an_open_hand() -> None:
    def hand(reach: float) -> Hand:
        xy = np.zeros((21, 2), np.float32)
        for finger in range(5):
            for joint, length in enumerate((1.0, 1.5, (1.5 + reach) / 2, reach)):
                xy[1 + 4 * finger + joint] = [20 * (finger - 2), -30 * length]
        return Hand(xy, np.zeros(21, np.float32), np.zeros((21, 3), np.float32), 1.0, "left", Region(0, 0, 100, 0))

    open_, fist = (measure_body(figure(both(UP)), {"left": hand(reach)}) for reach in (2.2, 0.9))
    assert hand_open(open_.left) > 0.9
    assert hand_open(fist.left) < 0.1
    assert math.isnan(hand_open(open_.right))


def test_every_feature_says_what_it_is() -> None:
    for function in [*BODY_FEATURES.values(), *HALF_FEATURES.values()]:
        assert function.__doc__, function.__name__


def _same(name: str, one: float, other: float) -> None:
    if abs(one) > 179.0 and abs(other) > 179.0:
        return  # an angle at the seam
    assert one == pytest.approx(other, abs=1.5 if abs(one) > 3 else 0.02, nan_ok=True), name
