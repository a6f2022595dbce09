"""The hub's connections to its broker. Each is read and written by the one thread that holds it.

Not by paho's own: of two threads one waits for the interpreter at every few bytes, and its `select` knows no socket
with a number above 1023, which the next connection gets where a thousand members are on a stage.
"""

import itertools
import logging
import selectors
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

log = logging.getLogger(__name__)

MOST_WAITING = 4000  # messages; the broker sends no more before some are acknowledged, and keeps the rest
MOST_AT_ONCE = 800  # packets that are read in one turn
SESSION = 120  # seconds for which the broker keeps what a part of the hub that is away was to get
RECONNECT = (1.0, 2.0, 4.0, 5.0)  # seconds before another try to connect


@dataclass(frozen=True)
class Broker:
    """Where the broker is, and how a part of the hub shows who it is."""

    host: str
    port: int
    name: str  # of the client: its certificate's common name
    context: ssl.SSLContext | None  # None: in clear, on this machine only


def connect(broker: Broker, on_connect: Callable[[Client], None]) -> Client:
    """A client of the hub, to be kept connected by `keep_connected`."""
    client = Client(CallbackAPIVersion.VERSION2, broker.name, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True)
    if broker.context is not None:
        client.tls_set_context(broker.context)
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


class Line:
    """A connection as it is now; a client that is connected again has another one.

    The broker numbers messages by connection: what came by an earlier line is not to be acknowledged on this one.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._pending: Callable[[], int] = getattr(client.socket(), "pending", lambda: 0)  # bytes that TLS has read
        self._number = -1 if (found := client.socket()) is None else found.fileno()
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self.cut = self._number < 0
        self.served = False  # whether the broker has let it in
        if not self.cut:
            self._selector.register(self._number, selectors.EVENT_READ)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._selector.close()
        self._woken.close()
        self._waker.close()

    def wake(self) -> None:
        """End the turn that is under way. May be called by any thread."""
        with suppress(OSError):  # it is to wake already, or over
            self._waker.send(b".")

    def turn(self, seconds: float) -> bool:
        """Wait for something to come, at most so long, and take it; whether the connection is still there."""
        self.cut = self.cut or self._client.socket() is None  # what was written between two turns may have shown it
        if self.cut:
            return False
        writes = selectors.EVENT_WRITE if self._client.want_write() else 0
        self._selector.modify(self._number, selectors.EVENT_READ | writes)
        ready = [] if self._pending() else [key.fileobj for key, _ in self._selector.select(seconds)]
        if self._woken in ready:
            self._woken.recv(4096)
        done = MQTTErrorCode.MQTT_ERR_SUCCESS
        for _ in range(MOST_AT_ONCE if self._pending() or self._number in ready else 0):
            done = self._client.loop_read()
            if done or self._client.socket() is None or not self._pending():
                break
        if not done and self._client.want_write():
            done = self._client.loop_write()
        self.cut = bool(done or self._client.loop_misc() or self._client.socket() is None)
        self.served = self.served or self._client.is_connected()
        return not self.cut


def keep_connected(client: Client, closing: threading.Event, serve: Callable[[Line], None]) -> None:
    """Connect, and again whenever the line was cut, until this is to end. `serve` gets each line and turns it."""
    pauses = _pauses()
    while not closing.is_set():
        try:
            client.reconnect()
            with Line(client) as line:
                serve(line)
                if line.served:
                    pauses = _pauses()
        except OSError as error:
            log.debug("there is no broker: %s", error)
        closing.wait(next(pauses))
    client.disconnect()


class LineThread(threading.Thread):
    """The one thread that keeps a client connected and serves its lines, until it is closed.

    Args:
        client: made by `connect`.
        name: of the thread.
        serve: gets each line, and turns it until the line is cut or `closing` is set.
    """

    def __init__(self, client: Client, name: str, serve: Callable[[Line], None]) -> None:
        super().__init__(name=name, daemon=True)
        self._client, self._serve_line = client, serve
        self.closing = threading.Event()
        self.line: Line | None = None  # the one that is served, or the last one

    def run(self) -> None:
        """What the thread does."""
        keep_connected(self._client, self.closing, self._serve)

    def wake(self) -> None:
        """End the turn that is under way. May be called by any thread."""
        if self.line is not None:
            self.line.wake()

    def close(self) -> None:
        """Let go, and wait until that is done; nothing where it was never started."""
        self.closing.set()
        self.wake()
        if self.ident is not None:
            self.join()

    def _serve(self, line: Line) -> None:
        self.line = line
        self._serve_line(line)


def _pauses() -> Iterator[float]:
    return itertools.chain(RECONNECT, itertools.repeat(RECONNECT[-1]))
