"""From the broker into the archive: batches, stored before they are acknowledged."""

import logging
import queue
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

from footlights.core.errors import SinkError
from footlights.hub.archive import Archive, Arrived
from footlights.wire import fleet

log = logging.getLogger(__name__)

SHARE = "ingest"  # the workers that share the traffic
MESSAGES = f"$share/{SHARE}/{fleet.topic('+', 'messages')}"
MOST_WAITING = 4000  # messages; the broker sends no more before some are stored, and keeps the rest
MOST_AT_ONCE = 800  # messages of one transaction
GATHER = 0.05  # seconds in which a batch is gathered
SESSION = 120  # seconds for which the broker keeps what a worker that is away was to get; then devices say it again
UNSTORABLE = (
    StatementError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
)  # what one message does
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

    @property
    def waiting(self) -> int:
        """Messages that have come and are not stored yet."""
        return self._waiting.qsize()

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
        if not self._take(arrived):
            return  # not acknowledged, so nothing is lost
        for message in batch:
            self.client.ack(message.mid, message.qos)

    def _take(self, arrived: Sequence[Arrived]) -> bool:
        """Store messages and tell their devices; False where this ends before the database takes them."""
        while True:
            try:
                new, received = self._archive.take(arrived)
                break
            except DBAPIError as error:
                if isinstance(error, DataError | IntegrityError):
                    return self._take_without(arrived, type(error.orig).__name__)
                log.warning("the database does not take messages, trying again: %s", type(error.orig).__name__)
                if self._closing.wait(TRY_AGAIN):
                    return False
            except UNSTORABLE as error:
                log.error("what was said cannot be stored", exc_info=error)
                return self._take_without(arrived, type(error).__name__)
        for (device, _), reached in received.items():
            self.client.publish(fleet.topic(device, "received"), fleet.encode(reached), qos=0)
        if new and self._on_new is not None:
            self._on_new(new)
        return True

    def _take_without(self, arrived: Sequence[Arrived], why: str) -> bool:
        """Store messages of which one cannot be: all others, and in its place that it was refused."""
        if len(arrived) > 1:
            half = len(arrived) // 2
            return self._take(arrived[:half]) and self._take(arrived[half:])
        (one,) = arrived
        said = one.message
        if said.kind == "refused":
            raise SinkError(f"the database does not take that a message was refused: {why}")
        self._refuse(one.device, why)
        instead = fleet.refused(said.session, said.sequence, said.after, said.time, why)
        return self._take([replace(one, message=instead)])

    def _read(self, message: MQTTMessage) -> Arrived | None:
        """What a message says; where it is none, what is stored in its place, if anything."""
        device = fleet.device_of(message.topic, "messages") or ""
        try:
            content = fleet.read_message(bytes(message.payload))
        except fleet.MessageError as error:
            self._refuse(device, str(error))
            return Arrived(device, error.instead, time.time()) if error.instead else None
        return Arrived(device, content, time.time())

    def _refuse(self, device: str, why: str) -> None:
        self.refused += 1
        if self.refused.bit_count() == 1:  # 1, 2, 4, 8 ...: a device that talks nonsense does not fill the log
            log.warning("a message of %s is refused: %s (%d so far)", device, why, self.refused)


def connect(broker: Broker, on_connect: Callable[[Client], None]) -> Client:
    """A client of the hub that connects as soon as its loop is started, and again whenever it was cut off."""
    client = Client(CallbackAPIVersion.VERSION2, broker.name, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True)
    if broker.context is not None:
        client.tls_set_context(broker.context)
    client.reconnect_delay_set(1, 5)
    properties: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = SESSION
    properties.ReceiveMaximum = MOST_WAITING

    def came(client: Client, userdata: object, flags: object, reason: ReasonCode, properties: object) -> None:
        if reason.is_failure:
            log.warning("the broker refuses %s: %s", broker.name, reason)
        else:
            on_connect(client)

    client.on_connect = came
    client.connect_async(broker.host, broker.port, keepalive=30, clean_start=False, properties=properties)
    return client
