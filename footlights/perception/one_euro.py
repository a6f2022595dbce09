"""The One-Euro filter, in media time, for many values at once.

Casiez, Roussel and Vogel, "1 € Filter", CHI 2012. As in MediaPipe's LandmarksSmoothingCalculator, speed is measured in
sizes of the body a second, so that a person far away is smoothed like one who is near.
"""

import math

import numpy as np
from numpy.typing import NDArray

from footlights.core.scene import Floats


class OneEuro:
    """Smooths an array that comes once a frame: still values are calm, quick ones do not lag."""

    def __init__(self, cutoff: float, beta: float, speed_cutoff: float = 1.0) -> None:
        self.cutoff = cutoff  # Hz, at rest
        self.beta = beta  # Hz for each body size a second
        self.speed_cutoff = speed_cutoff  # Hz
        self._time = -math.inf
        self._raw: Floats | None = None
        self._smooth: Floats | None = None
        self._speed: Floats | None = None

    def __call__(self, time: float, values: Floats, size: float) -> Floats:
        """The smoothed values at a time in seconds; `size` is the body's, in the unit of the values."""
        if self._raw is None or self._smooth is None or self._speed is None or values.shape != self._raw.shape:
            self._time, self._raw, self._smooth, self._speed = time, values, values, np.zeros_like(values)
            return values
        period = time - self._time
        if period <= 0:
            return self._smooth
        speed = (values - self._raw) / (period * max(size, 1e-6))
        self._speed = self._speed + _weight(self.speed_cutoff, period) * (speed - self._speed)
        weight = _weight(self.cutoff + self.beta * np.abs(self._speed), period)
        self._smooth = (self._smooth + weight * (values - self._smooth)).astype(np.float32)
        self._time, self._raw = time, values
        return self._smooth


def _weight(cutoff: NDArray[np.floating] | float, period: float) -> Floats:
    """How much of a new value a low-pass filter of this cut-off frequency takes after this time."""
    return np.asarray(1 / (1 + 1 / (2 * math.pi * period * cutoff)), np.float32)
