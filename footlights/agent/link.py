"""The connection to the hub: what waits in the outbox goes out in order, what the hub wants comes in."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from paho.mqtt.client import Client, MQTTMessage, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from footlights.agent.identity import Hub, Identity
from footlights.agent.outbox import Outbox
from footlights.core.errors import SettingsError
from footlights.wire import fleet

log = logging.getLogger(__name__)

WINDOW = 200  # messages that are sent before the hub has said that it stored the first of them
SAY_AGAIN = (10.0, 60.0)  # seconds after which what was not received is sent again, first and at last
RECONNECT = (1, 60)  # seconds between two attempts, the first and the longest
KEEP_ALIVE = 30
RENEWAL_EVERY = 3600.0  # seconds between two looks at the certificate


@dataclass(frozen=True)
class Wanted:
    """What is done with what the hub says. Called by the connection's thread: neither may take long."""

    on_desired: Callable[[fleet.Desired], None]
    on_command: Callable[[fleet.Command], None]


class Link:
    """Speaks with the hub whenever there is a connection; without one everything waits in the outbox."""

    def __init__(self, identity: Identity, outbox: Outbox, wanted: Wanted) -> None:
        self._identity = identity
        self._hub: Hub = identity.hub()
        self._outbox = outbox
        self._wanted = wanted
        self._changed = threading.Condition()
        self._sent = 0  # number of the last message that was sent on this connection
        self._heard = 0.0  # monotonic clock: when the hub last said what it received, or was told again
        self._patience = SAY_AGAIN[0]
        self._window = WINDOW
        self._context = identity.context()
        self._online = False
        self._closing = False
        self._client = self._connect()
        self._thread = threading.Thread(target=self._run, name="hub link", daemon=True)

    @property
    def online(self) -> bool:
        """Whether there is a connection now."""
        return self._online

    def start(self) -> None:
        """Begin to connect."""
        self._client.loop_start()
        self._thread.start()

    def put(self, kind: fleet.Kind, body: dict[str, object]) -> int:
        """Say something: it is kept until the hub has it. Its number; 0 where a hub would refuse it: it is not said."""
        try:
            fleet.check(kind, body)
        except fleet.MessageError as error:
            log.warning("a message (%s) cannot be said: %s", kind, error)
            return 0
        number = self._outbox.put(kind, body)
        with self._changed:
            self._changed.notify_all()
        return number

    def close(self) -> None:
        """Say goodbye and let go; what was not received waits for the next time."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join()
        if self._online:
            self._status(online=False).wait_for_publish(1.0)
        self._client.disconnect()
        self._client.loop_stop()

    def _connect(self) -> Client:
        device = self._hub.device
        client = Client(CallbackAPIVersion.VERSION2, device, protocol=MQTTProtocolVersion.MQTTv5)
        client.tls_set_context(self._context)
        client.reconnect_delay_set(*RECONNECT)
        client.max_queued_messages_set(2 * WINDOW)
        gone = fleet.encode(fleet.Status(False, self._outbox.session))
        client.will_set(fleet.topic(device, "status"), gone, qos=1, retain=True)
        client.on_connect = lambda client, userdata, flags, reason, properties: self._came(reason.is_failure)
        client.on_disconnect = lambda *_: self._went()
        client.on_message = lambda client, userdata, message: self._take(message)
        client.connect_async(self._hub.broker, self._hub.port, keepalive=KEEP_ALIVE, clean_start=True)
        return client

    def _came(self, refused: bool) -> None:
        if refused:
            log.warning("the hub's broker refuses this device: was it blocked?")
            return
        device = self._hub.device
        topics = ("received", "desired", "command", "certificate/granted")
        self._client.subscribe([(fleet.topic(device, name), 1) for name in topics])
        self._status(online=True)
        with self._changed:
            self._online, self._sent, self._heard, self._window = True, 0, time.monotonic(), WINDOW
            self._changed.notify_all()

    def _went(self) -> None:
        with self._changed:
            self._online = False

    def _status(self, *, online: bool) -> MQTTMessageInfo:
        payload = fleet.encode(fleet.Status(online, self._outbox.session))
        return self._client.publish(fleet.topic(self._hub.device, "status"), payload, qos=1, retain=True)

    def _take(self, message: MQTTMessage) -> None:
        """One message of the hub."""
        name = message.topic.removeprefix(fleet.topic(self._hub.device, ""))
        try:
            if name == "received":
                self._received(fleet.read_received(bytes(message.payload)))
            elif name == "desired":
                self._wanted.on_desired(fleet.read_desired(bytes(message.payload)))
            elif name == "command":
                self._wanted.on_command(fleet.read_command(bytes(message.payload)))
            elif name == "certificate/granted":
                self._identity.keep(str(fleet.decode(bytes(message.payload)).get("certificate", "")))
                self._identity.show_in(self._context)
                log.info("the hub renewed the certificate of this device")
        except (fleet.MessageError, SettingsError) as error:
            log.warning("the hub said something on '%s' that is not understood: %s", name, error)

    def _received(self, received: fleet.Received) -> None:
        if received.session != self._outbox.session:
            return
        self._outbox.received(received.sequence)
        with self._changed:
            self._heard, self._patience, self._window = time.monotonic(), SAY_AGAIN[0], WINDOW
            self._sent = max(self._sent, received.sequence)
            self._changed.notify_all()

    def _run(self) -> None:
        looked = 0.0
        while not self._closing:
            if self._online and time.monotonic() - looked > RENEWAL_EVERY:
                looked = time.monotonic()
                self._renew()
            if not (self._online and self._send()):
                with self._changed:
                    if not self._closing:
                        self._changed.wait(1.0)

    def _send(self) -> bool:
        """Send what is next; False where there is nothing to send now."""
        waiting = self._outbox.after(0, 1)
        if not waiting:
            return False
        first = waiting[0].sequence
        if self._sent >= first and time.monotonic() - self._heard > self._patience:
            self._sent, self._heard = 0, time.monotonic()
            # A hub that is away is asked with one message, and more and more seldom: it is not flooded.
            self._window, self._patience = 1, min(2 * self._patience, SAY_AGAIN[1])
        room = self._window - max(0, self._sent - first + 1)
        batch = self._outbox.after(self._sent, room) if room > 0 else []
        for message in batch:
            self._client.publish(fleet.topic(self._hub.device, "messages"), fleet.encode(message), qos=1)
            self._sent = message.sequence
        return bool(batch)

    def _renew(self) -> None:
        if self._identity.wants_renewal():
            request = self._identity.request(self._hub.device).decode()
            topic = fleet.topic(self._hub.device, "certificate/request")
            self._client.publish(topic, fleet.encode({"request": request}), qos=1)
