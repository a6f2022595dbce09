import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from footlights.hub import rollups, schema
from footlights.hub.archive import Archive, Arrived
from footlights.hub.authority import Authority
from footlights.hub.database import Database
from footlights.hub.housekeeping import Housekeeping
from footlights.hub.registry import Registry
from footlights.hub.rollups import RollUps
from footlights.wire.fleet import Message

SESSION = "0123456789abcdef"
Rows = dict[tuple[int, int], dict[str, Any]]


@pytest.fixture
def archive(database: Database, authority: Authority) -> Archive:
    registry = Registry(database, authority)
    for name in ("a", "b", "c"):
        registry.add(name)
    return Archive(database)


@pytest.fixture
def added_up(database: Database) -> Callable[[], list[dict[str, Any]]]:
    """Every row, after everything was added up."""

    def read() -> list[dict[str, Any]]:
        while RollUps(database).add():
            pass
        with database.read() as connection:
            return [dict(row) for row in connection.execute(select(schema.rollups)).mappings()]

    return read


def said(sequence: int, device: str = "a", time: float = 0.0, **values: float | str | bool) -> Arrived:
    body = {"stream": "line-1", "values": values or {"fps": float(sequence)}}
    return Arrived(device, Message(SESSION, sequence, sequence - 1, time, "telemetry", body), 1.0)


def test_measurements_are_added_up_once(archive: Archive, added_up: Callable[[], list[dict[str, Any]]]) -> None:
    archive.take([said(n, time=3590.0 + n) for n in range(1, 21)])
    added_up()
    archive.take([said(n, time=3590.0 + n) for n in range(11, 31)])
    assert added_up() == added_up()
    found: Rows = {(row["seconds"], row["start"]): row for row in added_up()}
    assert set(found) == {(60, 3540), (60, 3600), (3600, 0), (3600, 3600)}
    minute = found[60, 3600]
    assert (minute["count"], minute["lowest"], minute["highest"], minute["last"]) == (21, 10.0, 30.0, 30.0)
    assert minute["total"] == sum(range(10, 31)) and found[3600, 0]["count"] == 9


def test_late_measurements_do_not_become_the_last(
    archive: Archive, added_up: Callable[[], list[dict[str, Any]]]
) -> None:
    for number, moment in ((1, 30.0), (2, 10.0)):
        archive.take([said(number, time=moment)])
        assert {row["last"] for row in added_up()} == {1.0}


def test_texts_are_not_added_up(archive: Archive, added_up: Callable[[], list[dict[str, Any]]]) -> None:
    archive.take([said(1, state="running", gate=True)])
    assert {row["name"] for row in added_up()} == {"gate"}


def test_what_lies_behind_a_gap_waits_for_it(archive: Archive, added_up: Callable[[], list[dict[str, Any]]]) -> None:
    archive.take([said(1), said(3)])
    assert {row["count"] for row in added_up()} == {1}
    archive.take([said(2)])
    assert {row["count"] for row in added_up()} == {3}


def test_portions_count_everything_once_while_more_is_stored(
    archive: Archive, database: Database, added_up: Callable[[], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollups, "MOST_OUTBOXES", 2)
    monkeypatch.setattr(rollups, "MOST_MESSAGES", 7)
    everything = [said(n, device, float(n)) for device in "abc" for n in range(1, 101)]
    random.Random(3).shuffle(everything)
    storing = threading.Thread(target=lambda: [archive.take(everything[n : n + 9]) for n in range(0, 300, 9)])
    storing.start()
    adding = [threading.Thread(target=lambda: [RollUps(database).add() for _ in range(30)]) for _ in range(2)]
    for thread in adding:
        thread.start()
    for thread in (storing, *adding):
        thread.join()
    minutes = [row for row in added_up() if row["seconds"] == 60]
    assert sum(row["count"] for row in minutes) == 300
    assert sum(row["total"] for row in minutes) == 3 * sum(range(1, 101))


def test_nothing_is_forgotten_before_it_is_added_up(
    archive: Archive, database: Database, added_up: Callable[[], list[dict[str, Any]]]
) -> None:
    archive.take([said(1, time=1000.0)])
    keeping = Housekeeping(database, clock=lambda: 1000.0 + 20 * 86400)
    assert keeping.tidy() == 0
    added_up()
    assert keeping.tidy() == 1
