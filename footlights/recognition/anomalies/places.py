"""Zones and lines of a picture, drawn once and given as text: "door: 0.1,0.2 0.5,0.2 0.5,0.9".

Coordinates are shares of the picture's width and height, 0..1 from its top left, so that they outlive a change of
resolution. Two points are a line, three and more a zone.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footlights.core.errors import SettingsError
from footlights.core.scene import Floats

Points = NDArray[np.float64]  # (N, 2) shares of width and height
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_FORM = "a place is written as 'door: 0.1,0.2 0.5,0.2 0.5,0.9' (a zone) or 'gate: 0.1,0.5 0.9,0.5' (a line)"


@dataclass(frozen=True, eq=False)
class Zone:
    """A part of the picture, bounded by straight lines."""

    name: str
    corners: Points

    def holds(self, points: Floats | Points) -> NDArray[np.bool_]:
        """(N,) whether (N, 2) points lie inside: a ray to the right meets the outline an odd number of times."""
        x, y = np.asarray(points, np.float64).reshape(-1, 2).T
        ax, ay = self.corners.T
        bx, by = np.roll(self.corners, -1, axis=0).T
        spans = (ay <= y[:, None]) != (by <= y[:, None])
        with np.errstate(divide="ignore", invalid="ignore"):
            meets = ax + (y[:, None] - ay) * (bx - ax) / (by - ay)
        return np.asarray((spans & (x[:, None] < meets)).sum(axis=1) % 2 == 1)


@dataclass(frozen=True, eq=False)
class Line:
    """A line across the picture. Seen from its first point towards its second, "inwards" is from left to right."""

    name: str
    ends: Points  # (2, 2)

    def side(self, points: Floats | Points) -> NDArray[np.float64]:
        """(N,) how far (N, 2) points lie to the right of the line, in shares of the picture; below 0 to the left."""
        start, end = self.ends
        along = end - start
        away = np.asarray(points, np.float64).reshape(-1, 2) - start
        return np.asarray((along[0] * away[:, 1] - along[1] * away[:, 0]) / np.linalg.norm(along))

    def passed(self, before: Floats | Points, now: Floats | Points) -> NDArray[np.bool_]:
        """(N,) whether the ways from (N, 2) to (N, 2) points lead through the line, not past one of its ends."""
        start, end = self.ends
        before, now = np.asarray(before, np.float64).reshape(-1, 2), np.asarray(now, np.float64).reshape(-1, 2)
        way = now - before
        reach = [way[:, 0] * (at[1] - before[:, 1]) - way[:, 1] * (at[0] - before[:, 0]) for at in (start, end)]
        other_side = (self.side(before) > 0) != (self.side(now) > 0)
        return np.asarray(other_side & ((reach[0] > 0) != (reach[1] > 0)))


Place = Zone | Line


def places(texts: Iterable[str]) -> Mapping[str, Place]:
    """Zones and lines by name, from their texts.

    Raises:
        SettingsError: a text is not of this form, a point lies outside the picture, a name is given twice.
    """
    found: dict[str, Place] = {}
    for text in texts:
        place = _place(text)
        if place.name in found:
            raise SettingsError(f"two places are named '{place.name}'; give each its own name")
        found[place.name] = place
    return found


def zones(texts: Iterable[str]) -> list[Zone]:
    """The zones of these texts. Raises SettingsError as `places`, and where one is a line."""
    found = places(texts)
    lines = [place.name for place in found.values() if isinstance(place, Line)]
    if lines:
        raise SettingsError(
            f"'{lines[0]}' is a line, which has two points; here a zone is needed: three points and more"
        )
    return [place for place in found.values() if isinstance(place, Zone)]


def _place(text: str) -> Place:
    name, colon, rest = (part.strip() for part in text.partition(":"))
    if not colon or not _NAME.fullmatch(name):
        raise SettingsError(f"{text!r} is no place: {_FORM}; names are small letters, digits, - and _")
    try:
        points = np.array([[float(number) for number in point.split(",")] for point in rest.split()], np.float64)
    except ValueError:
        points = np.zeros(0)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 2:
        raise SettingsError(f"the place '{name}' has no points that can be read: {_FORM}")
    if not ((points >= 0) & (points <= 1)).all():  # NaN is refused as well
        raise SettingsError(f"a point of the place '{name}' lies outside the picture: shares from 0 to 1, got {rest!r}")
    if len(points) == 2 and np.allclose(points[0], points[1]):
        raise SettingsError(f"the line '{name}' begins where it ends")
    return Line(name, points) if len(points) == 2 else Zone(name, points)
