"""The studio as its users start it, in a process of its own; and a real browser whose camera films a green pie."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from tests.media.page.conftest import CHROMIUM, FLAGS

pytest.importorskip("nicegui", reason="the extra `studio` is not installed")


@dataclass(frozen=True)
class Studio:
    """A studio that runs."""

    url: str  # as it was printed
    folder: Path  # of all projects
    process: "subprocess.Popen[str]"

    @property
    def base(self) -> str:
        """The address without path and token."""
        return "/".join(self.url.split("/")[:3])


def started(folder: Path, *options: str) -> Studio:
    """Start `footlights studio` on a folder."""
    command = [sys.executable, "-m", "footlights", "studio", str(folder), "--port", "0", "--no-browser", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("the studio is at http"), line
    return Studio(line.split()[-1], folder, process)


def stopped(studio: Studio) -> int:
    """Press Ctrl-C, and wait; the exit code."""
    with studio.process as process:
        process.send_signal(signal.SIGINT)
        return process.wait(30)


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    made = started(tmp_path_factory.mktemp("projects"))
    yield made
    assert stopped(made) == 0


@pytest.fixture
def client(studio: Studio) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=studio.base, timeout=30) as made:
        yield made


@pytest.fixture
def project(client: httpx.Client) -> Callable[..., str]:
    """`project(kind, title, *labels)` makes one; gives the address of its API."""

    def make(kind: str, title: str, *labels: str) -> str:
        answer = client.post("/api/projects", json={"kind": kind, "title": title, "labels": list(labels)})
        assert answer.status_code == 201, answer.text
        return f"/api/projects/{answer.json()['name']}"

    return make


def picture(number: int) -> bytes:
    """A JPEG like no other."""
    rng = np.random.default_rng(number)
    image = np.asarray(cv2.resize(rng.integers(0, 255, (6, 8, 3), np.uint8), (160, 120)), np.uint8)
    return cv2.imencode(".jpg", image)[1].tobytes()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: apt-get install chromium, or name it in FOOTLIGHTS_CHROMIUM")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield made
        made.close()


@pytest.fixture
def tab(browser: Any, studio: Studio) -> Iterator[Any]:
    """A tab that makes the test fail where a script fails, a policy is broken, or anything outside is asked."""
    context = browser.new_context(viewport={"width": 1360, "height": 850}, base_url=studio.base)
    context.set_default_timeout(60_000)
    opened = context.new_page()
    problems: list[str] = []
    asked: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    opened.on("request", lambda sent: asked.append(sent.url))
    yield opened
    context.close()
    assert problems == []
    assert [url for url in asked if not re.match(r"https?://127\.0\.0\.1[:/]|blob:|about:|data:", url)] == []
