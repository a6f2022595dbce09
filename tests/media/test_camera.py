import itertools
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from footlights.core.errors import SourceError
from footlights.media import camera
from footlights.media.camera import Camera, cameras
from footlights.media.open import open_source


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with a camera of two nodes, as Linux shows it."""
    for number, index, title in ((10, "0", "Stage Cam"), (2, "0", "HD Webcam"), (3, "1", "HD Webcam")):
        entry = tmp_path / f"video{number}"
        entry.mkdir()
        (entry / "name").write_text(f"{title}\n")
        (entry / "index").write_text(f"{index}\n")
    monkeypatch.setattr(camera, "_SYSTEM", tmp_path)
    return tmp_path


def first_message(url: str) -> str:
    """What a source says when it is tried for the first time."""
    messages: list[str] = []
    told = threading.Event()

    def on_state(_: str, state: str, message: str) -> None:
        if state == "retrying":
            messages.append(message)
            told.set()

    source = open_source(url, on_state=on_state)
    assert source.live
    thread = threading.Thread(target=lambda: list(source.frames()))
    thread.start()
    assert told.wait(30)
    source.close()
    thread.join(30)
    assert not thread.is_alive()
    return messages[0]


def test_cameras_are_listed_without_their_side_nodes(machine: Path) -> None:
    assert cameras() == [Camera(2, "HD Webcam"), Camera(10, "Stage Cam")]


@pytest.mark.skipif(sys.platform != "linux", reason="Video4Linux")
def test_a_camera_that_is_missing_says_which_are_there(machine: Path) -> None:
    message = first_message("97")
    assert "camera 97 (/dev/video97) does not exist; this machine has 2 (HD Webcam), 10 (Stage Cam)" in message


@pytest.mark.skipif(sys.platform != "linux", reason="Video4Linux")
def test_without_any_camera_the_rehearsal_is_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "_SYSTEM", tmp_path / "none")
    assert "no camera: plug one in, or try rehearsal:" in first_message("/dev/video98")


@pytest.mark.skipif(sys.platform != "linux", reason="Video4Linux")
def test_a_device_that_is_no_camera_says_so() -> None:
    assert "/dev/null is not a camera" in first_message("/dev/null")


@pytest.mark.parametrize("url", ["0?size=large", "0?rate=fast", "0?colour=red"])
def test_a_wish_that_is_none_is_an_error(url: str) -> None:
    with pytest.raises(SourceError, match="a camera takes size=1280x720 and rate=30"):
        open_source(url)


class Unplugged:
    """What OpenCV gives for a camera that is pulled out after three pictures."""

    def __init__(self, number: int) -> None:
        self.left = 3
        self.set_to: dict[int, int] = {}

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return True

    def set(self, key: int, value: int) -> None:
        self.set_to[key] = value

    def read(self) -> tuple[bool, np.ndarray | None]:
        self.left -= 1
        blue = np.zeros((48, 64, 3), np.uint8)
        blue[..., 0] = 255
        return (True, blue) if self.left >= 0 else (False, None)

    def release(self) -> None:
        self.left = -1


def test_other_systems_use_opencv_and_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(cv2, "VideoCapture", Unplugged)
    monkeypatch.setattr("footlights.media.reconnect.FIRST_DELAY", 0.01)
    source = open_source("0?size=1280x720&rate=25")
    frames = source.frames()
    six = [next(frames) for _ in range(6)]
    source.close()
    assert all(late.time > early.time for early, late in itertools.pairwise(six))
    assert six[0].rgb()[0, 0].tolist() == [0, 0, 255]
