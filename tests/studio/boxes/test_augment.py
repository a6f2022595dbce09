"""Training pictures: the boxes go where the things go."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footlights.studio.boxes.augment import Shown, augmented, fitted

SIZE = 96


def rectangle(rng: np.random.Generator) -> Shown:
    """A green rectangle on black, and its box."""
    image = np.zeros((80, 120, 3), np.uint8)
    x, y, wide, tall = (int(value) for value in rng.integers([5, 5, 15, 15], [70, 45, 40, 30]))
    cv2.rectangle(image, (x, y), (x + wide - 1, y + tall - 1), (0, 255, 0), -1)
    return Shown(image, np.array([[x, y, x + wide, y + tall]], np.float32), np.array([1]))


@settings(max_examples=60)
@given(st.integers(0, 2**20), st.sampled_from([0.0, 1.0]))
def test_every_box_lies_on_a_thing_and_inside_the_picture(seed: int, mosaic: float) -> None:
    rng = np.random.default_rng(seed)
    pool = [rectangle(rng) for _ in range(4)]
    made = augmented(pool, 0, SIZE, rng, mosaic)
    assert made.image.shape == (SIZE, SIZE, 3)
    assert len(made.kinds) == len(made.boxes)
    hsv = cv2.cvtColor(made.image, cv2.COLOR_RGB2HSV)
    coloured = (hsv[..., 1] > 40) & (hsv[..., 2] > 60)
    for left, top, right, bottom in made.boxes:
        assert 0 <= left < right <= SIZE
        assert 0 <= top < bottom <= SIZE
        inside = coloured[
            int(top + 1) : max(int(top + 2), int(bottom - 1)), int(left + 1) : max(int(left + 2), int(right - 1))
        ]
        assert inside.mean() > 0.6


def test_the_same_draw_gives_the_same_picture() -> None:
    pool = [rectangle(np.random.default_rng(index)) for index in range(4)]
    one, two = (augmented(pool, 0, SIZE, np.random.default_rng(7), 0.5) for _ in range(2))
    assert np.array_equal(one.image, two.image)
    assert np.array_equal(one.boxes, two.boxes)


def test_a_fitted_picture_lies_in_the_upper_left_corner() -> None:
    shown = Shown(np.full((40, 80, 3), 200, np.uint8), np.array([[0, 0, 80, 40]], np.float32), np.array([0]))
    laid = fitted(shown, 64)
    assert laid.boxes.tolist() == [[0, 0, 64, 32]]
    assert laid.image[:32].min() == 200
    assert laid.image[32:].max() == pytest.approx(114)
