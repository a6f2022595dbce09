"""Measurements added up by minute and by hour, some seconds after they were stored.

Not where they are stored: of every device come several measurements in these seconds, which make one row of each grain
then. `rolled` says up to which number an outbox is added up; sums and marks are written in one transaction, so that
each measurement counts once whoever dies in between.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, case, func, select, tuple_

from footlights.hub import schema
from footlights.hub.database import Database
from footlights.hub.rounds import Rounds

GRAINS = (60, 3600)  # seconds of a row
EVERY = 5.0  # seconds between two rounds
MOST_OUTBOXES, MOST_MESSAGES = 500, 5000  # of one transaction: nobody waits long
Outbox = tuple[str, str]  # device, session
Key = tuple[str, str, str, int, int]  # device, stream, name, grain, start


class Measured(NamedTuple):
    """One message with measurements."""

    device: str
    session: str
    sequence: int
    time: float  # seconds since 1970, of the device
    body: Mapping[str, Any]


class RollUps:
    """A thread of the hub that adds up what was stored, whichever worker stored it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rounds = Rounds("roll-ups", self.add, lambda: EVERY)

    def start(self) -> None:
        """Begin."""
        self._rounds.start()

    def close(self) -> None:
        """Stop; what is not added up is after the next start."""
        self._rounds.close()

    def add(self) -> bool:
        """Add up what is new, a portion of it; whether there is more."""
        with self._database.read() as connection:
            if not _behind(connection):
                return False
        with self._database.write() as connection:
            self._database.lock(connection, schema.rolled)
            behind = _behind(connection)
            read = _measured(connection, behind)
            whole = len(read) < MOST_MESSAGES
            found = [one for one in read if one.sequence <= behind[one.device, one.session]]  # more may come meanwhile
            _write_sums(connection, self._database, _sums(found))
            marks = behind if whole else {(one.device, one.session): one.sequence for one in found}
            _write_marks(connection, self._database, marks)
        return not whole or len(behind) == MOST_OUTBOXES


def _behind(connection: Connection) -> dict[Outbox, int]:
    """Outboxes that are stored further than they are added up, and how far they are stored."""
    outboxes, rolled = schema.outboxes.c, schema.rolled.c
    wanted = select(outboxes.device, outboxes.session, outboxes.stored).select_from(_MARKED)
    rows = connection.execute(wanted.where(outboxes.stored > func.coalesce(rolled.sequence, 0)).limit(MOST_OUTBOXES))
    return {(device, session): stored for device, session, stored in rows}


def _measured(connection: Connection, behind: Iterable[Outbox]) -> list[Measured]:
    """What was measured since, outbox by outbox, in the order of the numbers."""
    messages, outboxes = schema.messages.c, schema.outboxes.c
    mine = and_(messages.device == outboxes.device, messages.session == outboxes.session)
    wanted = select(messages.device, messages.session, messages.sequence, messages.time, messages.body)
    chosen = wanted.select_from(_MARKED.join(schema.messages, mine)).where(
        tuple_(outboxes.device, outboxes.session).in_(list(behind)),
        messages.sequence > func.coalesce(schema.rolled.c.sequence, 0),
        messages.sequence <= outboxes.stored,
        messages.kind == "telemetry",
    )
    ordered = chosen.order_by(messages.device, messages.session, messages.sequence).limit(MOST_MESSAGES)
    return [Measured(*row) for row in connection.execute(ordered)]


_MARKED = schema.outboxes.outerjoin(
    schema.rolled,
    and_(schema.rolled.c.device == schema.outboxes.c.device, schema.rolled.c.session == schema.outboxes.c.session),
)


def _sums(found: Iterable[Measured]) -> dict[Key, dict[str, Any]]:
    """A row for each measurement, grain and stretch of time."""
    sums: dict[Key, dict[str, Any]] = {}
    for one in found:
        stream = str(one.body.get("stream") or "")
        for name, value in one.body["values"].items():
            if isinstance(value, str):
                continue
            for grain in GRAINS:
                _add(sums, (one.device, stream, name, grain, int(one.time // grain) * grain), float(value), one.time)
    return sums


def _add(sums: dict[Key, dict[str, Any]], key: Key, number: float, moment: float) -> None:
    """Add one measurement to its row."""
    if (row := sums.get(key)) is None:
        device, stream, name, seconds, start = key
        sums[key] = {
            "device": device, "stream": stream, "name": name, "seconds": seconds, "start": start, "count": 1,
            "total": number, "lowest": number, "highest": number, "last": number, "last_at": moment,
        }  # fmt: skip
        return
    row["count"] += 1
    row["total"] += number
    row["lowest"], row["highest"] = min(row["lowest"], number), max(row["highest"], number)
    if moment >= row["last_at"]:
        row["last"], row["last_at"] = number, moment


def _write_sums(connection: Connection, database: Database, sums: Mapping[Key, Mapping[str, Any]]) -> None:
    if not sums:
        return
    statement = database.insert(schema.rollups)
    table, added = schema.rollups.c, statement.excluded
    later = added.last_at >= table.last_at
    statement = statement.on_conflict_do_update(
        index_elements=["device", "stream", "name", "seconds", "start"],
        set_={
            "count": table.count + added.count,
            "total": table.total + added.total,
            "lowest": database.least(table.lowest, added.lowest),
            "highest": database.greatest(table.highest, added.highest),
            "last": case((later, added.last), else_=table.last),
            "last_at": database.greatest(table.last_at, added.last_at),
        },
    )
    database.put(connection, statement, [sums[key] for key in sorted(sums)])


def _write_marks(connection: Connection, database: Database, marks: Mapping[Outbox, int]) -> None:
    if not marks:
        return
    statement = database.insert(schema.rolled)
    further = statement.on_conflict_do_update(
        index_elements=["device", "session"], set_={"sequence": statement.excluded.sequence}
    )
    rows = [
        {"device": device, "session": session, "sequence": number}
        for (device, session), number in sorted(marks.items())
    ]
    database.put(connection, further, rows)
