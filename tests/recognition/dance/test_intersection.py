"""How deep the parts of a body lie in one another."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from footlights.media.rehearsal.body import Body, build
from footlights.media.rehearsal.looks import looks
from footlights.media.rehearsal.posture import posture, rest
from footlights.media.rehearsal.skeleton import solve
from footlights.recognition.dance.intersection import PAIRS, TOLERANCE, _apart, depths, worst

BODY = Body()
metres = st.floats(-1, 1).map(lambda value: round(value, 3))
points = st.tuples(metres, metres, metres)


def found(table: dict[str, object]) -> tuple[float, tuple[str, str]]:
    depth, _, pair = worst(solve(posture(table)[None], BODY), BODY)
    return depth, pair


def test_nobody_who_stands_at_ease_intersects() -> None:
    for look in looks():
        assert worst(solve(rest()[None], look.body()), look.body())[0] <= TOLERANCE


def test_a_hand_in_the_belly_a_hand_in_the_head_and_crossed_shanks_are_found() -> None:
    depth, pair = found({"left_arm": {"at": "pelvis", "reach": [0.0, 0.15, 0.0]}})
    assert depth > 0.06 and pair[0].startswith("left_") and pair[1].split("_")[1] in ("belly", "hips", "chest")
    depth, pair = found({"right_arm": {"at": "head", "reach": [0.0, 0.0, 0.0]}})
    assert depth > 0.06 and pair[1] == "head"
    depth, pair = found({"left_leg": {"floor": [-0.14, 0.0, 0.0]}, "right_leg": {"floor": [0.14, 0.0, 0.0]}})
    assert depth > 0.06 and {side.split("_")[0] for side in pair} == {"left", "right"}


def test_a_clap_and_hands_on_the_hips_only_touch() -> None:
    clap = {"reach": [0.03, -0.06, 0.5], "across": 1.0, "elbow": [1.0, -0.5, 0.0], "palm": "in", "aim": [0.0, 0.8, 0.6]}
    hips = {"at": "pelvis", "reach": [0.195, 0.1, 0.035], "elbow": [1.0, 0.0, -0.5], "palm": [-1.0, -0.2, 0.0]}
    for arms in (clap, hips):
        depth, _ = found({"arms": arms})
        assert -0.05 < depth <= TOLERANCE


def test_depths_grow_with_the_body() -> None:
    row = posture({"left_arm": {"at": "pelvis", "reach": [0.05, 0.15, 0.1]}})[None]
    small, large = (depths(solve(row, body), body).max() for body in (build(1.5), build(1.9)))
    assert large > small > 0
    assert depths(solve(np.repeat(row, 3, 0), BODY), BODY).shape == (3, len(PAIRS))


@given(points, points, points, points)
def test_the_distance_of_two_segments_is_that_of_their_nearest_points(
    a: tuple[float, ...], b: tuple[float, ...], c: tuple[float, ...], d: tuple[float, ...]
) -> None:
    first, second = np.array([a, b]), np.array([c, d])
    along = np.linspace(0, 1, 201)[:, None]
    one, other = (ends[0] + along * (ends[1] - ends[0]) for ends in (first, second))
    sampled = np.linalg.norm(one[:, None] - other[None], axis=-1).min()
    exact = float(_apart(*(point[None] for point in (*first, *second)))[0])
    assert sampled - 0.02 <= exact <= sampled + 1e-9
