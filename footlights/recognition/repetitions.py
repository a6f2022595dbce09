"""Counts the repetitions of any movement that repeats itself, from the landmarks alone.

Nothing need be known about the movement beforehand. A period is looked for in the landmark signal: the last stretch of
some length is compared with the stretch before it (the difference function of YIN: de Cheveigné and Kawahara, Journal
of the Acoustical Society of America 111, 2002, on all joints at once). Where two stretches are alike, the direction in
which the joints swing at this period becomes an axis, and the swing itself the measure of every threshold: one
excursion along the axis, there and back by a share of the swing, on the path of the excursions before it, is one cycle.
What is known of the movement (see `expected_cycle`) says whether its sides alternate and at which end a cycle turns.

Everything is in seconds of media time and in trunk lengths of the body.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from footlights.core.scene import Pose
from footlights.recognition.expected_cycle import Expected, Fit, Way
from footlights.recognition.joint_signal import COUNTED, RATE, WINDOW, Reals, Signal

GAP = 0.8  # seconds without a picture, or without a body in it, after which the past says nothing about the present
PERIODS = (0.24, 7.0)  # seconds, shortest and longest
ALIKE = 0.35  # of the movement's variance: how far two stretches may differ that are one movement repeated
LEAST_SWING = 0.12  # trunk lengths along the axis, under which nothing is a repetition
LEAST_NOISE, MOST_NOISE = 0.012, 0.04  # trunk lengths: landmarks are never quieter; what is more is movement
MOVING = 0.12  # trunk lengths, standard deviation over all joints, from which a body moves
TURN = 0.38  # of the swing: how far it must go there, and come back
DIM = 0.7  # the same where noise is all about, and the movement stands out against all shorter periods
LEAST_SPAN = 0.9  # seconds that are compared at least
SAME_PATH = 1.1  # of the movement's variance: how far the path of an excursion may lie from the one before, at least
AGREES = 0.5  # of the movement's variance: what the library's cycle may leave unexplained, and still say what it is
SINGLE = 0.36  # the same, for one that is a repetition without a second one beside it
SIZES = (0.35, 1.8)  # of the library's, between which the size of such a repetition must lie
PACES = (0.6, 1.7)  # of its usual time, between which that of such a repetition must lie
SINGLE_OF_MANY = 0.2  # where the sides alternate in some ways of doing it, and in others not
STANDS_OUT = 2.0  # times the noise that the variance of such a repetition must be
EARLIER = 4.0  # seconds for which such a repetition is looked for when it becomes known what is done
CLEAR = 6.0  # the swing against the noise of a frame
DORMANT = 12.0  # seconds after the last repetition for which a movement is still known

_MIRROR = [0, *(place + (1 if place % 2 else -1) for place in range(1, len(COUNTED)))]
_LAGS = np.unique(np.round(np.geomspace(PERIODS[0] * RATE, PERIODS[1] * RATE, 56)).astype(int))
_EVERY = 3  # samples between two searches for a period
_POINTS = 12  # at which the paths of two excursions are compared


@dataclass(frozen=True, slots=True)
class Repetition:
    """One cycle of a movement; of one that does the same on either side by turns, half of it."""

    begin: float  # seconds: when it began to move out
    time: float  # seconds: when it was back
    period: float  # seconds from one cycle to the next, as measured
    share: float = 1.0  # of a cycle: 0.5 where its second half is the first one on the other side
    way: Way | None = None  # in which it was done, where that is known


@dataclass(slots=True)
class _Path:
    """An excursion along the axis: from where it left, over its furthest point, to where it was back."""

    begin: int  # sample
    top: int
    end: int
    out: int  # 1: towards the high end of the axis, -1: towards the low one


@dataclass(slots=True)
class _Movement:
    """A movement that repeats itself, as it was found."""

    axis: Reals  # (D,) unit length
    weights: Reals  # (D,) 0..1, how much of a signal is movement and not noise
    limit: float  # trunk lengths squared: how far an excursion's path may lie from the one before
    period: float  # samples
    measured: bool  # the period from one cycle to another, not only from the shape of a single one
    out: int  # the end of the axis at which a cycle turns
    paths: dict[int, Reals]  # (_POINTS, D) of the last excursions, to the ends of the axis that count
    tops: dict[int, int]  # samples of their furthest points
    way: Way | None = None


class RepetitionCounter:
    """Counts the cycles of one body. Frames come in the order of time, 10 to 60 a second.

    A movement is known after two cycles; both are told then, and from there on each as it is complete. Where it is
    known what is done, one cycle that agrees with the library's is enough.
    """

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._signal = Signal()
        self._movement: _Movement | None = None
        self._zigzag = _Zigzag(0.0)
        self._counted = 0  # sample up to which everything is counted
        self._looked = 0  # sample up to which a single repetition was looked for
        self._time = -math.inf
        self._recent: deque[Repetition] = deque(maxlen=4)

    def update(
        self, time: float, pose: Pose | None, expected: Expected | None = None, *, sure: bool = False
    ) -> list[Repetition]:
        """The repetitions that are known to be complete with this frame, oldest first.

        `sure`: what is expected is being done, so that one repetition that agrees with it needs no second one.
        """
        if time - self._time > GAP and math.isfinite(self._time):
            self._forget()
        if pose is None:
            return []
        self._time = time
        found: list[Repetition] = []
        for _ in range(self._signal.add(time, pose)):
            found += self._follow()
            if self._signal.count % _EVERY == 0 and self._lost():
                found += self._search(expected) or (self._single(expected.alone) if expected and sure else [])
        self._recent.extend(found)
        return found

    def period(self, time: float) -> float | None:
        """Seconds of one cycle, from the last ones; None while nothing is repeated."""
        if not self._recent or time - self._recent[-1].time > 1.5 * self._recent[-1].period + 1.0:
            return None
        return float(np.median([one.period for one in self._recent]))

    @property
    def moving(self) -> bool:
        """The body moves more than people do who stand still."""
        if self._signal.count < RATE / 3:
            return False
        rows = self._signal.last(int(1.2 * RATE))
        return float(np.maximum(rows.var(axis=0) - MOST_NOISE**2, 0).sum()) > MOVING**2

    def _lost(self) -> bool:
        """No movement is known, or the one that is known is not done now."""
        return self._movement is None or self._signal.count - self._counted > 1.6 * self._movement.period

    def _follow(self) -> list[Repetition]:
        """The newest sample along the axis of the movement that is known."""
        movement = self._movement
        if movement is None:
            return []
        if self._signal.count - self._counted > DORMANT * RATE:
            self._movement = None
            return []
        sample = self._signal.count - 2  # the newest but one: its smoothing is final
        rows = self._signal.last(3)
        path = self._zigzag.step(sample, float(rows[-2] @ movement.axis))
        if path is None or path.out not in movement.paths or path.begin < self._counted - self._overlap(movement):
            return []
        points = self._points(path)
        if points is None or _apart(points, movement.paths[path.out], movement.weights) > movement.limit:
            return []
        movement.paths[path.out] = 0.6 * movement.paths[path.out] + 0.4 * points
        before, movement.tops[path.out] = movement.tops[path.out], path.top
        if 0.4 < (path.top - before) / movement.period < (2.5 if movement.measured else 5.0):
            movement.period += (0.3 if movement.measured else 1.0) * (path.top - before - movement.period)
            movement.measured = True
        self._counted = path.end
        return [self._repetition(path, movement)]

    def _overlap(self, movement: "_Movement") -> float:
        """Samples by which one excursion may begin before the one before is over: those of two sides by turns do."""
        return 0.5 * movement.period if len(movement.paths) > 1 else 0.0

    def _search(self, expected: Expected | None) -> list[Repetition]:
        """Look for a period in what is not counted yet; all cycles of the movement that is found."""
        lag, unlike, rows, weights = find_period(self._signal, self._signal.count - self._counted, expected)
        if lag == 0:
            return []
        lag, fit = _recognised(rows, lag, expected)
        least = 1 if fit is not None else max(2, round(LEAST_SPAN * RATE / lag))
        return self._establish(rows, rows[-2 * lag :], lag, unlike, weights, fit, least)

    def _single(self, expected: Expected) -> list[Repetition]:
        """One repetition, or more, that agree with what is expected, though no period is to be seen."""
        newest = self._signal.count
        begin, self._looked = max(self._looked, newest - int(EARLIER * RATE)), newest
        rows = self._signal.last(int(WINDOW * RATE), whole=True)
        noise = _noise(rows[-int(2 * RATE) :]) if len(rows) > _LAGS[0] else np.zeros(0)
        periods = [way.period for way in expected.ways] or [math.inf]
        limit = SINGLE if len({way.alternates for way in expected.ways}) == 1 else SINGLE_OF_MANY
        low, high = PACES[0] * min(periods) * RATE, PACES[1] * max(periods) * RATE
        for end in range(newest, begin, -2 * _EVERY):
            fits = []
            for lag in _LAGS[(low <= _LAGS) & (high >= _LAGS)][::2].tolist():
                stretch = rows[: len(rows) - (newest - end)][-lag:]
                if len(stretch) < lag or end - lag < self._counted - 0.2 * lag or _still(stretch, noise):
                    continue
                fit = _fit(stretch, expected, turned=1)
                if fit is not None and fit.rest <= limit and SIZES[0] <= fit.size <= SIZES[1]:
                    fits.append((fit.rest, lag, fit, stretch))
            if fits:
                rest, lag, fit, stretch = min(fits, key=lambda one: one[0])
                since = rows[-(newest - end) - lag :]
                return self._establish(since, stretch, lag, rest, _weights(stretch, noise), fit, 1)
        return []

    def _establish(
        self, rows: Reals, stretch: Reals, lag: int, unlike: float, weights: Reals, fit: Fit | None, least: int
    ) -> list[Repetition]:
        """All cycles of a movement that has been found; none where they are fewer than `least`, or too small."""
        alternates = fit.way.alternates if fit is not None else _alternates(stretch, lag, weights)
        axis, variance = _axis(stretch, lag, weights, pure=alternates)
        along = rows @ axis
        swing = float(np.subtract(*np.quantile(stretch @ axis, [0.96, 0.04])))
        if swing < max(LEAST_SWING, CLEAR * math.sqrt(float(axis**2 @ _noise(rows[-int(2 * RATE) :])))):
            return []
        first = self._signal.count - len(rows)
        zigzag = _Zigzag(TURN * swing)
        paths = [path for at, value in enumerate(along[:-1]) if (path := zigzag.step(first + at, value)) is not None]
        limit = max(SAME_PATH, 3.5 * unlike)
        chain = self._chain(paths, weights, limit * variance, lag)
        if chain and self._movement is None and fit is not None and alternates and _starts(fit, axis, chain[0].out):
            chain = chain[1:]
        if not chain:
            return []
        ends = {1, -1} if alternates else {self._turning_end(axis, chain[0].out, fit)}
        cycles = [path for path in chain if path.out in ends]
        newest = {path.out: path for path in cycles}
        points = {out: found for out, path in newest.items() if (found := self._points(path)) is not None}
        if len(cycles) < len(ends) * least or len(points) < len(ends):
            return []
        tops = {out: path.top for out, path in newest.items()}
        out = min(ends, key=lambda out: newest[out].top)
        way = fit.way if fit is not None else None
        movement = _Movement(
            axis, weights, limit * variance, float(lag), len(cycles) > len(ends), out, points, tops, way
        )
        self._movement, self._zigzag = movement, zigzag
        self._counted = cycles[-1].end
        return [self._repetition(path, movement) for path in cycles]

    def _turning_end(self, axis: Reals, first: int, fit: Fit | None) -> int:
        """The end of the axis at which cycles turn: as the movement that is expected says, else that of the first."""
        if fit is not None:
            return 1 if float(axis @ fit.towards) > 0 else -1
        known = self._movement
        if known is not None and abs(float(axis @ known.axis)) > 0.7:
            return known.out if float(axis @ known.axis) > 0 else -known.out
        return first

    def _chain(self, paths: Sequence[_Path], weights: Reals, limit: float, lag: int) -> list[_Path]:
        """The excursions at the end of these that are alike, and follow each other in about the period."""
        chain: list[_Path] = []
        known: dict[int, Reals] = {}
        for path in reversed(paths):
            points = self._points(path)
            if path.begin < self._counted or points is None or (chain and chain[-1].top - path.top > 1.3 * lag):
                break
            reference = known.setdefault(path.out, points)
            if _apart(points, reference, weights) > limit:
                break
            known[path.out] = points
            chain.append(path)
        return chain[::-1]

    def _points(self, path: _Path) -> Reals | None:
        """(_POINTS, D) of an excursion; None where it is remembered no more."""
        rows = self._signal.last(self._signal.count - path.begin)
        begin = self._signal.count - len(rows)
        if begin > path.begin:
            return None
        at = np.linspace(path.begin - begin, path.end - begin, _POINTS)
        low = np.clip(np.floor(at).astype(int), 0, len(rows) - 2)
        share = (at - low)[:, None]
        return np.asarray(rows[low] * (1 - share) + rows[low + 1] * share)

    def _repetition(self, path: _Path, movement: _Movement) -> Repetition:
        time, sides = self._signal.time, len(movement.paths)
        return Repetition(time(path.begin), time(path.end), movement.period / RATE, 1 / sides, movement.way)


class _Zigzag:
    """Finds the excursions of a value: it went some way in one direction, turned, and came as far back."""

    def __init__(self, size: float) -> None:
        self._size = size
        self._direction = 0
        self._low = self._high = (0, math.nan)
        self._left: tuple[int, float] | None = None  # the turning point before this one
        self._top = (0, 0.0)
        self._trace: deque[tuple[int, float]] = deque(maxlen=int(WINDOW * RATE))

    def step(self, sample: int, value: float) -> _Path | None:
        """Take a value; the excursion that is complete with it."""
        self._trace.append((sample, value))
        if self._direction == 0:
            self._begin(sample, value)
            return None
        if (value - self._top[1]) * self._direction >= 0:
            self._top = (sample, value)
            return None
        if (self._top[1] - value) * self._direction < self._size:
            return None
        found = None
        if self._left is not None:
            edge = self._top[1] - self._direction * self._size
            begin = next(
                (at for at, v in reversed(self._trace) if at < self._top[0] and (v - edge) * self._direction <= 0),
                self._left[0],
            )
            found = _Path(begin, self._top[0], sample, self._direction)
        self._left, self._top, self._direction = self._top, (sample, value), -self._direction
        return found

    def _begin(self, sample: int, value: float) -> None:
        if math.isnan(self._low[1]):
            self._low = self._high = (sample, value)
        self._low, self._high = (
            min(self._low, (sample, value), key=_second),
            max(self._high, (sample, value), key=_second),
        )
        if self._high[1] - self._low[1] >= self._size:
            self._direction = 1 if self._high[0] > self._low[0] else -1
            self._left, self._top = (self._low, self._high) if self._direction > 0 else (self._high, self._low)


def find_period(signal: Signal, fresh: int, expected: Expected | None = None) -> tuple[int, float, Reals, Reals]:
    """The period of the newest samples, of which only `fresh` count; 0 where they do not repeat themselves.

    With it how unlike its cycles are, the samples, (N, D), and the weights of their signals, (D,) 0..1: the share that
    is movement, not noise.
    """
    rows = signal.last(int(WINDOW * RATE), whole=True)
    nothing = np.zeros(rows.shape[1])
    if len(rows) < 2 * _LAGS[0]:
        return 0, math.inf, rows, nothing
    noise = _noise(rows[-int(2 * RATE) :])
    lags = [int(lag) for lag in _LAGS if _span(lag) <= min(len(rows), fresh + 0.5 * lag)]
    unlike = np.array([_difference(rows, lag, noise) for lag in lags])
    allowed = np.array([expected is None or expected.allows(lag / RATE) for lag in lags], bool)
    if not allowed.any():
        return 0, math.inf, rows, nothing
    limit = 1.3 * float(unlike[allowed].min()) + 0.06
    for place in np.flatnonzero(allowed & (unlike <= limit)).tolist():
        around = unlike[(np.array(lags) >= 0.35 * lags[place]) & (np.array(lags) <= lags[place])]
        contrast = ALIKE if len(around) < 4 else max(ALIKE, min(DIM, 0.55 * float(np.median(around))))
        if unlike[place] <= contrast and unlike[place] <= unlike[min(place + 1, len(lags) - 1)]:
            return lags[place], float(unlike[place]), rows, _weights(rows[-_span(lags[place]) :], noise)
    return 0, math.inf, rows, nothing


def _recognised(rows: Reals, lag: int, expected: Expected | None) -> tuple[int, Fit | None]:
    """The way in which the last cycle is done, and its length: twice the lag where two sides were taken for one."""
    if expected is None:
        return lag, None
    fits = [(_fit(rows[-lag:], expected), lag)]
    if len(rows) >= 2 * lag:
        fits.append((_fit(rows[-2 * lag :], expected, alternating=True), 2 * lag))
    rest, lag, fit = min(((one.rest, length, one) for one, length in fits if one), default=(1.0, lag, None), key=_first)
    return (lag, fit) if rest <= AGREES else (fits[0][1], None)


def _fit(stretch: Reals, expected: Expected, *, alternating: bool = False, turned: int = 0) -> Fit | None:
    noise = float(_noise(stretch).sum()) if len(stretch) > 4 else 0.0
    return expected.fit(stretch, noise, len(stretch) / RATE, alternating=alternating, turned=turned)


def _still(stretch: Reals, noise: Reals) -> bool:
    """Too little goes on to say what it is from a single cycle."""
    return float(stretch.var(axis=0).sum()) < max((LEAST_SWING / 3) ** 2, STANDS_OUT * float(noise.sum()))


def _starts(fit: Fit, axis: Reals, out: int) -> bool:
    """Both sides' cycle begins at this end of the axis: coming there from rest is no repetition yet."""
    along = fit.shown @ axis
    return fit.way.counts > 1 and out * float(along[0] - along.mean()) > 0.6 * float(np.abs(along - along.mean()).max())


def _span(lag: int) -> int:
    """Samples that are looked at for a period: it and what it is compared with, a second's worth at least."""
    return lag + max(lag, int(LEAST_SPAN * RATE))


def _difference(rows: Reals, lag: int, noise: Reals) -> float:
    """How unlike the last stretch of some length is to the one before, 0 the same, about 1 unrelated."""
    both = rows[-_span(lag) :]
    weights = _weights(both, noise)
    variance = float(weights @ np.maximum(both.var(axis=0) - noise, 0))
    if variance < (LEAST_SWING / 3) ** 2:
        return math.inf
    apart = float(weights @ ((both[lag:] - both[:-lag]) ** 2).mean(axis=0))
    return max(0.0, apart - 2 * float(weights @ noise)) / (2 * variance)


def _weights(rows: Reals, noise: Reals) -> Reals:
    """(D,) the share of each signal that is movement (a Wiener filter's)."""
    variance = rows.var(axis=0)
    return np.asarray(np.maximum(variance - 1.5 * noise, 0) / np.maximum(variance, 1e-9))


def _noise(rows: Reals) -> Reals:
    """(D,) variance of what no movement is: of third differences, in which smooth curves vanish."""
    third = np.diff(rows, n=3, axis=0)
    gain = 2.0  # of the third difference, on white noise through the smoothing of `Signal.last`
    return np.asarray(np.clip(1.5 * np.median(third**2, axis=0) / 0.455 / gain, LEAST_NOISE**2, MOST_NOISE**2))


def _axis(rows: Reals, lag: int, weights: Reals, *, pure: bool) -> tuple[Reals, float]:
    """The direction of unit length in which the signals swing most at a period; and the whole variance.

    `pure`: what swings at other periods is kept out, such as what both sides do alike in a movement that alternates.
    """
    centred = (rows - rows.mean(axis=0)) * np.sqrt(weights)
    turn = np.exp(-2j * np.pi * np.arange(len(rows)) / lag)
    wave = turn @ centred
    _, _, directions = np.linalg.svd(np.stack([wave.real, wave.imag]), full_matrices=False)
    axis = directions[0]
    if pure:
        rest = centred - 2 / len(rows) * np.real(np.outer(turn.conj(), wave))
        spread = rest.T @ rest
        axis = np.linalg.solve(spread + 0.05 * np.trace(spread) * np.eye(len(axis)), axis)
    axis = axis * np.sqrt(weights)
    return axis / np.linalg.norm(axis), float((centred**2).sum(axis=1).mean())


def _apart(points: Reals, others: Reals, weights: Reals) -> float:
    """The mean squared distance of two paths."""
    return float((weights * (points - others) ** 2).sum(axis=1).mean())


def _alternates(rows: Reals, lag: int, weights: Reals) -> bool:
    """The second half of a period is the first one on the other side.

    Heights show it from every side; where little goes up and down by turns, places across the picture must too.
    """
    half, places = lag // 2, len(COUNTED)
    order = [*_MIRROR, places]
    centred = (rows - rows.mean(axis=0)).reshape(len(rows), -1, 2)
    both = weights.reshape(-1, 2)
    shares = np.maximum(both, both[order])

    def apart(other: Reals, axes: slice) -> float:
        return float(
            (shares[:, axes] * (centred[half:, :, axes] - other[:-half, :, axes]) ** 2).sum(axis=(1, 2)).mean()
        )

    mirrored = centred[:, order] * [-1, 1]
    heights, all_ = slice(1, 2), slice(0, 2)
    axes = heights if apart(centred, heights) > 0.25 * apart(centred, all_) else all_
    return apart(mirrored, axes) < 0.35 * apart(centred, axes)


def _first(found: tuple[float, int, Fit | None]) -> float:
    return found[0]


def _second(pair: tuple[int, float]) -> float:
    return pair[1]
