"""Shapes of hands: generated hands, however large, turned, and on whichever side."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.core.scene import Hand, Region
from footlights.media.rehearsal.body import Body
from footlights.media.rehearsal.posture import posture
from footlights.media.rehearsal.skeleton import solve
from footlights.recognition.hand_shapes import SHAPES, SIZE, HandShapes, measure

HELD = {
    "fist": "fist", "open": "open_palm", "flat": "open_palm", "victory": "victory", "ok": "ok", "thumb_up": "thumb",
    "point": "point", "middle_finger": "middle_finger", "relaxed": "none", "pinch": "none", "hooked": "none",
}  # fmt: skip


@pytest.fixture(scope="module")
def shapes() -> HandShapes:
    return HandShapes.open()


def hand(name: str, side: str = "left", angle: float = 0.0, scale: float = 400.0, palm: str = "forward") -> Hand:
    """A hand held up before the camera, without any picture or model."""
    arm = {"reach": [0.4, 0.1, 0.5], "palm": palm, "aim": [0.0, 1.0, 0.1], "hand": name}
    joints = solve(posture({"arms": arm})[None], Body()).hands[0, 0 if side == "left" else 1]
    points = (joints - joints[0]) * [1, -1, -1] * scale  # x to the picture's right: it faces the camera
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    xy = (points[:, :2] @ turn.T + 300).astype(np.float32)
    z = points[:, 2].astype(np.float32)
    return Hand(xy, z, np.zeros((21, 3), np.float32), 1.0, side, Region(300, 300, 100, 0))  # type: ignore[arg-type]


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("name", HELD)
def test_shapes_are_told_apart(shapes: HandShapes, name: str, side: str) -> None:
    row = shapes.read([hand(name, side)])[0]
    assert SHAPES[int(row.argmax())] == HELD[name]
    assert row.sum() == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("name", ["fist", "open", "victory", "point", "thumb_up"])
def test_the_back_of_the_hand_is_as_good(shapes: HandShapes, name: str) -> None:
    row = shapes.read([hand(name, palm="back")])[0]
    assert SHAPES[int(row.argmax())] == HELD[name]


@given(angle=st.floats(-3.1, 3.1), scale=st.floats(60, 3000), side=st.sampled_from(["left", "right"]))
def test_place_size_and_turn_make_no_difference(angle: float, scale: float, side: str) -> None:
    here, there = hand("victory", side), hand("victory", side, angle, scale)
    moved = replace(there, xy=there.xy + np.array([-200, 90], np.float32))
    right = np.array([side == "right"], np.float32)
    one, other = measure(here.xy[None], here.z[None], right), measure(moved.xy[None], moved.z[None], right)
    assert one.shape == (1, SIZE)
    assert np.allclose(one, other, atol=2e-2)


def test_the_other_hand_is_its_mirror_image() -> None:
    left, right = hand("thumb_up"), hand("thumb_up", "right")
    seen = measure(np.stack([left.xy, right.xy]), np.stack([left.z, right.z]), np.array([0, 1], np.float32))
    assert np.allclose(seen[0], seen[1], atol=1e-3)


def test_depth_may_be_unknown(shapes: HandShapes) -> None:
    seen = measure(hand("victory").xy[None], None, np.zeros(1, np.float32))
    assert not seen[0, 42:].any()
