"""A stage on a free port, a film for the fake camera, and a real browser with it."""

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from footlights.core.errors import ModelError
from footlights.core.scene import Floats
from footlights.hub.stage import browser as served
from footlights.hub.stage.running import Running
from footlights.hub.stage.serving import server_of
from footlights.media.page.listening import listen
from footlights.media.rehearsal.source import open_rehearsal
from footlights.recognition.definitions import library
from footlights.wire.show import load

CHROMIUM = Path(os.environ.get("FOOTLIGHTS_CHROMIUM", "/usr/bin/chromium"))
FLAGS = (
    "--no-sandbox", "--disable-background-networking", "--use-gl=angle", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip
RATE = 8  # pictures a second of the fake camera: three members share two cores with everything else
SHOW = """
title: Midnight <b>Carousel</b>
length: "2:00"
sections: [Stalls, Balcony]
cues:
  - id: chorus
    from: "0:02"
    to: "1:04"
    expect: x_arms
    text: Cross your arms!
    effects: [{at: 3, name: Lights up}]
  - {id: heart, from: "1:10", to: "1:15", expect: heart}
"""


class Staged:
    """A stage that serves one show from a thread."""

    def __init__(self, path: Path, port: int = 0) -> None:
        self.running = Running(path, load(path), library())
        listener = listen("127.0.0.1", port)
        self.port = listener.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self.audience = f"{self.origin}/stage/{self.running.name}/"
        self.running.join = self.audience
        self.artist = f"{self.audience}artist?key={self.running.keys.artist}"
        self.producer = f"{self.audience}producer?key={self.running.keys.producer}"
        self._server = server_of(self.running)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join()


@pytest.fixture
def staged(tmp_path: Path) -> Iterator[Callable[..., Staged]]:
    """`staged()`, `staged("title: ...", port=...)`: a stage with this show."""
    made: list[Staged] = []

    def make(show: str = SHOW, port: int = 0) -> Staged:
        path = tmp_path / "carousel.yaml"
        path.write_text(show)
        made.append(Staged(path, port))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(scope="session")
def runtime() -> None:
    """Skips where the runtime of the landmark model cannot be had."""
    try:
        served.pull_runtime()
    except ModelError as error:
        pytest.skip(f"the browser's runtime is not here and cannot be had: {error}")


def write_film(path: Path, address: str) -> None:
    """A rehearsal as a YUV4MPEG2 file, which Chromium's fake camera plays again and again."""
    source = open_rehearsal(f"{address}&width=320&height=240&fps={RATE}", "film")
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W320 H240 F{RATE}:1 Ip A1:1 C420jpeg\n".encode())
        for frame in source.frames():
            file.write(b"FRAME\n" + _planes(frame.rgb().astype(np.float32)))


def _planes(rgb: Floats) -> bytes:
    """JPEG's YCbCr (ITU-T T.871), the colours at half the size."""
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    colours = [(128 + (channel - luma) * scale) for channel, scale in ((blue, 0.564), (red, 0.713))]
    halves = [plane.reshape(120, 2, 160, 2).mean((1, 3)) for plane in colours]
    return b"".join(np.clip(plane, 0, 255).astype(np.uint8).tobytes() for plane in (luma, *halves))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: apt-get install chromium, or name it in FOOTLIGHTS_CHROMIUM")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    film = tmp_path_factory.mktemp("film") / "camera.y4m"
    write_film(film, "x_arms?seed=3&seconds=11")
    with api.sync_playwright() as playwright:
        camera = f"--use-file-for-fake-video-capture={film}"
        made = playwright.chromium.launch(executable_path=str(CHROMIUM), args=[*FLAGS, camera])
        yield made
        made.close()


@pytest.fixture
def tab(browser: Any) -> Iterator[Callable[..., Any]]:
    """`tab()`: a tab with storage of its own, which fails the test for an error, or for asking anything outside."""
    contexts: list[Any] = []
    problems: list[str] = []
    asked: list[str] = []

    def make(width: int = 390, height: int = 780, **more: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": height}, **more)
        contexts.append(context)
        opened = context.new_page()
        opened.on("pageerror", lambda error: problems.append(str(error)))
        opened.on("console", lambda said: problems.append(said.text) if "Content Security" in said.text else None)
        context.on("request", lambda sent: asked.append(sent.url))
        context.on("response", lambda got: problems.append(f"{got.status} {got.url}") if got.status >= 400 else None)
        return opened

    yield make
    for context in contexts:
        context.close()
    # After the stage was away, the shared link asks how it stands; after a wrong show, the stage refuses it.
    assert [one for one in problems if not re.match(r"404 .*/api/stats$|400 .*/show$", one)] == []
    assert [url for url in asked if not re.match(r"http://127\.0\.0\.1:|blob:|data:", url)] == []


def until(page: Any, condition: str, seconds: float = 60.0) -> None:
    """Wait for what is true in the page; its policy forbids the browser to wait by itself."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, f"not true: {condition}; the page says: {page.inner_text('body')[:400]!r}"
        page.wait_for_timeout(100)


def text(page: Any, place: str) -> str:
    """What stands in an element."""
    return str(page.evaluate(f"document.getElementById({place!r}).textContent"))
