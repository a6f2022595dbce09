"""Devices and a hub together: the agent's own code against a real hub."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from footlights.agent.agent import Agent
from footlights.agent.enrol import Invitation, enrol
from footlights.agent.identity import Identity
from footlights.core.errors import FootlightsError, SettingsError, SinkError
from footlights.core.event import Event
from footlights.engine.watch import StreamReport
from footlights.hub import schema
from footlights.hub.api.application import application
from footlights.hub.hub import Hub
from footlights.wire import keys
from tests.hub.conftest import CUT_OFF, WAIT, eventually
from tests.ports import free_port

pytestmark = CUT_OFF


@dataclass
class FakeStage:
    """A stage that writes down what it is to be."""

    documents: list[Mapping[str, Any]] = field(default_factory=list)
    restarts: int = 0

    def apply(self, document: Mapping[str, Any]) -> None:
        if document.get("app") == "emoji":
            raise SettingsError("no emoji today")
        self.documents.append(document)

    def report(self) -> list[StreamReport]:
        return [StreamReport("line-1", "running", "", 10, 0, 29.5, None, None, 2, {}, 1.0, None)]

    def restart(self) -> None:
        self.restarts += 1

    def picture(self, stream: str) -> bytes:
        if stream != "line-1":
            raise SettingsError("there is no picture")
        return b"\xff\xd8 picture"


@pytest.fixture
def address(hub: Hub) -> Iterator[str]:
    """The hub's web server, with TLS."""
    port, folder = free_port(), hub.mosquitto.folder
    tls = {"ssl_keyfile": folder / "server.key", "ssl_certfile": folder / "server.crt"}
    config = uvicorn.Config(application(hub), port=port, log_config=None, **tls)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    eventually(lambda: server.started)
    yield f"https://localhost:{port}"
    server.should_exit = True
    thread.join()


def invitation(hub: Hub, address: str, **change: Any) -> Invitation:
    groups = hub.registry.groups() or [hub.registry.make_group("line")]
    facts = {"url": address, "scope": hub.registry.scope, "device": "jetson-07", "key": groups[0].key}
    return Invitation(**{**facts, "pin": hub.authority.fingerprint, **change})


@dataclass
class Running:
    agent: Agent
    stage: FakeStage
    stop: Callable[[], None]


@pytest.fixture
def start(hub: Hub, address: str, tmp_path: Path) -> Iterator[Callable[[], Running]]:
    """`start()`: an agent that runs, enrolled the first time."""
    stops: list[Callable[[], None]] = []
    identity = Identity(tmp_path / "agent")

    def start_one() -> Running:
        if not identity.enrolled:
            enrol(invitation(hub, address), identity)
        agent, stage = Agent(identity), FakeStage()
        thread = threading.Thread(target=agent.run, args=(stage,))
        thread.start()

        def stop() -> None:
            agent.stop.set()
            thread.join()

        stops.append(stop)
        return Running(agent, stage, stop)

    yield start_one
    for stop in stops:
        stop()


def messages(hub: Hub, kind: str) -> list[Mapping[Any, Any]]:
    wanted = select(schema.messages).where(schema.messages.c.kind == kind).order_by(schema.messages.c.sequence)
    with hub.database.read() as connection:
        return [dict(row) for row in connection.execute(wanted).mappings()]


def test_a_device_becomes_what_the_hub_wants_and_says_so(hub: Hub, start: Callable[[], Running]) -> None:
    running = start()
    desired = hub.twins.patch("jetson-07", {"app": "gestures"}, "admin")
    hub.switchboard.say_desired("jetson-07", desired)
    eventually(lambda: running.stage.documents == [{"app": "gestures"}])
    twin = eventually(lambda: (found := hub.twins.twin("jetson-07")).acknowledged and found)
    assert twin.acknowledged["app"] == {"value": "gestures", "code": 200, "version": 1, "text": ""}  # type: ignore[attr-defined]
    eventually(lambda: hub.twins.twin("jetson-07").reported.get("desiredVersion") == 1)
    assert hub.twins.twin("jetson-07").reported["manufacturer"] == "footlights"
    (device,) = hub.registry.devices()
    assert device.online


def test_what_a_device_cannot_be_is_acknowledged_with_the_reason(hub: Hub, start: Callable[[], Running]) -> None:
    start()
    hub.switchboard.say_desired("jetson-07", hub.twins.patch("jetson-07", {"app": "emoji"}, "admin"))
    eventually(lambda: hub.twins.twin("jetson-07").acknowledged)
    said = hub.twins.twin("jetson-07").acknowledged["app"]
    assert (said["code"], said["text"]) == (400, "no emoji today")


def test_a_device_that_was_away_gets_the_whole_document(hub: Hub, start: Callable[[], Running]) -> None:
    start().stop()
    for patch in ({"app": "gestures"}, {"settings": {"only": ["wave"]}}, {"app": "interact", "settings": None}):
        hub.switchboard.say_desired("jetson-07", hub.twins.patch("jetson-07", patch, "admin"))
    again = start()
    eventually(lambda: again.stage.documents)
    assert again.stage.documents == [{"app": "interact"}]


def test_a_device_goes_on_without_a_hub(hub: Hub, start: Callable[[], Running]) -> None:
    first = start()
    hub.switchboard.say_desired("jetson-07", hub.twins.patch("jetson-07", {"app": "gestures"}, "admin"))
    eventually(lambda: first.stage.documents)
    first.stop()
    hub.mosquitto.close()
    again = start()
    eventually(lambda: again.stage.documents == [{"app": "gestures"}])


def test_events_come_once_and_in_order_whatever_ends_in_between(hub: Hub, start: Callable[[], Running]) -> None:
    running = start()
    for number in range(300):
        running.agent.tell(Event("gesture.begin", "line-1", float(number), 1, {"n": number}))
        if number == 100 and hub.mosquitto._process is not None:
            hub.mosquitto._process.kill()
        if number == 200:
            running.stop()
            running = start()
    told = eventually(lambda: len(found := messages(hub, "event")) >= 300 and found, seconds=60)
    assert [row["body"]["data"]["n"] for row in told] == list(range(300))  # type: ignore[attr-defined]


def test_what_cannot_be_said_is_left_out_and_the_next_is_said(hub: Hub, start: Callable[[], Running]) -> None:
    running = start()
    for wrong in (float("nan"), object(), "x" * 300_000, "\0", "\ud800", {1: [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}):
        running.agent.tell(Event("gesture.begin", "line-1", 1.0, 1, {"wrong": wrong}))
    running.agent.tell(Event("gesture.begin", "line-1", 2.0, 1, {"n": 1}))
    told = eventually(lambda: messages(hub, "event"))
    assert [row["body"]["data"] for row in told] == [{"n": 1}]  # type: ignore[attr-defined]
    assert messages(hub, "refused") == []


def test_commands_and_their_answers(hub: Hub, start: Callable[[], Running]) -> None:
    running = start()
    eventually(lambda: hub.registry.devices()[0].online)

    def ask(name: str, **arguments: Any) -> Mapping[Any, Any]:
        said = hub.switchboard.command("jetson-07", name, arguments, "admin")
        return hub.switchboard.answer(said.id, WAIT)

    assert ask("ping")["code"] == 200
    assert ask("restart-pipeline")["code"] == 200 and running.stage.restarts == 1
    assert ask("snapshot", stream="line-1")["answer"] == {"bytes": 10}
    assert ask("snapshot", stream="line-9")["code"] == 400
    with hub.database.read() as connection:
        assert connection.scalar(select(schema.pictures.c.jpeg)) == b"\xff\xd8 picture"
    with pytest.raises(SettingsError, match="did you mean 'ping'"):
        ask("pong")


def test_a_command_that_comes_too_late_is_not_done(hub: Hub, start: Callable[[], Running]) -> None:
    running = start()
    eventually(lambda: hub.registry.devices()[0].online)
    said = hub.switchboard.command("jetson-07", "restart-pipeline", {}, "admin", valid=-1.0)
    assert hub.switchboard.answer(said.id, WAIT)["code"] == 408 and running.stage.restarts == 0


def test_telemetry_arrives(hub: Hub, start: Callable[[], Running]) -> None:
    start()
    eventually(lambda: len(messages(hub, "telemetry")) >= 2)
    assert {row["body"].get("stream") for row in messages(hub, "telemetry")} == {None, "line-1"}


def test_a_certificate_is_renewed_before_it_ends(
    hub: Hub, start: Callable[[], Running], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Identity, "wants_renewal", lambda self: not (tmp_path / "asked").touch())
    start()
    before = (tmp_path / "agent/device.crt").read_text()
    eventually(lambda: (tmp_path / "agent/device.crt").read_text() != before)
    with hub.database.read() as connection:
        assert len(connection.execute(select(schema.certificates)).all()) == 2
    Identity(tmp_path / "agent").context()  # key and certificate belong together


def test_a_device_that_goes_is_seen_to_go(hub: Hub, start: Callable[[], Running]) -> None:
    running = start()
    eventually(lambda: hub.registry.devices()[0].online)
    running.stop()
    eventually(lambda: not hub.registry.devices()[0].online)


def test_the_pin_keeps_another_hub_out(hub: Hub, address: str, tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="not the hub that the pin names"):
        enrol(invitation(hub, address, pin="0" * 64), Identity(tmp_path / "x"))
    assert not Identity(tmp_path / "x").enrolled


def test_without_the_pin_a_private_authority_is_not_believed(hub: Hub, address: str, tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="does not answer"):
        enrol(invitation(hub, address, pin=None), Identity(tmp_path / "x"))


def test_a_wrong_key_is_refused_and_guessing_ends(hub: Hub, address: str, tmp_path: Path) -> None:
    said = []
    for _ in range(12):
        with pytest.raises(FootlightsError) as error:
            enrol(invitation(hub, address, key=keys.new_key()), Identity(tmp_path / "x"))
        said.append(str(error.value))
    assert "403" in said[0] and "429" in said[-1]
    assert hub.registry.devices() == []


def test_waiting_for_a_yes(hub: Hub, address: str, tmp_path: Path) -> None:
    group = hub.registry.make_group("line", by_hand=True)
    asked = invitation(hub, address, key=group.key)
    with pytest.raises(SettingsError, match="says yes"):
        enrol(asked, Identity(tmp_path / "x"))
    waited: list[float] = []

    def say_yes() -> None:
        waited.append(time.monotonic())
        hub.registry.approve("jetson-07")

    enrol(asked, Identity(tmp_path / "x"), say_yes, patience=10)
    assert len(waited) == 1 and Identity(tmp_path / "x").enrolled


def test_a_database_that_is_away_ends_no_thread_and_loses_nothing(
    hub: Hub, start: Callable[[], Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    running = start()
    eventually(lambda: hub.registry.devices()[0].online)
    away = OperationalError("", {}, RuntimeError("connection refused"))
    tried: list[str] = []

    def refuse(*arguments: Any, **more: Any) -> Any:
        tried.append("again")
        raise away

    with monkeypatch.context() as without:
        without.setattr(hub.archive, "take", refuse)
        without.setattr(hub.registry, "set_online", refuse)
        without.setattr(hub.consequences, "_look", refuse)
        running.agent.tell(Event("gesture.begin", "line-1", 1.0, 1, {"n": 1}))
        running.stop()
        eventually(lambda: len(tried) > 5)
    again = start()
    eventually(lambda: len(messages(hub, "event")) == 1)
    eventually(lambda: hub.registry.devices()[0].online)
    again.stop()
    eventually(lambda: not hub.registry.devices()[0].online)


def test_a_hub_ends_also_where_its_database_never_comes_back(
    hub: Hub, start: Callable[[], Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = threading.Event()

    def refuse(*arguments: Any) -> Any:
        tried.set()
        raise OperationalError("", {}, RuntimeError("connection refused"))

    monkeypatch.setattr(hub.archive, "take", refuse)
    start()
    assert tried.wait(WAIT)
    hub.ingest.close()
    assert not hub.ingest._thread.is_alive()
