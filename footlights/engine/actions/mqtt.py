"""`--mqtt mqtt://HOST/TOPIC`: a JSON message to a broker."""

import json
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import SplitResult, unquote

from footlights.core.errors import SettingsError, SinkError
from footlights.core.event import Event
from footlights.engine.actions.action import Action
from footlights.engine.actions.address import host_and_port, parse
from footlights.engine.actions.message import plain
from footlights.engine.broker import PASSWORD, new_client, port_of

if TYPE_CHECKING:
    from paho.mqtt.client import Client

EXAMPLE = "mqtt://broker.local/stage/effects"
TIMEOUT = 5.0  # seconds for the connection, and again for the confirmation


class Mqtt(Action):
    """Publishes every event as JSON on one topic, QoS 1, not retained, by MQTT 3.1.1.

    mqtt:// is port 1883 in clear, mqtts:// port 8883 by TLS with verified certificates (SSL_CERT_FILE names those of an
    own authority). The connection is kept, and made anew by itself where it was lost. A message that was not confirmed
    goes with its connection: it is not delivered minutes later.
    """

    flag: ClassVar[str] = "mqtt"
    help: ClassVar[str] = "Publish JSON on this topic, QoS 1; mqtts:// for TLS."
    metavar: ClassVar[str] = "mqtt://[USER:PASSWORD@]HOST/TOPIC"

    def __init__(self, address: SplitResult, topic: str, password: str | None) -> None:
        self.address = address
        self.topic = topic
        self._password = password
        self._client: Client | None = None
        self._state = threading.Condition()
        self._connected = False
        self._refused = ""
        self._confirmed: set[int] = set()  # message ids, of the one message that is waited for
        self._closed = False

    @classmethod
    def from_text(cls, text: str) -> Self:
        address = parse(cls.flag, text, ("mqtt", "mqtts"), EXAMPLE)
        topic = unquote(address.path[1:])
        place = f"{address.scheme}://{host_and_port(address, port_of(address))}"
        if not topic:
            raise SettingsError(f"--mqtt '{place}' names no topic: did you mean '{place}/footlights'?")
        if "?" in text or "#" in text:
            raise SettingsError(f"--mqtt: write ? and # in a topic as %3F and %23; a topic ends the address: {EXAMPLE}")
        if {"+", "#", "\0"} & set(topic) or len(topic.encode()) > 65535:
            raise SettingsError(f"--mqtt: '{topic}' is not a topic to publish on: + and # are for subscribing")
        password = unquote(address.password) if address.password is not None else os.environ.get(PASSWORD)
        return cls(address, topic, password)

    def prepare(self) -> None:
        self._connect()

    def fire(self, event: Event) -> None:
        body = json.dumps(plain(event), ensure_ascii=False, allow_nan=False)
        client = self._connect()
        if not self._wait(lambda: self._connected):
            if self._refused:
                raise SettingsError(f"the broker {self._place()} refused the connection: {self._refused}")
            raise SinkError(f"no MQTT broker answers at {self._place()}")
        with self._state:
            self._confirmed.clear()
        sent = client.publish(self.topic, body, qos=1)
        if not self._wait(lambda: sent.mid in self._confirmed):
            self._disconnect()
            raise SinkError(f"the broker {self._place()} did not confirm the message")

    def close(self) -> None:
        with self._state:
            self._closed = True
            self._state.notify_all()
        self._disconnect()

    def describe(self) -> str:
        return f"mqtt {self._place()}/{self.topic}"

    def _place(self) -> str:
        return host_and_port(self.address, port_of(self.address))

    def _wait(self, done: Callable[[], bool]) -> bool:
        with self._state:
            self._state.wait_for(lambda: done() or self._refused or self._closed, TIMEOUT)
            return done()

    def _connect(self) -> "Client":
        """The client, which connects, and connects again, on a thread of its own."""
        with self._state:
            if self._client is None:
                self._client = self._start()
            return self._client

    def _start(self) -> "Client":
        client = new_client(self.address, self._password, TIMEOUT)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.connect_async(self.address.hostname or "", port_of(self.address))
        client.loop_start()
        return client

    def _disconnect(self) -> None:
        with self._state:
            client, self._client, self._connected = self._client, None, False
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        with self._state:
            self._connected = not reason.is_failure
            self._refused = str(reason) if reason.is_failure else ""
            self._state.notify_all()

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, _reason: Any, _properties: Any) -> None:
        with self._state:
            self._connected = False
            self._state.notify_all()

    def _on_publish(self, _client: Any, _data: Any, mid: int, _reason: Any, _properties: Any) -> None:
        with self._state:
            self._confirmed.add(mid)
            self._state.notify_all()
