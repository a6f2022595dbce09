import json
import logging
import math
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from cloudevents.http import from_json
from hypothesis import given
from hypothesis import strategies as st

from footlights.core.errors import SinkError
from footlights.core.event import Event
from footlights.core.frame import Frame
from footlights.core.scene import Scene
from footlights.media.journal import Journal, cloud_event
from footlights.media.picture import ArrayPicture

PICTURE = ArrayPicture(np.zeros((2, 2, 3), np.uint8))


def scene(*events: Event, arrived: float | None = None) -> Scene:
    return Scene(Frame(PICTURE, 1.0, "stage", 0, arrived), events=list(events))


def begin(moment: float, stream: str = "stage", **data: object) -> Event:
    return Event("gesture.begin", stream, moment, 3, {"gesture": "x_arms", **data})


def written(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_every_line_is_a_cloud_event(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    journal = Journal(path)
    journal.write(scene(begin(1.25), Event("line.down", "hall 2/ä", 2.0)))
    journal.write(scene())
    journal.write(scene(begin(3.5)))
    journal.close()
    lines = path.read_bytes().splitlines()
    events = [from_json(line) for line in lines]
    assert [event["id"] for event in events] == ["1", "1", "2"]
    assert [event["source"] for event in events] == [
        "/footlights/stage",
        "/footlights/hall%202/%C3%A4",
        "/footlights/stage",
    ]
    assert events[0]["type"] == "dev.footlights.gesture.begin"
    assert events[0]["datacontenttype"] == "application/json"
    assert events[0].data == {"time": 1.25, "track": 3, "gesture": "x_arms"}
    assert events[1].data == {"time": 2.0}
    assert all("time" not in line for line in written(path))


def test_only_live_events_carry_the_wall_clock(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "events.jsonl")
    journal.write(scene(begin(1.0), arrived=time.monotonic() - 3600))
    journal.close()
    event = from_json((tmp_path / "events.jsonl").read_bytes())
    age = datetime.now(UTC) - datetime.fromisoformat(event["time"])
    assert event["time"].endswith("Z")
    assert 3599 < age.total_seconds() < 3700


def test_the_same_events_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        journal = Journal(tmp_path / name)
        for index in range(50):
            journal.write(scene(begin(index / 30, score=1 / 3)))
        journal.close()
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert written(tmp_path / "a")[1]["data"]["time"] == 0.033333
    assert written(tmp_path / "a")[1]["data"]["score"] == 0.333333


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4), st.floats(), st.text(min_size=1))
def test_whatever_an_app_says_is_one_line_of_json(data: dict, moment: float, stream: str) -> None:
    attributes = cloud_event(Event("odd", stream, moment, None, data), 7)
    line = json.dumps(attributes, allow_nan=False)
    assert "\n" not in line
    assert from_json(line)["id"] == "7"
    assert attributes["data"]["time"] == (round(moment, 6) if math.isfinite(moment) else None)


def test_numpy_numbers_become_plain() -> None:
    event = Event("odd", "s", np.float64(1.5), None, {"score": np.float32(0.25), "count": np.int64(3)})
    assert cloud_event(event, 1)["data"] == {"time": 1.5, "score": 0.25, "count": 3}


def test_a_journal_is_continued(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    for _ in range(2):
        journal = Journal(path)
        journal.write(scene(begin(1.0), begin(1.0, "other")))
        journal.close()
    assert [(line["source"], line["id"]) for line in written(path)] == [
        ("/footlights/stage", "1"),
        ("/footlights/other", "1"),
        ("/footlights/stage", "2"),
        ("/footlights/other", "2"),
    ]


@pytest.mark.parametrize("kept", [0, 1, 40, -2])
def test_a_line_that_a_power_cut_left_unfinished_is_taken_out(
    tmp_path: Path, kept: int, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "events.jsonl"
    journal = Journal(path)
    journal.write(scene(begin(1.0)))
    journal.close()
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:kept])
    with caplog.at_level(logging.WARNING):
        journal = Journal(path)
    journal.write(scene(begin(2.0)))
    journal.close()
    assert [line["id"] for line in written(path)] == ["1", "2"]
    assert len(caplog.messages) == (kept != 0)


def test_a_last_line_that_only_lacks_its_end_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text(json.dumps(cloud_event(begin(1.0), 1)))
    journal = Journal(path)
    journal.write(scene(begin(2.0)))
    journal.close()
    assert [line["id"] for line in written(path)] == ["1", "2"]


def test_every_event_is_on_disk_when_the_power_goes(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    program = (
        "import sys\nfrom tests.media.test_journal import Journal, begin, scene\n"
        "journal = Journal(sys.argv[1])\n"
        "for number in range(20):\n    journal.write(scene(begin(float(number))))\n"
        "print('written', flush=True)\nsys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "written\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdin.close()
    process.stdout.close()
    assert len(written(path)) == 20


def test_a_place_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="there is no such folder; make it first"):
        Journal(tmp_path / "none" / "events.jsonl")
    with pytest.raises(SinkError, match="it is a folder; give the name of a file"):
        Journal(tmp_path)


def test_a_full_disk_says_so() -> None:
    journal = Journal("/dev/full")
    with pytest.raises(SinkError, match="the disk is full; free some space"):
        journal.write(scene(begin(1.0)))
    with pytest.raises(SinkError, match="the disk is full"):
        journal.close()
