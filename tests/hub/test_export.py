import csv
import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import insert, update

from footlights.cli.hub import command
from footlights.core.errors import InstallError, SettingsError, SinkError
from footlights.hub import export, schema
from footlights.hub.archive import Archive, Arrived
from footlights.hub.database import Database
from footlights.hub.export import COLUMNS, Wanted, as_csv, as_parquet, moment, rows, write
from footlights.hub.rollups import RollUps
from footlights.wire.fleet import Kind, Message

START = 1_700_000_000


def said(device: str, sequence: int, time: float, kind: Kind, body: dict[str, object]) -> Arrived:
    return Arrived(device, Message("0" * 16, sequence, sequence - 1, time, kind, body), 1.0)


@pytest.fixture
def full(database: Database) -> Database:
    """Two devices, three of them telling something every second, the oldest last."""
    device = {"group": None, "key": None, "state": "active", "created": 0.0, "online": True, "seen": None}
    group = {"id": "hall", "title": "Hall", "key": "", "by_hand": False, "open": True, "created": 0.0}
    with database.write() as connection:
        connection.execute(insert(schema.groups), group)
        connection.execute(
            insert(schema.devices),
            [{**device, "id": name, "title": name, "place": None} for name in ("a", "b")],
        )
        connection.execute(update(schema.devices).where(schema.devices.c.id == "b"), {"group": "hall"})
    batch = []
    for number in range(1, 21):
        for name in ("a", "b"):
            values = {"fps": float(number), "state": "running", "on": True}
            body: dict[str, object] = {"stream": "s", "values": values}
            batch.append(said(name, number, START + 20 - number, "telemetry", body))
        event: dict[str, object] = {"kind": "gesture.begin", "stream": "s", "time": 1.5, "track": 3}
        event["data"] = {"gesture": "=wave"}
        batch.append(said("a", 20 + number, START + number, "event", event))
    Archive(database).take(batch)
    RollUps(database).add()
    return database


def everything(database: Database, wanted: Wanted) -> list[export.Row]:
    return [row for portion in rows(database, wanted) for row in portion]


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(export, "PORTION", 7)
    monkeypatch.setattr(export, "ROW_GROUP", 16)
    yield


def test_every_row_once_by_device_and_time_over_portions(full: Database) -> None:
    found = everything(full, Wanted("telemetry"))
    assert len(found) == 2 * 20 * 3
    assert [row[1] for row in found] == ["a"] * 60 + ["b"] * 60
    times = [row[0] for row in found if row[1] == "b"]
    assert times == sorted(times) and times[0] == datetime.fromtimestamp(START, UTC)
    assert {row[3]: row[4:] for row in found[:3]} == {
        "fps": (20.0, None), "state": (None, "running"), "on": (1.0, None),
    }  # fmt: skip


def test_what_is_wanted_is_chosen(full: Database) -> None:
    assert len(everything(full, Wanted("telemetry", devices=("a",), names=("fps",)))) == 20
    assert {row[1] for row in everything(full, Wanted("telemetry", group="hall"))} == {"b"}
    within = Wanted("telemetry", since=START + 5, until=START + 8, devices=("a",), names=("fps",))
    assert [row[4] for row in everything(full, within)] == [15.0, 14.0, 13.0]
    events = everything(full, Wanted("events", names=("gesture.begin",)))
    assert len(events) == 20 and events[0][1:] == ("a", "s", "gesture.begin", 3, 1.5, '{"gesture": "=wave"}')
    assert everything(full, Wanted("events", names=("line.crossed",))) == []
    (hour,) = everything(full, Wanted("hours", devices=("b",), names=("fps",)))
    assert hour[1:] == ("b", "s", "fps", 20, 10.5, 1.0, 20.0, 1.0)
    minutes = everything(full, Wanted("minutes"))
    assert sum(row[4] for row in minutes) == 2 * 20 * 2  # text is not rolled up
    assert [row[1:4] for row in minutes] == sorted(row[1:4] for row in minutes)
    assert everything(full, Wanted("minutes", names=("state",))) == []


def test_what_cannot_be_wanted(full: Database) -> None:
    for wrong in ({"what": "pictures"}, {"since": 5.0, "until": 5.0}):
        with pytest.raises(SettingsError):
            Wanted(**wrong)  # type: ignore[arg-type]
    for wanted in (Wanted(devices=("a", "x")), Wanted(group="x"), Wanted(group="hall", devices=("a",))):
        with pytest.raises(SettingsError, match="there is no"):
            everything(full, wanted)
    assert moment("1970-01-02") == 86400.0 and moment("1970-01-01T01:00:00+01:00") == 0.0 and moment("12.5") == 12.5
    with pytest.raises(SettingsError, match="no time"):
        moment("yesterday")


def test_no_text_is_a_formula_and_numbers_stay_numbers() -> None:
    when = datetime(2026, 11, 21, 13, 30, tzinfo=UTC)
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=1", 'a "quoted", one', "plain"]
    table = [(when, text, "s", "fps", -1.5, None) for text in texts]
    read = list(csv.reader(io.StringIO(b"".join(as_csv([table], "telemetry")).decode(), newline="")))
    assert read[0] == list(COLUMNS["telemetry"])
    assert [row[1] for row in read[1:]] == [f"'{text}" for text in texts[:7]] + texts[7:]
    assert {row[4] for row in read[1:]} == {"-1.5"} and read[1][0] == "2026-11-21T13:30:00.000Z"


def test_parquet_holds_the_same_rows_in_groups(full: Database, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    for what in COLUMNS:
        found = everything(full, Wanted(what))
        pieces = list(as_parquet(rows(full, Wanted(what)), what))
        (tmp_path / what).write_bytes(b"".join(pieces))
        table = parquet.read_table(tmp_path / what)
        assert [tuple(row.values()) for row in table.to_pylist()] == found and table.column_names == list(COLUMNS[what])
    assert parquet.ParquetFile(tmp_path / "telemetry").num_row_groups > 3
    (tmp_path / "none").write_bytes(b"".join(as_parquet([], "events")))
    assert parquet.read_table(tmp_path / "none").num_rows == 0


def test_without_its_package_one_line_says_what_to_install(full: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InstallError, match=r"footlights\[parquet\]"):
        write(full, Wanted(), Path("x.parquet"))


def test_a_file_is_whole_or_stays_as_it_was(full: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "all.csv"
    assert write(full, Wanted("events"), target) == 20
    before = target.read_bytes()
    assert before.count(b"\r\n") == 21
    with pytest.raises(SettingsError, match="there is no device"):
        write(full, Wanted("events", devices=("x",)), target)
    assert target.read_bytes() == before and list(tmp_path.glob("*.new")) == []
    with pytest.raises(SettingsError, match=r"\.csv or \.parquet"):
        write(full, Wanted(), tmp_path / "all.xls")
    with pytest.raises(SinkError):
        write(full, Wanted(), tmp_path / "nowhere/all.csv")


def test_as_somebody_types_it(tmp_path: Path) -> None:
    hub = ["--data", str(tmp_path / "hub")]
    nothing = CliRunner().invoke(command, [*hub, "export", str(tmp_path / "all.csv")])
    assert isinstance(nothing.exception, SettingsError) and "there is no hub in" in str(nothing.exception)
    Database(tmp_path / "hub" / "hub.sqlite").close()
    line = [*hub, "export", str(tmp_path / "all.csv"), "--what", "hours", "--from", "2026-01-01", "--to", "2026-02-01"]
    done = CliRunner().invoke(command, line, catch_exceptions=False)
    assert done.exit_code == 0 and "all.csv: 0 rows" in done.output
    assert (tmp_path / "all.csv").read_text().startswith("start,device,stream,name,count,mean")
