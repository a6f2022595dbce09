"""What is kept for how long, and a copy of everything."""

import logging
import shutil
import sqlite3
import tarfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import delete, select

from footlights.core.errors import SettingsError, SinkError
from footlights.hub import schema
from footlights.hub.database import Database
from footlights.hub.rounds import Rounds

log = logging.getLogger(__name__)
DAY = 86400.0  # seconds
EVERY = 600.0  # seconds between two rounds
PORTION = 5000  # rows that are forgotten in one transaction: nobody waits long


@dataclass(frozen=True)
class Keep:
    """How long things are kept."""

    messages: float = field(default=14.0, metadata={"unit": "days"})
    minutes: float = field(default=90.0, metadata={"unit": "days"})
    hours: float = field(default=1825.0, metadata={"unit": "days"})
    pictures: float = field(default=14.0, metadata={"unit": "days"})
    audit: float = field(default=730.0, metadata={"unit": "days"})


class Housekeeping:
    """A thread that forgets what is too old."""

    def __init__(self, database: Database, keep: Keep | None = None, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._keep = keep or Keep()
        self._clock = clock
        self._rounds = Rounds("housekeeping", self._look, lambda: EVERY, at_start=False)

    def start(self) -> None:
        """Begin."""
        self._rounds.start()

    def close(self) -> None:
        """Stop."""
        self._rounds.close()

    def tidy(self) -> int:
        """Forget what is too old; how many rows that were."""
        now, keep = self._clock(), self._keep
        messages, rollups = schema.messages.c, schema.rollups.c
        rolled = select(schema.rolled.c.sequence).where(
            schema.rolled.c.device == messages.device, schema.rolled.c.session == messages.session
        )
        old = (
            # What lies behind a gap is still needed to know where the gap ends, and what is not added up yet.
            (schema.messages, messages.id, (messages.time < now - keep.messages * DAY)
             & (messages.sequence <= rolled.scalar_subquery())),
            (schema.pictures, schema.pictures.c.id, schema.pictures.c.time < now - keep.pictures * DAY),
            (schema.audit, schema.audit.c.id, schema.audit.c.time < now - keep.audit * DAY),
            (schema.commands, schema.commands.c.id, schema.commands.c.time < now - keep.audit * DAY),
            (schema.rollouts, schema.rollouts.c.id, (schema.rollouts.c.created < now - keep.audit * DAY)
             & (schema.rollouts.c.state != "running")),
        )  # fmt: skip
        gone = 0
        for table, key, condition in old:
            while not self._rounds.closing:
                chosen = select(key).where(condition).limit(PORTION)
                with self._database.write() as connection:
                    count = connection.execute(delete(table).where(key.in_(chosen))).rowcount
                gone += count
                if count < PORTION:
                    break
        for seconds, days in ((60, keep.minutes), (3600, keep.hours)):
            with self._database.write() as connection:
                old_ones = delete(schema.rollups).where(rollups.seconds == seconds, rollups.start < now - days * DAY)
                gone += connection.execute(old_ones).rowcount
        moment = schema.totals.c.time
        thinned = (moment < now - keep.minutes * DAY) & (moment % 3600 != 0)  # then one of each hour is enough
        with self._database.write() as connection:
            old_totals = delete(schema.totals).where(thinned | (moment < now - keep.hours * DAY))
            gone += connection.execute(old_totals).rowcount
        return gone

    def _look(self) -> None:
        if (gone := self.tidy()) > 0:
            log.info("%d old rows were forgotten", gone)


def back_up(folder: Path, target: Path) -> None:
    """Write everything that a hub keeps in its folder into a compressed archive, while the hub runs.

    Raises:
        SettingsError: there is no hub in the folder; SinkError: the archive cannot be written.
    """
    if not (folder / "authority/authority.key").exists():
        raise SettingsError(f"there is no hub in {folder}")
    beside, copy = target.with_name(f"{target.name}.new"), folder / "backup.sqlite"
    try:
        if (folder / "hub.sqlite").exists():
            copy.unlink(missing_ok=True)
            with closing(sqlite3.connect(folder / "hub.sqlite")) as source, closing(sqlite3.connect(copy)) as made:
                source.backup(made)
        with tarfile.open(beside, "w:gz") as archive:
            beside.chmod(0o600)  # it holds the key of the authority
            archive.add(folder / "authority", "authority")
            if copy.exists():
                archive.add(copy, "hub.sqlite")
            if (folder / "models").exists():
                archive.add(folder / "models", "models")
        beside.replace(target)
    except OSError as error:
        raise SinkError(f"the backup {target} cannot be written: {error.strerror}") from None
    finally:
        copy.unlink(missing_ok=True)
        beside.unlink(missing_ok=True)


def restore(source: Path, folder: Path) -> None:
    """Make a hub out of a backup, in a folder that holds none.

    Raises:
        SettingsError: there is a hub already, or the file is no backup.
    """
    if (folder / "authority").exists() or (folder / "hub.sqlite").exists():
        raise SettingsError(f"there is a hub in {folder} already; move it away first")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with tarfile.open(source, "r:gz") as archive:
            archive.extractall(folder, filter="data")
        if not (folder / "authority/authority.key").exists():
            raise tarfile.TarError
    except (OSError, tarfile.TarError, EOFError):
        shutil.rmtree(folder / "authority", ignore_errors=True)
        (folder / "hub.sqlite").unlink(missing_ok=True)
        raise SettingsError(f"{source} is no backup of a hub") from None
