"""Home Assistant's side of a real Mosquitto: what it would see, and what it would switch."""

import json
import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from footlights.core.errors import SettingsError
from footlights.core.event import Event
from footlights.core.frame import Frame
from footlights.core.scene import Scene
from footlights.engine import home_assistant
from footlights.engine.home_assistant import HomeAssistant
from footlights.engine.watch import StreamReport
from footlights.media.picture import ArrayPicture
from footlights.wire import home_assistant as layout
from tests.engine.actions.conftest import WAIT
from tests.ports import free_port

LINE = "line-1"
Make = Callable[..., Any]


class Seer:
    """Hears every topic, as Home Assistant does, and remembers the newest of each."""

    def __init__(self, port: int) -> None:
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_message = self._on_message
        self._changed = threading.Condition()
        self.states: dict[str, bytes] = {}
        self.history: list[tuple[str, bytes]] = []
        self._read: dict[str, int] = {}  # by topic: what was waited for already
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        with self._changed:
            self.states[message.topic] = bytes(message.payload)
            self.history.append((message.topic, bytes(message.payload)))
            self._changed.notify_all()

    def wait(self, topic: str, good: Callable[[bytes], bool] = lambda _: True) -> bytes:
        """The first state that is good since the last one waited for, even where a newer one has replaced it; else the
        newest, as soon as it is good.
        """
        with self._changed:
            assert self._changed.wait_for(lambda: self._find(topic, good) is not None, WAIT), (
                f"{topic} is {self.states.get(topic)!r}"
            )
            place = self._find(topic, good)
            assert place is not None
            self._read[topic] = max(self._read.get(topic, 0), place + 1)
            return self.history[place][1]

    def _find(self, topic: str, good: Callable[[bytes], bool]) -> int | None:
        """Where it stands in the history."""
        places = [place for place, (name, _) in enumerate(self.history) if name == topic]
        fresh = [place for place in places if place >= self._read.get(topic, 0)]
        return next((place for place in [*fresh, *places[-1:]] if good(self.history[place][1])), None)

    def switch(self, topic: str, state: str, *, retain: bool = False) -> None:
        self._client.publish(f"{topic}/set", state, qos=1, retain=retain)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class House:
    """Two streams, and everything that was asked for."""

    def __init__(self) -> None:
        self.streams = ["line-1", "line-2"]
        self.off: list[str] = []
        self.settings: dict[str, Any] = {"alert": ("down", "camera covered"), "gate": True}
        self.asked: queue.Queue[object] = queue.Queue()

    def report(self) -> list[StreamReport]:
        return [
            StreamReport(name, "running", "", 100, 3, 24.96, None, None, 0, {}, 4.0, None)
            for name in self.streams if name not in self.off
        ]  # fmt: skip

    def stopped(self) -> Sequence[str]:
        return self.off

    def stop_stream(self, name: str) -> None:
        self.off.append(name)
        self.asked.put(("stop", name))

    def start_stream(self, name: str) -> None:
        if name == "line-2":
            raise SettingsError("line-2 has not let go yet; try again")
        self.off.remove(name)
        self.asked.put(("start", name))

    def setting(self, name: str) -> Any:
        return self.settings.get(name)

    def change(self, values: Mapping[str, object]) -> None:
        self.settings |= values
        self.asked.put(dict(values))


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def announce(house: House) -> Iterator[Callable[[int], HomeAssistant]]:
    made: list[HomeAssistant] = []

    def make(port: int) -> HomeAssistant:
        made.append(HomeAssistant.from_text(f"mqtt://127.0.0.1:{port}/hall", house))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def see() -> Iterator[Callable[[int], Seer]]:
    made: list[Seer] = []

    def make(port: int) -> Seer:
        made.append(Seer(port))
        return made[-1]

    yield make
    for one in made:
        one.close()


def scene(time: float, *events: Event, grey: int = 128) -> Scene:
    picture = ArrayPicture(np.full((90, 160, 3), grey, np.uint8))
    return Scene(Frame(picture, time, "line-1", round(time * 25)), events=list(events))


def count(time: float, **counts: int) -> Event:
    return Event("count", "line-1", time, None, {"counts": {**counts}, "total": {}})


def anomaly(kind: str, time: float, track: int | None = 7, alert: str = "down") -> Event:
    return Event(f"anomaly.{kind}", "line-1", time, track, {"alert": alert})


def test_everything_appears_by_itself(make_broker: Make, announce: Make, see: Make) -> None:
    broker = make_broker()
    announce(broker.port)
    seer = see(broker.port)
    message = json.loads(seer.wait(layout.discovery_topic("hall")))
    assert message["dev"]["name"] == "hall"
    assert {part["p"] for part in message["cmps"].values()} == {"camera", "switch", "sensor", "binary_sensor"}
    assert seer.wait(layout.status_topic("hall")) == b"online"
    assert seer.wait(layout.enabled_topic("hall", "line-1")) == b"ON"
    assert seer.wait(layout.gate_topic("hall")) == b"ON"
    assert seer.wait(layout.alert_topic("hall", "line-2", "camera covered")) == b"OFF"
    assert json.loads(seer.wait(layout.health_topic("hall", "line-1"))) == {
        "state": "running",
        "fps": 25.0,
        "dropped": 3,
    }


def test_counts_alerts_and_pictures_arrive(make_broker: Make, announce: Make, see: Make) -> None:
    broker = make_broker()
    sink, seer = announce(broker.port), see(broker.port)
    down = layout.alert_topic("hall", "line-1", "down")
    sink.write(scene(0.0, grey=50))
    picture = seer.wait(layout.picture_topic("hall", "line-1"))
    image = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    assert (image.shape, round(float(image.mean()))) == ((90, 160), 50)
    sink.write(scene(1.0, count(1.0, can=2)))
    seer.wait(layout.counts_topic("hall", "line-1"), lambda state: json.loads(state) == {"can": 2})
    seer.wait(layout.discovery_topic("hall"), lambda state: f"{LINE}__count__can" in json.loads(state)["cmps"])
    sink.write(scene(3.0, anomaly("raised", 3.0), anomaly("raised", 3.0, 8), grey=200))
    seer.wait(down, lambda state: state == b"ON")
    seer.wait(layout.picture_topic("hall", "line-1"), lambda state: state != picture)
    sink.write(scene(4.0, anomaly("cleared", 4.0)))
    sink.write(scene(5.0, count(5.0, can=0)))
    seer.wait(layout.counts_topic("hall", "line-1"), lambda state: json.loads(state) == {"can": 0})
    assert seer.states[down] == b"ON", "another can still lies there"
    sink.write(scene(6.0, anomaly("cleared", 6.0, 8)))
    seer.wait(down, lambda state: state == b"OFF")


def test_pictures_of_alarms_have_a_pause_between_them(make_broker: Make, announce: Make, see: Make) -> None:
    broker = make_broker()
    sink, seer = announce(broker.port), see(broker.port)
    topic = layout.picture_topic("hall", "line-1")
    for index in range(100):  # ten seconds with an anomaly at every frame
        before = seer.states.get(topic)
        sink.write(scene(index / 10, anomaly("raised", index / 10, index), grey=index))
        if index % 20 == 0:
            seer.wait(topic, lambda state, before=before: state != before)
    sink.write(scene(10.0, count(10.0, can=1)))
    seer.wait(layout.counts_topic("hall", "line-1"), lambda state: b"can" in state)
    assert len([said for said, _ in seer.history if said == topic]) == 5


def test_switches_are_obeyed_and_answered(make_broker: Make, announce: Make, see: Make, house: House) -> None:
    broker = make_broker()
    announce(broker.port)
    seer = see(broker.port)
    enabled, gate = layout.enabled_topic("hall", "line-1"), layout.gate_topic("hall")
    seer.wait(enabled)
    seer.switch(enabled, "OFF")
    assert house.asked.get(timeout=WAIT) == ("stop", "line-1")
    seer.wait(enabled, lambda state: state == b"OFF")
    assert json.loads(seer.wait(layout.health_topic("hall", "line-1"), lambda s: b"off" in s))["state"] == "off"
    seer.switch(enabled, "ON")
    assert house.asked.get(timeout=WAIT) == ("start", "line-1")
    seer.wait(enabled, lambda state: state == b"ON")
    seer.switch(gate, "OFF")
    assert house.asked.get(timeout=WAIT) == {"gate": False}
    seer.wait(gate, lambda state: state == b"OFF")


def test_a_switch_that_fails_goes_back(
    make_broker: Make, announce: Make, see: Make, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    broker = make_broker()
    house.off.append("line-2")
    announce(broker.port)
    seer = see(broker.port)
    enabled = layout.enabled_topic("hall", "line-2")
    seer.wait(enabled, lambda state: state == b"OFF")
    seer.history.clear()
    seer.switch(enabled, "ON")
    seer.switch(layout.enabled_topic("hall", "nobody"), "ON")
    seer.switch(layout.gate_topic("hall"), "OFF")
    assert house.asked.get(timeout=WAIT) == {"gate": False}
    seer.wait(layout.gate_topic("hall"), lambda state: state == b"OFF")
    assert (enabled, b"OFF") in seer.history, "said again, for the switch waits for it"
    assert [line for line in caplog.messages if "could not switch line-2 ON: line-2 has not let go yet" in line]


def test_a_retained_command_of_long_ago_is_not_obeyed(
    make_broker: Make, announce: Make, see: Make, house: House
) -> None:
    broker = make_broker()
    seer = see(broker.port)
    seer.switch(layout.enabled_topic("hall", "line-1"), "OFF", retain=True)
    seer.wait(f"{layout.enabled_topic('hall', 'line-1')}/set")
    announce(broker.port)
    seer.wait(layout.gate_topic("hall"))
    seer.switch(layout.gate_topic("hall"), "OFF")
    assert house.asked.get(timeout=WAIT) == {"gate": False}


def test_after_a_restart_of_the_broker_everything_is_said_again(make_broker: Make, announce: Make, see: Make) -> None:
    broker = make_broker()
    sink, seer = announce(broker.port), see(broker.port)
    sink.write(scene(0.0, count(0.0, can=2)))
    seer.wait(layout.counts_topic("hall", "line-1"), lambda state: b"2" in state)
    broker.stop()
    for index in range(1, 1000):
        sink.write(scene(index / 10, count(index / 10, can=index)))
    assert len(sink._pending) < 20, "of every topic the newest state waits"
    broker.start()
    again = see(broker.port)
    again.wait(layout.counts_topic("hall", "line-1"), lambda state: json.loads(state) == {"can": 999})
    assert again.wait(layout.status_topic("hall")) == b"online"
    order = [topic for topic, _ in again.history]
    assert order.index(layout.discovery_topic("hall")) < order.index(layout.counts_topic("hall", "line-1"))


def test_what_an_earlier_run_had_is_taken_back(make_broker: Make, announce: Make, see: Make, house: House) -> None:
    broker = make_broker()
    first, seer = announce(broker.port), see(broker.port)
    seer.wait(layout.discovery_topic("hall"))
    first.close()
    seer.wait(layout.status_topic("hall"), lambda state: state == b"offline")
    house.streams.remove("line-2")
    announce(broker.port)
    gone = "line-2__camera"
    seer.wait(layout.discovery_topic("hall"), lambda state: json.loads(state)["cmps"].get(gone) == {"p": "camera"})


def test_a_stream_that_is_removed_takes_its_states_with_it(
    make_broker: Make, announce: Make, see: Make, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home_assistant, "HEALTH_EVERY", 0.05)
    broker = make_broker()
    announce(broker.port)
    seer = see(broker.port)
    seer.wait(layout.health_topic("hall", "line-2"), lambda state: state != b"")
    house.streams.remove("line-2")
    seer.wait(layout.health_topic("hall", "line-2"), lambda state: state == b"")
    late = see(broker.port)
    late.wait(layout.health_topic("hall", "line-1"))
    assert layout.health_topic("hall", "line-2") not in late.states


def test_no_broker_is_one_line_and_holds_nothing_up(
    announce: Make, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = threading.Event()
    complain = HomeAssistant._complain

    def watched(self: HomeAssistant, text: str) -> None:
        complain(self, text)
        told.set()

    monkeypatch.setattr(HomeAssistant, "_complain", watched)
    port = free_port()
    sink = announce(port)
    for index in range(100):
        sink.write(scene(index / 10, anomaly("raised", index / 10, index)))
    assert told.wait(WAIT)
    sink.close()
    assert [line for line in caplog.messages if "Home Assistant" in line] == [
        f"Home Assistant: no MQTT broker answers at 127.0.0.1:{port}. It is tried again."
    ]


def test_a_wrong_password_is_one_line_that_does_not_hold_it(
    make_broker: Make, house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = threading.Event()
    complain = HomeAssistant._complain

    def watched(self: HomeAssistant, text: str) -> None:
        complain(self, text)
        told.set()

    monkeypatch.setattr(HomeAssistant, "_complain", watched)
    broker = make_broker("allow_anonymous false")
    sink = HomeAssistant.from_text(f"mqtt://stage:hush@127.0.0.1:{broker.port}/hall", house)
    assert told.wait(WAIT)
    sink.close()
    said = [line for line in caplog.messages if "Home Assistant" in line]
    place = f"127.0.0.1:{broker.port}"
    assert said == [f"Home Assistant: the broker {place} refuses the connection: Not authorized. It is tried again."]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("homeassistant.local", "did you mean 'mqtt://homeassistant.local'"),
        ("http://broker", "takes mqtt and mqtts addresses"),
        ("mqtt://broker/a/b", "behind the host stands the name of this device"),
        ("mqtt://broker/a?b=c", "behind the host stands the name of this device"),
    ],
)
def test_an_address_that_is_none_is_one_line(text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        home_assistant.read_address(text)
