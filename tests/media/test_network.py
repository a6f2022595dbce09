import itertools
import subprocess
import threading
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import cv2
import numpy as np
import pytest

from footlights.core.errors import SourceError
from footlights.media.open import open_source
from tests.media.conftest import grey, write_clip


class States:
    """Listens to a source's states; `reached` waits for one."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, str]] = []
        self._changed = threading.Condition()

    def __call__(self, name: str, state: str, message: str) -> None:
        with self._changed:
            self.seen.append((name, state, message))
            self._changed.notify_all()

    def count(self, state: str) -> int:
        return sum(seen == state for _, seen, _ in self.seen)

    def reached(self, state: str, times: int = 1) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self.count(state) >= times, timeout=60)


def test_rtsp_comes_back_when_its_server_was_killed(
    rtsp_server: Callable[[], subprocess.Popen[bytes]], free_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    states = States()
    source = open_source(f"rtsp://viewer:s3cret@127.0.0.1:{free_port}/x", on_state=states)
    assert (source.live, source.duration) == (True, None)
    assert source.name == "127.0.0.1-x"
    sound = source.listen()
    server = rtsp_server()
    times: list[float] = []
    heard = 0
    for frame in source.frames():
        times.append(frame.time)
        heard += len(sound.until(frame.time))
        assert (frame.width, frame.height) == (64, 48)
        if len(times) == 20:
            server.kill()
            server.wait()
            server = rtsp_server()
        if states.count("running") == 2 and len(times) > 40:
            source.close()
    assert states.count("running") == 2
    assert all(late > early for early, late in itertools.pairwise(times))
    assert sound.rate == 48000
    assert heard > 10
    assert "s3cret" not in caplog.text + str(states.seen)


def test_rtsp_that_nobody_serves_says_so_on_every_try(free_port: int) -> None:
    states = States()
    source = open_source(f"rtsp://viewer:s3cret@127.0.0.1:{free_port}/x", name="door", on_state=states)
    thread = threading.Thread(target=lambda: list(source.frames()))
    thread.start()
    assert states.reached("retrying", 2)
    source.close()
    thread.join(20)
    assert not thread.is_alive()
    messages = [message for _, state, message in states.seen if state == "retrying"]
    assert all("refuses the connection; start the server" in message for message in messages)
    assert "s3cret" not in str(states.seen)


def test_a_host_that_does_not_exist_is_named() -> None:
    states = States()
    source = open_source("rtsp://me:s3cret@no-such-host.invalid/x", on_state=states)
    thread = threading.Thread(target=lambda: list(source.frames()))
    thread.start()
    assert states.reached("retrying")
    source.close()
    thread.join(20)
    assert "the host 'no-such-host.invalid' is not known" in str(states.seen)
    assert "s3cret" not in str(states.seen)


def test_a_film_over_http_is_a_file(clip: Path, serve: Callable[..., str]) -> None:
    source = open_source(f"{serve(clip.parent)}/{clip.name}")
    frames = list(source.frames())
    assert (source.live, len(frames), frames[-1].time) == (False, 50, pytest.approx(49 / 25))


def test_hls_with_an_end_is_a_file(clip: Path, serve: Callable[..., str], tmp_path: Path) -> None:
    write_clip(
        tmp_path / "index.m3u8", [grey(4 * index) for index in range(50)], options={"hls_time": "1"}, format="hls"
    )
    source = open_source(f"{serve()}/index.m3u8?token=s3cret")
    assert (source.live, source.name) == (False, "127.0.0.1-index")
    assert [frame.time for frame in source.frames()] == pytest.approx([index / 25 for index in range(50)], abs=0.001)


def test_hls_without_an_end_is_live(serve: Callable[..., str], tmp_path: Path) -> None:
    options = {"hls_time": "1", "hls_flags": "omit_endlist"}
    write_clip(tmp_path / "live.m3u8", [grey(4 * index) for index in range(50)], options=options, format="hls")
    source = open_source(f"{serve()}/live.m3u8")
    assert source.live
    frames = source.frames()
    times = [next(frames).time for _ in range(10)]
    source.close()
    assert times[9] - times[0] == pytest.approx(9 / 25, abs=0.001)
    assert next(frames, None) is None


class Snapshots(SimpleHTTPRequestHandler):
    """A camera that sends one JPEG after another, for ever."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        level = 0
        pause = threading.Event()
        try:
            while True:
                level = (level + 8) % 256
                jpeg = cv2.imencode(".jpg", np.full((48, 64, 3), level, np.uint8))[1].tobytes()
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                self.wfile.write(head.encode() + jpeg + b"\r\n")
                pause.wait(0.02)
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        pass


def test_mjpeg_over_http_is_live(serve: Callable[..., str]) -> None:
    source = open_source(f"{serve(Snapshots)}/video")
    assert source.live
    times = []
    for frame in source.frames():
        times.append(frame.time)
        assert frame.rgb().shape == (48, 64, 3)
        if len(times) == 20:
            source.close()
    assert all(late > early for early, late in itertools.pairwise(times))


def test_what_the_server_does_not_have_is_an_error(serve: Callable[..., str]) -> None:
    with pytest.raises(SourceError, match=r"has nothing under this path \(404\)"):
        open_source(f"{serve()}/missing.mp4")
    with pytest.raises(SourceError, match=r"has nothing under this path \(404\)"):
        open_source(f"{serve()}/stream")


def test_a_web_page_is_no_video(serve: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<html>camera login</html>")
    with pytest.raises(SourceError, match="not a video"):
        open_source(f"{serve()}/index.html")


def test_a_film_from_a_server_that_is_off_is_an_error(free_port: int) -> None:
    with pytest.raises(SourceError) as raised:
        open_source(f"http://me:s3cret@127.0.0.1:{free_port}/film.mp4?token=t0ken")
    assert "refuses the connection" in str(raised.value)
    assert "s3cret" not in str(raised.value)
    assert "t0ken" not in str(raised.value)


def test_a_live_stream_from_a_server_that_is_off_is_waited_for(free_port: int) -> None:
    states = States()
    source = open_source(f"http://127.0.0.1:{free_port}/live", on_state=states)
    assert source.live
    thread = threading.Thread(target=lambda: list(source.frames()))
    thread.start()
    assert states.reached("retrying")
    source.close()
    thread.join(20)
    assert not thread.is_alive()
