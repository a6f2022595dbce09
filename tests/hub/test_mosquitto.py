"""What a device may do, tried against the broker with the configuration that the hub writes."""

import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from footlights.hub.authority import Authority
from footlights.hub.hub import Hub
from footlights.wire import fleet
from tests.hub.conftest import CUT_OFF, eventually

pytestmark = CUT_OFF

QUIET = 0.6  # seconds in which what must not come would have come


@dataclass
class Device:
    """A client that writes down what it hears."""

    client: Client
    heard: list[tuple[str, bytes]] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)
    granted: list[int] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    def subscribe(self, *topics: str) -> bool:
        """Whether the broker lets it listen to all of them; Mosquitto grants and then delivers nothing."""
        self.client.subscribe([(topic, 1) for topic in topics])
        return bool(eventually(lambda: self.granted))


Connect = Callable[..., Device]


@pytest.fixture
def connect(hub: Hub, tmp_path: Path) -> Iterator[Connect]:
    """`connect(name, authority=…, now=…, client_id=…)`: a client with a certificate in that name."""
    made: list[Client] = []

    def open_one(
        name: str,
        *,
        authority: Authority | None = None,
        now: datetime | None = None,
        days: float = 90,
        client_id: str | None = None,
        user: str | None = None,
        will: str | None = None,
        certified: bool = True,
        wait: bool = True,
    ) -> Device:
        signer = authority or hub.authority
        context = ssl.create_default_context(cafile=str(hub.authority.path))
        if certified:
            key, certificate = signer.client(name, now or datetime.now(UTC), days)
            file = tmp_path / f"{len(made)}.pem"
            file.write_text(certificate.pem + key)
            context.load_cert_chain(str(file))
        client = Client(CallbackAPIVersion.VERSION2, client_id or name, protocol=MQTTProtocolVersion.MQTTv5)
        client.tls_set_context(context)
        device = Device(client)
        client.on_message = lambda c, u, m: device.heard.append((m.topic, bytes(m.payload)))
        client.on_connect = lambda c, u, f, reason, p: device.connected.append(str(reason))
        client.on_disconnect = lambda c, u, f, reason, p: device.ended.append(str(reason))
        client.on_subscribe = lambda c, u, mid, reasons, p: device.granted.extend(r.value for r in reasons)
        if user:
            client.username_pw_set(user, "password")
        if will:
            client.will_set(will, b"boo", qos=1)
        made.append(client)
        client.connect("localhost", hub.place.port)
        if wait:
            client.loop_start()
            eventually(lambda: device.connected)
        return device

    yield open_one
    for client in made:
        client.disconnect()
        client.loop_stop()


@pytest.mark.parametrize(
    "topic",
    [fleet.topic("b", "messages"), fleet.topic("b", "status"), fleet.topic("b", "desired"), fleet.topic("a", "desired"),
     fleet.topic("a", "command"), fleet.topic("a", "received"), "footlights/anything"],
)  # fmt: skip
def test_a_device_writes_to_nobody_elses_topics(hub: Hub, connect: Connect, topic: str) -> None:
    listener, device = connect("hub.server2"), connect("a")
    hub.mosquitto.write_rights(replace(hub._rights(), servers=("hub.server", "hub.server2")))
    hub.mosquitto.reload()
    listener.subscribe("footlights/#")
    device.client.publish(topic, b"forged", qos=1).wait_for_publish(5)
    device.client.publish(fleet.topic("a", "status"), b"mine", qos=1).wait_for_publish(5)
    eventually(lambda: (fleet.topic("a", "status"), b"mine") in listener.heard)
    assert not [payload for _, payload in listener.heard if payload == b"forged"]


def test_a_device_reads_nobody_elses_topics(hub: Hub, connect: Connect) -> None:
    device = connect("a")
    device.subscribe(
        "#", "footlights/#", "footlights/devices/+/desired", fleet.topic("b", "desired"), fleet.topic("b", "messages"),
        f"$share/x/{fleet.topic('b', 'desired')}", "$share/ingest/footlights/devices/+/messages", "$SYS/#",
        fleet.topic("a", "desired"),
    )  # fmt: skip
    other = connect("b")
    other.client.publish(fleet.topic("b", "messages"), b"secret", qos=1).wait_for_publish(5)
    hub.switchboard.say_desired("b", fleet.Desired(1, {"app": "secret"}))
    hub.switchboard.say_desired("a", fleet.Desired(1, {"app": "mine"}))
    eventually(lambda: device.heard)
    time.sleep(QUIET)
    assert {topic for topic, _ in device.heard} == {fleet.topic("a", "desired")}


def test_a_will_of_another_device_is_not_executed(hub: Hub, connect: Connect) -> None:
    listener = connect("b")
    listener.subscribe(fleet.topic("b", "desired"))
    device = connect("a", will=fleet.topic("b", "desired"))
    sock = device.client.socket()
    assert sock is not None
    device.client.loop_stop()
    sock.close()  # without a goodbye
    time.sleep(QUIET)
    assert listener.heard == []


def test_nobody_takes_over_the_connection_of_another(hub: Hub, connect: Connect) -> None:
    victim = connect("b")
    thief = connect("a", client_id="b", user="b")
    thief.subscribe(fleet.topic("b", "desired"), fleet.topic("a", "desired"))
    time.sleep(QUIET)
    assert victim.client.is_connected() and victim.ended == []
    hub.switchboard.say_desired("b", fleet.Desired(1, {}))
    hub.switchboard.say_desired("a", fleet.Desired(1, {}))
    eventually(lambda: thief.heard)
    assert {topic for topic, _ in thief.heard} == {fleet.topic("a", "desired")}


def _gets_in(connect: Connect, **how: object) -> bool:
    """Whether a client that shows this gets an answer from the broker."""
    try:
        device = connect("a", wait=False, **how)
    except (ssl.SSLError, OSError):
        return False
    device.client.loop_start()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and not device.connected and not device.ended:
        time.sleep(0.02)
    return device.connected == ["Success"]


def test_only_certificates_that_hold_get_in(hub: Hub, connect: Connect, tmp_path: Path) -> None:
    assert _gets_in(connect)
    assert not _gets_in(connect, authority=Authority(tmp_path / "other"))
    assert not _gets_in(connect, certified=False)
    now = datetime.now(UTC)
    assert not _gets_in(connect, now=now - timedelta(days=10), days=5)
    assert not _gets_in(connect, now=now + timedelta(days=5), days=5)


def test_a_blocked_device_is_thrown_out_and_stays_out(hub: Hub, tmp_path: Path) -> None:
    hub.registry.add("a")
    with hub.database.write() as connection:
        granted = hub.registry._certify(connection, "a", _request_with_key(tmp_path), datetime.now(UTC))
    (tmp_path / "a.crt").write_text(granted.pem)
    context = ssl.create_default_context(cafile=str(hub.authority.path))
    context.load_cert_chain(str(tmp_path / "a.crt"), str(tmp_path / "a.key"))
    client = Client(CallbackAPIVersion.VERSION2, "a", protocol=MQTTProtocolVersion.MQTTv5)
    client.tls_set_context(context)
    client.reconnect_delay_set(1, 1)
    came: list[str] = []
    client.on_connect = lambda c, u, f, reason, p: came.append(str(reason))
    client.connect_async("localhost", hub.place.port)
    client.loop_start()
    try:
        eventually(client.is_connected)
        hub.block("a")
        eventually(lambda: not client.is_connected())
        time.sleep(1.5)
        assert came == ["Success"] and not client.is_connected()
        assert hub.ingest.wait_until_connected(5)
    finally:
        client.disconnect()
        client.loop_stop()


def _request_with_key(folder: Path) -> bytes:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    from tests.hub.test_authority import request

    key = ec.generate_private_key(ec.SECP256R1())
    form = serialization.PrivateFormat.PKCS8
    (folder / "a.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return request("a", key)


def test_too_large_a_message_is_refused_and_the_hub_goes_on(hub: Hub, connect: Connect) -> None:
    device = connect("a")
    device.client.publish(fleet.topic("a", "messages"), b"x" * (fleet.LARGEST + 2000), qos=1)
    connect("b").client.publish(fleet.topic("b", "messages"), b"no json", qos=1).wait_for_publish(5)
    eventually(lambda: hub.ingest.refused >= 1)


def test_an_orphan_of_a_killed_hub_is_ended(hub: Hub) -> None:
    process = hub.mosquitto._process
    assert process is not None
    hub.mosquitto._process = None  # the hub that knew it is gone
    hub.mosquitto.start(hub._rights())
    assert process.wait(5) is not None and hub.mosquitto.runs()


def test_a_broker_that_died_is_started_again(hub: Hub) -> None:
    first = hub.mosquitto._process
    assert first is not None
    first.kill()
    eventually(lambda: hub.mosquitto._process is not first and hub.mosquitto.runs())
    eventually(hub.ingest.client.is_connected)
