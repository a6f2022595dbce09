"""From the broker into the archive: batches, stored before they are acknowledged."""

import logging
import queue
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from sqlalchemy.exc import DBAPIError

from footlights.hub.archive import Archive, Arrived
from footlights.wire import fleet

log = logging.getLogger(__name__)

SHARE = "ingest"  # the workers that share the traffic
MESSAGES = f"$share/{SHARE}/{fleet.topic('+', 'messages')}"
MOST_WAITING = 4000  # messages; the broker sends no more before some are stored, and keeps the rest
MOST_AT_ONCE = 800  # messages of one transaction
GATHER = 0.02  # seconds in which a batch is gathered
SESSION = 3600  # seconds for which the broker keeps what a worker that is away was to get
TRY_AGAIN = 1.0  # seconds between two tries to store, where the database is away


@dataclass(frozen=True)
class Broker:
    """Where the broker is, and how a part of the hub shows who it is."""

    host: str
    port: int
    name: str  # of the client: its certificate's common name
    context: ssl.SSLContext | None  # None: in clear, on this machine only


class Ingest:
    """A worker that stores what devices say. Any number of them share the traffic.

    A message is acknowledged to the broker after it was stored; the device forgets it when it is told so, by a message
    that travels the other way. Whoever dies in between, nothing is lost, and what comes twice is stored once.
    """

    def __init__(
        self, broker: Broker, archive: Archive, on_new: Callable[[Sequence[Arrived]], None] | None = None
    ) -> None:
        self._archive = archive
        self._on_new = on_new
        self._waiting: queue.SimpleQueue[MQTTMessage | None] = queue.SimpleQueue()  # as long as `MOST_WAITING` allows
        self._connected = threading.Event()
        self._closing = threading.Event()
        self.refused = 0  # messages that were none
        self.client = connect(broker, self._subscribe)
        self.client.on_message = lambda client, userdata, message: self._waiting.put(message)
        self.client.on_disconnect = lambda *_: self._connected.clear()
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()
        self.client.loop_start()

    def wait_until_connected(self, seconds: float) -> bool:
        """Whether it hears what devices say, after at most so many seconds."""
        return self._connected.wait(seconds)

    def close(self) -> None:
        """Store what has come, and let go. What is still with the broker comes at the next start, and so does what a
        database that is away does not take.
        """
        self._closing.set()
        self._waiting.put(None)
        self._thread.join()
        self.client.disconnect()
        self.client.loop_stop()

    def _subscribe(self, client: Client) -> None:
        client.subscribe(MESSAGES, qos=1)
        self._connected.set()

    def _run(self) -> None:
        while True:
            batch, ended = self._gather()
            if batch:
                self._store(batch)
            if ended:
                return

    def _gather(self) -> tuple[list[MQTTMessage], bool]:
        """What comes within a moment of the first message, and whether this is the end."""
        batch: list[MQTTMessage] = []
        first = self._waiting.get()
        until = time.monotonic() + GATHER
        while first is not None:
            batch.append(first)
            try:
                first = self._waiting.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                return batch, False
            if len(batch) >= MOST_AT_ONCE:
                self._store(batch)
                batch, until = [], time.monotonic() + GATHER
        return batch, True

    def _store(self, batch: Sequence[MQTTMessage]) -> None:
        arrived = [read for message in batch if (read := self._read(message)) is not None]
        while True:
            try:
                new, received = self._archive.take(arrived)
                break
            except DBAPIError as error:
                log.warning("the database does not take messages, trying again: %s", type(error.orig).__name__)
                if self._closing.wait(TRY_AGAIN):
                    return  # not acknowledged, so nothing is lost
        for (device, _), reached in received.items():
            self.client.publish(fleet.topic(device, "received"), fleet.encode(reached), qos=0)
        for message in batch:
            self.client.ack(message.mid, message.qos)
        if new and self._on_new is not None:
            self._on_new(new)

    def _read(self, message: MQTTMessage) -> Arrived | None:
        device = fleet.device_of(message.topic, "messages")
        try:
            content = fleet.read_message(bytes(message.payload))
        except fleet.MessageError as error:
            self.refused += 1
            if self.refused.bit_count() == 1:  # 1, 2, 4, 8 ...: a device that talks nonsense does not fill the log
                log.warning("a message of %s is refused: %s (%d so far)", device, error, self.refused)
            return None
        return Arrived(device, content, time.time()) if device is not None else None


def connect(broker: Broker, on_connect: Callable[[Client], None]) -> Client:
    """A client of the hub that connects as soon as its loop is started, and again whenever it was cut off."""
    client = Client(CallbackAPIVersion.VERSION2, broker.name, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True)
    if broker.context is not None:
        client.tls_set_context(broker.context)
    client.reconnect_delay_set(1, 5)
    properties: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = SESSION
    properties.ReceiveMaximum = MOST_WAITING
    client.on_connect = lambda client, userdata, flags, reason, properties: (
        None if reason.is_failure else on_connect(client)
    )
    client.connect_async(broker.host, broker.port, keepalive=30, clean_start=False, properties=properties)
    return client
