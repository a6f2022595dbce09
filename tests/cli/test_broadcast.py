"""Live video out, from the command that a user types."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import av
import pytest

from footlights.cli.broadcast import tiles
from footlights.core.errors import SettingsError
from tests.cli.command import PLAIN, footlights

LINE = "rehearsal:line?width=160&height=96&fps=10"


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "plain.py"
    path.write_text(PLAIN)
    return path


def test_the_wall_of_two_files_is_recorded(plain: Path, tmp_path: Path) -> None:
    out = tmp_path / "wall.mp4"
    done = footlights("run", plain, f"{LINE}&seconds=2", f"{LINE}&seconds=2", "--no-page", "--record-wall", out)
    assert done.code == 0, done.err
    with av.open(str(out)) as container:
        pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert len(pictures) >= 15
    left, right = pictures[-1][:, : pictures[-1].shape[1] // 2], pictures[-1][:, pictures[-1].shape[1] // 2 :]
    assert left.std() > 10
    assert right.std() > 10, "two tiles side by side"


def test_a_player_opens_the_wall_and_a_stream(plain: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "footlights",
        "run",
        str(plain),
        LINE,
        "--no-page",
        "--realtime",
        "--rtsp",
        str(port),
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=dict(os.environ)) as running:
        try:
            for name in ("wall", "line"):
                assert _sizes(f"rtsp://127.0.0.1:{port}/{name}")
        finally:
            running.send_signal(signal.SIGINT)
            said = running.communicate(timeout=30)[1]
    assert f"rtsp://127.0.0.1:{port}/wall" in said
    assert "Traceback" not in said


def _sizes(url: str) -> list[tuple[int, int]]:
    """The sizes of the first pictures of a live video, once it answers."""
    until = time.monotonic() + 30
    while True:
        try:
            with av.open(url, options={"rtsp_transport": "tcp"}, timeout=10) as container:
                frames = container.decode(video=0)
                return [(frame.width, frame.height) for frame, _ in zip(frames, range(3), strict=False)]
        except (av.error.ConnectionRefusedError, av.error.HTTPNotFoundError):
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


@pytest.mark.parametrize(("text", "expected"), [("2x3", (2, 3)), (" 1 × 4 ", (1, 4))])
def test_rows_and_columns(text: str, expected: tuple[int, int]) -> None:
    assert tiles(text) == expected


@pytest.mark.parametrize("text", ["2", "0x3", "99x1", "axb"])
def test_what_is_no_wall(text: str) -> None:
    with pytest.raises(SettingsError, match="2x3"):
        tiles(text)
