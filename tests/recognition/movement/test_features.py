"""What the nets see does not depend on place, size and frame rate, and nothing unseen is made up."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footlights.core.skeleton import BODY_INDEX
from footlights.recognition.movement.features import VIEWS, Past, features
from footlights.recognition.movement.sight import GAP, RATE, Pace, Sight, joined, sight
from tests.recognition.movement.puppet import Seen, seen

WAVE = "wave?seed=2&camera=full"
LEGS = [
    index for name, index in BODY_INDEX.items() if name.split("_", 1)[-1] in ("knee", "ankle", "heel", "foot_index")
]


def track(frames: list[Seen]) -> Sight:
    return joined([sight(*frame) for frame in frames])


def made(frames: list[Seen], net: str = "gestures") -> np.ndarray:
    return features(Pace().steps_of(track(frames)), VIEWS[net], Past())


@pytest.mark.parametrize("net", VIEWS)
def test_there_are_as_many_numbers_as_the_view_says(net: str) -> None:
    rows = made(seen(WAVE), net)
    assert rows.shape == (79 + 1, VIEWS[net].width)
    assert np.isfinite(rows).all() and np.abs(rows).max() < 12


@settings(max_examples=20, deadline=None)
@given(size=st.floats(0.2, 5), place=st.floats(-500, 900), net=st.sampled_from(sorted(VIEWS)))
def test_place_and_size_in_the_picture_do_not_matter(size: float, place: float, net: str) -> None:
    np.testing.assert_allclose(
        made(seen(WAVE, seconds=1), net), made(seen(WAVE, seconds=1, size=size, place=place), net), atol=2e-3
    )


@pytest.mark.parametrize("net", VIEWS)
@pytest.mark.parametrize("fps", [14.0, 30.0, 47.0, 60.0])
def test_the_frame_rate_hardly_matters(net: str, fps: float) -> None:
    base, other = made(seen(WAVE, 20.0), net), made(seen(WAVE, fps), net)
    count = min(len(base), len(other))
    assert abs(len(base) - len(other)) <= 2
    assert np.abs(base[:count] - other[:count]).mean() < 0.02
    assert np.percentile(np.abs(base[:count] - other[:count]), 99) < 0.4


@settings(max_examples=15, deadline=None)
@given(cuts=st.sets(st.integers(1, 88), max_size=12), net=st.sampled_from(sorted(VIEWS)))
def test_one_frame_at_a_time_gives_what_all_at_once_gives(cuts: set[int], net: str) -> None:
    frames = seen(WAVE, 30.0, 3.0)
    pace, past, rows = Pace(), Past(), []
    edges = [0, *sorted(cuts), len(frames)]
    for first, last in itertools.pairwise(edges):
        rows.append(features(pace.steps_of(track(frames[first:last])), VIEWS[net], past))
    np.testing.assert_allclose(np.concatenate(rows), made(frames, net), atol=1e-4)


def test_steps_come_at_the_same_pace_whatever_the_frames() -> None:
    for fps in (10.0, 17.0, 60.0):
        steps = Pace().steps_of(track(seen(WAVE, fps, 2.0)))
        np.testing.assert_allclose(np.diff(steps.times), 1 / RATE, atol=1e-9)


def test_between_two_frames_is_a_straight_way() -> None:
    (_, first, hands), (_, second, _) = seen(WAVE, 2.0, 1.0)
    steps = Pace().steps_of(track([(0.0, first, hands), (0.1, second, hands)]))
    np.testing.assert_allclose(steps.points[1], (first.xy + second.xy) / 2, atol=1e-3)


def test_a_long_pause_is_another_story_and_so_is_time_that_runs_backwards() -> None:
    pace = Pace()
    pace.steps_of(track(seen(WAVE, seconds=0.5)))
    assert not pace.is_broken_by(0.6)
    assert pace.is_broken_by(0.5 + GAP + 0.1)
    assert pace.is_broken_by(0.2)


def test_what_is_not_seen_is_zero_wherever_the_model_puts_it() -> None:
    frames = seen(WAVE, seconds=1.0)
    blind = [(t, replace(p, visibility=np.where(np.arange(33) == BODY_INDEX["left_wrist"], 0.05, p.visibility)), h)
             for t, p, h in frames]  # fmt: skip
    moved = []
    for t, p, h in blind:
        xy = p.xy.copy()
        xy[BODY_INDEX["left_wrist"]] = 9999.0
        moved.append((t, replace(p, xy=xy), h))
    np.testing.assert_array_equal(made(blind), made(moved))
    view = VIEWS["gestures"]
    column = view.joints.index("left_wrist")
    rows = made(blind)
    assert not rows[:, 2 * column : 2 * column + 2].any()
    assert not rows[:, 4 * len(view.joints) + column].any()
    assert made(frames)[:, 4 * len(view.joints) + column].all()


def test_legs_do_not_matter_to_gestures() -> None:
    frames = seen(WAVE, seconds=1.0)
    kicked = []
    for t, p, h in frames:
        xy, world = p.xy.copy(), p.world.copy()
        xy[LEGS] += 77.0
        world[LEGS] += 1.0
        kicked.append((t, replace(p, xy=xy, world=world), h))
    np.testing.assert_array_equal(made(frames), made(kicked))
    assert not np.array_equal(made(frames, "exercises"), made(kicked, "exercises"))


def test_without_a_person_everything_is_zero() -> None:
    frames = seen(WAVE, seconds=1.0)
    rows = features(Pace().steps_of(joined([sight(t, None, {}) for t, _, _ in frames])), VIEWS["gestures"], Past())
    assert not rows.any()


def test_without_depths_there_are_none_and_a_mask_says_so() -> None:
    flat = [(t, replace(p, world=np.zeros_like(p.world)), h) for t, p, h in seen(WAVE, seconds=1.0)]
    view = VIEWS["gestures"]
    start, count = 5 * len(view.joints), len(view.joints)
    assert not made(flat)[:, start : start + count + 1].any()
    assert made(seen(WAVE, seconds=1.0))[:, start + count].all()


def test_a_hand_reads_the_same_on_either_side() -> None:
    """The mirror image of a hand has the same shape in its own axes."""
    from footlights.recognition.movement import features as module

    frames = seen(WAVE, seconds=0.5)
    width = module._HAND_WIDTH
    mirrored = []
    for t, p, h in frames:
        hands = {}
        for side, other in (("left", "right"), ("right", "left")):
            hand = h[other]
            hands[side] = replace(
                hand, side=side, xy=(hand.xy * [-1, 1]).astype("f4"), world=(hand.world * [-1, 1, 1]).astype("f4")
            )
        mirrored.append((t, p, hands))
    shapes, other = made(frames)[:, -2 * width :], made(mirrored)[:, -2 * width :]
    np.testing.assert_allclose(shapes[:, 17:width], other[:, width + 17 :], atol=1e-4)
    np.testing.assert_allclose(shapes[:, 1] * -1, other[:, width + 1], atol=1e-5)  # where the fingers point, mirrored
    np.testing.assert_allclose(shapes[:, 2], other[:, width + 2], atol=1e-5)
