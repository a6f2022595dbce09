import threading
import time

import pytest
from sqlalchemy import event, insert, select, update
from sqlalchemy.exc import OperationalError

from footlights.hub import overview as overview_module
from footlights.hub import schema
from footlights.hub.archive import Archive, Arrived
from footlights.hub.authority import Authority
from footlights.hub.database import Database
from footlights.hub.measurements import RANGES, Measurements, range_of
from footlights.hub.overview import MOST_EVENTS, MOST_NAMES, Happened, Overview
from footlights.hub.registry import Registry
from footlights.hub.rollups import RollUps
from footlights.wire.fleet import Kind, Message

SESSION = "0123456789abcdef"
NOW = 1_700_000_000.0


def said(device: str, sequence: int, kind: Kind, body: dict[str, object], moment: float = NOW) -> Arrived:
    return Arrived(device, Message(SESSION, sequence, sequence - 1, moment, kind, body), moment)


def measured(device: str, sequence: int, moment: float = NOW, stream: str = "s", **values: object) -> Arrived:
    return said(device, sequence, "telemetry", {"stream": stream, "values": values}, moment)


@pytest.fixture
def registry(database: Database, authority: Authority) -> Registry:
    registry = Registry(database, authority)
    registry.make_group("hall")
    for name in ("a", "b", "c"):
        registry.add(name)
    with database.write() as connection:
        connection.execute(update(schema.devices).where(schema.devices.c.id != "c"), {"group": "hall", "online": True})
    return registry


@pytest.fixture
def clock() -> list[float]:
    return [NOW]


@pytest.fixture
def overview(database: Database, registry: Registry, clock: list[float]) -> Overview:
    return Overview(database, registry, clock=lambda: clock[0])


def test_totals_are_of_who_is_there_and_what_is_new(overview: Overview, clock: list[float]) -> None:
    overview.hear([
        measured("a", 1, people=2, fps=10.0, raised=True, state="running"), measured("a", 2, stream="t", people=1),
        measured("b", 1, NOW - 100, people=50), measured("c", 1, people=9), measured("a", 3, NOW - 5, people=77),
    ])  # fmt: skip
    assert overview.totals() == {
        "online": 2.0, "away": 1.0, "events": 0.0, "people": 3.0, "raised": 1.0, "fps": 10.0,
        "tlPrimaryDetectionCount": 0.0, "tlSecondaryDetectionCount": 0.0,
    }  # fmt: skip
    assert overview.totals("hall")["away"] == 0.0 and overview.totals("nobody")["online"] == 0.0
    assert overview.names() == {"people", "fps", "raised"}
    assert overview.values("a")["s", "people"].value == 2 and overview.number("a", "people") == 0.0
    clock[0] += 120
    assert overview.totals()["people"] == 0.0


def test_events_the_newest_first_with_their_pictures_and_by_minute(overview: Overview, clock: list[float]) -> None:
    batch = [said("a", n, "event", {"kind": "wave", "n": n}) for n in range(1, 4)]
    overview.hear([*batch, batch[-1], said("b", 1, "event", {"kind": "old"}, NOW - 1000)])
    overview.hear([said("a", 4, "picture", {"about": "s", "event": 2})])
    newest = overview.events(3, {"a"})
    assert [(one.body.get("n"), one.picture) for one in newest] == [(3, False), (2, True), (1, False)]
    assert len(overview.events(99)) == 4
    clock[0] += 60
    assert overview.totals()["events"] == 3.0  # of the minute that is over; the old one waited somewhere
    clock[0] += 60
    assert overview.totals()["events"] == 0.0


def test_what_is_kept_has_a_bound(overview: Overview) -> None:
    for start in range(0, 2000, 100):
        values = {f"m{n}": 1.0 for n in range(start, start + 100)}
        overview.hear([measured("a", start + 1, NOW + start, **values)])
    assert len(overview.values("a")) == MOST_NAMES and ("s", "m1999") in overview.values("a")
    overview.hear([said("a", n, "event", {}) for n in range(3000, 3000 + 2 * MOST_EVENTS)])
    assert len(overview.events(10**6)) == MOST_EVENTS


def test_what_other_workers_stored_is_there_a_moment_later(
    database: Database, overview: Overview, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview_module, "REFRESH", 0.0)
    archive = Archive(database)
    archive.take([measured("a", 1, people=4), said("a", 2, "event", {"kind": "wave"})])
    assert overview.totals()["people"] == 4.0 and len(overview.events(9)) == 1
    mine, _ = archive.take([measured("a", 3, NOW + 1, people=5)])
    overview.hear(mine)
    archive.take([measured("b", 1, people=2), said("b", 2, "event", {"kind": "wave"})])
    assert overview.totals()["people"] == 7.0
    assert [one.device for one in overview.events(9)] == ["b", "a"]
    assert overview.heard() == {"telemetry": 4, "event": 3} or overview.heard()["telemetry"] >= 3


def test_many_who_look_ask_the_database_once(database: Database, overview: Overview) -> None:
    asked: list[str] = []
    event.listen(database._engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    overview.devices()
    once = len(asked)
    threads = [threading.Thread(target=lambda: [overview.totals(), overview.events(9)]) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert once > 0 and len(asked) == once
    overview.look_again()
    assert overview.device("nobody") is None and len(asked) > once


def test_totals_are_sampled_and_read_as_means(database: Database, overview: Overview, clock: list[float]) -> None:
    clock[0] = time.time() - 1800
    for minute in range(30):
        overview.hear([measured("a", minute + 1, clock[0], people=minute)])
        overview.sample()
        overview.sample()  # again in the same minute: it is there already
        clock[0] += 60
    measurements = Measurements(database)
    points = measurements.totals(None, "people", range_of("hour"))
    assert [value for _, value in points] == [float(minute) for minute in range(30)]
    assert points == measurements.totals("hall", "people", range_of("hour"))
    week = measurements.totals(None, "people", range_of("week"))
    assert 2 <= len(week) <= 4 and sum(value for _, value in week) / len(week) == pytest.approx(14.5, abs=4)
    assert measurements.totals(None, "nothing", range_of("hour")) == []
    with database.read() as connection:
        assert {row.group for row in connection.execute(select(schema.totals.c.group))} == {"", "hall"}


def test_a_series_raw_by_minute_and_by_hour(database: Database, registry: Registry) -> None:
    now = time.time() // 3600 * 3600 + 1800
    batch = [measured("a", n + 1, now - 10 * n, fps=float(n), on=True, state="running") for n in range(40)]
    Archive(database).take([*batch, measured("a", 41, now, stream="t", fps=1.0)])
    RollUps(database).add()
    measurements = Measurements(database)
    assert measurements.names("a") == ["fps", "on"] and measurements.names("b") == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: now + 1)
        raw = measurements.series("a", "fps", range_of("10 minutes"))
        minutes = measurements.series("a", "fps", range_of("day"))
        hours = measurements.series("a", "fps", range_of("year"))
        assert measurements.series("a", "state", range_of("10 minutes")) == {}
    assert [value for _, value in raw["s"]] == [float(n) for n in reversed(range(40))] and raw["t"] == [(now, 1.0)]
    assert len(minutes["s"]) in (7, 8) and minutes["s"][-1] == (now, 0.0)
    assert sum(len(points) for points in hours.values()) == 2 and hours["s"][0][1] == pytest.approx(19.5)
    with pytest.raises(Exception, match="there is no range 'decade'"):
        range_of("decade")
    assert all(span.seconds / (span.grain or 10) < 20_000 for span in RANGES.values())


def test_an_answer_is_kept_for_a_moment_and_no_longer(
    database: Database, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    measurements, now = Measurements(database), [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    archive, moment = Archive(database), time.time()
    archive.take([measured("a", 1, moment, fps=1.0)])
    RollUps(database).add()
    first = measurements.series("a", "fps", range_of("hour"))
    archive.take([measured("a", 2, moment, fps=3.0)])
    RollUps(database).add()
    assert measurements.series("a", "fps", range_of("hour")) == first
    now[0] += 6
    assert [value for _, value in measurements.series("a", "fps", range_of("hour"))["s"]] == [2.0]
    for number in range(500):
        measurements.series(str(number), "fps", range_of("hour"))
    assert len(measurements._kept) <= 200


def test_alarms_are_those_that_nobody_has_seen(database: Database, overview: Overview) -> None:
    rule = {"title": "x", "enabled": True, "definition": {}, "muted_until": None, "changed": 0.0}
    with database.write() as connection:
        number = connection.execute(insert(schema.rules), rule).inserted_primary_key[0]  # type: ignore[index]
        firing = {
            "rule": number, "device": "a", "stream": "", "time": NOW, "value": 1.0, "text": "", "session": SESSION,
            "done": None, "failed": "", "acknowledged_by": None,
        }  # fmt: skip
        rows = [{**firing, "sequence": n, "acknowledged": NOW if n == 3 else None} for n in (1, 2, 3)]
        connection.execute(insert(schema.firings), rows)
    assert overview.alarms() == 2
    assert isinstance(Happened("a", SESSION, 1, NOW, {}), Happened)


def test_a_database_that_is_away_takes_nothing_from_who_looks(
    database: Database, overview: Overview, monkeypatch: pytest.MonkeyPatch
) -> None:
    overview.hear([measured("a", 1, people=2)])
    assert overview.totals()["people"] == 2.0
    monkeypatch.setattr(overview_module, "REFRESH", 0.0)

    def away() -> None:
        raise OperationalError("select", {}, Exception("away"))

    monkeypatch.setattr(database, "read", away)
    overview.hear([measured("b", 1, people=3)])
    assert overview.totals()["people"] == 5.0 and len(overview.devices()) == 3


def test_a_database_has_a_size(database: Database) -> None:
    assert 50_000 < database.size() < 100_000_000
