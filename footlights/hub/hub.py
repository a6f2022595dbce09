"""A whole hub on one machine: database, authority, broker, worker and switchboard, from one folder."""

import logging
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from footlights.core.errors import FootlightsError, InstallError
from footlights.hub.archive import Archive, Arrived
from footlights.hub.authority import LIST_DAYS, Authority
from footlights.hub.consequences import Consequences
from footlights.hub.database import Database
from footlights.hub.housekeeping import Housekeeping
from footlights.hub.ingest import Ingest
from footlights.hub.line import Broker
from footlights.hub.measurements import Measurements
from footlights.hub.model_library import ModelLibrary
from footlights.hub.mosquitto import SERVER, WORKER, Address, Elsewhere, Mosquitto, Rights, client_context
from footlights.hub.overview import Overview
from footlights.hub.people import People
from footlights.hub.places import Places
from footlights.hub.post import Post
from footlights.hub.registry import Registry
from footlights.hub.relay import Relay, asking
from footlights.hub.rollout_steps import RolloutSteps
from footlights.hub.rollouts import Rollouts
from footlights.hub.rollups import RollUps
from footlights.hub.rules import Judge, Rules
from footlights.hub.safe import Safe
from footlights.hub.switchboard import Switchboard
from footlights.hub.twins import Twins
from footlights.hub.workers import OWN, Worker, Workers, read_address, rights
from footlights.wire.secret_file import write_secret

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0  # seconds between two looks at the broker
_Known = tuple[frozenset[Worker], list[str]]  # what rights are made of: workers, and certificates that hold no more
RENEW_LIST = LIST_DAYS * 86400 / 3  # seconds between two revocation lists


@dataclass(frozen=True)
class Place:
    """Where a hub lives and is found."""

    folder: Path
    host: str = "127.0.0.1"  # that the broker listens on
    port: int = 8883  # of the broker
    names: tuple[str, ...] = ("localhost", "127.0.0.1")  # by which devices and browsers find this machine
    database: str | None = None  # postgresql://...; None: SQLite in the folder
    broker: str | None = None  # mqtts://..., that somebody else runs; None: a child of the hub


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
        self.models = ModelLibrary(self.database, place.folder / "models")
        self.post = Post(self.database, Safe(place.folder / "authority"))
        self.rules = Rules(self.database, self.post)
        self.archive = Archive(self.database, Judge())
        self.overview = Overview(self.database, self.registry)
        self.measurements = Measurements(self.database)
        self.places = Places(self.database)
        self.watchers: list[Callable[[Sequence[Arrived]], None]] = [self.overview.hear]  # told of what was stored
        self.workers = Workers(self.database, self.authority)
        self._address = read_address(place.broker) if place.broker else Address(place.names[0], place.port)
        listens = self._address if place.broker else Address(place.host, place.port)
        kind = Elsewhere if place.broker else Mosquitto
        self.mosquitto = kind(place.folder / "broker", self.authority, listens, place.names)
        self.switchboard = Switchboard(self._broker(SERVER), self.database, self.registry, self.twins)
        self.relay = Relay(asking(self.switchboard))
        self.ingest = Ingest(self._broker(WORKER + OWN), self.archive, self._tell)
        say_desired = self.switchboard.say_desired
        self.rollouts = Rollouts(self.database, say_desired)
        self.rollout_steps = RolloutSteps(self.database, self.rollouts, say_desired, self.people.note)
        self.consequences = Consequences(self.database, self.rules, self.switchboard)
        self.roll_ups = RollUps(self.database)
        self.housekeeping = Housekeeping(self.database)
        self._closing = threading.Event()
        self._tending = threading.Lock()  # held while the broker is started or told something
        self._watch = threading.Thread(target=self._look_after_broker, name="broker watch", daemon=True)

    def start(self) -> None:
        """Start the broker and listen to devices. Raises SinkError where the broker does not start.

        Where it is not installed everything else works; it is started as soon as it is there.
        """
        try:
            with self._tending:
                self.mosquitto.start(self._rights())
        except InstallError as error:
            log.error("%s. Until then there are pages, and no devices.", error)
        self.seal()
        self.switchboard.start()
        self.ingest.start()
        self.consequences.start()
        self.rollout_steps.start()
        self.roll_ups.start()
        self.housekeeping.start()
        self.overview.start()
        self._watch.start()

    def block(self, device: str) -> None:
        """Let a device in no more, and end its connection. Raises SettingsError: there is no such device."""
        self.registry.block(device)
        self.switchboard.forget(device)
        self.relay.end(device, "the device was blocked")
        # A running broker keeps connections whose certificate is revoked: only a new start ends them.
        with self._tending:
            self.mosquitto.restart(self._rights())

    def close(self) -> None:
        """End everything in good order."""
        self._closing.set()
        if self._watch.ident is not None:
            self._watch.join()
        self.ingest.close()
        self.consequences.close()
        self.rollout_steps.close()
        self.roll_ups.close()
        self.housekeeping.close()
        self.overview.close()
        self.switchboard.close()
        self.mosquitto.close()
        self.database.close()

    def seal(self) -> None:
        """Seal the secrets that an earlier version kept as they are, and say which cannot be read any more."""
        self.post.seal()
        lost = self.rules.seal()
        if self.post.lost:
            log.warning("the password of the mail server cannot be read any more: enter it again, under Settings")
        if lost:
            log.warning("where the actions of %d rules go cannot be read any more: make these rules anew", lost)

    def _tell(self, arrived: Sequence[Arrived]) -> None:
        self.consequences.wake()
        for watcher in self.watchers:
            watcher(arrived)

    def broker_for(self, asked: str) -> Address:
        """Where devices find the broker that found the hub by this name."""
        return self._address if self.place.broker else Address(asked, self.place.port)

    def _rights(self) -> Rights:
        return rights(self.registry, self.workers)

    def _broker(self, name: str) -> Broker:
        return Broker(self._address.host, self._address.port, name, self._context(name))

    def _context(self, name: str) -> ssl.SSLContext:
        """A fresh certificate for a part of the hub, at every start."""
        key, certificate = self.authority.client(name, datetime.now(UTC), days=3650)
        folder = self.mosquitto.folder
        write_secret(folder / f"{name}.key", key)
        (folder / f"{name}.crt").write_text(certificate.pem, encoding="utf-8")
        return client_context(self.authority.path, folder / f"{name}.crt", folder / f"{name}.key")

    def _look_after_broker(self) -> None:
        """Start it where it is away, and give it new rights where they change or the revocation list is to end."""
        told: _Known | None = None
        since = 0.0
        while not self._closing.wait(LOOK_EVERY):
            since += LOOK_EVERY
            try:
                known = frozenset(self.workers.all()), self.registry.revoked()
                if self._tend_broker(told, known, since):
                    told, since = known, 0.0
            except InstallError:
                continue  # it was said at the start
            except FootlightsError as error:
                log.error("%s", error)
            except DBAPIError as error:
                log.error("the database is away: %s", type(error.orig).__name__)

    def _tend_broker(self, told: _Known | None, known: _Known, since: float) -> bool:
        """Whether the broker was told anything: it knew `told`, since so many seconds, and `known` is so now."""
        with self._tending:
            if self.place.broker is None and not self.mosquitto.runs():
                self.mosquitto.start(self._rights())
                log.warning("the broker was away; it is started")
            elif told is not None and told[0] - known[0]:
                self.mosquitto.restart(self._rights())  # a worker that may work no more keeps its connection otherwise
            elif told != known or since >= RENEW_LIST:
                self.mosquitto.write_rights(self._rights())
                self.mosquitto.reload()
            else:
                return False
        return True
