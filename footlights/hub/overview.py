"""What the fleet says now, in memory: read once from the database however many people look.

New messages come from the hub's own worker as soon as they are stored. What other workers stored is caught up with when
somebody looks, at most once in `REFRESH`.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from footlights.hub import schema
from footlights.hub.archive import Arrived
from footlights.hub.database import Database
from footlights.hub.registry import ACTIVE, Device, Registry
from footlights.hub.rounds import Rounds

log = logging.getLogger(__name__)

REFRESH = 0.4  # seconds between two looks into the database
SAMPLE = 60.0  # seconds between two samples of the totals
FRESH = 60.0  # seconds after which a measurement says nothing about now
MOST_NAMES = 400  # measurements that are known of one device
MOST_EVENTS = 500  # that are known of the whole fleet
MOST_CAUGHT_UP = 10_000  # messages of other workers that are read at once
OVERLAP = 1_000  # messages that are read again: another worker may commit a lower number later
SUMMED = ("people", "raised", "fps", "tlPrimaryDetectionCount", "tlSecondaryDetectionCount")
Place = tuple[str, str]  # stream, empty for the device as a whole; name of the measurement
Value = float | int | str | bool


class Newest(NamedTuple):
    """The last value of a measurement."""

    value: Value
    time: float  # seconds since 1970, of the device


@dataclass(frozen=True)
class Happened:
    """An event of a device."""

    device: str
    session: str
    sequence: int
    time: float  # seconds since 1970, of the device
    body: Mapping[str, Any]
    picture: bool = False  # there is one of it


@dataclass(frozen=True)
class Marks:
    """How many messages of a device were heard, by what they change: what has the same marks looks the same."""

    telemetry: int = 0
    event: int = 0
    picture: int = 0
    twin: int = 0


class Overview:
    """The newest of everything. Bounded; may be used by several threads."""

    def __init__(self, database: Database, registry: Registry, clock: Callable[[], float] = time.time) -> None:
        self._database, self._registry, self._clock = database, registry, clock
        self._looking = threading.Lock()  # held while the database is read: whoever stores messages never waits for it
        self._lock = threading.Lock()
        self._values: dict[str, dict[Place, Newest]] = {}
        self._marks: dict[str, Counter[str]] = {}
        self._events: dict[tuple[str, str, int], Happened] = {}  # the oldest first
        self._minutes: dict[int, Counter[str]] = {}  # events of each device, in this minute and the one before
        self._devices: tuple[Device, ...] = ()
        self._alarms = 0
        self._looked = 0.0  # monotonic clock
        self._last = 0  # number of the newest message in the database
        self._heard = 0  # messages since then
        self.lag = 0.0  # seconds from the time of the newest message to its storing
        self._rounds = Rounds("overview", self.sample, lambda: SAMPLE - self._clock() % SAMPLE, at_start=False)

    def start(self) -> None:
        """Begin to sample the totals."""
        self._rounds.start()

    def close(self) -> None:
        """Stop."""
        self._rounds.close()

    def hear(self, arrived: Sequence[Arrived]) -> None:
        """Take messages that were stored."""
        with self._lock:
            self._heard += len(arrived)
            self.lag = max(0.0, self._clock() - arrived[-1].message.time) if arrived else self.lag
            for one in arrived:
                said = one.message
                self._take(one.device, said.session, said.sequence, said.kind, said.time, said.body)

    def look_again(self) -> None:
        """Look into the database at the next question: something was changed there."""
        self._looked = 0.0

    def devices(self, group: str | None = None) -> list[Device]:
        """Every device, or those of a group, by name."""
        self._refresh()
        return [device for device in self._devices if group in (None, device.group)]

    def device(self, name: str) -> Device | None:
        """One device; None where there is none."""
        found = self._known(name)
        if found is None:
            self.look_again()  # it may have come just now
            found = self._known(name)
        return found

    def alarms(self) -> int:
        """Rules that fired, and that nobody has seen."""
        self._refresh()
        return self._alarms

    def names(self) -> set[str]:
        """What any device measured lately, in numbers."""
        self._refresh()
        with self._lock:
            known = [found for values in self._values.values() for found in values.items()]
        return {name for (_, name), newest in known if not isinstance(newest.value, str)}

    def values(self, device: str) -> dict[Place, Newest]:
        """Every measurement of a device."""
        self._refresh()
        with self._lock:
            return dict(self._values.get(device, {}))

    def number(self, device: str, name: str) -> float:
        """The newest number of a measurement of a device as a whole, however old; 0 where there is none."""
        with self._lock:
            newest = self._values.get(device, {}).get(("", name))
        return float(newest.value) if newest is not None and not isinstance(newest.value, str) else 0.0

    def heard(self) -> dict[str, int]:
        """Messages of all devices, by kind."""
        with self._lock:
            return dict(sum(self._marks.values(), Counter()))

    def marks(self, device: str) -> Marks:
        """How much was heard of a device."""
        self._refresh()
        with self._lock:
            counted: Mapping[str, int] = self._marks.get(device, {})
            return Marks(**{name: counted.get(name, 0) for name in Marks.__dataclass_fields__})

    def events(self, most: int, devices: Collection[str] | None = None) -> list[Happened]:
        """The newest events, the newest first."""
        self._refresh()
        with self._lock:
            mine = (one for one in reversed(self._events.values()) if devices is None or one.device in devices)
            return [one for _, one in zip(range(most), mine, strict=False)]

    def totals(self, group: str | None = None) -> dict[str, float]:
        """Live figures of the fleet or of a group, summed over the devices that are there."""
        now, devices = self._clock(), self.devices(group)
        there = [device.id for device in devices if device.online and device.state == ACTIVE]
        away = sum(device.state == ACTIVE and not device.online for device in devices)
        sums = dict.fromkeys(SUMMED, 0.0)
        with self._lock:
            for device in there:
                for (_, name), newest in self._values.get(device, {}).items():
                    if name in sums and now - newest.time < FRESH and not isinstance(newest.value, str):
                        sums[name] += newest.value
            minute = self._minutes.get(int(now // 60) - 1, Counter())
            events = sum(minute[device.id] for device in devices)
        return {"online": float(len(there)), "away": float(away), "events": float(events), **sums}

    def sample(self) -> None:
        """Write down the totals of the fleet and of each group as they are now."""
        groups = [None, *sorted({device.group for device in self.devices() if device.group is not None})]
        moment = int(self._clock() // SAMPLE * SAMPLE)
        rows = [{"group": group or "", "time": moment, "values": self.totals(group)} for group in groups]
        with self._database.write() as connection:
            connection.execute(self._database.insert_once(schema.totals), rows)

    def _known(self, name: str) -> Device | None:
        return next((device for device in self.devices() if device.id == name), None)

    def _refresh(self) -> None:
        """Look into the database, unless somebody has just done so."""
        with self._looking:
            if self._looked and time.monotonic() - self._looked < REFRESH:
                return
            unseen = select(func.count()).select_from(schema.firings).where(schema.firings.c.acknowledged.is_(None))
            try:
                self._devices = tuple(self._registry.devices())
                with self._database.read() as connection:
                    self._alarms = connection.scalar(unseen) or 0
                    self._catch_up(connection)
            except DBAPIError as error:  # what is known stays: who looks sees at least that
                log.warning("the database is away: %s", type(error.orig).__name__)
            self._looked = time.monotonic()

    def _catch_up(self, connection: Connection) -> None:
        """Hear what other workers have stored."""
        table = schema.messages.c
        last = connection.scalar(select(func.max(table.id))) or 0
        with self._lock:
            unheard, self._heard = last - self._last - self._heard, 0
        if unheard > 0:
            wanted = select(table.device, table.session, table.sequence, table.kind, table.time, table.body)
            behind = wanted.where(table.id > self._last - OVERLAP).order_by(table.id.desc()).limit(MOST_CAUGHT_UP)
            rows = connection.execute(behind).all()
            with self._lock:
                for row in reversed(rows):
                    self._take(*row)
        self._last = last

    def _take(
        self, device: str, session: str, sequence: int, kind: str, moment: float, body: Mapping[str, Any]
    ) -> None:
        """One message; taking it twice changes nothing that is shown."""
        kind = "twin" if kind in ("reported", "answer") else kind
        self._marks.setdefault(device, Counter())[kind] += 1
        if kind == "telemetry":
            self._measured(device, str(body.get("stream") or ""), moment, body["values"])
        elif kind == "event":
            self._happened(Happened(device, session, sequence, moment, body))
        elif kind == "picture" and (event := self._events.get((device, session, body.get("event", 0)))) is not None:
            self._events[event.device, event.session, event.sequence] = replace(event, picture=True)

    def _measured(self, device: str, stream: str, moment: float, values: Mapping[str, Value]) -> None:
        known = self._values.setdefault(device, {})
        for name, value in values.items():
            before = known.get((stream, name))
            if before is None or before.time <= moment:
                known[stream, name] = Newest(value, moment)
        if len(known) > MOST_NAMES:
            for place in sorted(known, key=lambda place: known[place].time)[: len(known) - MOST_NAMES]:
                del known[place]

    def _happened(self, event: Happened) -> None:
        key = (event.device, event.session, event.sequence)
        if key in self._events:
            return
        self._events[key] = event
        if len(self._events) > MOST_EVENTS:
            del self._events[next(iter(self._events))]
        now = self._clock()
        if now - event.time > 2 * FRESH:
            return  # it waited somewhere: it says nothing about now
        minute = int(now // 60)
        for old in [known for known in self._minutes if known < minute - 1]:
            del self._minutes[old]
        self._minutes.setdefault(minute, Counter())[event.device] += 1
