"""What goes wrong with one stream, one model or one request leaves the others unharmed, and is one clear line."""

import contextlib
import http.client
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
import pytest

from footlights.apps.inspect import Inspect
from footlights.cli import build
from footlights.cli.alarm import House
from footlights.cli.broadcast import Broadcast
from footlights.cli.build import Performance, Wish
from footlights.core.errors import FootlightsError, SourceError
from footlights.media.container import Shot
from footlights.media.reconnect import Backoff, LiveSource
from footlights.wire.document import SourceEntry
from tests.media.moving import numbered
from tests.perception.tiny_models import answers, save_model

ENDLESS = "rehearsal:line?width=160&height=90&fps=30"
WAIT = 60  # seconds after which a test that waits for something is lost


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(save_model(tmp_path / "model.onnx", answers("yolox")))


def written(path: Path, count: int, fps: int, width: int, height: int, start: float = 0.0) -> Path:
    """A film that shows numbers."""
    form = "mpegts" if path.suffix == ".ts" else None
    with av.open(str(path), "w", format=form) as film:
        video = film.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "bf": "0"})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        for index in range(count):
            frame = numbered(index % 4096, width, height).frame
            frame.pts, frame.time_base = round((start + index / fps) * 90_000), Fraction(1, 90_000)
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
    return path


def watching(model: str, *sources: str, **more: Any) -> Performance:
    entries = tuple(SourceEntry(url=url, name=f"s{index}") for index, url in enumerate(sources))
    return Performance(Wish("inspect", Inspect, Inspect.Settings(model=model, interval=2), entries, page=None, **more))


def until(good: Callable[[], bool]) -> None:
    last = time.monotonic() + WAIT
    while not good():
        assert time.monotonic() < last, "it never came"
        time.sleep(0.02)


def test_a_stream_that_changes_its_size_in_the_middle(model: str, tmp_path: Path) -> None:
    parts = [written(tmp_path / f"{n}.ts", 30, 30, *size, n * 1.0) for n, size in enumerate(((192, 96), (384, 192)))]
    both = tmp_path / "both.ts"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    other = written(tmp_path / "other.mp4", 60, 30, 192, 96)
    wall = tmp_path / "wall.mp4"
    performance = watching(model, str(both), str(other), broadcast=Broadcast(record=wall), record=tmp_path / "each.mp4")
    sizes: list[tuple[int, int]] = []
    step = Inspect.step

    def seen(self: Inspect, scene: Any) -> Iterator[Any]:
        if scene.frame.stream == "s0":
            sizes.append((scene.frame.width, scene.frame.height))
        return step(self, scene)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Inspect, "step", seen)
        performance.run()
    assert performance.engine.failures() == []
    assert [report.frames for report in performance.report()] == [60, 60]
    assert set(sizes) == {(192, 96), (384, 192)}
    with av.open(str(wall)) as film:
        assert sum(1 for _ in film.decode(video=0)) >= 45
    with av.open(str(tmp_path / "each.s0.mp4")) as film:
        assert {(frame.width, frame.height) for frame in film.decode(video=0)} == {(192, 96)}


def test_a_slow_camera_beside_a_fast_one(model: str, tmp_path: Path) -> None:
    slow, fast = written(tmp_path / "slow.mp4", 10, 5, 192, 96), written(tmp_path / "fast.mp4", 120, 60, 192, 96)
    performance = watching(model, str(slow), str(fast))
    performance.run()
    reports = {report.stream: report for report in performance.report()}
    assert (reports["s0"].frames, reports["s1"].frames) == (10, 120)
    assert reports["s0"].media_time == pytest.approx(1.8, abs=0.01)
    assert reports["s1"].media_time == pytest.approx(119 / 60, abs=0.01)
    assert not performance.engine.failures()


class Dying:
    """A camera whose connection gives a few pictures and breaks, and which is away at every second try."""

    sound_rate = None

    def __init__(self) -> None:
        self.tries = 0

    def connect(self) -> "Dying":
        self.tries += 1
        if self.tries % 2 == 0:
            raise SourceError("camera: connection refused")
        return self

    def __enter__(self) -> "Dying":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held."""

    def read(self, *, sound: bool) -> Iterator[Shot]:
        for index in range(6):
            time.sleep(0.01)
            yield Shot(numbered(index), index / 25)
        if self.tries % 4 == 1:
            raise SourceError("camera: the cable is out")


def test_a_camera_that_dies_and_returns_again_and_again(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    camera, opened = Dying(), build.open_source
    monkeypatch.setattr(Backoff, "delay", lambda self, lasted=0.0: 0.01)
    states: list[str] = []

    def open_source(url: str, **how: Any) -> Any:
        if not url.startswith("rtsp"):
            return opened(url, **how)
        tell = how["on_state"]

        def on_state(name: str, state: str, message: str) -> None:
            states.append(state)
            tell(name, state, message)

        return LiveSource(how["name"], camera.connect, on_state)

    monkeypatch.setattr(build, "open_source", open_source)
    performance = watching(model, "rtsp://camera", ENDLESS)
    thread = threading.Thread(target=performance.run)
    thread.start()
    try:
        until(lambda: camera.tries >= 7)
        before = {report.stream: report.frames for report in performance.report()}
        until(
            lambda: all(
                report.frames > before[report.stream] + 5 for report in performance.report() if report.stream in before
            )
        )
    finally:
        performance.engine.stop()
        thread.join(WAIT)
    assert not thread.is_alive()
    assert {"connecting", "running", "retrying"} <= set(states)
    assert performance.engine.failures() == []


def test_the_last_stream_may_be_switched_off_and_on_again(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    performance = watching(model, ENDLESS)
    house, engine = House(performance), performance.engine
    thread = threading.Thread(target=performance.run)
    thread.start()
    remove = engine.remove

    def slowly(name: str) -> None:
        remove(name)
        until(lambda: not engine.names())  # the engine has noticed before anything else is said

    monkeypatch.setattr(engine, "remove", slowly)
    try:
        house.stop_stream("s0")
        thread.join(0.3)
        assert thread.is_alive(), "it may come back"
        assert house.stopped() == ["s0"]
        house.start_stream("s0")
        until(lambda: any(report.stream == "s0" and report.frames > 3 for report in performance.report()))
    finally:
        engine.stop()
        thread.join(WAIT)


@pytest.mark.parametrize("wrong", ["text", "sound", "folder", "page"])
def test_a_wrong_model_is_refused_while_the_one_before_goes_on(model: str, tmp_path: Path, wrong: str) -> None:
    bad = tmp_path / "bad.onnx"
    if wrong == "text":
        bad.write_text("<!doctype html><title>Sign in</title>")
    elif wrong == "sound":
        save_model(bad, {"output": np.zeros((1, 4), np.float32)}, shape=(1, 16000))
    elif wrong == "folder":
        bad.mkdir()
    else:
        bad = Path("http://127.0.0.1:9/model.onnx")
    performance = watching(model, ENDLESS, seconds=20.0)
    thread = threading.Thread(target=performance.run)
    thread.start()
    try:
        until(lambda: any(report.frames > 2 for report in performance.report()))
        with pytest.raises(FootlightsError) as caught:
            performance.change({"model": str(bad)})
        assert "\n" not in str(caught.value)
        looks = performance.report()[0].looks
        until(lambda: performance.report()[0].looks > looks + 2)
    finally:
        performance.engine.stop()
        thread.join(WAIT)
    assert performance.settings.model == model
    assert performance.engine.failures() == []


def test_two_gigabytes_for_the_page_are_cut_off_and_the_streams_go_on(model: str) -> None:
    entries = (SourceEntry(url=ENDLESS, name="s0"),)
    performance = Performance(Wish("inspect", Inspect, Inspect.Settings(model=model), entries, page=0))
    thread = threading.Thread(target=performance.run)
    thread.start()
    sent = 0
    connection = http.client.HTTPConnection("127.0.0.1", performance.page.port, timeout=WAIT)
    try:
        with contextlib.closing(connection), contextlib.suppress(OSError):  # the page closes the door
            connection.putrequest("POST", "/api/settings")
            connection.putheader("content-type", "application/json")
            connection.putheader("content-length", str(2 << 30))
            connection.endheaders()
            while sent < 64 << 20:
                connection.send(b" " * (1 << 16))
                sent += 1 << 16
        assert sent < 64 << 20, "it stops reading long before the end"
        before = performance.report()[0].frames
        until(lambda: performance.report()[0].frames > before + 5)
    finally:
        performance.engine.stop()
        thread.join(WAIT)
    assert not thread.is_alive()
