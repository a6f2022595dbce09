import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from footlights.perception.one_euro import OneEuro


def run(values: np.ndarray, fps: float, size: float = 100.0, beta: float = 80.0) -> np.ndarray:
    smooth = OneEuro(0.05, beta)
    return np.array([smooth(index / fps, np.array([value], np.float32), size)[0] for index, value in enumerate(values)])


def test_stillness_is_calm_and_movement_does_not_lag() -> None:
    random = np.random.default_rng(1)
    noise = random.normal(0, 0.5, 120)
    assert run(300 + noise, 30, size=500).std() < 0.6 * noise.std()
    ramp = 300 + 300 * np.arange(60) / 30  # three body sizes a second
    assert abs(run(ramp, 30)[-1] - ramp[-1]) < 3


@given(st.floats(-1e3, 1e3), st.integers(2, 50))
def test_what_does_not_change_stays(value: float, count: int) -> None:
    np.testing.assert_allclose(run(np.full(count, value), 30), value, rtol=1e-6, atol=1e-6)


@given(st.floats(1, 500), st.floats(0.01, 50))
def test_a_body_twice_as_large_is_smoothed_alike(size: float, zoom: float) -> None:
    values = np.cumsum(np.random.default_rng(2).normal(0, 0.02 * size, 40))
    np.testing.assert_allclose(
        run(values * zoom, 30, size * zoom), run(values, 30, size) * zoom, rtol=1e-3, atol=1e-3 * size * zoom
    )


def test_the_frame_rate_matters_little() -> None:
    slow = np.sin(np.arange(60) / 15 * 3) * 50
    fast = np.sin(np.arange(240) / 60 * 3) * 50
    np.testing.assert_allclose(run(slow, 15)[1:], run(fast, 60)[4::4], atol=4)


def test_the_same_moment_twice_is_answered_alike() -> None:
    smooth = OneEuro(1.0, 0.0)
    smooth(0.0, np.array([1.0], np.float32), 1.0)
    answer = smooth(0.1, np.array([2.0], np.float32), 1.0)
    np.testing.assert_array_equal(smooth(0.1, np.array([9.0], np.float32), 1.0), answer)
