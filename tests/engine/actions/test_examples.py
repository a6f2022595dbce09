"""What the documentation of actions shows works as it stands there."""

import itertools
import json
import os
import queue
import re
import shlex
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import footlights
from footlights.core.event import Event
from footlights.core.frame import Frame
from footlights.core.scene import Scene, Track
from footlights.engine import actions
from footlights.engine.actions import message
from footlights.engine.actions.dispatch import Dispatcher
from footlights.engine.actions.log import ActionLog, Record
from footlights.engine.actions.webhook import Webhook
from footlights.engine.registry import load_app
from footlights.media.picture import ArrayPicture
from footlights.wire.document import load, parse
from footlights.wire.settings import validate
from tests.engine.actions.conftest import WAIT
from tests.ports import free_port

ROOT = Path(footlights.__file__).parents[1]
EXAMPLES = ROOT / "examples"
PAGE = (ROOT / "docs" / "actions.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_every_command_line_of_the_documentation_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "show.mp4").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FOOTLIGHTS_MAIL_PASSWORD", "hush")
    kinds, seen = actions.kinds(), set()
    for line in blocks("sh")[0].splitlines():
        words = shlex.split(line)
        for flag, text in itertools.pairwise(words):
            if flag.startswith("--"):
                seen.add(flag[2:])
                assert kinds[flag[2:]].from_text(text).describe()
    assert seen == set(kinds)


def test_the_documented_configuration_is_valid() -> None:
    assert len(actions.read(parse(blocks("yaml")[0]).actions)) == 3


def test_the_documented_payloads_are_what_is_sent() -> None:
    event = Event("trigger", "stage", 12.367, 3, {"by": "x_arms", "people": 1, "confidence": 0.93})
    shown = [json.loads(block) for block in blocks("json")]
    sent = json.loads(Webhook.from_text("https://example.com")._body(event))
    assert shown[0] == {**sent, "id": shown[0]["id"], "time": shown[0]["time"]}
    assert shown[1] == message.plain(event)


def test_the_documented_action_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bell.py").write_text(blocks("python")[0])
    monkeypatch.setattr(actions, "__path__", [*actions.__path__, str(tmp_path)])
    assert actions.read({"bell": "3"})[0].describe() == "bell 3 times"


def test_the_example_configuration_is_valid() -> None:
    document = load(EXAMPLES / "show.yaml")
    assert document.app is not None
    app = load_app(document.app)
    assert app(validate(app.Settings, document.settings)).settings.cooldown == 5
    assert len(actions.read(document.actions)) == 3


def test_the_example_receiver_checks_the_signature(event: Event) -> None:
    port = free_port()
    environment = {**os.environ, "FOOTLIGHTS_WEBHOOK_SECRET": "sesame"}
    command = [sys.executable, str(EXAMPLES / "receive.py"), str(port)]
    records: queue.Queue[Record] = queue.Queue()
    address = Webhook.from_text(f"http://127.0.0.1:{port}/").address
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            right, wrong = Webhook(address, "sesame"), Webhook(address, "other")
            dispatcher = Dispatcher([right], log=ActionLog(observer=records.put))
            dispatcher.handle(event)
            while records.get(timeout=WAIT).outcome != "ok":  # retried until the receiver has started
                pass
            dispatcher.close()
            with pytest.raises(ValueError, match="answered 401"):
                wrong.fire(event)
            wrong.close()
            assert process.stdout is not None
            assert process.stdout.readline().startswith("dev.footlights.trigger /footlights/line%201 {'time': 12.5")
        finally:
            process.terminate()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("action ")]


def test_the_example_app_counts_who_passes() -> None:
    gate = load_app(str(EXAMPLES / "gate.py"))()
    picture = ArrayPicture(np.zeros((10, 100, 3), np.uint8))
    told = []
    for index, x in enumerate([20, 45, 49, 51, 49, 60, 80, 40]):
        box = np.array([x - 5, 0, x + 5, 10], np.float32)
        scene = Scene(Frame(picture, index / 10, "door", index), tracks=[Track(1, "person", box, 1.0, 0.0, 0.0)])
        told += [(output.time, output.data["by"]) for output in gate.step(scene) if isinstance(output, Event)]
    assert told == [(0.5, "to_the_right"), (0.7, "to_the_left")]
