"""A whole hub on one machine: database, authority, broker, worker and switchboard, from one folder."""

import logging
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from footlights.core.errors import FootlightsError
from footlights.hub.archive import Archive, Arrived
from footlights.hub.authority import LIST_DAYS, Authority
from footlights.hub.consequences import Consequences
from footlights.hub.database import Database
from footlights.hub.housekeeping import Housekeeping
from footlights.hub.ingest import Broker, Ingest
from footlights.hub.measurements import Measurements
from footlights.hub.mosquitto import SERVER, Address, Mosquitto, client_context
from footlights.hub.overview import Overview
from footlights.hub.people import People
from footlights.hub.registry import Registry
from footlights.hub.rollout_steps import RolloutSteps
from footlights.hub.rollouts import Rollouts
from footlights.hub.rules import Judge, Rules
from footlights.hub.switchboard import Switchboard
from footlights.hub.twins import Twins
from footlights.wire.secret_file import write_secret

log = logging.getLogger(__name__)

WORKER = "hub.ingest-1"  # the worker that runs within the hub
LOOK_EVERY = 2.0  # seconds between two looks at the broker
RENEW_LIST = LIST_DAYS * 86400 / 3  # seconds between two revocation lists


@dataclass(frozen=True)
class Place:
    """Where a hub lives and is found."""

    folder: Path
    host: str = "127.0.0.1"  # that the broker listens on
    port: int = 8883  # of the broker
    names: tuple[str, ...] = ("localhost", "127.0.0.1")  # by which devices and browsers find this machine
    database: str | None = None  # postgresql://...; None: SQLite in the folder


class Hub:
    """Everything of a hub but its web server."""

    def __init__(self, place: Place) -> None:
        self.place = place
        place.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.authority = Authority(place.folder / "authority")
        self.database = Database(place.database or place.folder / "hub.sqlite")
        self.registry = Registry(self.database, self.authority)
        self.people = People(self.database)
        self.twins = Twins(self.database)
        self.rules = Rules(self.database)
        self.archive = Archive(self.database, Judge())
        self.overview = Overview(self.database, self.registry)
        self.measurements = Measurements(self.database)
        self.watchers: list[Callable[[Sequence[Arrived]], None]] = [self.overview.hear]  # told of what was stored
        self.mosquitto = Mosquitto(
            place.folder / "broker", self.authority, Address(place.host, place.port), place.names
        )
        self.switchboard = Switchboard(self._broker(SERVER), self.database, self.registry, self.twins)
        self.ingest = Ingest(self._broker(WORKER), self.archive, self._tell)
        say_desired = self.switchboard.say_desired
        self.rollouts = Rollouts(self.database, say_desired)
        self.rollout_steps = RolloutSteps(self.database, self.rollouts, say_desired, self.people.note)
        self.consequences = Consequences(self.database, self.rules, self.switchboard)
        self.housekeeping = Housekeeping(self.database)
        self._closing = threading.Event()
        self._watch = threading.Thread(target=self._look_after_broker, name="broker watch", daemon=True)

    def start(self) -> None:
        """Start the broker and listen to devices. Raises SinkError where the broker does not start."""
        self.mosquitto.start(self.registry.revocation_list(), (SERVER, WORKER))
        self.switchboard.start()
        self.ingest.start()
        self.consequences.start()
        self.rollout_steps.start()
        self.housekeeping.start()
        self.overview.start()
        self._watch.start()

    def block(self, device: str) -> None:
        """Let a device in no more, and end its connection. Raises SettingsError: there is no such device."""
        self.registry.block(device)
        self.switchboard.forget(device)
        # A running broker keeps connections whose certificate is revoked: only a new start ends them.
        self.mosquitto.restart(self.registry.revocation_list(), (SERVER, WORKER))

    def close(self) -> None:
        """End everything in good order."""
        self._closing.set()
        if self._watch.ident is not None:
            self._watch.join()
        self.ingest.close()
        self.consequences.close()
        self.rollout_steps.close()
        self.housekeeping.close()
        self.overview.close()
        self.switchboard.close()
        self.mosquitto.close()
        self.database.close()

    def _tell(self, arrived: Sequence[Arrived]) -> None:
        self.consequences.wake()
        for watcher in self.watchers:
            watcher(arrived)

    def _broker(self, name: str) -> Broker:
        return Broker(self.place.names[0], self.place.port, name, self._context(name))

    def _context(self, name: str) -> ssl.SSLContext:
        """A fresh certificate for a part of the hub, at every start."""
        key, certificate = self.authority.client(name, datetime.now(UTC), days=3650)
        folder = self.mosquitto.folder
        write_secret(folder / f"{name}.key", key)
        (folder / f"{name}.crt").write_text(certificate.pem, encoding="utf-8")
        return client_context(self.authority.path, folder / f"{name}.crt", folder / f"{name}.key")

    def _look_after_broker(self) -> None:
        """Start it again where it died, and give it a new revocation list before the old one ends."""
        since_list = 0.0
        while not self._closing.wait(LOOK_EVERY):
            since_list += LOOK_EVERY
            try:
                if not self.mosquitto.runs():
                    log.warning("the broker has ended; it is started again")
                    self.mosquitto.start(self.registry.revocation_list(), (SERVER, WORKER))
                    since_list = 0.0
                elif since_list >= RENEW_LIST:
                    self.mosquitto.write_rights(self.registry.revocation_list(), (SERVER, WORKER))
                    self.mosquitto.reload()
                    since_list = 0.0
            except FootlightsError as error:
                log.error("%s", error)
            except DBAPIError as error:
                log.error("the database is away: %s", type(error.orig).__name__)
