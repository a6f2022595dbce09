import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.media.timeline import ASTRAY, Timeline

STAMPS = st.lists(st.none() | st.floats(-1e6, 1e6), min_size=2, max_size=60)


@given(STAMPS, st.floats(0.0001, 2), st.none() | st.floats(0, 1e4))
def test_the_times_of_a_file_begin_at_zero_and_always_grow(
    stamps: list[float | None], step: float, end: float | None
) -> None:
    timeline = Timeline(step, end)
    times = [timeline.at(stamp) for stamp in stamps]
    assert times[0] == 0
    assert all(late > early for early, late in itertools.pairwise(times))


@given(STAMPS, st.lists(st.floats(0, 10), min_size=60, max_size=60))
def test_the_times_of_a_live_stream_grow_and_stay_near_the_clock(
    stamps: list[float | None], waits: list[float]
) -> None:
    timeline = Timeline(0.001)
    clock, last = 0.0, -1.0
    for stamp, wait in zip(stamps, waits, strict=False):
        clock += wait
        time = timeline.at(stamp, clock)
        assert time > last
        assert time <= clock + ASTRAY + 0.1
        last = time


def test_good_stamps_are_kept_as_they_are() -> None:
    timeline = Timeline()
    assert [timeline.at(stamp) for stamp in (5.0, 5.04, 5.5, 5.51)] == [0.0, 0.04, 0.5, 0.51]


def test_a_stamp_out_of_order_moves_no_later_one() -> None:
    timeline = Timeline(step=0.04)
    assert [timeline.at(stamp) for stamp in (0.0, 0.2, 0.1, 0.4)] == [0.0, 0.2, 0.24, 0.4]


def test_stamps_that_begin_anew_go_on() -> None:
    timeline = Timeline(step=0.1)
    assert [timeline.at(stamp) for stamp in (90.0, 91.0, 92.0, 0.0, 1.0)] == [0.0, 1.0, 2.0, 2.1, 3.1]


def test_a_stamp_past_the_end_of_the_file_is_not_believed() -> None:
    timeline = Timeline(step=0.1, end=10)
    assert [timeline.at(stamp) for stamp in (0.0, 1.0, 8e9)] == [0.0, 1.0, 1.1]


def test_missing_stamps_grow_by_the_step() -> None:
    timeline = Timeline(step=0.25)
    assert [timeline.at(None) for _ in range(4)] == [0.0, 0.25, 0.5, 0.75]


def test_a_live_stream_goes_on_after_a_new_connection() -> None:
    timeline = Timeline(step=0.001)
    first = [timeline.at(stamp, clock) for stamp, clock in ((100.0, 1.0), (100.1, 1.13))]
    timeline.restart()
    second = [timeline.at(stamp, clock) for stamp, clock in ((7.0, 20.0), (7.1, 20.08))]
    assert first == pytest.approx([1.0, 1.1])
    assert second == pytest.approx([20.0, 20.1])
