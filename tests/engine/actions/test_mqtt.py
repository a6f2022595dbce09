"""MQTT against a real Mosquitto."""

import json
import queue
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from footlights.core.errors import SettingsError, SinkError
from footlights.core.event import Event
from footlights.engine.actions import mqtt
from footlights.engine.actions.mqtt import Mqtt
from tests.engine.actions.conftest import WAIT, Broker, Certificate
from tests.ports import free_port


class Subscriber:
    """Hears everything, and is not lost when the broker restarts."""

    def __init__(self, port: int, user: str = "", password: str = "", tls: Path | None = None) -> None:
        self.messages: queue.Queue[MQTTMessage] = queue.Queue()
        self.listening: queue.Queue[None] = queue.Queue()
        self._client = Client(CallbackAPIVersion.VERSION2)
        if user:
            self._client.username_pw_set(user, password)
        if tls is not None:
            self._client.tls_set(str(tls))
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_subscribe = lambda *_: self.listening.put(None)
        self._client.on_message = lambda _client, _data, message: self.messages.put(message)
        self._client.connect("localhost" if tls else "127.0.0.1", port)
        self._client.loop_start()
        self.listening.get(timeout=WAIT)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def subscribe() -> Iterator[Callable[..., Subscriber]]:
    made: list[Subscriber] = []

    def make(*arguments: Any, **more: Any) -> Subscriber:
        made.append(Subscriber(*arguments, **more))
        return made[-1]

    yield make
    for subscriber in made:
        subscriber.close()


@pytest.fixture
def publish() -> Iterator[Callable[[str], Mqtt]]:
    made: list[Mqtt] = []

    def make(text: str) -> Mqtt:
        made.append(Mqtt.from_text(text))
        return made[-1]

    yield make
    for action in made:
        action.close()


Make = Callable[..., Any]


def test_a_subscriber_reads_the_event(make_broker: Make, subscribe: Make, publish: Make, event: Event) -> None:
    broker = make_broker()
    subscriber = subscribe(broker.port)
    publish(f"mqtt://127.0.0.1:{broker.port}/stage/left%20wing/effects").fire(event)
    message = subscriber.messages.get(timeout=WAIT)
    assert (message.topic, message.qos, message.retain) == ("stage/left wing/effects", 1, False)
    assert json.loads(message.payload) == {
        "kind": "trigger", "stream": "line 1", "time": 12.5, "track": 3, "by": "x_arms", "confidence": 0.93,
    }  # fmt: skip


def test_one_connection_serves_all_events(make_broker: Make, subscribe: Make, publish: Make) -> None:
    broker = make_broker()
    subscriber = subscribe(broker.port)
    action = publish(f"mqtt://127.0.0.1:{broker.port}/a")
    action.prepare()
    for number in range(50):
        action.fire(Event("trigger", "a", float(number)))
    times = [json.loads(subscriber.messages.get(timeout=WAIT).payload)["time"] for _ in range(50)]
    assert times == list(range(50))


@pytest.fixture
def guarded(make_broker: Make, tmp_path: Path) -> Broker:
    """A broker that knows one user: stage, with the password hush/:@."""
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "stage", "hush/:@"], check=True)
    return make_broker("allow_anonymous false", f"password_file {passwords}")


def test_user_and_password(guarded: Broker, subscribe: Make, publish: Make, event: Event) -> None:
    subscriber = subscribe(guarded.port, "stage", "hush/:@")
    publish(f"mqtt://stage:hush%2F%3A%40@127.0.0.1:{guarded.port}/a").fire(event)
    assert subscriber.messages.get(timeout=WAIT).topic == "a"


def test_the_password_may_come_from_the_environment(
    guarded: Broker, subscribe: Make, publish: Make, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscriber = subscribe(guarded.port, "stage", "hush/:@")
    monkeypatch.setenv("FOOTLIGHTS_MQTT_PASSWORD", "hush/:@")
    publish(f"mqtt://stage@127.0.0.1:{guarded.port}/a").fire(event)
    assert subscriber.messages.get(timeout=WAIT).topic == "a"


def test_a_wrong_password_is_not_to_be_tried_again(guarded: Broker, publish: Make, event: Event) -> None:
    with pytest.raises(SettingsError, match="refused the connection: Not authorized") as raised:
        publish(f"mqtt://stage:wrong@127.0.0.1:{guarded.port}/a").fire(event)
    assert "wrong" not in str(raised.value)


def test_no_broker_is_a_passing_trouble_until_it_comes(
    make_broker: Make, subscribe: Make, publish: Make, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = make_broker("allow_anonymous true", start=False)
    action = publish(f"mqtt://127.0.0.1:{broker.port}/a")
    monkeypatch.setattr(mqtt, "TIMEOUT", 0.1)
    with pytest.raises(SinkError, match=f"no MQTT broker answers at 127.0.0.1:{broker.port}"):
        action.fire(event)
    monkeypatch.setattr(mqtt, "TIMEOUT", WAIT)
    broker.start()
    subscriber = subscribe(broker.port)
    action.fire(event)
    assert subscriber.messages.get(timeout=WAIT).topic == "a"


def test_a_lost_connection_comes_back_by_itself(
    make_broker: Make, subscribe: Make, publish: Make, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "TIMEOUT", WAIT)
    broker = make_broker()
    subscriber = subscribe(broker.port)
    action = publish(f"mqtt://127.0.0.1:{broker.port}/a")
    action.fire(event)
    broker.stop()
    broker.start()
    subscriber.listening.get(timeout=WAIT)
    action.fire(event)
    assert [subscriber.messages.get(timeout=WAIT).topic for _ in range(2)] == ["a", "a"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho leaves refused sockets unclosed
def test_tls_with_a_certificate_that_is_verified(
    make_broker: Make,
    subscribe: Make,
    publish: Make,
    event: Event,
    certificate: Certificate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker = make_broker("allow_anonymous true", f"certfile {certificate.certificate}", f"keyfile {certificate.key}")
    subscriber = subscribe(broker.port, tls=certificate.certificate)
    address = f"mqtts://localhost:{broker.port}/a"
    monkeypatch.setattr(mqtt, "TIMEOUT", 1.0)
    with pytest.raises(SinkError, match="no MQTT broker answers"):
        publish(address).fire(event)
    monkeypatch.setattr(mqtt, "TIMEOUT", WAIT)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    publish(address).fire(event)
    assert subscriber.messages.get(timeout=WAIT).topic == "a"
    assert subscriber.messages.empty()


def test_close_ends_an_attempt(publish: Make, event: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a broker that never answers and all the time in the world."""
    monkeypatch.setattr(mqtt, "TIMEOUT", 100_000.0)
    with socket.create_server(("127.0.0.1", free_port())) as silent:
        action = publish(f"mqtt://127.0.0.1:{silent.getsockname()[1]}/a")
        raised: list[Exception] = []

        def fire() -> None:
            try:
                action.fire(event)
            except SinkError as error:
                raised.append(error)

        firing = threading.Thread(target=fire)
        firing.start()
        silent.accept()[0].close()
        action.close()
        firing.join()
    assert len(raised) == 1
