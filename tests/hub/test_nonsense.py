"""Whatever devices send, the hub goes on: what is none is refused, what can be stored is stored, and once."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from footlights.hub import schema
from footlights.hub.archive import Archive
from footlights.hub.authority import Authority
from footlights.hub.database import Database
from footlights.hub.hub import Hub
from footlights.hub.ingest import Ingest
from footlights.hub.line import Broker
from footlights.hub.overview import Overview
from footlights.hub.registry import Registry
from footlights.hub.rules import Judge, Rules
from footlights.hub.twins import Twins
from footlights.wire import fleet
from tests.hub.conftest import CUT_OFF, eventually
from tests.hub.test_mosquitto import Connect, connect

__all__ = ["connect"]
SESSION = "0123456789abcdef"
WORDS = ("n", "values", "stream", "kind", "data", "fps", "id", "code", "answer", "jpeg", "about", "reported",
         "acknowledged", "sequence", "after", "time", "session", "body", "telemetry", "event", "picture")  # fmt: skip
NUMBERS = st.one_of(
    st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.sampled_from((10**400, -(10**18), 2**63, 1e308))
)
TEXTS = st.one_of(
    st.text(max_size=20), st.sampled_from((*WORDS, "\0", "\ud800", "x'; drop table messages; --", "a" * 90))
)
PLAIN = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
ANYTHING = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12
)
BODIES = st.one_of(
    ANYTHING,
    st.fixed_dictionaries(
        {},
        optional={
            "values": st.dictionaries(st.sampled_from(("n", "fps", "a b", "'", "")), PLAIN, max_size=3) | ANYTHING,
            "stream": TEXTS, "kind": st.sampled_from(("k", "x")) | ANYTHING, "data": ANYTHING, "id": ANYTHING,
            "code": ANYTHING, "answer": ANYTHING, "jpeg": TEXTS, "about": ANYTHING, "reported": ANYTHING,
            "acknowledged": ANYTHING, "event": ANYTHING,
        },
    ),
)  # fmt: skip
CONTENTS = st.fixed_dictionaries(
    {"body": BODIES},
    optional={
        "kind": st.sampled_from(fleet.KINDS) | ANYTHING, "time": st.just(1.0) | NUMBERS, "session": TEXTS,
        "sequence": NUMBERS, "after": NUMBERS, "more": ANYTHING,
    },
)  # fmt: skip


@dataclass
class Said:
    """A message as the client hands it over."""

    topic: str
    payload: bytes
    mid: int = 1
    qos: int = 1


class Listening:
    """A worker without a broker, and a fleet with rules on everything."""

    def __init__(self, database: Database, authority: Authority) -> None:
        self.database = database
        registry = Registry(database, authority)
        registry.add("a")
        self.overview = Overview(database, registry)
        Twins(database).patch("a", {"app": "gestures"}, "admin")
        rules = Rules(database)
        for window in ("now", "average", "count", "for"):
            for on, name in (("telemetry", "n"), ("event", "k")):
                when = {"on": on, "name": name, "window": window, "seconds": 10.0, "value": 0}
                rules.add("x", {"when": {**when, "where": {"x": "y"} if on == "event" else {}}})
        archive = Archive(database, Judge())
        self.ingest = Ingest(Broker("localhost", 1, "worker", None), archive, self.overview.hear)
        self.number = 0

    def hear(self, *payloads: bytes) -> None:
        self.ingest._store([Said(fleet.topic("a", "messages"), payload) for payload in payloads])  # type: ignore[misc]

    def numbered(self, content: dict[str, Any]) -> bytes:
        """A message as an honest device numbers it; what it holds may be anything."""
        self.number += 1
        mine = {"kind": "event", "time": 1.0, **content, "session": SESSION, "sequence": self.number}
        return json.dumps({**mine, "after": self.number - 1}).encode("utf-8", "surrogatepass")

    def stored(self) -> int:
        with self.database.read() as connection:
            return int(connection.scalar(select(func.max(schema.outboxes.c.stored))) or 0)


@pytest.fixture
def listening(database: Database, authority: Authority) -> Listening:
    return Listening(database, authority)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents=st.lists(CONTENTS, min_size=1, max_size=8))
def test_nothing_that_a_device_says_keeps_the_hub_from_hearing_the_next(
    listening: Listening, contents: list[dict[str, Any]]
) -> None:
    payloads = [listening.numbered(content) for content in contents]
    listening.hear(*payloads)
    listening.overview.values("a"), listening.overview.events(10), listening.overview.marks("a")
    good = listening.numbered({"kind": "telemetry", "time": 1.0, "body": {"values": {"n": 1}}})
    listening.hear(good)
    # A number whose time cannot be read is nobody's: the device says it again, and what is behind it waits.
    if all(0 <= content.get("time", 1.0) < 1e11 for content in contents):
        assert listening.stored() == listening.number
    else:
        fill(listening)


def fill(listening: Listening) -> None:
    """Say what is missing, so that the next example begins anew."""
    with listening.database.read() as connection:
        there = set(connection.scalars(select(schema.messages.c.sequence)))
    for number in set(range(1, listening.number + 1)) - there:
        listening.hear(fleet.encode(fleet.Message(SESSION, number, number - 1, 1.0, "event", {})))
    assert listening.stored() == listening.number


@given(st.binary(max_size=200) | ANYTHING.map(lambda content: json.dumps(content).encode("utf-8", "surrogatepass")))
def test_bytes_are_read_or_refused(payload: bytes) -> None:
    for read in (fleet.read_message, fleet.read_received, fleet.read_status, fleet.read_desired, fleet.read_command):
        try:
            read(payload)
        except fleet.MessageError as error:
            assert len(str(error)) < 200


@given(CONTENTS)
def test_what_is_read_can_be_said_again(content: dict[str, Any]) -> None:
    whole = {"kind": "event", "time": 1.0, "session": SESSION, "sequence": 7, "after": 6, **content}
    try:
        message = fleet.read_message(json.dumps(whole).encode("utf-8", "surrogatepass"))
    except fleet.MessageError:
        return
    assert fleet.read_message(fleet.encode(message)) == message
    fleet.check(message.kind, message.body)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"data": {"text": "\0"}}, "zero byte"),
        ({"data": {"\ud800": 1}}, "no JSON"),
        ({"data": [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}, "levels deep"),
        ({"values": {"n": 10**30}}, "too large"),
        ({"values": {"n": [1]}}, "no number"),
        ({"values": {"x" * 81: 1}}, "a name"),
        ({"text": "x" * fleet.LARGEST}, "bytes"),
    ],
)
def test_an_agent_does_not_say_what_its_hub_would_refuse(body: dict[str, Any], why: str) -> None:
    with pytest.raises(fleet.MessageError, match=why):
        fleet.check("telemetry" if "values" in body else "event", body)


def test_what_the_database_itself_refuses_is_written_down_and_the_rest_is_stored(
    listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = listening.ingest._archive.take

    def refuse(batch: Any) -> Any:
        if any(arrived.message.body.get("n") == 3 for arrived in batch):
            raise OverflowError
        return take(batch)

    monkeypatch.setattr(listening.ingest._archive, "take", refuse)
    listening.hear(*(listening.numbered({"body": {"n": number}}) for number in range(1, 8)))
    assert listening.stored() == 7 and listening.ingest.refused == 1
    with listening.database.read() as connection:
        refused = connection.execute(select(schema.messages).where(schema.messages.c.kind == "refused")).one()
    assert (refused.sequence, refused.body) == (3, {"why": "OverflowError"})


@CUT_OFF
def test_nonsense_through_the_broker(hub: Hub, connect: Connect) -> None:
    hub.registry.add("a")
    device = connect("a")
    topic = fleet.topic("a", "messages")
    nonsense = (
        b"", b"\xff\xfe", b"{", b"[]", b"null", b"1e999", b'{"session": 1}', b"[" * 5000, b'"' + b"\\ud800" * 50 + b'"',
        b'{"sequence": 1e400, "session": "0123456789abcdef"}', b"9" * 5000, b"\0" * 100,
    )  # fmt: skip
    for payload in nonsense:
        device.client.publish(topic, payload, qos=1).wait_for_publish(5)
        device.client.publish(fleet.topic("a", "status"), payload or b"x", qos=1, retain=True).wait_for_publish(5)
        device.client.publish(fleet.topic("a", "certificate/request"), payload, qos=1).wait_for_publish(5)
    eventually(lambda: hub.ingest.refused == len(nonsense))
    device.client.publish(topic, fleet.encode(fleet.Message(SESSION, 1, 0, 1.0, "event", {})), qos=1)
    device.client.publish(fleet.topic("a", "status"), fleet.encode(fleet.Status(True, SESSION)), qos=1, retain=True)
    eventually(lambda: hub.registry.devices()[0].online)

    def stored() -> int:
        with hub.database.read() as connection:
            return len(connection.execute(select(schema.messages.c.id)).all())

    eventually(lambda: stored() == 1)
