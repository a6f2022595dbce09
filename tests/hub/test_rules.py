import threading
import time
from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler

from footlights.core.errors import SettingsError, SinkError
from footlights.hub.archive import Archive, Arrived
from footlights.hub.authority import Authority
from footlights.hub.consequences import Consequences
from footlights.hub.database import Database
from footlights.hub.registry import Registry
from footlights.hub.rules import Judge, Rules
from footlights.wire.fleet import Message
from tests.hub.conftest import eventually
from tests.ports import free_port

SESSION = "0123456789abcdef"


class Fleet:
    """Devices `a` and `b` that say things, and the rules that listen."""

    def __init__(self, database: Database, authority: Authority) -> None:
        registry = Registry(database, authority)
        group = registry.make_group("line")
        del group
        for name in ("a", "b"):
            registry.add(name)
        self.rules = Rules(database)
        self.judge = Judge()
        self.archive = Archive(database, self.judge)
        self.numbers = {"a": 0, "b": 0}

    def add(self, when: dict[str, Any], then: dict[str, Any] | None = None) -> int:
        self.judge._read_at = float("-inf")  # do not wait for the rules to be read again
        return self.rules.add("a rule", {"when": when, "then": {"cooldown": 0.0, **(then or {})}})

    def say(self, moment: float, device: str = "a", stream: str | None = "line-1", **values: Any) -> None:
        self._take(moment, device, "telemetry", {"stream": stream, "values": values})

    def tell(self, moment: float, kind: str, **data: Any) -> None:
        self._take(moment, "a", "event", {"kind": kind, "stream": "line-1", "data": data})

    def fired(self) -> list[tuple[float, float]]:
        return [(row["time"], row["value"]) for row in reversed(self.rules.history())]

    def _take(self, moment: float, device: str, kind: Any, body: Mapping[str, Any]) -> None:
        self.numbers[device] += 1
        number = self.numbers[device]
        arrived = Arrived(device, Message(SESSION, number, number - 1, moment, kind, body), moment)
        self.archive.take([arrived])
        self.archive.take([arrived])  # everything may come twice


@pytest.fixture
def fleet(database: Database, authority: Authority) -> Fleet:
    return Fleet(database, authority)


def test_it_fires_when_it_becomes_so_and_not_while_it_stays_so(fleet: Fleet) -> None:
    fleet.add({"name": "tlSecondaryDetectionCount", "operator": ">", "value": 1})
    for moment, count in enumerate((0, 1, 2, 3, 1, 2)):
        fleet.say(float(moment), tlSecondaryDetectionCount=count)
    assert fleet.fired() == [(2.0, 2.0), (5.0, 2.0)]


def test_the_pause_between_two_firings(fleet: Fleet) -> None:
    fleet.add({"name": "n", "value": 1}, {"cooldown": 10.0})
    for moment, count in ((0, 2), (1, 0), (2, 2), (3, 0), (11, 2)):
        fleet.say(float(moment), n=count)
    assert [moment for moment, _ in fleet.fired()] == [0.0, 11.0]


def test_it_must_hold_for_so_long(fleet: Fleet) -> None:
    fleet.add({"name": "fps", "operator": "<", "value": 10, "window": "for", "seconds": 5})
    for moment, fps in ((0, 5), (3, 5), (4, 30), (5, 5), (9, 5), (10, 5), (20, 5)):
        fleet.say(float(moment), fps=fps)
    assert [moment for moment, _ in fleet.fired()] == [10.0]


def test_averages_over_a_window(fleet: Fleet) -> None:
    fleet.add({"name": "fps", "operator": "<", "value": 20, "window": "average", "seconds": 3})
    for moment, fps in ((0, 30), (1, 30), (2, 3), (3, 0), (10, 30)):
        fleet.say(float(moment), fps=fps)
    assert fleet.fired() == [(3.0, 11.0)]


def test_counting_events(fleet: Fleet) -> None:
    when = {"on": "event", "name": "anomaly.raised", "where": {"alert": "down"}, "operator": ">=", "value": 3}
    fleet.add({**when, "window": "count", "seconds": 10})
    for moment, alert in ((0, "down"), (1, "up"), (2, "down"), (11, "down"), (12, "down"), (13, "down")):
        fleet.tell(float(moment), "anomaly.raised", alert=alert)
    assert fleet.fired() == [(13.0, 3.0)]


def test_every_event_of_a_kind(fleet: Fleet) -> None:
    fleet.add({"on": "event", "name": "gesture.begin", "operator": ">=", "where": {"gesture": "wave"}})
    for moment, gesture in ((0, "wave"), (1, "clap"), (2, "wave")):
        fleet.tell(float(moment), "gesture.begin", gesture=gesture)
    assert [moment for moment, _ in fleet.fired()] == [0.0, 2.0]


def test_devices_and_streams_stand_each_for_themselves(fleet: Fleet) -> None:
    fleet.add({"name": "n", "value": 1, "devices": ["a"], "stream": "line-1"})
    fleet.say(0.0, "b", n=5)
    fleet.say(1.0, "a", "line-2", n=5)
    fleet.say(2.0, "a", None, n=5)
    assert fleet.fired() == []
    fleet.say(3.0, "a", "line-1", n=5)
    assert fleet.fired() == [(3.0, 5.0)]
    assert fleet.rules.history()[0]["text"] == "n is 5 (> 1)"


def test_a_muted_or_disabled_rule_says_nothing(fleet: Fleet) -> None:
    number = fleet.add({"name": "n", "value": 1})
    fleet.rules.change(number, muted_until=10.0)
    fleet.say(1.0, n=2)
    fleet.say(2.0, n=0)
    fleet.rules.change(number, enabled=False)
    fleet.judge._read_at = float("-inf")
    fleet.say(20.0, n=2)
    assert fleet.fired() == []


def test_somebody_has_seen_it(fleet: Fleet) -> None:
    fleet.add({"name": "n", "value": 1})
    fleet.say(0.0, n=2)
    (firing,) = fleet.rules.history(open_only=True)
    fleet.rules.acknowledge(firing["id"], "ada")
    assert fleet.rules.history(open_only=True) == []
    with pytest.raises(SettingsError):
        fleet.rules.acknowledge(999, "ada")


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ({"when": {}}, "name of a measurement"),
        ({"when": {"name": "n", "operator": "~"}}, "operator"),
        ({"when": {"name": "n", "window": "for"}}, "length in seconds"),
        ({"when": {"name": "n"}, "then": {"mail": ["nobody"]}}, "mail"),
        ({"when": {"name": "n"}, "then": {"command": "shell"}}, "no command 'shell'"),
        ({"when": {"name": "n"}, "then": {"open": ["https://example.org"]}}, "open"),
        ({"wenn": {"name": "n"}}, "wenn"),
    ],
)
def test_rules_that_cannot_be(fleet: Fleet, definition: dict, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        fleet.rules.add("x", definition)


class Postbox(MessageHandler):
    def __init__(self) -> None:
        super().__init__()
        self.mails: list[EmailMessage] = []

    def handle_message(self, message: EmailMessage) -> None:
        self.mails.append(message)


@pytest.fixture
def consequences(fleet: Fleet, database: Database) -> Iterator[Consequences]:
    class Silent:
        def command(self, device: str, name: str, arguments: Mapping[str, Any], by: str) -> None:
            said.append((device, name, dict(arguments), by))

    said: list[tuple[str, str, dict[str, Any], str]] = []
    made = Consequences(database, fleet.rules, Silent())  # type: ignore[arg-type]
    made.said = said  # type: ignore[attr-defined]
    yield made
    made.close()


def test_a_mail_goes_out_even_if_the_server_comes_late(fleet: Fleet, consequences: Consequences) -> None:
    port, postbox = free_port(), Postbox()
    mail = f"smtp://127.0.0.1:{port}/operator@example.com?from=hub@example.com"
    fleet.add({"name": "n", "value": 1}, {"mail": [mail], "command": "snapshot"})
    consequences.start()
    fleet.say(time.time(), n=2)
    consequences.wake()
    eventually(lambda: consequences.said)  # type: ignore[attr-defined]
    controller = Controller(postbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        eventually(lambda: fleet.rules.history()[0]["done"])
    finally:
        controller.stop()
    (received,) = postbox.mails
    assert received["To"] == "operator@example.com" and "n is 2 (> 1)" in received.get_payload()
    assert consequences.said == [("a", "snapshot", {"stream": "line-1"}, "rule 1")]  # type: ignore[attr-defined]


def test_what_cannot_succeed_is_given_up_and_written_down(
    fleet: Fleet, consequences: Consequences, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = threading.Event()

    def refuse(kind: str, text: str, event: object) -> None:
        tried.set()
        raise SettingsError("it answered 404")

    monkeypatch.setattr("footlights.hub.consequences._act", refuse)
    fleet.add({"name": "n", "value": 1}, {"webhook": ["https://example.com/hook"]})
    fleet.say(time.time(), n=2)
    consequences.start()
    eventually(lambda: fleet.rules.history()[0]["done"])
    assert tried.is_set() and fleet.rules.history()[0]["failed"] == "webhook 1: it answered 404"


def test_what_fails_for_too_long_is_given_up(
    fleet: Fleet, consequences: Consequences, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(kind: str, text: str, event: object) -> None:
        raise SinkError("it does not answer")

    monkeypatch.setattr("footlights.hub.consequences._act", fail)
    monkeypatch.setattr("footlights.hub.consequences.GIVE_UP", 0.5)
    fleet.add({"name": "n", "value": 1}, {"webhook": ["https://example.com/hook"]})
    fleet.say(time.time() - 86400, n=2)  # the device was away for a day: the hub begins to try now
    consequences.start()
    eventually(lambda: fleet.rules.history()[0]["done"])
    assert "does not answer" in fleet.rules.history()[0]["failed"]
