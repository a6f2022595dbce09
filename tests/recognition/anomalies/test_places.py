"""Zones and lines: what lies inside, what passes through."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.core.errors import SettingsError
from footlights.recognition.anomalies.places import Line, Zone, places

SHARE = st.floats(0.0, 1.0)


def zone(text: str) -> Zone:
    (found,) = places([text]).values()
    assert isinstance(found, Zone)
    return found


def line(text: str) -> Line:
    (found,) = places([text]).values()
    assert isinstance(found, Line)
    return found


@given(SHARE, SHARE)
def test_a_square_holds_what_lies_between_its_sides(x: float, y: float) -> None:
    inside = bool(zone("box: 0.25,0.25 0.75,0.25 0.75,0.75 0.25,0.75").holds(np.array([[x, y]]))[0])
    if min(abs(x - 0.25), abs(x - 0.75), abs(y - 0.25), abs(y - 0.75)) > 1e-9:
        assert inside == (0.25 < x < 0.75 and 0.25 < y < 0.75)


def test_a_bay_is_outside_of_the_zone_around_it() -> None:
    horseshoe = zone("u: 0,0 1,0 1,1 0.7,1 0.7,0.4 0.3,0.4 0.3,1 0,1")
    assert horseshoe.holds(np.array([[0.1, 0.9], [0.9, 0.9], [0.5, 0.2], [0.5, 0.9]])).tolist() == [True] * 3 + [False]


@given(st.lists(st.tuples(SHARE, SHARE), min_size=1, max_size=8))
def test_the_order_in_which_a_zone_was_drawn_does_not_matter(points: list[tuple[float, float]]) -> None:
    corners = [(0.1, 0.2), (0.8, 0.1), (0.9, 0.7), (0.3, 0.9)]
    at = np.array(points)
    forth, back = (Zone("z", np.array(way)).holds(at) for way in (corners, corners[::-1]))
    assert forth.tolist() == back.tolist()


def test_the_right_of_a_line_is_inwards() -> None:
    gate = line("gate: 0.1,0.5 0.9,0.5")  # drawn from left to right: its right is below it, in a picture
    assert gate.side(np.array([[0.5, 0.7], [0.5, 0.3]])) == pytest.approx([0.2, -0.2])


def test_a_way_through_a_line_passes_it_and_a_way_around_it_does_not() -> None:
    gate = line("gate: 0.3,0.5 0.7,0.5")
    before = np.array([[0.5, 0.4], [0.5, 0.4], [0.1, 0.4], [0.5, 0.6]])
    now = np.array([[0.5, 0.6], [0.5, 0.45], [0.1, 0.6], [0.6, 0.4]])
    assert gate.passed(before, now).tolist() == [True, False, False, True]


@given(SHARE, SHARE, SHARE, SHARE)
def test_there_and_back_passes_twice_or_never(a: float, b: float, c: float, d: float) -> None:
    gate, here, there = line("gate: 0.2,0.3 0.8,0.9"), np.array([[a, b]]), np.array([[c, d]])
    assert gate.passed(here, there).tolist() == gate.passed(there, here).tolist()


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["door"], "is no place"),
        (["Door: 0,0 1,1 0,1"], "is no place"),
        (["door: 0.1,0.2"], "no points that can be read"),
        (["door: 0.1,0.2 0.3"], "no points that can be read"),
        (["door: a,b c,d"], "no points that can be read"),
        (["door: 0.1,0.2 0.3,1.4 0.5,0.5"], "outside the picture"),
        (["door: nan,0 0.3,0.4 0.5,0.5"], "outside the picture"),
        (["gate: 0.1,0.1 0.1,0.1"], "begins where it ends"),
        (["a: 0,0 1,1", "a: 0,0 1,0"], "two places are named 'a'"),
    ],
)
def test_what_is_no_place_is_an_error(texts: list[str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        places(texts)
