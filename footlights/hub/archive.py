"""What devices say, stored: every message once, with all that follows from it, in one transaction for a whole batch."""

import base64
import binascii
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, case, select, update

from footlights.hub import schema
from footlights.hub.database import Database
from footlights.wire import merge_patch
from footlights.wire.fleet import LONGEST_NAME, Message, Received

GRAINS = (60, 3600)  # seconds that measurements are rolled up to
LARGEST_PICTURE = 192 * 1024  # bytes
Outbox = tuple[str, str]  # device, session


@dataclass(frozen=True)
class Arrived:
    """A message and who sent it, as the broker vouches for it."""

    device: str
    message: Message
    time: float  # seconds since 1970, of the hub


Judge = Callable[[Connection, Sequence[Arrived]], None]


class Archive:
    """Takes batches of messages. May be used by several threads, and by several workers on one database.

    `judge` looks at what is new, within the transaction that stores it.
    """

    def __init__(self, database: Database, judge: Judge = lambda connection, new: None) -> None:
        self._database = database
        self._judge = judge
        self._lock = threading.Lock()
        self._known: set[str] = set()  # devices that may speak
        self._stored: dict[Outbox, int] = {}  # as far as this worker knows; another one may be further
        self._gaps: set[Outbox] = set()  # outboxes of which something is stored beyond a gap

    def take(self, batch: Sequence[Arrived]) -> tuple[list[Arrived], dict[Outbox, Received]]:
        """Store a batch. What was there already, and what unknown devices say, changes nothing.

        Returns:
            The messages that are new, and for each outbox up to where its messages are stored now.
        """
        with self._database.write() as connection:
            batch = self._of_known_devices(connection, batch)
            new = self._insert(connection, batch)
            _follow(connection, self._database, new)
            self._judge(connection, new)
            stored = self._advance(connection, batch)
        with self._lock:
            self._stored |= stored
        return new, {outbox: Received(outbox[1], number) for outbox, number in stored.items()}

    def forget_devices(self) -> None:
        """Look up again who may speak: a device was added or blocked."""
        with self._lock:
            self._known.clear()

    def _of_known_devices(self, connection: Connection, batch: Sequence[Arrived]) -> list[Arrived]:
        with self._lock:
            known = set(self._known)
        if missing := {arrived.device for arrived in batch} - known:
            table = schema.devices
            found = connection.scalars(select(table.c.id).where(table.c.id.in_(missing), table.c.state == "active"))
            known |= set(found)
            with self._lock:
                self._known |= known
        return [arrived for arrived in batch if arrived.device in known]

    def _insert(self, connection: Connection, batch: Sequence[Arrived]) -> list[Arrived]:
        """Insert what is new; it is returned in the order of the batch."""
        rows = {
            (arrived.device, arrived.message.session, arrived.message.sequence): arrived for arrived in batch
        }  # one row for each, even where a batch holds a message twice
        if not rows:
            return []
        table = schema.messages
        statement = self._database.insert_once(table).returning(table.c.device, table.c.session, table.c.sequence)
        inserted = {tuple(row) for row in connection.execute(statement, [_row(arrived) for arrived in rows.values()])}
        return [arrived for key, arrived in rows.items() if key in inserted]

    def _advance(self, connection: Connection, batch: Iterable[Arrived]) -> dict[Outbox, int]:
        """Up to where the messages of each outbox are stored without a gap."""
        numbers: dict[Outbox, list[tuple[int, int]]] = defaultdict(list)
        for arrived in batch:
            numbers[arrived.device, arrived.message.session].append((arrived.message.sequence, arrived.message.after))
        stored = {}
        for outbox, spans in numbers.items():
            reached = _chain(self._stored.get(outbox, 0), sorted(spans))
            if reached < max(spans)[0] or outbox in self._gaps:
                beyond = _beyond(connection, outbox)
                reached = _chain(_stored(connection, outbox), beyond)
                (self._gaps.add if beyond and reached < beyond[-1][0] else self._gaps.discard)(outbox)
            stored[outbox] = reached
        _keep_stored(connection, self._database, stored)
        return stored


def _row(arrived: Arrived) -> dict[str, Any]:
    message = arrived.message
    body = {"bytes": len(message.body.get("jpeg", ""))} if message.kind == "picture" else message.body
    return {
        "device": arrived.device, "session": message.session, "sequence": message.sequence, "after": message.after,
        "kind": message.kind, "time": message.time, "arrived": arrived.time, "body": body,
    }  # fmt: skip


def _chain(stored: int, spans: Iterable[tuple[int, int]]) -> int:
    """The end of the chain that begins at `stored`, from (number, number before it) in order."""
    for sequence, after in spans:
        if after <= stored < sequence:
            stored = sequence
    return stored


def _stored(connection: Connection, outbox: Outbox) -> int:
    table = schema.outboxes
    wanted = select(table.c.stored).where(table.c.device == outbox[0], table.c.session == outbox[1])
    return connection.scalar(wanted) or 0


def _beyond(connection: Connection, outbox: Outbox) -> list[tuple[int, int]]:
    """What lies beyond the end of the chain in the database."""
    table = schema.messages
    mine = (table.c.device == outbox[0], table.c.session == outbox[1], table.c.sequence > _stored(connection, outbox))
    rows = connection.execute(select(table.c.sequence, table.c.after).where(*mine).order_by(table.c.sequence))
    return [(sequence, after) for sequence, after in rows]


def _keep_stored(connection: Connection, database: Database, stored: Mapping[Outbox, int]) -> None:
    """Write down how far each outbox is stored; another worker may be further, then it stays so."""
    if not stored:
        return
    table = schema.outboxes
    rows = [
        {"device": device, "session": session, "stored": number, "time": 0.0}
        for (device, session), number in sorted(stored.items())
    ]
    connection.execute(database.insert_once(table), rows)
    further = update(table).where(
        table.c.device == bindparam("of"), table.c.session == bindparam("its"), table.c.stored < bindparam("reached")
    )
    connection.execute(
        further.values(stored=bindparam("reached")),
        [{"of": row["device"], "its": row["session"], "reached": row["stored"]} for row in rows],
    )


def _follow(connection: Connection, database: Database, new: Sequence[Arrived]) -> None:
    """What follows from new messages: roll-ups, twins, answers, pictures."""
    _roll_up(connection, database, [arrived for arrived in new if arrived.message.kind == "telemetry"])
    for arrived in new:
        if arrived.message.kind == "reported":
            _report(connection, arrived)
        elif arrived.message.kind == "answer":
            _answer(connection, arrived)
        elif arrived.message.kind == "picture":
            _picture(connection, arrived)


def _roll_up(connection: Connection, database: Database, telemetry: Iterable[Arrived]) -> None:
    """Add measurements to their minute and their hour."""
    sums: dict[tuple[str, str, str, int, int], list[float]] = {}
    for arrived in telemetry:
        message = arrived.message
        stream = str(message.body.get("stream") or "")
        for name, value in message.body["values"].items():
            if isinstance(value, str):
                continue
            number = float(value)
            for grain in GRAINS:
                key = (arrived.device, stream, name, grain, int(message.time // grain) * grain)
                old = sums.get(key, [0.0, 0.0, number, number, number, 0.0])
                last, at = (number, message.time) if message.time >= old[5] else (old[4], old[5])
                sums[key] = [old[0] + 1, old[1] + number, min(old[2], number), max(old[3], number), last, at]
    if not sums:
        return
    names = ("device", "stream", "name", "seconds", "start", "count", "total", "lowest", "highest", "last", "last_at")
    statement = database.insert(schema.rollups)
    table, added = schema.rollups.c, statement.excluded
    later = added.last_at >= table.last_at
    statement = statement.on_conflict_do_update(
        index_elements=list(names[:5]),
        set_={
            "count": table.count + added.count,
            "total": table.total + added.total,
            "lowest": database.least(table.lowest, added.lowest),
            "highest": database.greatest(table.highest, added.highest),
            "last": case((later, added.last), else_=table.last),
            "last_at": database.greatest(table.last_at, added.last_at),
        },
    )
    connection.execute(statement, [dict(zip(names, (*key, *sums[key]), strict=True)) for key in sorted(sums)])


def _report(connection: Connection, arrived: Arrived) -> None:
    """Merge what a device says of its twin. Messages come in order, so the last word is the newest."""
    table, body = schema.twins, arrived.message.body
    mine = table.c.device == arrived.device
    row = connection.execute(select(table.c.reported, table.c.acknowledged).where(mine)).one_or_none()
    if row is None:
        return
    values: dict[str, Any] = {"reported_at": arrived.message.time}
    if isinstance(body.get("reported"), Mapping):
        values["reported"] = merge_patch.apply(row.reported, body["reported"])
    if isinstance(body.get("acknowledged"), Mapping):
        values["acknowledged"] = merge_patch.apply(row.acknowledged, body["acknowledged"])
    connection.execute(update(table).where(mine), values)


def _answer(connection: Connection, arrived: Arrived) -> None:
    """Put the answer of a device to the command that it was given; another device's commands are none of its own."""
    table, body = schema.commands, arrived.message.body
    mine = (table.c.id == str(body.get("id", ""))[:64], table.c.device == arrived.device, table.c.answered.is_(None))
    code = body.get("code")
    known = code if isinstance(code, int) and 100 <= code < 600 else 500
    values = {"answered": arrived.time, "code": known, "answer": body.get("answer")}
    connection.execute(update(table).where(*mine), values)


def _picture(connection: Connection, arrived: Arrived) -> None:
    body = arrived.message.body
    try:
        jpeg = base64.b64decode(str(body.get("jpeg", "")), validate=True)
    except (binascii.Error, ValueError):
        return
    if jpeg.startswith(b"\xff\xd8") and len(jpeg) <= LARGEST_PICTURE:
        about = str(body.get("about", ""))[:LONGEST_NAME]
        row = {"device": arrived.device, "time": arrived.message.time, "about": about, "jpeg": jpeg}
        connection.execute(schema.pictures.insert(), row)
