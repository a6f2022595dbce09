"""Which devices there are, and how they come: groups with a key, enrolment, certificates, renewal, revocation."""

import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from footlights.core.errors import FootlightsError, SettingsError
from footlights.hub import schema
from footlights.hub.authority import DEVICE_DAYS, Authority, Certificate
from footlights.hub.database import Database, about
from footlights.wire import keys, signed_request

WAITING, ACTIVE, BLOCKED = "waiting", "active", "blocked"
MOST_WAITING = 1000  # devices that nobody has said yes or no to
REFUSED = "the hub refuses this enrolment: check scope, id and key, and that the clock is right"

UNSIGNED = "the hub does not believe this request: is the clock right, and does the certificate still hold?"


class RefusedError(FootlightsError):
    """A device may not do what it asks for. The message says nothing about what the hub knows."""


@dataclass(frozen=True)
class Group:
    """Devices that enrol with one key."""

    id: str
    title: str
    key: str  # base64
    by_hand: bool  # somebody must say yes to each device
    open: bool  # takes new devices


@dataclass(frozen=True)
class Device:
    """One device of the fleet."""

    id: str
    title: str
    group: str | None
    state: str  # waiting, active, blocked
    created: float
    online: bool
    seen: float | None  # seconds since 1970
    place: Mapping[str, Any] | None = None  # as `footlights.hub.places` has it


class Registry:
    """Devices and their certificates, in the hub's database."""

    def __init__(self, database: Database, authority: Authority) -> None:
        self._database = database
        self._authority = authority
        with database.write() as connection:
            self.scope = about(connection, "scope", f"ft-{secrets.token_hex(5)}")

    def make_group(self, name: str, title: str = "", *, by_hand: bool = False) -> Group:
        """A new group with a key of its own. Raises SettingsError: a bad name, or one that is taken."""
        keys.check_registration(name)
        with self._database.write() as connection:
            if connection.scalar(select(schema.groups.c.id).where(schema.groups.c.id == name)):
                raise SettingsError(f"there is a group '{name}' already")
            group = Group(name, title or name, keys.new_key(), by_hand, True)
            connection.execute(insert(schema.groups), {**vars(group), "created": time.time()})
        return group

    def groups(self) -> list[Group]:
        """Every group, by name."""
        with self._database.read() as connection:
            rows = connection.execute(select(schema.groups).order_by(schema.groups.c.id)).mappings()
            return [_group(row) for row in rows]

    def close_group(self, name: str, *, opened: bool) -> None:
        """Let a group take new devices, or not."""
        self._change(schema.groups, name, open=opened)

    def change_group(
        self,
        name: str,
        *,
        title: str | None = None,
        by_hand: bool | None = None,
        opened: bool | None = None,
        new_key: bool = False,
    ) -> None:
        """Change what is given. With a new key nobody enrols with the old one any more; certificates hold on.

        Raises SettingsError: there is no such group.
        """
        given = {"title": title and title[:200], "by_hand": by_hand, "open": opened}
        values = {key: value for key, value in given.items() if value is not None}
        if new_key:
            values["key"] = keys.new_key()
        if values:
            self._change(schema.groups, name, **values)

    def change_device(self, name: str, *, title: str | None = None, group: str | None = None) -> None:
        """Give a device another title, or put it into a group; the empty name takes it out of its own.

        Raises SettingsError: there is no such device or group; or it would have no key left to enrol with.
        """
        with self._database.write() as connection:
            row = _row(connection, name)
            values: dict[str, Any] = {} if title is None else {"title": title[:200] or name}
            if group is not None:
                if group and connection.scalar(select(schema.groups.c.id).where(schema.groups.c.id == group)) is None:
                    raise SettingsError(f"there is no group '{group[:64]}'")
                if not group and row is not None and row["key"] is None:
                    raise SettingsError(f"{name} enrolled with the key of its group: put it into another one")
                values["group"] = group or None
            if values:
                _change(connection, schema.devices, name, **values)

    def add(self, name: str, title: str = "") -> str:
        """A device with a key of its own, which is returned. Raises SettingsError: a bad name, or one that is taken."""
        keys.check_registration(name)
        key = keys.new_key()
        with self._database.write() as connection:
            if _row(connection, name) is not None:
                raise SettingsError(f"there is a device '{name}' already")
            _insert_device(connection, name, title, None, key, ACTIVE)
        return key

    def devices(self) -> list[Device]:
        """Every device, by name."""
        columns = [schema.devices.c[name] for name in Device.__dataclass_fields__]
        with self._database.read() as connection:
            return [Device(*row) for row in connection.execute(select(*columns).order_by(schema.devices.c.id))]

    def enrol(self, name: str, authorization: str, body: bytes, request: bytes) -> Certificate | None:
        """The certificate for a device that signed its request; None where somebody must say yes first.

        Args:
            name: the registration id.
            authorization: the header of that name.
            body: of the request, which the signature covers.
            request: the certificate signing request that the body holds, PEM.

        Raises:
            RefusedError: whatever was wrong with who asks; the reader learns nothing about the fleet from it.
            SettingsError: what is asked for cannot be given: the signing request is not usable.
        """
        now = datetime.now(UTC)
        try:
            keys.check_registration(name)
            signature = keys.read(authorization)
        except SettingsError as error:
            raise RefusedError(str(error)) from None
        if signature.resource != keys.resource(self.scope, name):
            raise RefusedError(REFUSED)
        with self._database.write() as connection:
            row = _row(connection, name)
            group = self._group_that_signed(connection, row, name, signature, body)
            _take_once(connection, signature, now.timestamp())
            if row is None:
                state = self._state_of_newcomer(connection, group)
                _insert_device(connection, name, "", group.id if group else None, None, state)
            else:
                state = row["state"]
            if state != ACTIVE:
                if state == WAITING:
                    return None
                raise RefusedError(REFUSED)
            return self._certify(connection, name, request, now)

    def renew(self, name: str, request: bytes) -> Certificate:
        """A new certificate for a device that showed the old one; the old one holds until its end.

        Raises RefusedError: the device is not active; SettingsError: the signing request is not usable.
        """
        with self._database.write() as connection:
            row = _row(connection, name)
            if row is None or row["state"] != ACTIVE:
                raise RefusedError(REFUSED)
            return self._certify(connection, name, request, datetime.now(UTC), keep=True)

    def recognise(self, header: str, method: str, path: str) -> str:
        """The device that signed a request with the key of its certificate. Raises RefusedError."""
        now, table, devices = time.time(), schema.certificates.c, schema.devices.c
        try:
            claim = signed_request.read(header)
        except SettingsError as error:
            raise RefusedError(str(error)) from None
        if not self._authority.issued(claim.certificate) or not signed_request.holds(claim, method, path, now):
            raise RefusedError(UNSIGNED)
        wanted = (
            select(table.device)
            .join_from(schema.certificates, schema.devices)
            .where(table.serial == f"{claim.certificate.serial_number:x}", table.revoked.is_(None), table.until > now)
            .where(devices.state == ACTIVE)
        )
        with self._database.read() as connection:
            device = connection.scalar(wanted)
        if device is None:
            raise RefusedError(UNSIGNED)
        return str(device)

    def approve(self, name: str) -> None:
        """Say yes to a device that waits, or let one that was blocked enrol again."""
        self._change(schema.devices, name, state=ACTIVE)

    def block(self, name: str) -> None:
        """Let a device in no more: none of its certificates holds, and it cannot enrol."""
        with self._database.write() as connection:
            _change(connection, schema.devices, name, state=BLOCKED, online=False)
            _revoke(connection, name, time.time())

    def revoked(self) -> list[str]:
        """Serial numbers that hold no more and have not ended by themselves."""
        serials: list[str] = []
        with self._database.read() as connection:
            for table in (schema.certificates, schema.workers):
                gone = (table.c.revoked.is_not(None), table.c.until > time.time() - 86400)
                serials += connection.scalars(select(table.c.serial).where(*gone))
        return sorted(serials)

    def revocation_list(self) -> str:
        """The list for the broker, with a number that grows."""
        now = datetime.now(UTC)
        return self._authority.revocation_list(self.revoked(), int(now.timestamp()), now)

    def set_online(self, name: str, *, online: bool) -> None:
        """Note that a device came or went; of one that may not be here nothing is noted."""
        with self._database.write() as connection:
            table = schema.devices
            mine = update(table).where(table.c.id == name, table.c.state == ACTIVE)
            connection.execute(mine, {"online": online, "seen": time.time()})

    def _change(self, table: Any, name: str, **values: Any) -> None:
        with self._database.write() as connection:
            _change(connection, table, name, **values)

    def _group_that_signed(
        self, connection: Connection, row: Any, name: str, signature: keys.Signature, body: bytes
    ) -> Group | None:
        """The group whose key was used; None where the device has a key of its own. Raises RefusedError: neither."""
        if row is not None and row["key"] is not None:
            if keys.holds(signature, row["key"], body, time.time()):
                return None
            raise RefusedError(REFUSED)
        for found in connection.execute(select(schema.groups)).mappings():
            group = _group(found)
            belongs = group.open if row is None else row["group"] == group.id
            if keys.holds(signature, keys.derived_key(group.key, name), body, time.time()) and belongs:
                return group
        raise RefusedError(REFUSED)

    def _state_of_newcomer(self, connection: Connection, group: Group | None) -> str:
        if group is None or not group.by_hand:
            return ACTIVE
        table = schema.devices
        waiting = connection.scalar(select(func.count()).select_from(table).where(table.c.state == WAITING)) or 0
        if waiting >= MOST_WAITING:
            raise RefusedError("too many devices wait for a yes; somebody must look at them first")
        return WAITING

    def _certify(
        self, connection: Connection, name: str, request: bytes, now: datetime, *, keep: bool = False
    ) -> Certificate:
        signed = self._authority.sign(request, name, now, DEVICE_DAYS)
        if not keep:
            _revoke(connection, name, now.timestamp())
        facts = {"serial": signed.serial, "device": name, "since": signed.since, "until": signed.until}
        connection.execute(insert(schema.certificates), {**facts, "revoked": None})
        return signed


def _group(row: Mapping[Any, Any]) -> Group:
    return Group(**{name: row[name] for name in Group.__dataclass_fields__})


def _row(connection: Connection, name: str) -> Any:
    return connection.execute(select(schema.devices).where(schema.devices.c.id == name)).mappings().one_or_none()


def _insert_device(
    connection: Connection, name: str, title: str, group: str | None, key: str | None, state: str
) -> None:
    device = {"id": name, "title": title or name, "group": group, "key": key, "state": state, "created": time.time()}
    connection.execute(insert(schema.devices), {**device, "online": False, "seen": None, "place": None})


def _change(connection: Connection, table: Any, name: str, **values: Any) -> None:
    if connection.execute(update(table).where(table.c.id == name), values).rowcount == 0:
        raise SettingsError(f"there is no '{name[:80]}' among the {table.name}")


def _revoke(connection: Connection, name: str, now: float) -> None:
    table = schema.certificates
    connection.execute(update(table).where(table.c.device == name, table.c.revoked.is_(None)), {"revoked": now})


def _take_once(connection: Connection, signature: keys.Signature, now: float) -> None:
    """Refuse a signed request that was taken before. Signatures that ended are forgotten: they hold no more anyway."""
    table = schema.requests
    digest = hashlib.sha256(f"{signature.resource} {signature.digest}".encode()).hexdigest()
    connection.execute(delete(table).where(table.c.until < now - 60))
    if connection.scalar(select(table.c.digest).where(table.c.digest == digest)):
        raise RefusedError(REFUSED)
    connection.execute(insert(table), {"digest": digest, "until": signature.expires})
