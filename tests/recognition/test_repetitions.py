"""Repetitions are counted on the landmarks alone."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from footlights.core.scene import Pose
from footlights.core.skeleton import BODY_INDEX
from footlights.media.rehearsal.cast import Performer, Rehearsal, performers
from footlights.media.rehearsal.motion import motion
from footlights.media.rehearsal.skeleton import landmarks
from footlights.recognition.exercise_table import exercise_table
from footlights.recognition.expected_cycle import Expected, Way
from footlights.recognition.repetitions import Repetition, RepetitionCounter
from tests.recognition.figures import DOWN, UP, View, between, both, figure, pose_of

NOISE = View(noise=2.0)


def raising(time: float, rate: float, cycles: int, start: float = 1.5, size: float = 0.9) -> Pose:
    """Arms raised and lowered so many times, the body at rest before and afterwards."""
    phase = min(max((time - start) * rate, 0.0), cycles)
    arm = between(DOWN, UP, size * (1 - math.cos(2 * math.pi * phase)) / 2)
    return figure(both(arm), NOISE, np.random.default_rng(round(time * 1000)))


def count(
    pose: Callable[[float], Pose | None], seconds: float, fps: float = 30.0, expected: Expected | None = None
) -> list[Repetition]:
    counter = RepetitionCounter()
    found = []
    for index in range(round(seconds * fps)):
        found += counter.update(index / fps, pose(index / fps), expected)
    return found


@pytest.mark.parametrize("fps", [10.0, 15.0, 30.0, 60.0])
@pytest.mark.parametrize("rate", [0.15, 0.5, 1.0, 2.0])
def test_every_cycle_counts_once_at_any_pace_and_frame_rate(rate: float, fps: float) -> None:
    cycles = 5
    found = count(lambda t: raising(t, rate, cycles), 1.5 + cycles / rate + 1.5, fps)
    assert len(found) == cycles
    assert found[-1].period == pytest.approx(1 / rate, rel=0.12)


def test_four_cycles_a_second() -> None:
    assert abs(len(count(lambda t: raising(t, 4.0, 16), 7.0, 60)) - 16) <= 1


def test_nothing_is_counted_before_or_after_and_at_rest() -> None:
    assert count(lambda t: raising(t, 1.0, 0), 20.0) == []
    assert count(lambda t: raising(t, 1.0, 1), 6.0) == []
    found = count(lambda t: raising(t, 1.0, 6), 14.0)
    assert 1.5 <= found[0].begin < found[-1].time <= 7.6


def test_each_is_told_soon_after_it_is_done() -> None:
    counter, late = RepetitionCounter(), []
    for index in range(360):
        late += [index / 30 - one.time for one in counter.update(index / 30, raising(index / 30, 1.0, 9))]
    assert len(late) == 9
    assert max(late[2:]) < 0.2


def test_a_pause_between_repetitions() -> None:
    def pose(time: float) -> Pose:
        return raising(time, 1.0, 4) if time < 8 else raising(time - 6.5, 1.0, 1)

    assert len(count(pose, 13.0)) == 5


def test_joints_that_are_unseen_are_left_out() -> None:
    legs = frozenset(
        f"{side}_{joint}" for side in ("left", "right") for joint in ("hip", "knee", "ankle", "foot_index")
    )
    hidden = [BODY_INDEX[name] for name in legs]

    def pose(time: float) -> Pose:
        seen = raising(time, 1.0, 6)
        visibility, xy = seen.visibility.copy(), seen.xy.copy()
        visibility[hidden] = 0.05
        xy[hidden] = np.random.default_rng(round(time * 1000)).uniform(0, 640, (len(hidden), 2))
        return replace(seen, visibility=visibility, xy=xy)

    assert len(count(pose, 9.0)) == 6


def test_a_joint_that_is_hidden_in_every_cycle_does_not_stop_the_counting() -> None:
    """The rear ankle of a lunge: gone for a quarter of each cycle, and so for more than a fifth of the time."""

    def pose(time: float) -> Pose:
        whole = raising(time, 0.5, 8)
        hidden = whole.visibility.copy()
        hidden[BODY_INDEX["left_wrist"]] = 0.05 if 0.35 < (time - 1.5) * 0.5 % 1 < 0.62 else 0.9
        return replace(whole, visibility=hidden)

    assert len(count(pose, 19.0)) in (7, 8)


def test_amplitude_may_fade() -> None:
    def pose(time: float) -> Pose:
        return raising(time, 0.8, 8, size=0.9 - 0.04 * max(0.0, time - 1.5))

    assert len(count(pose, 13.0)) == 8


def test_a_body_that_is_lost_begins_anew() -> None:
    counter = RepetitionCounter()
    first = [one for i in range(120) for one in counter.update(i / 30, raising(i / 30, 1.0, 20))]
    assert counter.update(5.5, None) == []
    later = [one for i in range(180, 300) for one in counter.update(i / 30, raising(i / 30, 1.0, 20))]
    assert len(first) == 2
    assert all(one.begin >= 5.9 for one in later) and len(later) in (3, 4)


def film(name: str, seed: int, fps: float = 25.0) -> tuple[list[tuple[float, Pose]], int]:
    """A motion of the library with landmark noise, and how often its cycle is done."""
    reps = 4 + seed % 3
    person = performers(Rehearsal((name,), seed=seed, reps=reps, yaw=0.0 if name != "push_up" else 75.0))[0]
    return seen(person, seed, fps), len(person.score.spans[0].repeats)


def seen(person: Performer, seed: int, fps: float = 25.0) -> list[tuple[float, Pose]]:
    """What a person does, as landmarks with noise."""
    times = np.arange(0, person.score.spans[0].end + 1.0, 1 / fps)
    joints, _ = person.joints(times)
    points = landmarks(joints, person.body)
    xy = np.stack([320 + 190 * points[..., 0], 420 - 190 * points[..., 1]], axis=-1)
    xy += np.random.default_rng(seed).normal(0, 2.0, xy.shape)
    return [(float(t), pose_of(p, np.full(33, 0.95))) for t, p in zip(times, xy, strict=True)]


@pytest.mark.parametrize("name", ["squat", "jumping_jack", "push_up", "lunge_alternating", "jab_cross", "high_knees"])
def test_exercises_of_the_motion_library(name: str) -> None:
    entry, known = exercise_table()[name], motion(name).exercise
    assert known is not None
    for seed in range(3):
        frames, cycles = film(name, seed)
        counter = RepetitionCounter()
        found = [one for time, pose in frames for one in counter.update(time, pose, entry.expected)]
        credited = int(sum(entry.credit(one) for one in found) + 1e-6)
        assert abs(credited - cycles * known.counts) <= 1, (name, seed)


def test_what_alternates_is_told_in_halves() -> None:
    frames, cycles = film("high_knees", 1)
    counter = RepetitionCounter()
    found = [one for time, pose in frames for one in counter.update(time, pose)]
    assert {one.share for one in found} == {0.5}
    assert sum(one.share for one in found) == pytest.approx(cycles, abs=0.5)


def test_what_is_expected_decides_between_a_period_and_half_of_it() -> None:
    frames, _ = film("squat", 0)
    slow = Expected((Way(7.0),))
    counter = RepetitionCounter()
    assert [one for time, pose in frames for one in counter.update(time, pose, slow) if one.period < 3.0] == []


@pytest.mark.parametrize("name", ["squat", "push_up", "jumping_jack", "good_morning", "lunge_alternating"])
def test_one_cycle_is_enough_where_it_is_known_what_is_done(name: str) -> None:
    entry, known = exercise_table()[name], motion(name).exercise
    assert known is not None
    person = performers(Rehearsal((name,), seed=1, reps=1, yaw=75.0 if name == "push_up" else 0.0))[0]
    frames = seen(person, 1)
    counter = RepetitionCounter()
    found = [one for time, pose in frames for one in counter.update(time, pose, entry.expected, sure=True)]
    assert sum(entry.credit(one) for one in found) == known.counts


def test_another_movement_is_not_taken_for_what_is_expected() -> None:
    frames, _ = film("squat", 2)
    expected = exercise_table()["jumping_jack"].expected
    counter = RepetitionCounter()
    found = [one for time, pose in frames for one in counter.update(time, pose, expected, sure=True)]
    assert {one.way for one in found} <= {None}


def test_a_cycle_says_in_which_way_it_was_done() -> None:
    entry = exercise_table()["biceps_curl"]
    for name, alternates in (("biceps_curl", False), ("biceps_curl_alternating", True)):
        frames, _ = film(name, 0)
        counter = RepetitionCounter()
        found = [one for time, pose in frames for one in counter.update(time, pose, entry.expected)]
        assert {one.way.alternates for one in found if one.way} == {alternates}
