"""The grid of counts, and motion that goes into 152 numbers and comes back."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footlights.media.rehearsal.body import Body, build
from footlights.media.rehearsal.motion import Variation, curve, motion, perform
from footlights.media.rehearsal.skeleton import solve
from footlights.recognition.dance.dance import Dance, joints24
from footlights.recognition.dance.song import steady
from footlights.recognition.dance.tokens import COUNT, LOWER, SIZE, TICKS, UPPER, features, grid, joints_of, smooth_at


def rehearsed(name: str, body: Body, seconds: float = 4.0) -> Dance:
    keys, _ = perform(motion(name), Variation(repeats=3))
    joints = solve(curve(keys).at(np.arange(round(seconds * 60)) / 60), body)
    return Dance(60.0, joints, body, np.ones((len(joints.pelvis), 2), bool), steady(120, seconds))


def turning(dance: Dance) -> Dance:
    """The same dance, turning and travelling."""
    angle = np.linspace(0.3, 2.5, len(dance))
    cos, sin, none, one = np.cos(angle), np.sin(angle), np.zeros_like(angle), np.ones_like(angle)
    turn = np.stack([np.stack([cos, none, sin], 1), np.stack([none, one, none], 1), np.stack([-sin, none, cos], 1)], 1)
    moved = {}
    for name, array in vars(dance.joints).items():
        wide = turn.reshape(len(angle), *[1] * (array.ndim - (3 if name.endswith("axes") else 2)), 3, 3)
        if name.endswith("axes"):
            moved[name] = wide @ array
        else:
            shift = np.stack([angle * 0.4, none, angle * -0.1], 1).reshape(len(angle), *[1] * (array.ndim - 2), 3)
            moved[name] = (wide @ array[..., None])[..., 0] + shift
    return replace(dance, joints=type(dance.joints)(**moved))


@pytest.mark.parametrize("name", ["jumping_jack", "jab_cross", "squat", "x_arms"])
@pytest.mark.parametrize("body", [Body(), build(1.55, legs=0.97)], ids=["model", "small"])
def test_motion_comes_back(name: str, body: Body) -> None:
    dance = turning(rehearsed(name, body))
    times = dance.times[8:-8]
    numbers = features(dance, grid(dance.song).ticks)
    assert numbers.shape[1] == SIZE == 152
    facing = float(np.arctan2(dance.joints.pelvis_axes[0, 0, 2], dance.joints.pelvis_axes[0, 2, 2]))
    joints, _ = joints_of(numbers, grid(dance.song).ticks, times, body, facing=facing)
    true, mine = joints24(dance)[8:-8], joints24(replace(dance, joints=joints))
    away = np.linalg.norm((mine - mine[:1, :1]) - (true - true[:1, :1]), axis=-1)
    assert away.mean() < 0.004 and np.percentile(away, 99) < 0.02
    for axes in ("chest_axes", "head_axes", "hand_axes"):
        apart = np.abs(getattr(joints, axes) - getattr(dance.joints, axes)[8:-8])
        assert apart.mean() < 0.02, axes


def test_the_halves_of_the_body_are_all_of_it() -> None:
    assert sorted([*UPPER, *LOWER]) == list(range(SIZE))


@given(st.floats(45, 230), st.sampled_from([3, 4]))
@settings(max_examples=40, deadline=None)
def test_counts_last_about_half_a_second(tempo: float, meter: int) -> None:
    beats = grid(steady(tempo, 30, meter=meter))
    period = np.diff(beats.times)
    assert COUNT[0] * 0.99 <= period.min() and period.max() <= COUNT[1] * 1.01
    assert len(beats.ticks) == TICKS * len(beats) + 1 and len(beats.tokens) == 4 * len(beats) + 1
    assert beats.times[-1] == pytest.approx(30, abs=60 / tempo + 1.0)


def test_the_bar_is_counted() -> None:
    assert grid(steady(120, 10, meter=4)).phase[:6].tolist() == [0, 1, 2, 3, 0, 1]
    assert grid(steady(120, 10, meter=3)).phase[:5].tolist() == [0, 1, 2, 0, 1]
    assert grid(steady(60, 10, meter=4)).phase[:9].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 0]


def test_a_dancer_who_drifts_comes_home() -> None:
    numbers = np.zeros((600, SIZE))
    numbers[:, 1] = numbers[:, 5] = 1.0
    for joint in range(24):
        numbers[:, 6 * joint : 6 * joint + 6] = [0, 1, 0, 0, 0, 1]
    numbers[:, 145], numbers[:, 147] = 0.02, 0.01
    ticks = np.arange(600) / 32
    far, _ = joints_of(numbers, ticks, ticks, Body())
    near, _ = joints_of(numbers, ticks, ticks, Body(), home=0.25)
    assert np.abs(far.pelvis_axes[-1] - near.pelvis_axes[-1]).max() > 0.1
    assert np.linalg.norm(near.pelvis[:, [0, 2]], axis=1).max() < 4.0


def test_curves_go_through_what_they_join() -> None:
    times = np.array([0.0, 0.5, 1.0, 1.5])
    values = np.array([[0.0], [1.0], [0.0], [2.0]])
    np.testing.assert_allclose(smooth_at(values, times, times), values)
    assert smooth_at(values, times, np.array([-1.0, 9.0]))[:, 0].tolist() == [0.0, 2.0]
