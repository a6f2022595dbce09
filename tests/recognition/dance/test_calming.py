"""Rotations that follow no faster than limbs can."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from footlights.recognition.dance.calming import HANDS, LIMIT, calmed, quaternions, rotations
from footlights.recognition.dance.tokens import SIZE, matrices, six

TICKS = np.arange(96) / 32


def turning(speed: float) -> np.ndarray:
    """(96, 152) every part turning about z, so many radians a second."""
    numbers = np.zeros((96, SIZE))
    half = np.outer(TICKS * speed / 2, np.ones(24))
    numbers[:, :144] = six(rotations(np.stack([np.cos(half), 0 * half, 0 * half, np.sin(half)], -1))).reshape(96, 144)
    return numbers


def speeds(numbers: np.ndarray) -> np.ndarray:
    """(95, 24) radians a second."""
    q = quaternions(matrices(numbers))
    return 2 * np.arccos(np.clip(np.abs((q[1:] * q[:-1]).sum(-1)), 0, 1)) * 32


def test_what_is_slow_is_left_alone() -> None:
    slow = turning(12.0)
    assert calmed(slow, TICKS) is slow


def test_what_is_fast_is_slowed_and_hands_less() -> None:
    found = speeds(calmed(turning(30.0), TICKS))
    assert found[:, :20].max() < LIMIT * 1.001 and abs(found[:40, 20:].mean() - 30) < 0.1 < HANDS


def test_a_throw_arrives_a_little_later() -> None:
    numbers = turning(0.0)
    numbers[40:] = turning(1.0)[-1:]
    numbers[40:, :144] = six(rotations(np.tile([np.cos(1.4), 0, 0, np.sin(1.4)], (24, 1)))).reshape(144)
    calm = calmed(numbers, TICKS)
    assert speeds(calm)[:, :20].max() < LIMIT * 1.001
    np.testing.assert_allclose(calm[:40], numbers[:40], atol=1e-9)
    np.testing.assert_allclose(calm[48:, :144], numbers[48:, :144], atol=1e-6)


@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(lambda q: np.linalg.norm(q) > 0.1))
def test_quaternions_and_rotations_are_inverse(q: list[float]) -> None:
    unit = np.array(q) / np.linalg.norm(q)
    again = quaternions(rotations(unit))
    np.testing.assert_allclose(abs(again @ unit), 1, atol=1e-9)
