"""Bodies keep their bones, hands reach what they reach for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.media.rehearsal.body import build
from footlights.media.rehearsal.looks import looks
from footlights.media.rehearsal.motion import motion, names
from footlights.media.rehearsal.posture import SIZE, posture, rest
from footlights.media.rehearsal.score import compose
from footlights.media.rehearsal.skeleton import landmarks, rotation, solve, two_bones

angles = st.floats(-180, 180)
places = st.tuples(*[st.floats(-1.5, 1.5)] * 3).map(np.array)
bones = st.floats(0.1, 0.6)


@given(angles, angles, angles)
def test_a_rotation_is_one(yaw: float, pitch: float, roll: float) -> None:
    turn = rotation(np.array(yaw), np.array(pitch), np.array(roll))
    assert np.allclose(turn @ turn.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(turn) == pytest.approx(1)


def test_angles_turn_the_way_their_names_say() -> None:
    left, up, forward = np.eye(3)
    zero, some = np.zeros(()), np.array(30.0)
    assert (rotation(some, zero, zero) @ forward)[0] > 0.4
    assert (rotation(zero, some, zero) @ up)[2] > 0.4
    assert (rotation(zero, zero, some) @ up)[0] > 0.4
    assert np.allclose(rotation(zero, zero, zero) @ left, left)


@given(places, places, bones, bones, places)
def test_two_bones_keep_their_lengths_and_reach_what_can_be_reached(
    root: np.ndarray, target: np.ndarray, upper: float, lower: float, pole: np.ndarray
) -> None:
    middle, end = two_bones(root, target, upper, lower, pole)
    assert np.linalg.norm(middle - root) == pytest.approx(upper, abs=1e-6)
    assert np.linalg.norm(end - middle) == pytest.approx(lower, abs=1e-6)
    far = np.linalg.norm(target - root)
    if abs(upper - lower) + 1e-2 < far < upper + lower - 1e-2:
        assert np.allclose(end, target, atol=1e-6)


def test_the_elbow_bends_towards_its_pole() -> None:
    middle, _ = two_bones(np.zeros(3), np.array([0, -0.4, 0.0]), 0.3, 0.3, np.array([0, 0, -1.0]))
    assert middle[2] < -0.1


def lengths(points: np.ndarray, *pairs: tuple[int, int]) -> np.ndarray:
    return np.stack([np.linalg.norm(points[..., a, :] - points[..., b, :], axis=-1) for a, b in pairs], -1)


@pytest.mark.parametrize("look", range(len(looks())))
def test_bones_are_of_one_length_in_every_motion(look: int) -> None:
    body = looks()[look].body()
    bones = ((11, 13), (13, 15), (12, 14), (14, 16), (23, 25), (25, 27), (24, 26), (26, 28))
    wanted = [body.upper_arm, body.forearm] * 2 + [body.thigh, body.shank] * 2
    links = [(a, a + 1) for a in (0, 1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15, 17, 18, 19)]
    for name in names()[look :: len(looks())]:  # each motion on one of the bodies
        score = compose((motion(name),), np.random.default_rng(look))
        joints = solve(score.postures(np.arange(0, 12, 0.1)), body)
        assert np.allclose(lengths(landmarks(joints, body), *bones), wanted, atol=1e-6), name
        assert np.ptp(np.linalg.norm(joints.shoulders - joints.neck[:, None], axis=-1)) < 1e-9, name
        assert np.ptp(lengths(joints.hands, *links), axis=(0, 1)).max() < 1e-9, name


def test_a_hand_is_laid_out_like_a_hand() -> None:
    joints = solve(rest()[None], build()).at(0)
    for side in (0, 1):
        thumb, along, palm = joints.hand_axes[side].T
        assert along @ (joints.elbows[side] - joints.wrists[side]) < 0, "the fingers go on from the forearm"
        assert (joints.hands[side, 4] - joints.hands[side, 0]) @ thumb > 0.02
        assert palm @ (joints.pelvis - joints.wrists[side]) > 0, "the palms look at the thighs"
        assert thumb[2] > 0.8, "the thumbs point forward"
    assert np.allclose(joints.hands[0] * [-1, 1, 1], joints.hands[1])


def test_many_moments_at_once_are_the_moments_one_by_one() -> None:
    rows = rest() + np.random.default_rng(3).normal(size=(5, SIZE)) * 0.05
    together = solve(rows, build())
    for index in range(5):
        alone = solve(rows[index : index + 1], build()).at(0)
        assert np.allclose(together.at(index).hands, alone.hands)
        assert np.allclose(together.at(index).toes, alone.toes)


def test_standing_feet_are_on_the_floor_and_the_head_is_at_the_stature() -> None:
    for look in looks():
        body = look.body()
        joints = solve(rest()[None], body).at(0)
        assert joints.ankles[:, 1] == pytest.approx(body.ankle, abs=1e-6)
        assert joints.head[1] + 0.116 * body.scale == pytest.approx(look.stature, abs=0.03)


@pytest.mark.parametrize("look", [0, 3, 7])
def test_a_body_can_lie_and_hold_a_plank(look: int) -> None:
    body = looks()[look].body()
    lying = posture(
        {"place": [0, -0.96, 0], "turn": [0, -90, 0], "legs": {"pelvis": [0.12, -0.95, 0.1], "foot": [20, 0]}}
    )
    joints = solve(lying[None], body).at(0)
    assert joints.head[1] < 0.3
    assert joints.head[2] < joints.pelvis[2] - 0.5, "the head lies behind the hips"
    assert joints.ankles[:, 2].min() > joints.pelvis[2] + 0.5
    assert joints.toes[:, 1].min() > joints.heels[:, 1].max(), "the toes point up"

    hand = {"at": "floor", "reach": [0.2, 0.06, 0.55], "palm": "forward", "aim": [0, 1, 0]}
    legs = {"floor": [0.1, 0.06, -1.0], "foot": [75, 0]}
    plank = posture({"place": [0, -0.62, 0], "turn": [0, 72, 0], "legs": legs, "arms": hand})
    joints = solve(plank[None], body).at(0)
    assert joints.wrists[:, 1] == pytest.approx(0.06 * body.scale, abs=1e-3)
    assert (joints.hand_axes[:, 1, 2] < -0.8).all(), "the palms look at the floor"
    assert joints.toes[:, 1].min() < 0.06
    assert joints.neck[1] < 0.8


def test_a_hand_that_carries_weight_stays_flat_whatever_the_chest_does() -> None:
    hand = {"at": "floor", "reach": [0.2, 0.06, 0.4], "palm": "down", "aim": "forward", "level": 1}
    rows = [
        posture({"place": [0, -0.5, 0], "turn": [0, pitch, 0], "spine": [20, 0, 0], "arms": hand})
        for pitch in (50, 110)
    ]
    joints = solve(np.stack(rows), build())
    assert np.allclose(joints.hand_axes[..., 1], [0, 0, 1]), "the fingers point forward"
    assert np.allclose(joints.hand_axes[..., 2], [0, -1, 0]), "the palms lie on the floor"
    again = posture({"arms": {"reach": [0.1, 0.5, 0.5], "level": 0}}, rows[0])
    assert solve(again[None], build()).hand_axes[0, 0, 2, 1] > -0.99, "the hand follows the chest again"


@pytest.mark.parametrize(("down", "lies"), [(0, -1.0), (90, 0.0), (165, 0.9)])
def test_a_foot_on_the_floor_stands_on_its_sole_its_tips_or_its_instep(down: float, lies: float) -> None:
    legs = {"floor": [0.1, 0.1, -0.5], "knee": [0, 0, 1], "foot": [down, 0]}
    joints = solve(posture({"place": [0, -0.5, 0], "turn": [0, 80, 0], "legs": legs})[None], build()).at(0)
    foot = joints.toes - joints.heels
    sole = (joints.heels + joints.toes) / 2 - joints.ankles
    sole -= foot * ((sole * foot).sum(-1) / (foot * foot).sum(-1))[:, None]
    assert (sole / np.linalg.norm(sole, axis=-1, keepdims=True))[:, 1] == pytest.approx(lies, abs=0.1)
