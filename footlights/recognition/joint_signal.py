"""The joints of one body as signals on an even grid of time, whatever the frame rate."""

import math

import numpy as np
from numpy.typing import NDArray

from footlights.core.scene import Pose
from footlights.core.skeleton import BODY_INDEX
from footlights.recognition.body import SEEN, TRUNK_TO_SHOULDERS

Reals = NDArray[np.float64]

RATE = 30.0  # samples a second of the signal, whatever the frame rate
WINDOW = 16.0  # seconds that are remembered: twice the longest period, and some more

COUNTED = (
    "nose", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip",
    "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle", "left_foot_index", "right_foot_index",
)  # fmt: skip
_JOINTS = [BODY_INDEX[name] for name in COUNTED]
_SHOULDERS = [BODY_INDEX["left_shoulder"], BODY_INDEX["right_shoulder"]]
_HIPS = [BODY_INDEX["left_hip"], BODY_INDEX["right_hip"]]
MOSTLY = 0.2  # share of a stretch for which a joint may be unseen
_FRESH = 3  # samples after which the length of the trunk is measured again


class Signal:
    """The joints of one body on an even grid of time: positions about the shoulders, and the shoulders' own place.

    A sample is the mean of the frames that fall into it; between frames that lie further apart it is interpolated.
    A joint that is not seen stays where it was.
    """

    def __init__(self) -> None:
        self.count = 0  # samples so far
        self._size = int(WINDOW * RATE)
        self._rows = np.full((self._size, 2 * len(_JOINTS) + 2), math.nan)  # pixels; not a number: never seen
        self._unseen = np.ones(self._rows.shape, bool)
        self._units = np.full(self._size, math.nan)  # pixels, a trunk length
        self._unit = math.nan  # pixels: what it is most of the time when it is not foreshortened
        self._start = 0.0
        self._last: tuple[float, Reals, float] | None = None
        self._cell: list[tuple[Reals, float]] = []

    def add(self, time: float, pose: Pose) -> int:
        """Take a frame; how many samples were completed with it."""
        read = _read(pose)
        if read is None:
            return 0
        row, unit = read
        if self._last is None:
            self._start, self._last = time, (time, row, unit)
        done, slot = 0, math.floor((time - self._start) * RATE + 1e-6)
        if slot > self.count:
            before, *_ = self._last
            if self._cell:
                rows, units = zip(*self._cell, strict=True)
                self._put(np.asarray(np.mean(rows, axis=0)), float(np.mean(units)))
                self._cell, done = [], 1
            while self.count < slot:
                moment = self._start + (self.count + 0.5) / RATE
                share = min(1.0, max(0.0, (moment - before) / max(time - before, 1e-6)))
                self._put(_between(self._last[1], row, share), self._last[2] + share * (unit - self._last[2]))
                done += 1
        self._cell.append((row, unit))
        self._last = (time, row, unit)
        return done

    def time(self, sample: float) -> float:
        """Seconds of a sample."""
        return self._start + (sample + 0.5) / RATE

    def last(self, count: int, *, whole: bool = False) -> Reals:
        """(count, D) the newest samples in trunk lengths, smoothed.

        `whole`: joints that are unseen for more than a fifth of them are 0 all the time, and tell nothing.
        """
        count = min(count, self.count, self._size)
        order = np.arange(self.count - count, self.count) % self._size
        rows = self._rows[order] / self._unit
        if np.isnan(rows[:1]).any():
            rows = _begun(rows)
        if whole:
            rows[:, self._unseen[order].mean(axis=0) > MOSTLY] = 0.0
        padded = np.concatenate([rows[:1], rows, rows[-1:]])
        return np.asarray(0.25 * padded[:-2] + 0.5 * rows + 0.25 * padded[2:])

    def _put(self, row: Reals, unit: float) -> None:
        place, unseen = self.count % self._size, np.isnan(row)
        self._rows[place] = np.where(unseen, self._rows[place - 1], row)
        self._unseen[place], self._units[place] = unseen, unit
        self.count += 1
        if self.count % _FRESH == 1:
            self._unit = float(np.quantile(self._units[: min(self.count, self._size)], 0.8))


def _read(pose: Pose) -> tuple[Reals, float] | None:
    """Joints about the middle of the shoulders, their own place last, and the trunk's length; in pixels."""
    seen = pose.visibility >= SEEN
    if not seen[_SHOULDERS].all():
        return None
    xy = pose.xy.astype(np.float64)
    origin = xy[_SHOULDERS].mean(axis=0)
    width = float(np.hypot(*(xy[_SHOULDERS[0]] - xy[_SHOULDERS[1]])))
    trunk = float(np.hypot(*(origin - xy[_HIPS].mean(axis=0)))) if seen[_HIPS].all() else 0.0
    joints = xy[_JOINTS] - origin
    joints[~seen[_JOINTS]] = math.nan
    return np.concatenate([joints.ravel(), origin]), max(trunk, TRUNK_TO_SHOULDERS * width, 1.0)


def _begun(rows: Reals) -> Reals:
    """Before it was first seen, a joint was where it was then; one that never was is 0."""
    known = ~np.isnan(rows)
    first = rows[known.argmax(axis=0), np.arange(rows.shape[1])]
    return np.asarray(np.where(known, rows, np.nan_to_num(first)))


def _between(a: Reals, b: Reals, share: float) -> Reals:
    return np.asarray(a + share * (b - a))
