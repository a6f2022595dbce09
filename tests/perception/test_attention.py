"""When the detector looks: every n-th frame, and only where something has moved."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.core.frame import Frame
from footlights.media.picture import ArrayPicture
from footlights.perception.attention import EveryNth, MotionGate

FPS = 25
RNG = np.random.default_rng(5)
ROOM = np.asarray(RNG.integers(60, 180, (9, 16, 3)).repeat(20, 0).repeat(20, 1), np.uint8)


def picture(box_at: int | None = None, light: float = 1.0, noise: int = 0) -> ArrayPicture:
    image = ROOM * light
    if box_at is not None:
        image[100:130, box_at : box_at + 20] = 250
    if noise:
        image = image + RNG.normal(0, noise, image.shape)
    return ArrayPicture(np.clip(image, 0, 255).astype(np.uint8))


def looks(attention: EveryNth | MotionGate, pictures: list[ArrayPicture]) -> list[int]:
    frames = [Frame(picture, index / FPS, "test", index) for index, picture in enumerate(pictures)]
    return [frame.index for frame in frames if attention.due(frame, following=False)]


@given(st.integers(0, 12), st.integers(1, 60))
def test_every_nth_leaves_out_as_many_as_it_was_told(interval: int, count: int) -> None:
    assert looks(EveryNth(interval), [picture()] * count) == list(range(0, count, interval + 1))


def test_a_still_scene_is_looked_at_twice_when_it_has_rested_long_enough() -> None:
    """The second look confirms what the first one found for the first time."""
    assert looks(MotionGate(0, rest=1.0), [picture()] * 60) == [0, 1, 26, 27, 52, 53]
    assert looks(MotionGate(4, rest=1.0), [picture()] * 40) == [0, 5, 30, 35]


def test_noise_and_light_are_no_motion() -> None:
    assert looks(MotionGate(0), [picture(noise=6) for _ in range(30)]) == [0, 1]
    assert looks(MotionGate(0), [picture(light=1 - index / 300) for index in range(20)]) == [0, 1]


@pytest.mark.parametrize("interval", [0, 4])
def test_what_begins_to_move_is_seen_at_once_and_then_at_the_interval(interval: int) -> None:
    pictures = [picture()] * 13 + [picture(box_at=40 + 8 * step) for step in range(17)] + [picture(box_at=180)] * 10
    seen = looks(MotionGate(interval), pictures)
    moving = list(range(13, 30, interval + 1))
    assert seen[: 2 + len(moving)] == [0, interval + 1, *moving]
    assert len(seen) <= 4 + len(moving), "the last place is looked at twice, then it rests"


def test_what_creeps_is_seen_as_well() -> None:
    pictures = [picture(box_at=40 + step // 4) for step in range(48)]
    assert len(looks(MotionGate(0, rest=100.0), pictures)) >= 3


def test_after_forgetting_the_next_frame_is_due() -> None:
    gate = MotionGate(4)
    assert looks(gate, [picture()] * 3) == [0]
    gate.forget()
    assert looks(gate, [picture()] * 3) == [0]


def test_a_clock_that_jumps_back_does_not_stop_it() -> None:
    gate = MotionGate(0)
    assert gate.due(Frame(picture(), 100.0, "test", 0), following=False)
    assert gate.due(Frame(picture(), 1.0, "test", 1), following=False)
