import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.core.frame import Frame
from footlights.engine.stream import Pace, Slots
from footlights.media.picture import ArrayPicture

BLACK = ArrayPicture(np.zeros((2, 2, 3), np.uint8))


def at(seconds: float) -> Frame:
    return Frame(BLACK, seconds, "test", 0)


@given(st.floats(5, 120), st.floats(0.05, 2.0))
def test_slots_do_not_drift(fps: float, interval: float) -> None:
    slots = Slots(Pace(empty=interval, following=interval))
    frames = int(20 * fps)
    runs = sum(slots.due(at(index / fps), following=True) for index in range(frames))
    seconds = (frames - 1) / fps
    expected = min(frames, seconds / interval + 1)
    assert expected - 2 <= runs <= expected + 1


def test_a_stream_is_searched_at_once_when_everything_is_lost() -> None:
    slots = Slots(Pace(empty=0.2, following=1.0))
    assert slots.due(at(0.0), following=False)
    assert not slots.due(at(0.1), following=True)
    assert not slots.due(at(0.9), following=True)
    assert slots.due(at(0.95), following=False)
    assert not slots.due(at(0.98), following=False)


@pytest.mark.parametrize("fps", [10, 25, 29.97, 60])
def test_following_looks_once_a_second(fps: float) -> None:
    slots = Slots(Pace())
    assert sum(slots.due(at(i / fps), following=True) for i in range(int(10 * fps))) == 10
