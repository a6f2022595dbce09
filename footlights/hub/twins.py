"""Desired documents and what devices say of them. The desired document of a device is its whole `footlights.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from footlights.core.errors import SettingsError
from footlights.engine.registry import app_names, load_app
from footlights.hub import schema
from footlights.hub.database import Database
from footlights.models.from_hub import references
from footlights.wire import merge_patch
from footlights.wire.document import Document
from footlights.wire.fleet import Desired
from footlights.wire.near_miss import near_miss
from footlights.wire.settings import validate

MOST_HISTORY = 500  # versions that are listed


@dataclass(frozen=True)
class Twin:
    """Both sides of a device."""

    desired: Desired
    reported: Mapping[str, Any]
    acknowledged: Mapping[str, Any]  # {property: {value, code, version, text}}
    reported_at: float | None  # seconds since 1970


@dataclass(frozen=True)
class Edition:
    """One version of a desired document."""

    version: int
    document: Mapping[str, Any]
    time: float  # seconds since 1970
    by: str
    why: str


class Twins:
    """The twins in the hub's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def twin(self, device: str) -> Twin:
        """Raises SettingsError where there is no such device."""
        with self._database.read() as connection:
            row = _row(connection, device)
            if row is None:
                _check_device(connection, device)
                return Twin(Desired(0, {}), {}, {}, None)
        return Twin(Desired(row["version"], row["desired"]), row["reported"], row["acknowledged"], row["reported_at"])

    def patch(self, device: str, patch: Mapping[str, Any], by: str, why: str = "") -> Desired:
        """Change the desired document by a JSON merge patch (RFC 7396). A patch that changes nothing makes no version.

        Raises:
            SettingsError: the document would not be valid, in the words that `footlights run` would use; or there is no
                such device. Nothing has changed.
        """
        with self._database.write() as connection:
            return patch_in(connection, device, patch, by, why)

    def replace(self, device: str, document: Mapping[str, Any], by: str, why: str = "") -> Desired:
        """Put another document in its place. Raises SettingsError, as `patch`."""
        wanted = merge_patch.without_nulls(document)
        return self.patch(device, merge_patch.difference(self.twin(device).desired.document, wanted), by, why)

    def roll_back(self, device: str, version: int, by: str) -> Desired:
        """Make an earlier document the desired one again, as a new version. Raises SettingsError: there is none."""
        for edition in self.history(device):
            if edition.version == version:
                return self.replace(device, edition.document, by, f"back to version {version}")
        raise SettingsError(f"{device} has no version {version}")

    def history(self, device: str) -> list[Edition]:
        """The versions of a desired document, the newest first."""
        table = schema.twin_history
        wanted = select(table).where(table.c.device == device).order_by(table.c.version.desc()).limit(MOST_HISTORY)
        with self._database.read() as connection:
            rows = connection.execute(wanted).mappings()
            return [Edition(row["version"], row["desired"], row["time"], row["by"], row["why"]) for row in rows]

    def all_desired(self) -> dict[str, Desired]:
        """The desired document of every device that has one."""
        table = schema.twins
        with self._database.read() as connection:
            rows = connection.execute(
                select(table.c.device, table.c.version, table.c.desired).where(table.c.version > 0)
            )
            return {device: Desired(version, document) for device, version, document in rows}


def desired_in(connection: Connection, device: str) -> Desired:
    """What a device is to be, as a transaction sees it; version 0 where nothing was ever said."""
    row = _row(connection, device)
    return Desired(0, {}) if row is None else Desired(row["version"], row["desired"])


def patch_in(connection: Connection, device: str, patch: Mapping[str, Any], by: str, why: str) -> Desired:
    """`Twins.patch` as a part of somebody's transaction."""
    before = desired_in(connection, device)
    wanted = patched(connection, before.document, patch)
    if before.version and merge_patch.same(before.document, wanted):
        return before
    return _store(connection, device, Desired(before.version + 1, wanted), by, why)


def patched(connection: Connection, document: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """What a document becomes by a merge patch. Raises SettingsError: it would not be valid, or names a model of the
    hub that it does not have.
    """
    wanted: dict[str, Any] = merge_patch.without_nulls(merge_patch.apply(document, patch))
    check(wanted)
    for model in sorted(references(wanted), key=str):
        known = select(schema.models.c.digest).where(
            schema.models.c.name == model.name, schema.models.c.digest == model.digest
        )
        if connection.scalar(known) is None:
            raise SettingsError(f"the hub has no model {model}: upload it first")
    return wanted


def check(content: Mapping[str, Any]) -> Document:
    """A document as it will be taken on the device. Raises SettingsError, a line for everything that is not valid."""
    document = validate(Document, content)
    if document.app is not None:
        if document.app not in app_names():  # never a path: the hub runs nobody's code
            raise SettingsError(f"there is no app '{document.app}'; {near_miss(document.app, app_names())}")
        validate(load_app(document.app).Settings, document.settings)
    return document


def _store(connection: Connection, device: str, desired: Desired, by: str, why: str) -> Desired:
    table = schema.twins
    changed = update(table).where(table.c.device == device)
    values = {"version": desired.version, "desired": desired.document}
    if connection.execute(changed, values).rowcount == 0:
        _check_device(connection, device)
        connection.execute(
            insert(table), {**values, "device": device, "reported": {}, "acknowledged": {}, "reported_at": None}
        )
    edition = {"device": device, **values, "time": datetime.now(UTC).timestamp(), "by": by, "why": why[:200]}
    connection.execute(insert(schema.twin_history), edition)
    return desired


def _row(connection: Connection, device: str) -> Any:
    table = schema.twins
    return connection.execute(select(table).where(table.c.device == device)).mappings().one_or_none()


def _check_device(connection: Connection, device: str) -> None:
    if connection.scalar(select(schema.devices.c.id).where(schema.devices.c.id == device)) is None:
        raise SettingsError(f"there is no device '{device[:80]}'")
