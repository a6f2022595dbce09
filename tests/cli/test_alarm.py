"""Evidence, pictures in messages and Home Assistant, from the command that a user types."""

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from footlights.cli.wish import make_wish
from footlights.core.app import App
from footlights.core.errors import SettingsError
from footlights.engine.actions.quiet import QuietHours
from footlights.wire import home_assistant as layout
from tests.cli.command import footlights
from tests.engine.actions.conftest import WAIT, Broker, Receiver, make_broker, make_receiver, receiver  # noqa: F401
from tests.engine.actions.test_home_assistant import Seer

SOURCE = "rehearsal:wave?width=160&height=120&fps=10"
APP = """
from dataclasses import dataclass
from footlights.core.app import App
from footlights.core.cue import Text
from footlights.core.event import Event
class Alarm(App):
    title = "an anomaly from second 2 to second 3 of every ten"
    sets_off = "anomaly.raised"
    @dataclass(frozen=True)
    class Settings:
        alert: tuple[str, ...] = ("down",)
        gate: bool = True
    known = raised = False
    def step(self, scene):
        second, stream, time = scene.frame.time % 10, scene.frame.stream, scene.frame.time
        yield Text(f"gate {self.settings.gate}")
        if second >= 0.5 and not self.known:
            self.known = True
            yield Event("count", stream, time, None, {"counts": {"can": 3}, "total": {"can": 3}})
        if (2 <= second < 3) != self.raised:  # a camera that is late leaves frames out
            self.raised = not self.raised
            yield Event("anomaly.raised" if self.raised else "anomaly.cleared", stream, time, 7, {"alert": "down"})
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    path = tmp_path / "alarm.py"
    path.write_text(APP)
    return path


def test_evidence_is_kept_and_a_webhook_carries_the_picture(
    app: Path,
    tmp_path: Path,
    receiver: Receiver,  # noqa: F811
) -> None:
    done = footlights(
        "run", app, SOURCE, "--no-page", "--seconds", "9", "--evidence", tmp_path / "evidence",
        "--webhook", f"http://127.0.0.1:{receiver.port}/", "-v", environment={"NO_PROXY": "127.0.0.1"},
    )  # fmt: skip
    assert done.code == 0, done.err
    (piece,) = (tmp_path / "evidence").glob("*/*")
    assert piece.name == "000002.000-down"
    with av.open(piece / "clip.mp4") as container:
        times = [float(frame.time) for frame in container.decode(video=0)]
    assert times[-1] == pytest.approx(7, abs=0.4), "from the beginning until 5 s after the moment"
    told = json.loads(receiver.requests.get(timeout=WAIT).body)
    assert told["type"] == "dev.footlights.anomaly.raised"
    assert base64.b64decode(told["data"]["picture"]["base64"])[:2] == b"\xff\xd8"
    assert receiver.requests.empty()


@pytest.fixture
def watched(app: Path, make_broker: Callable[..., Broker]) -> Any:  # noqa: F811
    broker = make_broker()
    line = [
        sys.executable,
        "-m",
        "footlights",
        "run",
        str(app),
        f"{SOURCE}&seconds=600",
        "--no-page",
        "--realtime",
        "-v",
    ]
    process = subprocess.Popen(
        [*line, "--home-assistant", f"mqtt://127.0.0.1:{broker.port}/hall"],
        env=dict(os.environ), stdin=subprocess.DEVNULL,
    )  # fmt: skip
    seer = Seer(broker.port)
    yield process, seer
    process.kill()
    process.wait()
    seer.close()


def test_home_assistant_sees_it_switches_it_and_knows_when_it_is_dead(watched: tuple[Any, Seer]) -> None:
    process, seer = watched
    message = json.loads(seer.wait(layout.discovery_topic("hall")))
    (camera,) = (part for part in message["cmps"].values() if part["p"] == "camera")
    stream = camera["name"]
    assert seer.wait(camera["topic"], lambda state: state != b"")[:2] == b"\xff\xd8"
    seer.wait(layout.counts_topic("hall", stream), lambda state: json.loads(state) == {"can": 3})
    seer.wait(layout.alert_topic("hall", stream, "down"), lambda state: state == b"ON")
    seer.wait(layout.alert_topic("hall", stream, "down"), lambda state: state == b"OFF")
    enabled, gate = layout.enabled_topic("hall", stream), layout.gate_topic("hall")
    seer.switch(gate, "OFF")
    seer.wait(gate, lambda state: state == b"OFF")
    seer.switch(enabled, "OFF")
    seer.wait(enabled, lambda state: state == b"OFF")
    assert process.poll() is None, "the last stream may come back"
    seer.switch(enabled, "ON")
    seer.wait(enabled, lambda state: state == b"ON")
    seer.wait(layout.alert_topic("hall", stream, "down"), lambda state: state == b"ON")
    assert seer.states[layout.status_topic("hall")] == b"online"
    process.send_signal(signal.SIGKILL)
    seer.wait(layout.status_topic("hall"), lambda state: state == b"offline")


def wish(config: Path | None, **more: Any) -> Any:
    given: dict[str, Any] = dict.fromkeys(
        ("page", "host", "tls", "record", "save_pictures", "journal", "seconds", "realtime", "on")
    )
    return make_wish(
        "inspect", App, settings={}, actions={}, sources=["rehearsal:wave"], more=[], config=config, no_page=True,
        loop=False, **given, **more,
    )  # fmt: skip


def test_the_file_says_it_and_options_go_before_it(tmp_path: Path) -> None:
    config = tmp_path / "footlights.yaml"
    config.write_text(
        'app: inspect\noutputs: {evidence: kept, home_assistant: "mqtt://broker.local/hall"}\n'
        "quiet: 22:00-06:00\ncooldown: 60\nactions: {mail: smtp://localhost/a@example.com}\n"
    )
    alarm = wish(config).alarm
    assert (alarm.evidence, alarm.home_assistant) == (Path("kept"), "mqtt://broker.local/hall")
    assert (alarm.quiet, alarm.cooldown) == (QuietHours(22 * 60, 6 * 60), 60)
    other = wish(config, evidence=Path("b"), quiet_hours="12:00-13:00", action_cooldown=0.0).alarm
    assert (other.evidence, other.quiet, other.cooldown) == (Path("b"), QuietHours(720, 780), 0)


@pytest.mark.parametrize("more", [{"quiet_hours": "at night"}, {"home_assistant": "broker.local"}])
def test_what_cannot_be_is_told_before_anything_starts(more: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        wish(None, **more)
