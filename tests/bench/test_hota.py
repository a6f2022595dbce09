"""The measure that trackers are compared by."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.measures.hota import ALPHAS, Boxes, score
from bench.measures.moving_boxes import KINDS, record

SIDE = 50.0


def scene(frames: list[dict[int, float]]) -> list[Boxes]:
    """Squares by identity and left edge."""
    return [
        Boxes(np.array(list(frame), int), np.array([[x, 0, x + SIDE, SIDE] for x in frame.values()]).reshape(-1, 4))
        for frame in frames
    ]


TRUTH = [{1: 10.0 * index, 2: 500 - 10.0 * index} for index in range(20)]


def test_the_truth_is_perfect() -> None:
    answer = score(scene(TRUTH), scene(TRUTH))
    assert (answer.hota, answer.detection, answer.association) == pytest.approx((1, 1, 1))
    assert (answer.switches, answer.fragments) == (0, 0)


def test_no_answer_is_worth_nothing() -> None:
    answer = score(scene(TRUTH), scene([{} for _ in TRUTH]))
    assert (answer.hota, answer.switches) == (0, 0)


def test_half_of_the_frames_by_hand() -> None:
    """One thing, found on the first half of the frames: DetA 1/2; each hit's A is 10 / (10 + 10 + 0)."""
    answer = score(scene([{1: 0.0}] * 20), scene([{5: 0.0}] * 10 + [{}] * 10))
    assert answer.detection == pytest.approx(0.5)
    assert answer.association == pytest.approx(0.5)
    assert answer.hota == pytest.approx(0.5)


def test_an_identity_that_changes_half_way_by_hand() -> None:
    answer = score(scene([{1: 0.0}] * 20), scene([{5: 0.0}] * 10 + [{6: 0.0}] * 10))
    assert answer.detection == pytest.approx(1)
    assert answer.association == pytest.approx(0.5)
    assert answer.hota == pytest.approx(np.sqrt(0.5))
    assert answer.switches == 1


def test_boxes_that_are_off_count_up_to_their_overlap() -> None:
    answer = score(scene([{1: 0.0}] * 4), scene([{1: SIDE / 3}] * 4))  # an overlap of 1/2
    assert answer.hota == pytest.approx((ALPHAS <= 0.5 + 1e-9).mean())


def test_a_gap_is_a_fragment_and_no_switch() -> None:
    answer = score(scene([{1: 0.0}] * 6), scene([{5: 0.0}] * 2 + [{}] * 2 + [{5: 0.0}] * 2))
    assert (answer.switches, answer.fragments) == (0, 1)


@given(st.integers(0, 1000), st.floats(0, 0.6), st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_names_do_not_matter_and_worse_is_never_better(seed: int, missed: float, shift: int) -> None:
    random = np.random.default_rng(seed)
    worse = [{name: x for name, x in frame.items() if random.random() > missed} for frame in TRUTH]
    renamed = [{name + shift: x for name, x in frame.items()} for frame in worse]
    first, second = score(scene(TRUTH), scene(worse)), score(scene(TRUTH), scene(renamed))
    assert first == second
    assert 0 <= first.hota <= 1
    dropped = [dict(list(frame.items())[:-1]) if index % 3 == 0 else frame for index, frame in enumerate(worse)]
    assert score(scene(TRUTH), scene(dropped)).hota <= first.hota + 1e-9


@pytest.mark.parametrize("name", KINDS)
def test_generated_scenes_are_the_same_again(name: str) -> None:
    first, again = record(KINDS[name], 3, seconds=2), record(KINDS[name], 3, seconds=2)
    assert len(first.truth) == len(first.found) == 60
    assert sum(len(frame.ids) for frame in first.truth) > 60
    for a, b in zip(first.found, again.found, strict=True):
        np.testing.assert_array_equal(a.boxes, b.boxes)
