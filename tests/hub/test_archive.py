import base64
import random
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select

from footlights.hub import schema
from footlights.hub.archive import Archive, Arrived, _chain
from footlights.hub.authority import Authority
from footlights.hub.database import Database
from footlights.hub.registry import Registry
from footlights.hub.rules import Judge, Rules
from footlights.hub.twins import Twins
from footlights.wire.fleet import Kind, Message

SESSION = "0123456789abcdef"


@pytest.fixture
def archive(database: Database, authority: Authority) -> Archive:
    registry = Registry(database, authority)
    for name in ("a", "b"):
        registry.add(name)
    return Archive(database)


def said(sequence: int, device: str = "a", kind: Kind = "telemetry", time: float = 0.0, **more: object) -> Arrived:
    after = int(more.pop("after", sequence - 1))  # type: ignore[call-overload]
    body = more or {"stream": "line-1", "values": {"fps": float(sequence)}}
    return Arrived(device, Message(SESSION, sequence, after, time, kind, body), 1.0)


def rows(database: Database, table: object) -> list[dict]:
    with database.read() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]  # type: ignore[call-overload]


def test_messages_are_stored_once_and_acknowledged(archive: Archive, database: Database) -> None:
    new, received = archive.take([said(1), said(2), said(1, "b")])
    assert len(new) == 3 and received["a", SESSION].sequence == 2 and received["b", SESSION].sequence == 1
    new, received = archive.take([said(2), said(3), said(3)])
    assert [arrived.message.sequence for arrived in new] == [3] and received["a", SESSION].sequence == 3
    assert len(rows(database, schema.messages)) == 4


def test_nothing_behind_a_gap_is_acknowledged_until_it_is_filled(archive: Archive) -> None:
    assert archive.take([said(1), said(3), said(4)])[1]["a", SESSION].sequence == 1
    assert archive.take([said(5)])[1]["a", SESSION].sequence == 1
    assert archive.take([said(2)])[1]["a", SESSION].sequence == 5


def test_what_a_full_outbox_forgot_is_not_waited_for(archive: Archive) -> None:
    archive.take([said(1), said(2)])
    assert archive.take([said(9, after=2), said(10)])[1]["a", SESSION].sequence == 10


def test_a_hub_from_an_old_backup_goes_on_where_the_device_is(archive: Archive) -> None:
    assert archive.take([said(150, after=0), said(151)])[1]["a", SESSION].sequence == 151


def test_who_is_not_known_is_not_heard(archive: Archive, database: Database, authority: Authority) -> None:
    registry = Registry(database, authority)
    assert archive.take([said(1, "stranger")]) == ([], {})
    registry.block("b")
    assert archive.take([said(1, "b")]) == ([], {})
    assert rows(database, schema.messages) == []


def test_a_device_reports_and_acknowledges(archive: Archive, database: Database) -> None:
    twins = Twins(database)
    twins.patch("a", {"app": "gestures"}, "admin")
    done = {"app": {"value": "gestures", "code": 200, "version": 1, "text": ""}}
    archive.take([said(1, kind="reported", reported={"swVersion": "1", "osName": "Linux"}, acknowledged=done)])
    archive.take([said(2, kind="reported", reported={"osName": None, "swVersion": "2"})])
    twin = twins.twin("a")
    assert twin.reported == {"swVersion": "2"} and twin.acknowledged == done


def test_only_the_device_that_was_asked_answers(archive: Archive, database: Database) -> None:
    row = {"id": "c1", "device": "a", "name": "ping", "arguments": {}, "time": 0.0, "expires": 9.0, "by": "admin"}
    with database.write() as connection:
        connection.execute(insert(schema.commands), row)
    archive.take([said(1, "b", kind="answer", id="c1", code=200, answer="forged")])
    assert rows(database, schema.commands)[0]["answered"] is None
    archive.take([said(1, kind="answer", id="c1", code=200, answer={"ok": True})])
    archive.take([said(2, kind="answer", id="c1", code=500, answer="again")])
    (found,) = rows(database, schema.commands)
    assert (found["code"], found["answer"]) == (200, {"ok": True})


@pytest.mark.parametrize(("jpeg", "kept"), [(b"\xff\xd8 picture", 1), (b"<svg>", 0), (b"\xff\xd8" * 100_000, 0)])
def test_pictures_are_pictures(archive: Archive, database: Database, jpeg: bytes, kept: int) -> None:
    archive.take([said(1, kind="picture", about="line-1", jpeg=base64.b64encode(jpeg).decode())])
    archive.take([said(2, kind="picture", about="line-1", jpeg="no base64!")])
    assert len(rows(database, schema.pictures)) == kept


def test_two_workers_store_everything_once(archive: Archive, database: Database) -> None:
    everything = [said(n, device) for n in range(1, 201) for device in "ab"]
    other = Archive(database)
    draw = random.Random(1)

    def work(worker: Archive, share: list[Arrived]) -> None:
        for start in range(0, len(share), 15):
            worker.take(share[start : start + 15])

    # Each message goes to one of the two, a third of them to both, as where a worker died.
    shares = [[m for m in everything if draw.random() < 2 / 3] for _ in range(2)]
    shares[0] += [m for m in everything if m not in shares[0] and m not in shares[1]]
    threads = [threading.Thread(target=work, args=pair) for pair in zip((archive, other), shares, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(schema.messages)) == 400
    assert Archive(database).take([said(200), said(200, "b")])[1]["a", SESSION].sequence == 200


def test_what_two_workers_share_is_followed_in_order_and_once(archive: Archive, database: Database) -> None:
    when = {"name": "n", "operator": ">", "value": 1}
    Rules(database).add("crossed", {"when": when, "then": {"cooldown": 0.0}})
    Twins(database).patch("a", {"app": "gestures"}, "admin")
    everything = [
        said(number, time=float(number), values={"n": 2 * (number // 3 % 2)})
        if number % 5
        else said(number, time=float(number), kind="reported", reported={"last": number, f"p{number}": True})
        for number in range(1, 151)
    ]
    draw = random.Random(2)
    workers = (Archive(database, Judge()), Archive(database, Judge()))
    shares: tuple[list[Arrived], list[Arrived]] = ([], [])
    for arrived in everything:
        for share in draw.choice([shares[:1], shares[1:], shares]):  # now and then both are given it
            share.append(arrived)
    for share in shares:
        share[:] = [share[place] for place in sorted(range(len(share)), key=lambda n: n + draw.uniform(0, 12))]

    def work(worker: Archive, share: list[Arrived]) -> None:
        while share:
            batch, share = share[:7], share[7:]
            worker.take(batch)

    threads = [threading.Thread(target=work, args=pair) for pair in zip(workers, shares, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert archive.take([said(150)])[1]["a", SESSION].sequence == 150
    crossings, last = [], 0
    for arrived in everything:
        if arrived.message.kind == "telemetry":
            now = arrived.message.body["values"]["n"]
            crossings += [arrived.message.sequence] if now > 1 >= last else []
            last = now
    assert [row["sequence"] for row in sorted(rows(database, schema.firings), key=lambda row: row["time"])] == crossings
    assert Twins(database).twin("a").reported == {"last": 150, **{f"p{n}": True for n in range(5, 151, 5)}}


def test_what_another_worker_stored_beyond_a_gap_is_followed_when_the_gap_is_filled(
    archive: Archive, database: Database
) -> None:
    passed: list[int] = []
    one, other = (
        Archive(database, lambda connection, new: passed.extend(arrived.message.sequence for arrived in new))
        for _ in range(2)
    )
    assert one.take([said(2), said(3), said(5)])[1]["a", SESSION].sequence == 0 and passed == []
    assert other.take([said(1)])[1]["a", SESSION].sequence == 3 and passed == [1, 2, 3]
    assert other.take([said(4)])[1]["a", SESSION].sequence == 5 and passed == [1, 2, 3, 4, 5]
    assert one.take([said(5), said(1)])[1]["a", SESSION].sequence == 5 and len(passed) == 5


def test_a_blocked_device_is_heard_by_no_worker(archive: Archive, database: Database, authority: Authority) -> None:
    workers = (archive, Archive(database))
    for number, worker in enumerate(workers, start=1):
        assert len(worker.take([said(number)])[0]) == 1
    Registry(database, authority).block("a")
    for worker in workers:
        assert worker.take([said(3)]) == ([], {})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(1, 9)), st.sets(st.integers(2, 8)))
def test_the_chain_ends_at_the_first_gap(order: list[int], missing: set[int]) -> None:
    chain = _chain(0, [said(n) for n in order if n not in missing])
    assert [one.message.sequence for one in chain] == list(range(1, min(missing, default=9)))
