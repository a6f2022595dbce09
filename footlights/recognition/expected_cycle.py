"""What is known beforehand of the cycle of an exercise, and how well a stretch of landmarks agrees with it.

The joints of a cycle lie in space, as the motion library has them. Seen from any side, their heights are the same, and
their places across the picture a mix of two directions: a stretch is compared with all phases, from all sides, at any
size of the movement.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from footlights.recognition.joint_signal import Reals

PHASES = 32  # of a cycle, at which it is compared
FAR = 0.6  # natural logarithm: how far a cycle's time may lie from the usual one before it speaks against a way
_SIDES = np.linspace(0, 2 * math.pi, 24, endpoint=False)  # from which a cycle may be seen


@dataclass(frozen=True)
class Way:
    """One way of doing a movement."""

    period: float  # seconds of a cycle as it is usually done
    counts: int = 1  # repetitions of a cycle
    alternates: bool = False  # the second half of a cycle is the first one on the other side
    sided: bool = False  # it is done on one side, and looks like half of one that alternates
    path: Reals | None = field(default=None, compare=False, repr=False)
    # (PHASES, 16, 3) trunk lengths: `COUNTED` joints about the shoulders and the shoulders' own place; x, down, z


@dataclass(frozen=True, eq=False)
class Fit:
    """How a stretch agrees with one way."""

    way: Way
    rest: float  # of the stretch's variance: what the way does not explain, 0..1
    phase: int  # of `PHASES`: how much later than the stretch the way's cycle begins
    size: float  # of the movement against the way's
    shown: Reals  # (PHASES, D) the way's cycle as it is seen, from its begin on and against it

    @property
    def towards(self) -> Reals:
        """(D,) from the cycle's begin to its turn."""
        return np.asarray(self.shown[int((self.shown**2).sum(axis=1).argmax())])


@dataclass(frozen=True, eq=False)
class Expected:
    """What is known about the movement that is probably done."""

    ways: tuple[Way, ...]  # one at least

    def allows(self, period: float) -> bool:
        """Not far from one of the ways: not half of it, nor twice as long."""
        periods = [way.period for way in self.ways]
        return 0.5 * min(periods) <= period <= 2.0 * max(periods)

    @cached_property
    def alone(self) -> "Expected":
        """The ways that can be told by a single cycle: not those that may be half of another one."""
        both = any(way.alternates for way in self.ways)
        return Expected(tuple(way for way in self.ways if way.path is not None and not (both and way.sided)))

    def repetitions(self, period: float, share: float) -> float:
        """The repetitions of a measured cycle, or of half a one: by the way that fits its time best.

        A cycle of two sides that look alike is measured as two cycles of half the time.
        """
        fits = []
        for way in self.ways:
            off = 0.0 if way.alternates == (share < 1) else 0.5
            fits.append((off + abs(math.log(period / way.period)), share * way.counts))
            if way.alternates and share == 1:
                fits.append((abs(math.log(2 * period / way.period)), 0.5 * way.counts))
        return min(fits)[1]

    def fit(
        self, rows: Reals, noise: float, seconds: float, *, alternating: bool = False, turned: int = 0
    ) -> Fit | None:
        """The way that agrees best with a stretch of one cycle; None where no way is known well enough to say.

        Args:
            rows: (N, D) the signals of the stretch.
            noise: Their variance that is no movement, of all together.
            seconds: The length of the stretch.
            alternating: Only ways in which the sides alternate.
            turned: Phases by which the stretch may be off the cycle; 0: any.
        """
        found, spectra = self._spectra
        if not found:
            return None
        seen = (np.abs(rows).max(axis=0) > 0).reshape(-1, 2)[:, 1].astype(float)
        data = _resampled(rows).reshape(PHASES, -1, 2)
        data = (data - data.mean(axis=0)) * seen[:, None]
        waves = np.fft.rfft(data, axis=0)
        across, depth = (_correlation(spectra[..., axis], waves[..., 0]) for axis in (0, 2))
        heights = _correlation(spectra[..., 1], waves[..., 1])
        turn = np.stack([np.cos(_SIDES), np.sin(_SIDES)])[:, None, :, None]  # (2, 1, S, 1)
        agreed = turn[0] * across[:, None] + turn[1] * depth[:, None] + heights[:, None]  # (V, S, PHASES)
        paths = self._paths * seen[:, None]
        xx, yy, zz = (paths**2).sum(axis=(1, 2)).T[..., None]
        xz = (paths[..., 0] * paths[..., 2]).sum(axis=(1, 2))[:, None]
        cos, sin = turn[0, :, :, 0], turn[1, :, :, 0]
        size = cos**2 * xx + sin**2 * zz + 2 * cos * sin * xz + yy + 1e-9  # (V, S)
        variance = max(float((data**2).sum()) - PHASES * noise, 1e-9)
        rest = 1 - np.maximum(agreed, 0) ** 2 / size[..., None] / variance
        off = np.abs(np.log(seconds / np.array([way.period for way in found])))
        cost = rest + np.maximum(off - FAR, 0)[:, None, None]
        if alternating:
            cost[[not way.alternates for way in found]] = math.inf
        if turned:
            cost[..., turned + 1 : PHASES - turned] = math.inf
        if not np.isfinite(cost.min()):
            return None
        way, side, phase = map(int, np.unravel_index(int(cost.argmin()), cost.shape))
        path = self._paths[way]
        shown = np.stack(
            [path[..., 0] * np.cos(_SIDES[side]) + path[..., 2] * np.sin(_SIDES[side]), path[..., 1]], axis=-1
        )
        shown = (shown - shown[0]).reshape(PHASES, -1)
        return Fit(
            found[way],
            float(max(0.0, cost[way, side, phase])),
            int(phase),
            float(agreed[way, side, phase] / size[way, side]),
            shown,
        )

    @cached_property
    def _known(self) -> tuple[Way, ...]:
        return tuple(way for way in self.ways if way.path is not None)

    @cached_property
    def _paths(self) -> Reals:
        """(V, PHASES, 16, 3) about their means."""
        paths = np.stack([way.path for way in self._known if way.path is not None])
        return np.asarray(paths - paths.mean(axis=1, keepdims=True))

    @cached_property
    def _spectra(self) -> tuple[Sequence[Way], np.ndarray]:
        """The ways whose joints are known, and (V, F, 16, 3) their spectra."""
        return self._known, np.fft.rfft(self._paths, axis=1) if self._known else np.zeros(0)


def _resampled(rows: Reals) -> Reals:
    """(PHASES, D): means over equal parts of a stretch, or interpolated where it is short."""
    edges = np.linspace(0, len(rows) - 1, 4 * PHASES)
    low = np.minimum(edges.astype(int), len(rows) - 2)
    share = (edges - low)[:, None]
    fine = rows[low] * (1 - share) + rows[low + 1] * share
    return np.asarray(fine.reshape(PHASES, 4, -1).mean(axis=1))


def _correlation(spectra: np.ndarray, waves: np.ndarray) -> Reals:
    """(V, PHASES) over all joints, for every delay of the stretch against a way."""
    return np.asarray(np.fft.irfft((spectra.conj() * waves).sum(axis=2), n=PHASES, axis=1))
