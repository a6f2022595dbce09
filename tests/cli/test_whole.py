"""A running program among others: cameras that die, disks that fill, pages that ask for another source."""

import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest

from footlights.media.open import open_source
from tests.media.conftest import free_port, needs, rtsp_server, serve  # noqa: F401 (fixtures)

PLAIN = """
from footlights.core.app import App
from footlights.core.event import Event
class Plain(App):
    title = "counts frames"
    def step(self, scene):
        if scene.frame.index % 10 == 0:
            yield Event("trigger", scene.frame.stream, scene.frame.time, None, {"by": "count"})
"""
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def app(tmp_path: Path) -> Path:
    path = tmp_path / "plain.py"
    path.write_text(PLAIN)
    return path


@pytest.fixture
def start(app: Path) -> Iterator[Start]:
    """Starts the program with that app; ends it with the test."""
    running: list[subprocess.Popen[str]] = []

    def run(*arguments: object, **options: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "footlights", "run", str(app), *map(str, arguments)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ, **options,
        )  # fmt: skip
        running.append(process)
        return process

    yield run
    for process in running:
        process.kill()
        process.communicate()


def until(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def indices(journal: Path, stream: str) -> list[float]:
    lines = [json.loads(line) for line in journal.read_text().splitlines()] if journal.exists() else []
    return [line["data"]["time"] for line in lines if line["source"].endswith(f"/{stream}")]


def page_of(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"the page: (\S+)", line):
            return found[1].rstrip("/")
    raise AssertionError("no page was announced")


def test_a_camera_that_dies_comes_back_and_harms_nobody(
    rtsp_server: Callable[[], subprocess.Popen[bytes]],  # noqa: F811
    free_port: int,  # noqa: F811
    start: Start,
    tmp_path: Path,
) -> None:
    server, journal = rtsp_server(), tmp_path / "events.jsonl"
    process = start(
        f"rtsp://127.0.0.1:{free_port}/x", "rehearsal:idle?width=160&height=120", "--no-page", "--realtime",
        "--journal", journal,
    )  # fmt: skip
    until(lambda: len(indices(journal, "127.0.0.1-x")) > 3, "events of the camera")
    server.kill()
    server.wait()
    before, others = len(indices(journal, "127.0.0.1-x")), len(indices(journal, "idle"))
    until(lambda: len(indices(journal, "idle")) > others + 5, "the other stream goes on")
    rtsp_server()
    until(lambda: len(indices(journal, "127.0.0.1-x")) > before + 5, "the camera is back")
    times = indices(journal, "127.0.0.1-x")
    assert times == sorted(times)
    process.terminate()
    assert process.wait(20) == 0


def test_a_full_disk_ends_the_recording_and_nothing_else(start: Start, tmp_path: Path) -> None:
    video, journal = tmp_path / "out.mp4", tmp_path / "events.jsonl"
    limit = 400_000  # bytes; a file may not grow beyond, as on a full disk
    process = start(
        "rehearsal:jumping_jack?seconds=20&fps=15&people=3", "--no-page", "--as-fast-as-possible", "--record", video,
        "--journal", journal, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )  # fmt: skip
    _, errors = process.communicate(timeout=120)
    complaints = [line for line in errors.splitlines() if line.startswith("error: ")]
    assert process.returncode == 4, errors
    assert len(complaints) == 1
    assert "The rest goes on." in complaints[0]
    assert len(journal.read_text().splitlines()) == 30
    assert sum(1 for _ in open_source(str(video)).frames()) > 10


def test_sources_come_and_go_on_the_page(start: Start) -> None:
    process = start("rehearsal:idle?width=160&height=120", "--page", "0")
    page = page_of(process)

    def states() -> dict[str, str]:
        return {entry["name"]: entry["state"] for entry in httpx.get(f"{page}/api/sources").json()["sources"]}

    until(lambda: "running" in states().values(), "the first source runs")
    added = httpx.post(f"{page}/api/sources", json={"url": "rehearsal:wave?width=160&height=120"})
    assert added.status_code == 201, added.text
    name = added.json()["name"]
    until(lambda: states().get(name) == "running", "the second source runs")
    refused = httpx.post(f"{page}/api/sources", json={"url": "rehearsal:wvae"})
    assert refused.status_code in {400, 409}
    assert "wave" in refused.text
    assert httpx.delete(f"{page}/api/sources/{name}").status_code < 300
    until(lambda: states().get(name) != "running", "the second source has ended")
    until(lambda: name not in states(), "the second source is gone")
    assert len([state for state in states().values() if state == "running"]) == 1
    again = httpx.post(f"{page}/api/sources", json={"url": "rehearsal:wave?width=160&height=120"})
    assert again.json()["name"] == name  # the name of a source that is gone is free again
    process.terminate()
    assert process.wait(20) == 0


def test_a_hook_that_is_down_gets_its_event_when_it_is_back(
    serve: Callable[..., str],  # noqa: F811
    start: Start,
) -> None:
    got: list[dict[str, object]] = []
    refusals = iter([503, 503])

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = next(refusals, 204)
            if status == 204:
                got.append(json.loads(body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    url = serve(Hook)
    process = start("rehearsal:idle?width=160&height=120", "--no-page", "--realtime", "--webhook", f"{url}/hook")
    until(lambda: len(got) > 1, "two events are delivered")
    process.terminate()
    assert process.wait(20) == 0
    assert [event["specversion"] for event in got[:2]] == ["1.0", "1.0"]
