"""Past one machine: a broker that somebody else runs, and workers beside the hub's own."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from sqlalchemy import select

from footlights.cli.main import cli
from footlights.core.errors import InstallError, SettingsError
from footlights.hub import mosquitto as brokers
from footlights.hub import schema
from footlights.hub.database import Database
from footlights.hub.hub import Hub, Place
from footlights.hub.ingest import Ingest
from footlights.hub.mosquitto import WORKER, Address, client_context, write_configuration
from footlights.hub.workers import read_address, worker
from footlights.wire import fleet
from tests.hub.conftest import CUT_OFF, WAIT, eventually
from tests.ports import free_port

pytestmark = CUT_OFF
SESSION = "0123456789abcdef"
QUIET = 0.5  # seconds in which what must not come would have come


@dataclass
class Large:
    """A hub, its broker that somebody else runs, and its database."""

    hub: Hub
    address: str
    broker: subprocess.Popen[bytes]
    folder: Path
    database: str

    def bring(self) -> None:
        """What the broker's keeper does: the files as they are to be, and SIGHUP."""
        for name in ("rights", "revoked.pem"):
            shutil.copy(self.hub.mosquitto.folder / name, self.folder / name)
        self.broker.send_signal(1)
        time.sleep(QUIET)


@pytest.fixture
def large(mosquitto: str, postgres: str, tmp_path: Path) -> Iterator[Large]:
    import psycopg

    name, port = f"hub_{time.time_ns()}", free_port()
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    database, address = postgres.rpartition("/")[0] + f"/{name}", f"mqtts://localhost:{port}"
    hub = Hub(Place(tmp_path / "hub", database=database, broker=address))
    folder = tmp_path / "broker"
    file = write_configuration(folder, hub.authority, Address("127.0.0.1", port), ("localhost",), hub._rights())
    file.write_text(f"user root\n{file.read_text()}")
    with subprocess.Popen([brokers.find(), "-c", str(file)], stderr=subprocess.DEVNULL) as process:
        try:
            eventually(lambda: brokers.answers(Address("localhost", port)))
            hub.start()
            assert hub.ingest.wait_until_connected(WAIT)
            yield Large(hub, address, process, folder, database)
        finally:
            hub.close()
            process.terminate()


def say(large: Large, device: str, count: int) -> None:
    """A device says so many things."""
    key, certificate = large.hub.authority.client(device, datetime.now(UTC))
    file = large.folder / f"{device}.pem"
    file.write_text(certificate.pem + key)
    client = Client(CallbackAPIVersion.VERSION2, device, protocol=MQTTProtocolVersion.MQTTv5)
    client.tls_set_context(client_context(large.hub.authority.path, file, file))
    client.connect("localhost", read_address(large.address).port)
    client.loop_start()
    for number in range(1, count + 1):
        message = fleet.Message(SESSION, number, number - 1, time.time(), "telemetry", {"values": {"n": number}})
        client.publish(fleet.topic(device, "messages"), fleet.encode(message), qos=1).wait_for_publish(5)
    client.disconnect()
    client.loop_stop()


def test_two_workers_share_what_devices_say_and_one_that_is_removed_hears_nothing(large: Large) -> None:
    large.hub.registry.add("a")
    identity = large.hub.workers.make("w1", large.folder / "w1")
    eventually(lambda: "hub.worker.w1" in (large.hub.mosquitto.folder / "rights").read_text())
    large.bring()
    database = Database(large.database)
    beside, heard = worker("w1", identity, database, large.address), list[int]()
    beside._on_new = lambda new: heard.extend(one.message.sequence for one in new)
    beside.start()
    try:
        assert beside.wait_until_connected(WAIT)
        say(large, "a", 40)
        eventually(lambda: _stored(large.hub) == 40)
        assert 10 <= len(heard) <= 30
        _cannot_command(beside)
    finally:
        beside.close()
        database.close()
    large.hub.workers.remove("w1")
    eventually(lambda: "hub.worker.w1" not in (large.hub.mosquitto.folder / "rights").read_text())
    large.bring()
    again = worker("w1", identity, database, large.address)
    again.start()
    try:
        assert not again.wait_until_connected(2 * QUIET)
    finally:
        again.close()


def _cannot_command(beside: Ingest) -> None:
    """A worker that somebody stole tells no device what to do, and knows nobody's document."""
    spied: list[str] = []
    beside.client.message_callback_add("footlights/devices/a/desired", lambda c, u, m: spied.append(m.topic))
    beside.client.subscribe("footlights/devices/+/desired", qos=1)
    beside.client.publish("footlights/devices/a/desired", b"{}", qos=1, retain=True)
    time.sleep(QUIET)
    assert spied == []


def test_a_device_that_is_blocked_there_is_heard_by_nobody(large: Large) -> None:
    large.hub.registry.add("a")
    say(large, "a", 3)
    eventually(lambda: _stored(large.hub) == 3)
    large.hub.block("a")  # its connection there may still be open
    say(large, "a", 5)
    time.sleep(QUIET)
    assert _stored(large.hub) == 3


def test_the_commands_write_what_workers_and_brokers_need(tmp_path: Path) -> None:
    def run(*arguments: str | Path) -> str:
        command = ["hub", "--data", str(tmp_path), *map(str, arguments)]
        return CliRunner().invoke(cli, command, catch_exceptions=False).output

    with pytest.raises(SettingsError, match="no hub in"):
        run("worker", "w1")
    Hub(Place(tmp_path)).database.close()
    assert "keep it like a key" in run("worker", "w1")
    assert {path.name for path in (tmp_path / "workers/w1").iterdir()} == {"worker.key", "worker.crt", "authority.crt"}
    assert (tmp_path / "workers/w1/worker.key").stat().st_mode & 0o077 == 0
    said = run("broker-config", tmp_path / "there", "--name", "broker.example.com")
    assert f"mosquitto -c {tmp_path / 'there/mosquitto.conf'}" in said
    rights = (tmp_path / "there/rights").read_text()
    assert f"user {WORKER}hub\n" in rights and f"user {WORKER}w1\n" in rights
    assert "may work no more" in run("worker", "w1", "--remove")
    where = ("--database", "postgresql://nobody@127.0.0.1:port/x", "--broker", "mqtts://localhost")
    with pytest.raises(SettingsError, match="no address of a database"):
        run("ingest", "--as", "w1", *where)
    for wrong in ("hub", "W1", "../w1"):
        with pytest.raises(SettingsError):
            run("worker", wrong)


@pytest.mark.parametrize("address", ["localhost", "mqtt://localhost", "mqtts://", "mqtts://a:b@c", "mqtts://x:99999"])
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(SettingsError, match="mqtts://HOST"):
        read_address(address)


def test_without_a_broker_there_are_pages_and_it_is_started_once_it_is_installed(
    mosquitto: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def find() -> str:
        raise InstallError("the broker mosquitto is not installed: sudo apt install mosquitto")

    monkeypatch.setattr("footlights.hub.hub.LOOK_EVERY", 0.1)
    made = Hub(Place(tmp_path, port=free_port()))
    with monkeypatch.context() as without:
        without.setattr(brokers, "find", find)
        made.start()
        try:
            assert not made.mosquitto.runs() and made.people.first_admin()
            (said,) = [record.message for record in caplog.records if record.levelname == "ERROR"]
            assert "sudo apt install mosquitto" in said and "pages" in said
            without.undo()
            assert made.ingest.wait_until_connected(WAIT)
        finally:
            made.close()


def _stored(hub: Hub) -> int:
    with hub.database.read() as connection:
        return int(connection.scalar(select(schema.outboxes.c.stored)) or 0)
