"""Models for devices: uploaded once, looked at before they are taken, fetched by hash by those that are to run them."""

import hashlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sqlalchemy import delete, func, select

from footlights.core.errors import ModelCorruptError, SettingsError, SinkError
from footlights.hub import schema
from footlights.hub.database import Database
from footlights.models.bundle import LARGEST
from footlights.models.from_hub import NAME, HubModel, kind_of, references
from footlights.models.try_out import try_out

MOST = 500  # models
MOST_BYTES = 64 << 30  # of all of them
COMMANDED = 86400.0  # seconds for which a device may fetch what it was told to


@dataclass(frozen=True)
class Kept:
    """A model of the library."""

    name: str
    digest: str
    kind: str  # onnx, tflite, zip
    size: int  # bytes
    labels: tuple[str, ...]
    by: str
    time: float
    note: str
    wanted: tuple[str, ...]  # devices whose document names it
    runs: tuple[str, ...]  # devices that say that they run it

    @property
    def reference(self) -> str:
        """As settings name it."""
        return str(HubModel(self.name, self.digest))


class Upload:
    """A model that is on its way in."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = folder / f".upload-{os.urandom(8).hex()}"
        self._file: IO[bytes] = self.path.open("xb")
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, piece: bytes) -> None:
        """The next piece. Raises ModelCorruptError: it is too long; SinkError: the disk is full."""
        self.size += len(piece)
        if self.size > LARGEST:
            raise ModelCorruptError(f"a model may have {LARGEST >> 20} MB")
        try:
            self._file.write(piece)
        except OSError as error:
            raise SinkError(f"the model cannot be kept: {error.strerror}") from None
        self._digest.update(piece)

    def finish(self) -> str:
        """Its SHA-256, once all of it is on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._digest.hexdigest()

    def close(self) -> None:
        """Throw away what was not taken."""
        self._file.close()
        self.path.unlink(missing_ok=True)


class ModelLibrary:
    """The models of a hub: facts in the database, files in a folder, by hash."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        for draft in folder.glob(".upload-*"):  # of a hub that was killed
            draft.unlink(missing_ok=True)

    def upload(self) -> Upload:
        """Where a model is written to before it is taken."""
        return Upload(self._folder)

    def take(self, name: str, upload: Upload, by: str, note: str = "") -> HubModel:
        """Look at what was uploaded, and keep it. The same file under the same name again changes nothing.

        Raises:
            SettingsError: a name that cannot be, or no room; ModelError: the file is no model.
        """
        if not NAME.fullmatch(name):
            raise SettingsError(
                f"'{name[:80]}' cannot be the name of a model: small letters, digits, - and _, up to 64"
            )
        if not upload.size:
            raise ModelCorruptError(f"{name} is empty")
        model = HubModel(name, upload.finish())
        with upload.path.open("rb") as file:
            kind = kind_of(file.read(16))
        draft = upload.path.with_suffix(f".{kind}")
        upload.path.rename(draft)
        try:
            labels = try_out(draft, f"{name}.{kind}")
            row = {
                "kind": kind,
                "size": upload.size,
                "labels": labels,
                "by": by,
                "time": time.time(),
                "note": note[:200],
            }
            with self._database.write() as connection:
                _check_room(connection, upload.size)
                facts = {"name": name, "digest": model.digest, **row}
                connection.execute(self._database.insert_once(schema.models), facts)
                draft.replace(self._folder / model.digest)
        finally:
            draft.unlink(missing_ok=True)
        return model

    def all(self) -> list[Kept]:
        """Every model with who is to run it and who does, the newest first."""
        table, twins = schema.models, schema.twins.c
        with self._database.read() as connection:
            rows = connection.execute(select(table).order_by(table.c.time.desc(), table.c.name)).mappings().all()
            wanted: dict[str, list[str]] = {}
            runs: dict[str, list[str]] = {}
            for device, desired, reported in connection.execute(
                select(twins.device, twins.desired, twins.reported).order_by(twins.device)
            ):
                for model in references(desired):
                    wanted.setdefault(str(model), []).append(device)
                for text in reported.get("models", ()) if isinstance(reported.get("models"), list) else ():
                    runs.setdefault(str(text), []).append(device)
        return [_kept(row, wanted, runs) for row in rows]

    def references(self) -> list[str]:
        """What settings may name, the newest first."""
        table = schema.models.c
        with self._database.read() as connection:
            rows = connection.execute(select(table.name, table.digest).order_by(table.time.desc(), table.name))
            return [str(HubModel(row.name, row.digest)) for row in rows]

    def file(self, device: str, digest: str) -> Path | None:
        """The file for a device that has to do with it: its document names it, or it was told to get it. Else None."""
        twins, commands = schema.twins.c, schema.commands.c
        with self._database.read() as connection:
            desired = connection.scalar(select(twins.desired).where(twins.device == device)) or {}
            told = select(commands.arguments).where(
                commands.device == device, commands.name == "pull-model", commands.time > time.time() - COMMANDED
            )
            named = references([desired, *connection.scalars(told)])
        path = self._folder / digest
        return path if any(model.digest == digest for model in named) and path.is_file() else None

    def remove(self, name: str, digest: str) -> None:
        """Forget a model. Raises SettingsError: there is none, or a device is to run it."""
        found = next((kept for kept in self.all() if (kept.name, kept.digest) == (name, digest)), None)
        if found is None:
            raise SettingsError(f"the hub has no model {name[:64]} of this hash")
        if found.wanted:
            raise SettingsError(f"{', '.join(found.wanted[:5])} are to run {name}: give them another model first")
        table = schema.models
        with self._database.write() as connection:
            connection.execute(delete(table).where(table.c.name == name, table.c.digest == digest))
            if not connection.scalar(select(func.count()).where(table.c.digest == digest)):
                (self._folder / digest).unlink(missing_ok=True)


def _kept(row: Mapping[Any, Any], wanted: Mapping[str, list[str]], runs: Mapping[str, list[str]]) -> Kept:
    reference = str(HubModel(row["name"], row["digest"]))
    facts: dict[str, Any] = {name: row[name] for name in ("name", "digest", "kind", "size", "by", "time", "note")}
    facts |= {"wanted": tuple(wanted.get(reference, ())), "runs": tuple(runs.get(reference, ()))}
    return Kept(**facts, labels=tuple(row["labels"]))


def _check_room(connection: Any, size: int) -> None:
    count, summed = connection.execute(select(func.count(), func.sum(schema.models.c.size))).one()
    total = int(summed or 0)  # PostgreSQL says a decimal
    if count >= MOST or total + size > MOST_BYTES:
        raise SettingsError(f"there are {count} models of {total >> 20} MB already: remove some first")
