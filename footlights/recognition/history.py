"""The recent past of one person's features, and what can be measured on it. Everything is in seconds.

Measures see (time, value) pairs, so that they give about the same at 10 and at 60 frames a second; moments at which the
joints were unseen are left out.
"""

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence

Samples = Sequence[tuple[float, float]]  # (seconds, value), oldest first


class History:
    """Values of named features over the last `length` seconds."""

    def __init__(self, length: float) -> None:
        self._length = length
        self._samples: dict[str, deque[tuple[float, float]]] = {}

    def add(self, name: str, time: float, value: float) -> None:
        """Remember a value; NaN (unseen) is not remembered. What is older than the history is long is forgotten."""
        samples = self._samples.setdefault(name, deque())
        if not math.isnan(value):
            samples.append((time, value))
        while samples and samples[0][0] < time - self._length:
            samples.popleft()

    def last(self, name: str, since: float) -> Samples:
        """What was seen of a feature from `since` (seconds) on, oldest first."""
        return [sample for sample in self._samples.get(name, ()) if sample[0] >= since - 1e-6]


def turning_points(samples: Samples, size: float) -> Samples:
    """The ends of all strokes of at least `size`, up or down by turns; the last is the furthest point of the stroke
    that is under way. Fewer than two points: nothing moved that far.
    """
    if not samples:
        return []
    low = high = samples[0]
    ends: list[tuple[float, float]] = []
    direction = 0
    for sample in samples[1:]:
        if direction == 0:
            low, high = min(low, sample, key=_value), max(high, sample, key=_value)
            if high[1] - low[1] >= size:
                direction = 1 if high[0] > low[0] else -1
                ends = [low, high] if direction > 0 else [high, low]
        elif (sample[1] - ends[-1][1]) * direction >= 0:
            ends[-1] = sample
        elif abs(sample[1] - ends[-1][1]) >= size:
            ends.append(sample)
            direction = -direction
    return ends


def strokes(samples: Samples, size: float) -> float:
    """How many strokes to and fro of at least `size` were made; waving twice to and fro is four strokes."""
    return float(max(0, len(turning_points(samples, size)) - 1))


def rate(samples: Samples, size: float) -> float:
    """Cycles a second of the strokes of at least `size`; 0 where there are fewer than two strokes."""
    ends = turning_points(samples, size)
    return 0.0 if len(ends) < 3 else (len(ends) - 1) / 2 / (ends[-1][0] - ends[0][0])


def span(samples: Samples, size: float) -> float:
    """How far the value moved: highest minus lowest."""
    return highest(samples, size) - lowest(samples, size)


def highest(samples: Samples, size: float) -> float:
    """The highest value."""
    return max(samples, key=_value)[1]


def lowest(samples: Samples, size: float) -> float:
    """The lowest value."""
    return min(samples, key=_value)[1]


def mean(samples: Samples, size: float) -> float:
    """The mean value."""
    return sum(value for _, value in samples) / len(samples)


def speed(samples: Samples, size: float) -> float:
    """Change a second over the window, from its first to its last value; 0 for a single one."""
    (start, first), (end, last) = samples[0], samples[-1]
    return (last - first) / (end - start) if end > start else 0.0


def _value(sample: tuple[float, float]) -> float:
    return sample[1]


MEASURES: Mapping[str, Callable[[Samples, float], float]] = {
    function.__name__: function for function in (strokes, rate, span, highest, lowest, mean, speed)
}
