"""Average precision on cases that can be worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.core.scene import Detections
from footlights.studio.boxes.scores import Truth, average_precision, mean_average_precision

BOX = [10.0, 10.0, 30.0, 30.0]
FAR = [60.0, 60.0, 90.0, 90.0]


def found(*guesses: tuple[list[float], float]) -> Detections:
    boxes = np.array([box for box, _ in guesses], np.float32).reshape(-1, 4)
    return Detections(boxes, np.array([score for _, score in guesses], np.float32), ("can",) * len(guesses))


def truth(*boxes: list[float]) -> Truth:
    return Truth(np.array(boxes, np.float32).reshape(-1, 4), ("can",) * len(boxes))


@pytest.mark.parametrize(
    ("truths", "guesses", "expected"),
    [
        ([truth(BOX)], [found((BOX, 0.9))], 1.0),
        ([truth(BOX)], [found((FAR, 0.9), (BOX, 0.8))], 0.5),
        ([truth(BOX)], [found((BOX, 0.9), (BOX, 0.8))], 1.0),
        ([truth(BOX, FAR)], [found((BOX, 0.9))], 0.5),
        ([truth(BOX, FAR)], [found((BOX, 0.9), ([0, 0, 5, 5], 0.8), (FAR, 0.7))], 0.5 + 0.5 * 2 / 3),
        ([truth(BOX), truth()], [found(), found((BOX, 0.9))], 0.0),
    ],
)
def test_by_hand(truths: list[Truth], guesses: list[Detections], expected: float) -> None:
    assert average_precision(truths, guesses)["can"].precision == pytest.approx(expected)


def test_a_class_that_is_only_guessed_does_not_count() -> None:
    scores = average_precision([Truth(np.array([BOX], np.float32), ("bottle",))], [found((BOX, 0.9))])
    assert list(scores) == ["bottle"]
    assert mean_average_precision(scores) == 0.0
    assert mean_average_precision({}) == 0.0


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=8, unique=True), st.randoms())
def test_the_order_in_which_detections_stand_does_not_matter(scores: list[float], random: object) -> None:
    guesses = [([10.0 + 40 * i, 10.0, 30.0 + 40 * i, 30.0], score) for i, score in enumerate(scores)]
    mixed = guesses.copy()
    random.shuffle(mixed)  # type: ignore[attr-defined]
    wanted = [truth(guesses[0][0])]
    one, two = (average_precision(wanted, [found(*order)])["can"].precision for order in (guesses, mixed))
    assert one == pytest.approx(two)
