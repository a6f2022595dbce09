"""What is measured on the past of a feature."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footlights.recognition.history import (
    MEASURES,
    History,
    highest,
    lowest,
    mean,
    rate,
    span,
    speed,
    strokes,
    turning_points,
)


def swing(fps: float, hertz: float = 2.0, seconds: float = 2.0, size: float = 0.4) -> list[tuple[float, float]]:
    """A swing that begins at its lowest point; `size` from end to end."""
    count = round(seconds * fps)
    return [(i / fps, -size / 2 * math.cos(2 * math.pi * hertz * i / fps)) for i in range(count + 1)]


def test_strokes_are_counted_to_and_fro() -> None:
    assert strokes(swing(30, hertz=2, seconds=2), 0.2) == 8
    assert strokes(swing(30, hertz=2, seconds=0.25), 0.2) == 1
    assert strokes(swing(30, size=0.15), 0.2) == 0
    assert strokes([(0.0, 1.0)], 0.2) == 0


def test_turning_points_lie_at_the_ends_of_the_strokes() -> None:
    ends = turning_points(swing(60, hertz=1, seconds=2), 0.2)
    assert [time for time, _ in ends] == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0], abs=0.02)
    assert [value for _, value in ends] == pytest.approx([-0.2, 0.2, -0.2, 0.2, -0.2], abs=0.01)


def test_trembling_is_no_stroke() -> None:
    samples = [(i / 30, 0.4 * (i / 60) + 0.03 * (-1) ** i) for i in range(61)]
    assert strokes(samples, 0.2) == 1


@given(fps=st.floats(12, 60), hertz=st.floats(0.8, 2.5), offset=st.floats(-3, 3))
@settings(max_examples=80, deadline=None)
def test_strokes_do_not_depend_on_the_frame_rate(fps: float, hertz: float, offset: float) -> None:
    samples = [(time, value + offset) for time, value in swing(fps, hertz, seconds=3 / hertz)]
    assert abs(strokes(samples, 0.2) - 6) <= 1
    assert rate(samples, 0.2) == pytest.approx(hertz, rel=0.25)


def test_plain_measures() -> None:
    samples = [(0.0, 1.0), (1.0, 3.0), (2.0, 2.0)]
    assert (span(samples, 0), highest(samples, 0), lowest(samples, 0), mean(samples, 0)) == (2.0, 3.0, 1.0, 2.0)
    assert speed(samples, 0) == 0.5
    assert all(math.isfinite(measure([(0.0, 1.0)], 0.1)) for measure in MEASURES.values())


def test_the_history_forgets_and_leaves_out_the_unseen() -> None:
    history = History(length=1.0)
    for index in range(31):
        history.add("x", index / 10, math.nan if index % 2 else float(index))
    assert history.last("x", since=0.0)[0][0] >= 2.0
    assert all(value % 2 == 0 for _, value in history.last("x", since=0.0))
    assert history.last("never added", since=0.0) == []
