"""Workers of the hub: each has a name and a certificate of its own, which can be taken back."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import Connection, insert, select, update

from footlights.core.errors import SettingsError
from footlights.hub import schema
from footlights.hub.archive import Archive
from footlights.hub.authority import Authority
from footlights.hub.database import Database
from footlights.hub.ingest import Ingest
from footlights.hub.line import Broker
from footlights.hub.mosquitto import SERVER, WORKER, Address, Rights, client_context
from footlights.hub.registry import Registry
from footlights.hub.rules import Judge
from footlights.wire.keys import check_registration
from footlights.wire.secret_file import write_secret

OWN = "hub"  # the name of the one that runs within the hub
DAYS = 397.0  # for which a certificate holds
MQTTS = 8883


@dataclass(frozen=True)
class Worker:
    """One worker that may work."""

    name: str
    until: float  # seconds since 1970: the end of its certificate


class Workers:
    """Who may work, in the hub's database."""

    def __init__(self, database: Database, authority: Authority) -> None:
        self._database = database
        self._authority = authority

    def make(self, name: str, folder: Path) -> Path:
        """Key and certificate of a worker in a folder, with what it knows the broker by. The old ones hold no more.

        Raises SettingsError: a bad name.
        """
        if check_registration(name) == OWN:
            raise SettingsError(f"'{OWN}' is the worker within the hub: take another name")
        now = datetime.now(UTC)
        key, certificate = self._authority.client(WORKER + name, now, DAYS)
        row = {"serial": certificate.serial, "name": name, "since": certificate.since, "until": certificate.until}
        with self._database.write() as connection:
            _revoke(connection, name, now.timestamp())
            connection.execute(insert(schema.workers), {**row, "revoked": None})
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_secret(folder / "worker.key", key)
        (folder / "worker.crt").write_text(certificate.pem, encoding="utf-8")
        (folder / "authority.crt").write_text(self._authority.pem, encoding="utf-8")
        return folder

    def remove(self, name: str) -> None:
        """Let a worker work no more. Raises SettingsError: there is none of this name."""
        with self._database.write() as connection:
            if _revoke(connection, name, datetime.now(UTC).timestamp()) == 0:
                raise SettingsError(f"there is no worker '{name[:80]}'")

    def all(self) -> list[Worker]:
        """Every worker, by name."""
        table = schema.workers.c
        wanted = select(table.name, table.until).where(table.revoked.is_(None)).order_by(table.name)
        with self._database.read() as connection:
            return [Worker(row.name, row.until) for row in connection.execute(wanted)]


def rights(registry: Registry, workers: Workers) -> Rights:
    """What the broker lets whom do, as it is now."""
    names = (WORKER + worker.name for worker in workers.all())
    return Rights(registry.revocation_list(), (SERVER,), (WORKER + OWN, *names))


def worker(name: str, folder: Path, database: Database, broker: str) -> Ingest:
    """A worker that is ready to start, with what `Workers.make` put into the folder.

    Raises SettingsError: there is nothing in the folder, or no broker at such an address.
    """
    address = read_address(broker)
    try:
        context = client_context(folder / "authority.crt", folder / "worker.crt", folder / "worker.key")
    except OSError:
        raise SettingsError(
            f"{folder} holds no key and certificate of a worker; on the hub: footlights hub worker {name}"
        ) from None
    return Ingest(Broker(address.host, address.port, WORKER + name, context), Archive(database, Judge()))


def read_address(broker: str) -> Address:
    """Where a broker is, from mqtts://HOST:PORT. Raises SettingsError."""
    parts = urlsplit(broker)
    try:
        host, port = parts.hostname, parts.port or MQTTS
    except ValueError:
        host, port = None, 0
    if parts.scheme != "mqtts" or not host or parts.path.strip("/") or parts.username is not None:
        raise SettingsError(f"a broker is mqtts://HOST or mqtts://HOST:PORT, not '{broker[:80]}'")
    return Address(host, port)


def _revoke(connection: Connection, name: str, now: float) -> int:
    table = schema.workers
    return connection.execute(
        update(table).where(table.c.name == name, table.c.revoked.is_(None)), {"revoked": now}
    ).rowcount
