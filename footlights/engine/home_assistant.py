"""Home Assistant sees the cameras, counts and alerts, and switches streams, by itself: a long-lived MQTT client."""

import json
import logging
import os
import re
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import SplitResult, unquote

from footlights import __version__
from footlights.core.errors import FootlightsError, SettingsError
from footlights.core.event import Event
from footlights.core.scene import Scene
from footlights.engine.actions.address import host_and_port, parse
from footlights.engine.broker import PASSWORD, new_client, port_of
from footlights.engine.watch import StreamReport
from footlights.media.painter import Painter
from footlights.media.snapshot import travelling
from footlights.wire import home_assistant as layout
from footlights.wire.home_assistant import Command, Device, StreamEntities

if TYPE_CHECKING:
    from paho.mqtt.client import Client

log = logging.getLogger(__name__)

EXAMPLE = "mqtt://user:password@homeassistant.local"
TIMEOUT = 5.0  # seconds for the connection
RECONNECT = (1, 30)  # seconds between two attempts, the first and the longest
KEEP_ALIVE = 20  # seconds after which a broker that is not heard from is asked
HEALTH_EVERY = 10.0  # seconds between two looks at how the streams are doing
PICTURE_EVERY = 10.0  # seconds of media time between two pictures while nothing happens
ALARM_PICTURES_APART = 2.0  # seconds of media time between two pictures of what happens
MOST_COMMANDS = 32  # that wait; then the oldest is forgotten
FAREWELL = 1.0  # seconds to say that it goes
_BROKEN_OFF = (RuntimeError, ValueError)  # what paho raises where a message did not go out


class House(Protocol):
    """What runs, as far as Home Assistant may see and change it. Called by one thread of this module."""

    def report(self) -> list[StreamReport]:
        """How every stream is doing."""

    def stopped(self) -> Sequence[str]:
        """Streams that were switched off, and can be switched on."""

    def stop_stream(self, name: str) -> None:
        """Switch a stream off. Raises FootlightsError."""

    def start_stream(self, name: str) -> None:
        """Switch a stream on again. Raises FootlightsError."""

    def setting(self, name: str) -> Any:
        """A setting of the app as it is now; None where it has none of this name."""

    def change(self, values: Mapping[str, object]) -> None:
        """Change settings of the app. Raises FootlightsError."""


@dataclass(slots=True)
class _Seen:
    """What is known of one stream."""

    counts: dict[str, int] = field(default_factory=dict)  # by class, every class that was ever there
    raised: set[tuple[str, int | None]] = field(default_factory=set)  # alerts, each with the track it is about
    pictured: float | None = None  # seconds of media time, of the last picture


class HomeAssistant:
    """A sink that keeps the retained topics of one device up to date, and a listener that does what is switched there.

    Nothing ever waits for the broker: of every topic the newest state waits, and all of them are said again whenever
    a connection has been made. One message is under way at a time, so that a slow broker holds up nothing but itself.
    """

    def __init__(
        self,
        address: SplitResult,
        house: House,
        device: Device,
        *,
        password: str | None = None,
        painter: Painter | None = None,
    ) -> None:
        self.address = address
        self.device = device
        self._house = house
        self._password = password
        self._painter = painter or Painter()
        self._changed = threading.Condition()
        self._seen: dict[str, _Seen] = {}
        self._said: dict[str, bytes] = {}  # the newest state of every topic
        self._pending: dict[str, None] = {}  # topics that are to be said, in order
        self._commands: deque[Command] = deque(maxlen=MOST_COMMANDS)
        self._entities: tuple[StreamEntities, ...] = ()
        self._components: dict[str, dict[str, Any]] = {}  # of the last discovery message
        self._look_at = 0.0  # monotonic clock
        self._connected = False
        self._complained = False
        self._closing = False
        self._client: Client | None = None
        self._thread = threading.Thread(target=self._run, name="home assistant", daemon=True)

    @classmethod
    def from_text(cls, text: str, house: House, page: str | None = None) -> "HomeAssistant":
        """The client that a text such as `mqtt://user:password@host/DEVICE` means, already at work.

        Raises:
            SettingsError: the text is not understood.
        """
        address, name = read_address(text)
        identity = re.sub(r"[^a-zA-Z0-9_-]+", "-", name).strip("-") or "footlights"
        password = unquote(address.password) if address.password is not None else os.environ.get(PASSWORD)
        made = cls(address, house, Device(identity, name, __version__, page), password=password)
        made.start()
        return made

    def start(self) -> None:
        """Begin to connect, and to say what there is."""
        self._thread.start()

    def write(self, scene: Scene) -> None:
        """Take what happened, and the picture where it is its turn."""
        stream, moment = scene.frame.stream, scene.frame.time
        with self._changed:
            seen = self._seen.setdefault(stream, _Seen())
            alarms = [self._take(event, seen) for event in scene.events]
        since = None if seen.pictured is None else moment - seen.pictured
        due = since is None or since < 0 or since >= (ALARM_PICTURES_APART if any(alarms) else PICTURE_EVERY)
        if due and not scene.closing:
            seen.pictured = moment
            self._say(layout.picture_topic(self.device.id, stream), travelling(scene, self._painter))

    def close(self) -> None:
        """Say that this device goes, and let go. May be called twice."""
        with self._changed:
            if self._closing:
                return
            self._closing = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join()

    def describe(self) -> str:
        """The broker, for the log."""
        return host_and_port(self.address, port_of(self.address))

    def _take(self, event: Event, seen: _Seen) -> bool:
        """Note one event; True where it is one that a picture belongs to. Called with the condition held: what is known
        and what is said of it change together, or a look at how all are doing would say again what was before.
        """
        if event.kind == "count" and isinstance(counts := event.data.get("counts"), dict):
            known = len(seen.counts)
            seen.counts |= {label: count for label, count in counts.items() if isinstance(count, int)}
            self._say_counts(event.stream, seen)
            if len(seen.counts) != known:
                self._look_soon()
        elif event.kind in ("anomaly.raised", "anomaly.cleared"):
            alert = str(event.data.get("alert", ""))
            if event.kind == "anomaly.raised":
                seen.raised.add((alert, event.track))
            else:
                seen.raised.discard((alert, event.track))
            if alert in self._alerts():
                self._say_alert(event.stream, alert, seen)
            return event.kind == "anomaly.raised"
        return False

    def _say_counts(self, stream: str, seen: _Seen) -> None:
        counts = {layout.key(label): count for label, count in sorted(seen.counts.items())}
        self._say(layout.counts_topic(self.device.id, stream), counts)

    def _say_alert(self, stream: str, alert: str, seen: _Seen) -> None:
        raised = any(text == alert for text, _ in seen.raised)
        self._say(layout.alert_topic(self.device.id, stream, alert), layout.ON if raised else layout.OFF)

    def _say(self, topic: str, state: bytes | str | Mapping[str, object]) -> None:
        """The newest state of a topic; it is sent where it is another one. Empty: there is none any more."""
        text = state if isinstance(state, bytes | str) else json.dumps(state, ensure_ascii=False, allow_nan=False)
        payload = text.encode() if isinstance(text, str) else text
        with self._changed:
            if self._said.get(topic) != payload:
                self._said[topic] = payload
                self._pending[topic] = None
                self._changed.notify_all()

    def _alerts(self) -> tuple[str, ...]:
        return tuple(" ".join(str(text).split()) for text in self._house.setting("alert") or ())

    def _look_soon(self) -> None:
        with self._changed:
            self._look_at = 0.0
            self._changed.notify_all()

    def _look(self) -> None:
        """How all streams are doing; the discovery message, where there is something else to be discovered."""
        device = self.device.id
        reports = {report.stream: report for report in self._house.report()}
        names = [*reports, *(name for name in self._house.stopped() if name not in reports)]
        alerts = self._alerts()
        gate = self._house.setting("gate")
        with self._changed:
            seen = {name: self._seen.setdefault(name, _Seen()) for name in names}
            for gone in self._seen.keys() - set(names):
                del self._seen[gone]
            entities = tuple(StreamEntities(name, tuple(sorted(seen[name].counts)), alerts) for name in names)
        self._discover(entities, gate)
        if gate is not None:
            self._say(layout.gate_topic(device), layout.ON if gate else layout.OFF)
        for name in names:
            report = reports.get(name)
            runs = report is not None and report.state not in ("ended", "failed")
            self._say(layout.enabled_topic(device, name), layout.ON if runs else layout.OFF)
            self._say(layout.health_topic(device, name), _health(report))
            with self._changed:
                self._say_counts(name, seen[name])
                for alert in alerts:
                    self._say_alert(name, alert, seen[name])

    def _discover(self, entities: tuple[StreamEntities, ...], gate: object) -> None:
        with self._changed:
            before, self._components = self._components, {}
        message = layout.discovery(self.device, entities, gate=gate is not None, before=before)
        self._say(layout.discovery_topic(self.device.id), message)
        with self._changed:  # those that are gone stay in it: Home Assistant may be away now
            self._components |= message["cmps"]
        now = {topic for stream in entities for topic in layout.stream_topics(self.device.id, stream)}
        for stream in self._entities:
            for topic in layout.stream_topics(self.device.id, stream):
                if topic not in now:
                    self._say(topic, b"")
        self._entities = entities

    def _run(self) -> None:
        self._connect()
        while not self._closing:
            if time.monotonic() >= self._look_at:
                self._look_at = time.monotonic() + HEALTH_EVERY
                self._look()
            with self._changed:
                topic = self._next_topic()
                command = self._commands.popleft() if self._commands else None
                if topic is None and command is None and not self._closing:
                    self._changed.wait(max(0.0, self._look_at - time.monotonic()))
            if topic is not None:
                self._send(topic)
            if command is not None:
                self._obey(command)
        self._disconnect()

    def _next_topic(self) -> str | None:
        """The topic that has waited longest, where there is a connection. Called with the condition held."""
        topic = next(iter(self._pending), None) if self._connected else None
        if topic is not None:
            del self._pending[topic]
        return topic

    def _send(self, topic: str) -> None:
        """Send the newest state of a topic, and wait until it is on its way or the connection is gone."""
        with self._changed:
            payload = self._said.get(topic)
            if not payload:
                self._said.pop(topic, None)
        if payload is None or self._client is None:
            return
        sent = self._client.publish(topic, payload, retain=True)
        while self._connected and not self._closing:
            try:
                sent.wait_for_publish(0.5)
            except _BROKEN_OFF:
                return
            if sent.is_published():
                return

    def _obey(self, command: Command) -> None:
        """Do what was switched; what became of it is said whether it worked or not, for the switch waits for it."""
        house, state = self._house, layout.ON if command.on else layout.OFF
        try:
            if command.stream is None:
                topic, what = layout.gate_topic(self.device.id), "gate"
                house.change({"gate": command.on})
            else:
                name = next((entity.name for entity in self._entities if layout.key(entity.name) == command.stream), "")
                topic, what = layout.enabled_topic(self.device.id, name), name
                if name:
                    (house.start_stream if command.on else house.stop_stream)(name)
            log.info("Home Assistant switched %s %s", what, state)
        except FootlightsError as error:
            log.warning("Home Assistant could not switch %s %s: %s", what, state, error)
        with self._changed:
            self._said.pop(topic, None)
        self._look()

    def _connect(self) -> None:
        device, client = self.device.id, new_client(self.address, self._password, TIMEOUT, RECONNECT)
        client.will_set(layout.status_topic(device), layout.OFFLINE, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.connect_async(self.address.hostname or "", port_of(self.address), keepalive=KEEP_ALIVE)
        client.loop_start()
        self._client = client

    def _disconnect(self) -> None:
        """Go in good order, so that the last will is not needed."""
        client = self._client
        assert client is not None
        if self._connected:
            sent = client.publish(layout.status_topic(self.device.id), layout.OFFLINE, qos=1, retain=True)
            try:
                sent.wait_for_publish(FAREWELL)
            except _BROKEN_OFF:
                log.debug("the broker %s is gone already", self.describe())
        client.disconnect()
        client.loop_stop()

    def _on_connect(self, client: "Client", _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._complain(f"the broker {self.describe()} refuses the connection: {reason}")
            return
        log.info("Home Assistant: connected to the broker %s as %s", self.describe(), self.device.id)
        config, status = layout.discovery_topic(self.device.id), layout.status_topic(self.device.id)
        client.subscribe([(topic, 1) for topic in (*layout.command_topics(self.device.id), config)])
        with self._changed:
            self._complained = False
            self._connected = True
            self._said[status] = layout.ONLINE.encode()
            first = [config] if config in self._said else []
            self._pending = dict.fromkeys([*first, status, *(topic for topic in self._said if topic != config)])
            self._changed.notify_all()

    def _on_connect_fail(self, _client: "Client", _data: Any) -> None:
        self._complain(f"no MQTT broker answers at {self.describe()}")

    def _on_disconnect(self, _client: "Client", _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        with self._changed:
            was, self._connected = self._connected, False
            self._changed.notify_all()
        if was and reason.is_failure and not self._closing:
            self._complain(f"the broker {self.describe()} is gone: {reason}")

    def _on_message(self, _client: "Client", _data: Any, message: Any) -> None:
        if message.topic == layout.discovery_topic(self.device.id):
            if message.retain:  # what an earlier run has said, which may be gone now
                self._recall(message.payload)
            return
        command = None if message.retain else layout.command(self.device.id, message.topic, message.payload)
        if command is None:
            log.debug("%s is no command", message.topic)
            return
        with self._changed:
            self._commands.append(command)
            self._changed.notify_all()

    def _recall(self, payload: bytes) -> None:
        earlier = layout.components_of(payload)
        with self._changed:
            self._components = {**earlier, **self._components}
        self._look_soon()

    def _complain(self, text: str) -> None:
        """One line, until there is a connection again."""
        first, self._complained = not self._complained, True
        if first:
            log.warning("Home Assistant: %s. It is tried again.", text)


def read_address(text: str) -> tuple[SplitResult, str]:
    """The broker, and the name of this device: that of the machine where none stands behind the host.

    Raises:
        SettingsError: the text is not understood.
    """
    address = parse("home-assistant", text, ("mqtt", "mqtts"), EXAMPLE)
    name = unquote(address.path.strip("/")) or socket.gethostname()
    if "/" in name or address.query or address.fragment:
        raise SettingsError(f"--home-assistant: behind the host stands the name of this device: {EXAMPLE}/hall")
    return address, name


def _health(report: StreamReport | None) -> dict[str, object]:
    if report is None:
        return {"state": "off", "fps": 0.0, "dropped": 0}
    return {"state": report.state, "fps": round(report.fps, 1), "dropped": report.dropped}
