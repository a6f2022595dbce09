"""What the hub says to devices, and hears besides numbered messages: presence, renewals, desired state, commands."""

import json
import logging
import queue
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from footlights.core.errors import FootlightsError, SettingsError
from footlights.hub import schema
from footlights.hub.database import Database
from footlights.hub.line import Broker, Line, LineThread, connect
from footlights.hub.registry import Registry
from footlights.hub.twins import Twins
from footlights.wire import fleet, well_known
from footlights.wire.near_miss import near_miss

log = logging.getLogger(__name__)

COMMANDS = {  # name: what it does
    "ping": "Answer at once.",
    "restart-pipeline": "Stop everything that runs, and start it again.",
    "restart-agent": "End the agent; its service starts it again.",
    "snapshot": "Send a picture of a stream.",
    "live": "Show a stream to the hub for a while, with the ticket that the hub gives.",
    "start-recording": "Record a stream.",
    "stop-recording": "End a recording.",
    "pull-model": "Get a model by its hash.",
}
LARGEST = 16 * 1024  # bytes of a command
VALID = 30.0  # seconds for which a command that was not done yet is still to be done
LOOK_EVERY = 0.5  # seconds
MOST_WAITING = 10_000  # that are to be said and have no line yet


@dataclass(frozen=True)
class Telling:
    """Something to say."""

    topic: str
    payload: bytes
    retain: bool = False


class Switchboard:
    """One client of the broker for everything that is not telemetry."""

    def __init__(self, broker: Broker, database: Database, registry: Registry, twins: Twins) -> None:
        self._database = database
        self._registry = registry
        self._twins = twins
        self._heard: list[MQTTMessage] = []  # as long as the broker sends
        self._to_tell: queue.Queue[Telling] = queue.Queue(MOST_WAITING)
        self._refused = 0  # messages that were none
        self._to_say = threading.Event()  # a connection is new
        self._client = connect(broker, self._came)
        self._client.on_message = lambda client, userdata, message: self._heard.append(message)
        self._thread = LineThread(self._client, "switchboard", self._serve)
        self.on_presence: Callable[[str, bool], None] = lambda device, online: None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Let go."""
        self._thread.close()

    def say_desired(self, device: str, desired: fleet.Desired) -> None:
        """Tell a device what it is to be; where it is away, it hears it when it comes."""
        self._tell(Telling(fleet.topic(device, "desired"), fleet.encode(desired), retain=True))

    def forget(self, device: str) -> None:
        """Take back everything that is kept for a device."""
        for name in ("desired", "status"):
            self._tell(Telling(fleet.topic(device, name), b"", retain=True))

    def command(
        self,
        device: str,
        name: str,
        arguments: Mapping[str, Any],
        by: str,
        valid: float = VALID,
        unkept: Mapping[str, Any] | None = None,
    ) -> fleet.Command:
        """Tell a device to do something, once. `unkept`: arguments that only the device sees.

        Raises:
            SettingsError: no such command or device.
        """
        name = well_known.COMMANDS.get(name, name)
        if name not in COMMANDS:
            raise SettingsError(f"there is no command '{name[:40]}'; {near_miss(name[:40], COMMANDS)}")
        now = time.time()
        command = fleet.Command(secrets.token_hex(8), name, arguments, now + valid)
        if (size := len(fleet.encode(command))) > LARGEST:
            raise SettingsError(f"a command of {size} bytes; at most {LARGEST} are sent")
        row = {"id": command.id, "device": device, "name": name, "arguments": dict(arguments), "time": now}
        with self._database.write() as connection:
            if connection.scalar(select(schema.devices.c.id).where(schema.devices.c.id == device)) is None:
                raise SettingsError(f"there is no device '{device[:80]}'")
            connection.execute(insert(schema.commands), {**row, "expires": command.expires, "by": by})
        sent = replace(command, arguments={**arguments, **(unkept or {})})
        self._tell(Telling(fleet.topic(device, "command"), fleet.encode(sent)))
        return command

    def answer(self, identity: str, patience: float) -> Mapping[Any, Any]:
        """What became of a command, after at most so many seconds. Raises SettingsError: there is no such command."""
        until = time.monotonic() + patience
        while True:
            with self._database.read() as connection:
                wanted = select(schema.commands).where(schema.commands.c.id == identity)
                row = connection.execute(wanted).mappings().one_or_none()
            if row is None:
                raise SettingsError(f"there is no command '{identity[:64]}'")
            if row["answered"] is not None or time.monotonic() >= until:
                return dict(row)
            time.sleep(0.05)

    def _came(self, client: Client) -> None:
        client.subscribe([(fleet.topic("+", name), 1) for name in ("status", "certificate/request")])
        self._to_say.set()

    def _tell(self, telling: "Telling") -> None:
        """Say something as soon as there is a line. May be called by any thread."""
        try:
            self._to_tell.put_nowait(telling)
        except queue.Full:
            log.warning("more is to be said than the broker takes; something on '%s' is not", telling.topic)
        self._thread.wake()

    def _serve(self, line: Line) -> None:
        """Listen and talk, until the line is cut or this ends."""
        self._heard.clear()  # the broker says what came by an earlier line again
        while line.turn(LOOK_EVERY):
            if self._to_say.is_set():
                self._say_all()
            heard, self._heard = self._heard, []
            for message in heard:
                self._listen(message)
            with suppress(queue.Empty):
                while self._client.is_connected():
                    telling = self._to_tell.get_nowait()
                    self._client.publish(telling.topic, telling.payload, qos=1, retain=telling.retain)
            if self._thread.closing.is_set():
                return

    def _listen(self, message: MQTTMessage) -> None:
        """Do what a message asks for, and acknowledge it."""
        try:
            self._take(message)
        except FootlightsError as error:
            self._refused += 1
            if self._refused.bit_count() == 1:  # 1, 2, 4, 8 ...: who talks nonsense does not fill the log
                log.warning("what was said on '%s' is refused: %s (%d so far)", message.topic, error, self._refused)
        except DBAPIError as error:  # it is said again: by the broker at the next connection, or by the device
            log.warning("the database is away: %s", type(error.orig).__name__)
            return
        self._client.ack(message.mid, message.qos)

    def _say_all(self) -> None:
        """Tell every device what it is to be: the broker may have lost what it kept."""
        self._to_say.clear()
        try:
            for device, desired in self._twins.all_desired().items():
                self._client.publish(fleet.topic(device, "desired"), fleet.encode(desired), qos=1, retain=True)
        except DBAPIError as error:
            log.warning("the database is away: %s", type(error.orig).__name__)
            self._to_say.set()

    def _take(self, message: MQTTMessage) -> None:
        payload = bytes(message.payload)
        if device := fleet.device_of(message.topic, "status"):
            if payload:
                online = fleet.read_status(payload).online
                self._registry.set_online(device, online=online)
                self.on_presence(device, online)
        elif device := fleet.device_of(message.topic, "certificate/request"):
            request = str(fleet.decode(payload).get("request", ""))
            granted = self._registry.renew(device, request.encode())
            text = json.dumps({"certificate": granted.pem}).encode()
            self._tell(Telling(fleet.topic(device, "certificate/granted"), text))
