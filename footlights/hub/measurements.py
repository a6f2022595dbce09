"""Measurements over time: raw, by minute and by hour, of a device; and the totals of the fleet."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, tuple_

from footlights.core.errors import SettingsError
from footlights.hub import schema
from footlights.hub.database import Database
from footlights.wire.near_miss import near_miss

MINUTE, HOUR, DAY = 60, 3600, 86400  # seconds
MOST_SERIES = 2_000  # of a device
MOST_POINTS = 20_000  # of an answer
MOST_MESSAGES = 2_000  # that are read for raw points
NAMES_HOLD = 5.0  # seconds for which the names of measurements are not asked for again
KEPT = 200  # answers that are kept for who asks next
Points = Sequence[tuple[float, float]]  # seconds since 1970, value


@dataclass(frozen=True)
class Range:
    """A stretch of time that ends now, and how it is shown."""

    seconds: int
    grain: int  # seconds of a point: 0 raw, 60 or 3600
    hold: float  # seconds for which an answer is not asked for again


RANGES: Mapping[str, Range] = {
    "10 minutes": Range(10 * MINUTE, 0, 2.0),
    "hour": Range(HOUR, MINUTE, 5.0),
    "day": Range(DAY, MINUTE, 30.0),
    "week": Range(7 * DAY, HOUR, 60.0),
    "month": Range(30 * DAY, HOUR, 300.0),
    "year": Range(365 * DAY, HOUR, 600.0),
}


def series_of(database: Database, device: str) -> list[tuple[str, str]]:
    """Stream and name of everything that a device ever measured.

    The key of the roll-ups begins with them: it is looked up step by step, for each of them has up to millions of rows.
    """
    table = schema.rollups.c
    place = tuple_(table.stream, table.name)
    found: list[tuple[str, str]] = []
    with database.read() as connection:
        while len(found) < MOST_SERIES:
            wanted = select(table.stream, table.name).where(table.device == device)
            if found:
                wanted = wanted.where(place > tuple_(*found[-1]))
            row = connection.execute(wanted.order_by(table.stream, table.name).limit(1)).first()
            if row is None:
                break
            found.append((row.stream, row.name))
    return found


def range_of(name: str) -> Range:
    """Raises SettingsError: no such range."""
    if name not in RANGES:
        raise SettingsError(f"there is no range '{name[:40]}'; {near_miss(name[:40], RANGES)}")
    return RANGES[name]


class Measurements:
    """Reads what was measured. Answers are kept for a moment: many who look ask the database once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._kept: dict[tuple[Any, ...], tuple[float, Any]] = {}  # the oldest first

    def names(self, device: str) -> list[str]:
        """What a device measured within the last week, or in the last year where that is nothing."""
        found: list[str] = self._keep(("names", device), NAMES_HOLD, lambda: self._names(device))
        return found

    def series(self, device: str, name: str, span: Range) -> dict[str, Points]:
        """A measurement of each stream of a device: the means of minutes or hours, or each value. The oldest first."""

        def read() -> dict[str, Points]:
            since = time.time() - span.seconds
            return self._raw(device, name, since) if span.grain == 0 else self._means(device, name, span.grain, since)

        found: dict[str, Points] = self._keep(("series", device, name, span), span.hold, read)
        return found

    def totals(self, group: str | None, name: str, span: Range) -> Points:
        """A total of the fleet or of a group; the means of as many minutes as give a few hundred points."""

        def read() -> Points:
            table, since = schema.totals.c, time.time() - span.seconds
            wanted = select(table.time, table["values"]).where(table.group == (group or ""), table.time >= since)
            every = max(1, span.seconds // MINUTE // 720) * MINUTE  # seconds of a point
            sums: dict[int, list[float]] = {}
            with self._database.read() as connection:
                for moment, values in connection.execute(wanted.order_by(table.time)).yield_per(1000):
                    if name in values:
                        sums.setdefault(moment // every * every, []).append(values[name])
            return [(float(moment), sum(found) / len(found)) for moment, found in sums.items()]

        found: Points = self._keep(("totals", group, name, span), span.hold, read)
        return found

    def _series_of(self, device: str) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = self._keep(
            ("streams", device), NAMES_HOLD, lambda: series_of(self._database, device)
        )
        return found

    def _names(self, device: str) -> list[str]:
        table, now = schema.rollups.c, int(time.time())
        pairs = self._series_of(device)
        for seconds in (7 * DAY, 365 * DAY):
            found = set()
            with self._database.read() as connection:
                for stream, name in pairs:
                    mine = (table.device == device, table.stream == stream, table.name == name)
                    lately = (table.seconds == HOUR, table.start >= now - seconds - HOUR)
                    if connection.scalar(select(table.start).where(*mine, *lately).limit(1)) is not None:
                        found.add(name)
            if found:
                return sorted(found)
        return []

    def _raw(self, device: str, name: str, since: float) -> dict[str, Points]:
        table = schema.messages.c
        wanted = select(table.time, table.body).where(
            table.device == device, table.kind == "telemetry", table.time >= since
        )
        streams: dict[str, list[tuple[float, float]]] = {}
        with self._database.read() as connection:
            rows = connection.execute(wanted.order_by(table.time.desc()).limit(MOST_MESSAGES)).all()
        for moment, body in reversed(rows):
            value = body["values"].get(name)
            if value is not None and not isinstance(value, str):
                streams.setdefault(str(body.get("stream") or ""), []).append((moment, float(value)))
        return dict(streams)

    def _means(self, device: str, name: str, grain: int, since: float) -> dict[str, Points]:
        table = schema.rollups.c
        streams: dict[str, Points] = {}
        for stream, measured in self._series_of(device):
            if measured != name:
                continue
            mine = (table.device == device, table.stream == stream, table.name == name, table.seconds == grain)
            wanted = select(table.start, table.total, table.count).where(*mine, table.start >= int(since))
            with self._database.read() as connection:
                rows = connection.execute(wanted.order_by(table.start).limit(MOST_POINTS)).all()
            if rows:
                streams[stream] = [(float(start), total / max(1, count)) for start, total, count in rows]
        return streams

    def _keep(self, key: tuple[Any, ...], hold: float, read: Any) -> Any:
        """What `read` gives, asked again after `hold` seconds."""
        now = time.monotonic()
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and now - kept[0] < hold:
            return kept[1]
        found = read()
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = (now, found)
            while len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]
        return found
