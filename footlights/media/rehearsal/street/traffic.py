"""Who comes along the street, and where everybody is at every moment."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Literal
from urllib.parse import parse_qsl

import numpy as np

from footlights.core.errors import SettingsError
from footlights.core.scene import Floats
from footlights.media.rehearsal.looks import looks
from footlights.media.rehearsal.posture import known
from footlights.media.rehearsal.street.car import Car, car

_LIMITS: dict[str, tuple[float, float]] = {
    "seed": (0, 2**31), "width": (160, 3840), "height": (90, 2160), "fps": (1, 240), "seconds": (0.1, 86400),
    "people": (0, 60), "cars": (0, 60),
}  # fmt: skip
MARGIN = 5.5  # metres beside the picture from which everybody comes


@dataclass(frozen=True)
class StreetSettings:
    """What the address of a rehearsal of the street asks for."""

    seed: int = 0
    width: int = 640  # pixels
    height: int = 360  # pixels
    fps: float = 30.0
    seconds: float | None = None  # None: without end
    people: float = 14.0  # a minute
    cars: float = 12.0  # a minute


def read_street(query: str) -> StreetSettings:
    """Read "seed=3&cars=20". Raises SettingsError that says what is known instead."""
    settings = StreetSettings()
    names = tuple(field.name for field in fields(StreetSettings))
    for key, text in parse_qsl(query, keep_blank_values=True):
        low, high = _LIMITS[known(key, names, "setting", "rehearsal:street")]
        try:
            value: float = int(text) if key in ("seed", "width", "height") else float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise SettingsError(f"rehearsal:street: {key} must be a number from {low:g} to {high:g}, got {text!r}")
        chosen: dict[str, Any] = {key: value}
        settings = replace(settings, **chosen)
    return settings


@dataclass(frozen=True)
class Lane:
    """Where one kind of traffic moves, the furthest from the camera first."""

    kind: Literal["person", "car"]
    level: float  # of the ground, in shares of the picture's height
    scale: float  # pixels a metre, in shares of the picture's height
    to_the_right: bool
    speed: tuple[float, float]  # metres a second


LANES = (
    Lane("person", 0.565, 0.165, True, (1.1, 1.6)),
    Lane("person", 0.580, 0.168, False, (1.1, 1.6)),
    Lane("car", 0.700, 0.180, False, (6.0, 6.0)),
    Lane("car", 0.860, 0.215, True, (7.0, 7.0)),
    Lane("person", 0.985, 0.245, False, (1.1, 1.5)),
)


@dataclass(frozen=True)
class Passer:
    """Somebody who crosses the picture once."""

    id: int
    lane: Lane
    enters: float  # seconds, at the edge of the picture, the middle of the body
    speed: float  # metres a second, to the right
    look: int  # of a person
    car: Car | None

    @property
    def label(self) -> str:
        """Either "person" or "car"."""
        return self.lane.kind

    def x(self, time: float, width: float) -> float:
        """Metres from the left edge of a picture that is `width` metres wide here."""
        gone = (time - self.enters) * self.speed
        return gone if self.speed > 0 else width + gone


@dataclass(frozen=True, eq=False)
class Placed:
    """One of them at a moment."""

    passer: Passer
    box: Floats  # (4,) pixels: left, top, right, bottom; outside of the picture too
    visible: float  # 0..1: the share of its box that is in the picture and not behind somebody


class Traffic:
    """The street's script: the same settings give the same traffic, at any time however late."""

    def __init__(self, settings: StreetSettings) -> None:
        self.settings = settings
        self._lanes = [_Arrivals(settings, number, lane) for number, lane in enumerate(LANES)]

    def at(self, time: float) -> list[Passer]:
        """Everybody who is in the picture or about to be, the furthest from the camera first."""
        return [passer for lane in self._lanes for passer in lane.here(time)]


class _Arrivals:
    """One lane's traffic."""

    def __init__(self, settings: StreetSettings, number: int, lane: Lane) -> None:
        self.lane, self._number = lane, number
        self._width = settings.width / (lane.scale * settings.height)  # metres
        alike = sum(other.kind == lane.kind for other in LANES)
        self._rate = (settings.people if lane.kind == "person" else settings.cars) / 60 / alike  # a second
        self._seed = [settings.seed, 21, number]
        self._begin()

    def _begin(self) -> None:
        self._rng = np.random.default_rng(self._seed)
        self._come = self._arrivals()
        self._known: list[Passer] = []
        self._latest = -math.inf  # seconds, the moment up to which those who are gone are forgotten

    def here(self, time: float) -> list[Passer]:
        """Those of this lane who are in the picture or about to be."""
        if not self._rate:
            return []
        if time < self._latest:
            self._begin()
        self._latest = time
        longest = (self._width + 2 * MARGIN) / self.lane.speed[0]
        while not self._known or self._known[-1].enters < time + longest:
            self._known.append(next(self._come))
        self._known = [one for one in self._known if one.enters > time - longest]
        return [one for one in self._known if -MARGIN < one.x(time, self._width) < self._width + MARGIN]

    def _arrivals(self) -> Iterator[Passer]:
        rng, lane = self._rng, self.lane
        time, number = -(self._width + MARGIN) / lane.speed[0], 0
        least = 1.5 if lane.kind == "person" else 1.6  # seconds: nobody drives into the one before
        while True:
            time += least + float(rng.exponential(max(0.1, 1 / self._rate - least)))
            speed = float(rng.uniform(*lane.speed)) * (1 if lane.to_the_right else -1)
            look, which = int(rng.integers(len(looks()))), car(rng)
            yield Passer(
                number * len(LANES) + self._number, lane, time, speed, look, which if lane.kind == "car" else None
            )
            number += 1
