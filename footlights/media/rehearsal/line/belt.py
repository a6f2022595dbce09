"""Which cans come along, where they are at every moment, and which of them fall."""

import math
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import parse_qsl

import numpy as np

from footlights.core.errors import SettingsError
from footlights.core.scene import Floats
from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.line.can import HALF, RADIUS, REACH, UP, Paint, axis, centre, on_screen, paint
from footlights.media.rehearsal.posture import known

WIDE = 1.1  # metres of belt in the picture
FALL = 0.32  # seconds that a can takes to fall
DOWN = np.radians(55.0)  # tilt from which a can is down
_LIMITS: dict[str, tuple[float, float]] = {
    "seed": (0, 2**31), "width": (64, 7680), "height": (64, 4320), "fps": (1, 240), "seconds": (0.1, 86400),
    "speed": (0.05, 2.0), "spacing": (0.12, 2.0), "fallen": (0.0, 1.0),
}  # fmt: skip


@dataclass(frozen=True)
class LineSettings:
    """What the address of a rehearsal of the line asks for."""

    seed: int = 0
    width: int = 640  # pixels
    height: int = 360  # pixels
    fps: float = 30.0
    seconds: float | None = None  # None: without end
    speed: float = 0.30  # metres a second
    spacing: float = 0.22  # metres from can to can, on average
    fallen: float = 0.08  # the share that falls or comes fallen


def read_line(query: str) -> LineSettings:
    """Read "seed=3&fallen=0.2". Raises SettingsError that says what is known instead."""
    settings = LineSettings()
    names = tuple(field.name for field in fields(LineSettings))
    for key, text in parse_qsl(query, keep_blank_values=True):
        low, high = _LIMITS[known(key, names, "setting", "rehearsal:line")]
        try:
            value: float = int(text) if key in ("seed", "width", "height") else float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise SettingsError(f"rehearsal:line: {key} must be a number from {low:g} to {high:g}, got {text!r}")
        chosen: dict[str, Any] = {key: value}
        settings = replace(settings, **chosen)
    return settings


@dataclass(frozen=True, eq=False)
class Can:
    """One can, from the left end of the picture to the right."""

    id: int
    enters: float  # seconds, at the left edge of the picture
    lane: float  # metres towards the camera
    look: Paint
    falls: float | None  # seconds, when it begins to fall; None: it stands. Before it enters: it comes fallen
    heading: float  # radians, towards where it falls

    def tilt(self, time: float) -> float:
        """Radians from upright: it falls faster and faster, and stops dead."""
        if self.falls is None or time <= self.falls:
            return 0.0
        return float(np.pi / 2 * min(1.0, (time - self.falls) / FALL) ** 2)

    def label(self, time: float) -> str:
        """Either "up" or "down"."""
        return "down" if self.tilt(time) > DOWN else "up"


@dataclass(frozen=True, eq=False)
class Placed:
    """One can at a moment."""

    can: Can
    label: str
    tilt: float  # radians
    middle: Reals  # (2,) pixels, of the can's centre
    box: Floats  # (4,) pixels: left, top, right, bottom; outside of the picture too


class Belt:
    """The line's script: the same settings give the same cans, at any time however late."""

    def __init__(self, settings: LineSettings) -> None:
        self.settings = settings
        self.scale = settings.width / WIDE  # pixels a metre
        self._level = settings.height * 0.70  # pixels: where the middle of the belt is
        self._begin()

    def _begin(self) -> None:
        self._cans: list[Can] = []
        self._count = 0  # of the cans so far
        self._latest = -math.inf  # seconds, the moment up to which cans that have left are forgotten
        self._rng = np.random.default_rng([self.settings.seed, 7])
        self._next = -(WIDE + 2 * REACH) / self.settings.speed  # seconds, when the next can enters

    def at(self, time: float) -> list[Placed]:
        """The cans that are in the picture, or about to be, the furthest from the camera first."""
        speed = self.settings.speed
        if time < self._latest:
            self._begin()
        self._latest = time
        self._come(time + REACH / speed)
        stay = (WIDE + 3 * REACH) / speed
        self._cans = [can for can in self._cans if time - stay <= can.enters]
        here = [can for can in self._cans if can.enters <= time + REACH / speed]
        return [self._placed(can, time) for can in sorted(here, key=lambda can: can.lane)]

    def fallen(self, until: float) -> list[tuple[Can, float, float]]:
        """The cans that are down inside the picture before `until` seconds: each with when it is first so, and when it
        has left.
        """
        whole = Belt(self.settings)
        whole._come(until)
        found = []
        for can in whole._cans:
            if can.falls is None:
                continue
            moments = np.arange(can.enters - REACH, can.enters + (WIDE + 3 * REACH) / self.settings.speed, 1 / 60)
            inside = [t for t in moments.tolist() if t >= 0 and can.label(t) == "down" and self._whole(can, t)]
            if inside and inside[0] < until:
                found.append((can, inside[0], inside[-1]))
        return found

    def _whole(self, can: Can, time: float) -> bool:
        left, _, right, _ = self._placed(can, time).box
        return bool(left >= 0 and right <= self.settings.width)

    def _placed(self, can: Can, time: float) -> Placed:
        tilt, speed = can.tilt(time), self.settings.speed
        foot = np.array([(time - can.enters) * speed, 0.0, can.lane])
        middle = foot + centre(tilt, can.heading)
        pixels = on_screen(middle) * self.scale + [0.0, self._level]
        reach = _half_size(tilt, can.heading) * self.scale
        box = np.concatenate([pixels - reach, pixels + reach]).astype(np.float32)
        return Placed(can, can.label(time), tilt, pixels, box)

    def _come(self, until: float) -> None:
        """Send cans on their way up to `until` seconds."""
        speed, spacing, rng = self.settings.speed, self.settings.spacing, self._rng
        while self._next <= until:
            falls = None
            if rng.random() < self.settings.fallen:
                falls = self._next + (float(rng.uniform(0.15, 0.7)) * WIDE / speed if rng.random() < 0.7 else -1.0)
            can = Can(
                self._count,
                self._next,
                float(rng.normal(0, 0.012)),
                paint(rng),
                falls,
                float(rng.uniform(0, 2 * np.pi)),
            )
            self._cans.append(can)
            self._count += 1
            room = 2 * HALF + 2 * RADIUS if falls is not None else 0.0  # a fallen can hits nobody
            self._next += (max(0.10, rng.normal(spacing, 0.2 * spacing)) + room) / speed


def _half_size(tilt: float, heading: float) -> Reals:
    """(2,) half the width and height of a can in the picture, metres: a cylinder is a rod and two discs."""
    up = axis(tilt, heading)
    half = []
    for way in (np.array([1.0, 0.0, 0.0]), UP):
        along = float(way @ up)
        half.append(HALF * abs(along) + RADIUS * np.sqrt(max(0.0, 1 - along**2)))
    return np.array(half)
