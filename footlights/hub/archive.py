"""What devices say, stored: every message once, and what follows from it in the order of its numbers."""

import base64
import binascii
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from footlights.hub import places, schema
from footlights.hub.database import Database
from footlights.wire import merge_patch
from footlights.wire.fleet import LONGEST_NAME, Message, Received

LARGEST_PICTURE = 192 * 1024  # bytes
MOST_BEYOND = 1000  # messages that are followed at once
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

    Nothing is remembered here between two batches, for another worker may be further. A batch is stored first; then,
    with its outboxes locked, what the numbers say to be next is followed in their order: twins, and `judge`, which is
    given each message once. Several workers wait for each other in that second part only.
    """

    def __init__(self, database: Database, judge: Judge = lambda connection, passed: None) -> None:
        self._database = database
        self._judge = judge

    def take(self, batch: Sequence[Arrived]) -> tuple[list[Arrived], dict[Outbox, Received]]:
        """Store a batch. What was there already, and what unknown devices say, changes nothing.

        Returns:
            The messages that are new, and for each outbox up to where its messages are stored now.
        """
        with self._database.write(lasting=False) as connection:
            batch = _of_active_devices(connection, batch)
            if not batch:
                return [], {}
            new = _insert(connection, self._database, batch)
            _keep(connection, new)
            if self._database.embedded:  # one writer at a time anyway: one transaction does
                return new, self._pass_on(connection, batch)
        with self._database.write() as connection:  # whoever dies in between is sent the batch again
            return new, self._pass_on(connection, batch)

    def _pass_on(self, connection: Connection, batch: Iterable[Arrived]) -> dict[Outbox, Received]:
        """Follow every outbox of a batch up to its first gap; up to where that is."""
        arrived_of: dict[Outbox, list[Arrived]] = defaultdict(list)
        for arrived in batch:
            arrived_of[arrived.device, arrived.message.session].append(arrived)
        highest = {outbox: max(one.message.sequence for one in group) for outbox, group in arrived_of.items()}
        passed: list[Arrived] = []
        reached: dict[Outbox, int] = {}
        known = _lock(connection, self._database, highest)
        for outbox, (stored, last) in sorted(known.items()):
            chain = _chain(stored, arrived_of[outbox])
            if (chain[-1].message.sequence if chain else stored) < last:
                chain = _chain(stored, _beyond(connection, outbox, stored))
            reached[outbox] = chain[-1].message.sequence if chain else stored
            passed += chain
        for arrived in passed:
            if arrived.message.kind == "reported":
                _report(connection, self._database, arrived)
        self._judge(connection, passed)
        _keep_reached(connection, self._database, reached, {outbox: last for outbox, (_, last) in known.items()})
        return {outbox: Received(outbox[1], number) for outbox, number in reached.items()}


def _of_active_devices(connection: Connection, batch: Sequence[Arrived]) -> list[Arrived]:
    """Without what was said by devices that are not known, or blocked."""
    table, names = schema.devices.c, {arrived.device for arrived in batch}
    active = set(connection.scalars(select(table.id).where(table.id.in_(names), table.state == "active")))
    return [arrived for arrived in batch if arrived.device in active]


def _insert(connection: Connection, database: Database, batch: Sequence[Arrived]) -> list[Arrived]:
    """Insert what is new; it is returned in the order of its outboxes."""
    rows = {
        (arrived.device, arrived.message.session, arrived.message.sequence): arrived for arrived in batch
    }  # one row for each, even where a batch holds a message twice
    rows = {key: rows[key] for key in sorted(rows)}  # workers that go in one order do not lock each other out
    table = schema.messages
    statement = database.insert_once(table).returning(table.c.device, table.c.session, table.c.sequence)
    found = database.put(connection, statement, [_row(arrived) for arrived in rows.values()])
    inserted = {tuple(row) for row in found}
    return [arrived for key, arrived in rows.items() if key in inserted]


def _row(arrived: Arrived) -> dict[str, Any]:
    message = arrived.message
    body = message.body
    if message.kind == "picture":  # which is kept elsewhere
        body = {name: body[name] for name in ("about", "event") if name in body}
    return {
        "device": arrived.device, "session": message.session, "sequence": message.sequence, "after": message.after,
        "kind": message.kind, "time": message.time, "arrived": arrived.time, "body": body,
    }  # fmt: skip


def _chain(stored: int, heard: Iterable[Arrived]) -> list[Arrived]:
    """The messages that follow without a gap on the one with the number `stored`."""
    chain = []
    for arrived in sorted(heard, key=lambda arrived: arrived.message.sequence):
        if arrived.message.after <= stored < arrived.message.sequence:
            stored = arrived.message.sequence
            chain.append(arrived)
    return chain


def _lock(connection: Connection, database: Database, highest: Mapping[Outbox, int]) -> dict[Outbox, tuple[int, int]]:
    """Up to where each outbox is followed, and its highest number; nobody else does before this transaction ends."""
    table = schema.outboxes
    if database.embedded:  # where nobody else writes anyway
        mine = table.c.device.in_({device for device, _ in highest})
        rows = connection.execute(select(table.c.device, table.c.session, table.c.stored, table.c.highest).where(mine))
        found = {(device, session): (stored, last) for device, session, stored, last in rows}
        known = {outbox: found.get(outbox, (0, 0)) for outbox in highest}
        return {outbox: (stored, max(last, highest[outbox])) for outbox, (stored, last) in known.items()}
    wanted = [
        {"device": device, "session": session, "stored": 0, "highest": number}
        for (device, session), number in sorted(highest.items())
    ]
    statement = database.insert(table)
    locked = statement.on_conflict_do_update(
        index_elements=["device", "session"],
        set_={"highest": database.greatest(table.c.highest, statement.excluded.highest)},
    ).returning(table.c.device, table.c.session, table.c.stored, table.c.highest)
    return {
        (device, session): (stored, last) for device, session, stored, last in database.put(connection, locked, wanted)
    }


def _beyond(connection: Connection, outbox: Outbox, stored: int) -> list[Arrived]:
    """What is in the database behind a number, the next ones."""
    table = schema.messages
    mine = (table.c.device == outbox[0], table.c.session == outbox[1], table.c.sequence > stored)
    rows = connection.execute(select(table).where(*mine).order_by(table.c.sequence).limit(MOST_BEYOND))
    return [
        Arrived(row.device, Message(row.session, row.sequence, row.after, row.time, row.kind, row.body), row.arrived)
        for row in rows
    ]


def _keep_reached(
    connection: Connection, database: Database, reached: Mapping[Outbox, int], highest: Mapping[Outbox, int]
) -> None:
    """Write down up to where each outbox was followed, and its highest number."""
    rows = [
        {"device": device, "session": session, "stored": number, "highest": highest[device, session]}
        for (device, session), number in reached.items()
    ]
    statement = database.insert(schema.outboxes)
    added = statement.excluded
    database.put(
        connection,
        statement.on_conflict_do_update(
            index_elements=["device", "session"], set_={"stored": added.stored, "highest": added.highest}
        ),
        rows,
    )


def _keep(connection: Connection, new: Sequence[Arrived]) -> None:
    """What follows from new messages in whatever order they come: answers and pictures."""
    for arrived in new:
        if arrived.message.kind == "answer":
            _answer(connection, arrived)
        elif arrived.message.kind == "picture":
            _picture(connection, arrived)


def _report(connection: Connection, database: Database, arrived: Arrived) -> None:
    """Merge what a device says of its twin, and take the place where it says that it is."""
    table, body = schema.twins, arrived.message.body
    mine = table.c.device == arrived.device
    fresh = {"version": 0, "desired": {}, "reported": {}, "acknowledged": {}, "reported_at": None}
    connection.execute(database.insert_once(table), {"device": arrived.device, **fresh})  # nothing is wanted of it yet
    row = connection.execute(select(table.c.reported, table.c.acknowledged).where(mine)).one()
    if isinstance(body.get("reported"), Mapping) and "place" in body["reported"]:
        places.say(connection, arrived.device, body["reported"]["place"])
    values: dict[str, Any] = {"reported_at": arrived.message.time}
    if isinstance(body.get("reported"), Mapping):
        values["reported"] = merge_patch.apply(row.reported, body["reported"])
    if isinstance(body.get("acknowledged"), Mapping):
        said = {name: one for name, one in body["acknowledged"].items() if _acknowledges(one)}
        values["acknowledged"] = merge_patch.apply(row.acknowledged, said)
    connection.execute(update(table).where(mine), values)


def _acknowledges(said: object) -> bool:
    """Whether this is value, code, version and text of a property: pages and roll-outs read it as such."""
    numbers = ("code", "version")
    return isinstance(said, Mapping) and all(type(said.get(name)) is int for name in numbers) and "text" in said


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
        event = body.get("event")  # the number of the message that it belongs to, in the same outbox
        row = {
            "device": arrived.device, "time": arrived.message.time, "about": about, "jpeg": jpeg,
            "session": arrived.message.session,
            "event": event if isinstance(event, int) and 0 < event < 2**53 else None,
        }  # fmt: skip
        connection.execute(schema.pictures.insert(), row)
