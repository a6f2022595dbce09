"""Small films with a known content, and real servers that show them."""

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import takewhile
from pathlib import Path

import av
import numpy as np
import pytest

from tests import ports

RATE = 48000


def grey(level: int, width: int = 64, height: int = 48) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def tone(seconds: float) -> np.ndarray:
    """(2, N) of 440 Hz."""
    wave = np.sin(np.arange(round(seconds * RATE)) * 2 * np.pi * 440 / RATE) * 0.5
    return np.stack([wave, wave])


def write_clip(
    path: Path,
    pictures: list[np.ndarray],
    times: list[float] | None = None,
    *,
    sound: np.ndarray | None = None,
    options: dict[str, str] | None = None,
    **kinds: str,
) -> Path:
    """A film of these RGB pictures at these times (25 a second where none are given); (2, N) sound at 48 kHz."""
    times = times if times is not None else [index / 25 for index in range(len(pictures))]
    with av.open(path, "w", options=options or {}, **kinds) as container:
        video = container.add_stream("libx264", rate=25, options={"crf": "12", "g": "10", "preset": "ultrafast"})
        video.height, video.width = pictures[0].shape[:2]
        video.pix_fmt = "yuv420p"
        video.codec_context.time_base = Fraction(1, 10000)
        audio = container.add_stream("aac", rate=RATE, layout="stereo") if sound is not None else None
        if audio is not None:
            frame = av.AudioFrame.from_ndarray(sound.astype(np.float32), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = RATE, 0
            container.mux(audio.encode(frame))
            container.mux(audio.encode(None))
        for picture, time in zip(pictures, times, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = round(time * 10000), Fraction(1, 10000)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path


def noise(count: int, width: int = 160, height: int = 120) -> list[np.ndarray]:
    """Pictures that do not compress well, so that a file of them has some weight."""
    chance = np.random.default_rng(7)
    return [chance.integers(0, 256, (height, width, 3), np.uint8) for _ in range(count)]


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds at 25 frames a second that grow brighter by 4 with every frame, with a tone."""
    path = tmp_path_factory.mktemp("clip") / "brighter.mp4"
    return write_clip(path, [grey(20 + 4 * index) for index in range(50)], sound=tone(2))


@pytest.fixture
def needs() -> Callable[[str], str]:
    """Asks for a program of the distribution; its path."""

    def ask(program: str) -> str:
        path = shutil.which(program)
        if path is None:
            pytest.skip(f"{program} is not installed; apt-get install it to run this test")
        return path

    return ask


@pytest.fixture
def free_port() -> int:
    return ports.free_port()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Serves a folder over HTTP, or whatever a handler gives; the address of its root. All end with the test."""
    running: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def start(what: Path | type[SimpleHTTPRequestHandler] = tmp_path) -> str:
        handler = partial(_Quiet, directory=str(what)) if isinstance(what, Path) else what
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server, thread in running:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def rtsp_server(
    needs: Callable[[str], str], free_port: int, tmp_path: Path
) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts VLC as an RTSP server that shows a film for ever; `free_port` is its port, /x the path."""
    needs("cvlc")
    # Long enough: VLC hangs up where a file ends.
    shown = write_clip(tmp_path / "shown.mp4", [grey(index % 256) for index in range(500)], sound=tone(20))
    outside = Path(tempfile.gettempdir()).resolve()
    for folder in (tmp_path, *takewhile(lambda parent: parent.resolve() != outside, tmp_path.parents)):
        folder.chmod(folder.stat().st_mode | 0o055)  # VLC refuses to run as root, and "nobody" must see the file
    running: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            ["cvlc", "-I", "dummy", "--no-dbus", "--loop", "--sout-keep", str(shown), "--sout",
             f"#rtp{{sdp=rtsp://127.0.0.1:{free_port}/x}}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(tmp_path)},
            user="nobody" if os.getuid() == 0 else None,
        )  # fmt: skip
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.wait()
