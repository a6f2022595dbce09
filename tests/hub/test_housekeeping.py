import stat
import tarfile
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from footlights.core.errors import SettingsError
from footlights.hub import schema
from footlights.hub.archive import Archive, Arrived
from footlights.hub.authority import Authority
from footlights.hub.database import Database
from footlights.hub.housekeeping import DAY, Housekeeping, back_up, restore
from footlights.hub.people import People
from footlights.hub.registry import Registry
from footlights.hub.rollups import RollUps
from footlights.wire.fleet import Message

SESSION = "0123456789abcdef"


def count(database: Database, table: object) -> int:
    with database.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(table)) or 0)  # type: ignore[arg-type]


def test_what_is_too_old_is_forgotten_and_nothing_else(database: Database, authority: Authority) -> None:
    Registry(database, authority).add("a")
    archive, now = Archive(database), 2000 * DAY
    body = {"values": {"fps": 1.0}}
    ages = (1, 10, 20, 100, 1900)
    said = [Message(SESSION, n, n - 1, now - days * DAY, "telemetry", body) for n, days in enumerate(ages, start=1)]
    archive.take([Arrived("a", message, now) for message in said])
    behind_a_gap = Message(SESSION, 9, 8, now - 50 * DAY, "event", {})
    archive.take([Arrived("a", behind_a_gap, now)])
    RollUps(database).add()
    picture = {"device": "a", "time": now - 20 * DAY, "about": "", "jpeg": b"\xff\xd8", "session": SESSION}
    with database.write() as connection:
        connection.execute(insert(schema.pictures), picture)
        moments = [now, now - 60, now - 91 * DAY, now - 91 * DAY + 60, now - 1900 * DAY]
        totals = [{"group": "", "time": int(moment), "values": {}} for moment in moments]
        connection.execute(insert(schema.totals), totals)
    tidy = Housekeeping(database, clock=lambda: now)
    assert tidy.tidy() == 3 + 1 + 2 + 1 + 2  # messages, picture, minutes, hours, totals
    assert count(database, schema.messages) == 3 and count(database, schema.pictures) == 0
    assert tidy.tidy() == 0
    assert archive.take([Arrived("a", behind_a_gap, now)])[0] == []


def test_a_backup_is_the_same_hub_elsewhere(tmp_path: Path) -> None:
    first = Database(tmp_path / "one/hub.sqlite")
    fingerprint = Authority(tmp_path / "one/authority").fingerprint
    token = People(first).first_admin()
    (tmp_path / "one/models").mkdir()
    (tmp_path / "one/models/abc").write_bytes(b"a model")
    back_up(tmp_path / "one", tmp_path / "hub.tar.gz")
    assert stat.S_IMODE((tmp_path / "hub.tar.gz").stat().st_mode) == 0o600
    restore(tmp_path / "hub.tar.gz", tmp_path / "two")
    assert Authority(tmp_path / "two/authority").fingerprint == fingerprint
    assert (tmp_path / "two/models/abc").read_bytes() == b"a model"
    user = People(Database(tmp_path / "two/hub.sqlite")).who(token or "")
    assert user is not None and user.role == "admin"
    with pytest.raises(SettingsError, match="already"):
        restore(tmp_path / "hub.tar.gz", tmp_path / "one")
    first.close()


def test_what_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no hub"):
        back_up(tmp_path, tmp_path / "x.tar.gz")
    (tmp_path / "x.tar.gz").write_bytes(b"nothing")
    with pytest.raises(SettingsError, match="no backup"):
        restore(tmp_path / "x.tar.gz", tmp_path / "new")
    with tarfile.open(tmp_path / "evil.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo("../escaped")
        archive.addfile(entry)
    with pytest.raises(SettingsError, match="no backup"):
        restore(tmp_path / "evil.tar.gz", tmp_path / "new")
    assert not (tmp_path / "escaped").exists()
