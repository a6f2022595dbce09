"""From the broker into the archive: batches, stored before they are acknowledged."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from paho.mqtt.client import Client, MQTTMessage
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

from footlights.core.errors import SinkError
from footlights.hub.archive import Archive, Arrived
from footlights.hub.line import MOST_AT_ONCE, Broker, Line, LineThread, connect
from footlights.wire import fleet

log = logging.getLogger(__name__)

SHARE = "ingest"  # the workers that share the traffic
MESSAGES = f"$share/{SHARE}/{fleet.topic('+', 'messages')}"
GATHER = 0.05  # seconds in which a batch is gathered
UNSTORABLE = (
    StatementError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
)  # what one message does
LOOK_EVERY = 0.2  # seconds between two looks whether this is to end
TRY_AGAIN = 1.0  # seconds between two tries to store, where the database is away


class Ingest:
    """A worker that stores what devices say. Any number of them share the traffic.

    A message is acknowledged to the broker after it was stored; the device forgets it when it is told so, by a message
    that travels the other way. Whoever dies in between, nothing is lost, and what comes twice is stored once.

    One thread reads, stores and answers: a second one would wait for the interpreter at every few bytes.
    """

    def __init__(
        self, broker: Broker, archive: Archive, on_new: Callable[[Sequence[Arrived]], None] | None = None
    ) -> None:
        self._archive = archive
        self._on_new = on_new
        self._waiting: list[MQTTMessage] = []  # as long as the broker sends
        self._connected = threading.Event()
        self.refused = 0  # messages that were none
        self.client = connect(broker, self._subscribe)
        self.client.on_message = lambda client, userdata, message: self._waiting.append(message)
        self.client.on_disconnect = lambda *_: self._connected.clear()
        self._thread = LineThread(self.client, "ingest", self._serve)

    @property
    def waiting(self) -> int:
        """Messages that have come and are not stored yet."""
        return len(self._waiting)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wait_until_connected(self, seconds: float) -> bool:
        """Whether it hears what devices say, after at most so many seconds."""
        return self._connected.wait(seconds)

    def close(self) -> None:
        """Store what has come, and let go. What is still with the broker comes at the next start, and so does what a
        database that is away does not take.
        """
        self._thread.close()

    def _subscribe(self, client: Client) -> None:
        client.subscribe(MESSAGES, qos=1)
        self._connected.set()

    def _serve(self, line: Line) -> None:
        """Store what comes, until the line is cut or this ends."""
        self._waiting.clear()  # the broker sends what came by an earlier line again, by other numbers
        while line.turn(LOOK_EVERY):
            until = time.monotonic() + GATHER
            while self._waiting and len(self._waiting) < MOST_AT_ONCE and (left := until - time.monotonic()) > 0:
                if not line.turn(left):
                    return
            batch, self._waiting = self._waiting, []
            if batch:
                self._store(batch)
            if self._thread.closing.is_set():
                return

    def _store(self, batch: Sequence[MQTTMessage]) -> None:
        line = self._thread.line
        arrived = [read for message in batch if (read := self._read(message)) is not None]
        if not self._take(arrived) or (line is not None and line.cut):
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
                if self._rest(TRY_AGAIN):
                    return False
            except UNSTORABLE as error:
                log.error("what was said cannot be stored", exc_info=error)
                return self._take_without(arrived, type(error).__name__)
        for (device, _), reached in received.items():
            self.client.publish(fleet.topic(device, "received"), fleet.encode(reached), qos=0)
        if new and self._on_new is not None:
            self._on_new(new)
        return True

    def _rest(self, seconds: float) -> bool:
        """Wait, but keep the line; whether this is to end."""
        until = time.monotonic() + seconds
        line, closing = self._thread.line, self._thread.closing
        while (left := until - time.monotonic()) > 0 and line is not None and line.turn(left):
            if closing.is_set():
                return True
        return closing.wait(max(0.0, left))

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
