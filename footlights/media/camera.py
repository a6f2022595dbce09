"""Webcams: Video4Linux through FFmpeg on Linux, OpenCV's own capture on macOS and Windows."""

import errno
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from urllib.parse import parse_qsl

import cv2
import numpy as np

from footlights.core.errors import SourceError
from footlights.media.container import Container, ContainerError
from footlights.media.picture import ArrayPicture
from footlights.media.reconnect import Connection, LiveSource, OnState

_DEVICES = Path("/dev")
_SYSTEM = Path("/sys/class/video4linux")


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera that this machine has."""

    number: int
    title: str  # what the driver calls it


@dataclass(frozen=True, slots=True)
class Wish:
    """How the camera should work; a driver that cannot do it takes what is nearest."""

    width: int = 640  # pixels
    height: int = 480  # pixels
    rate: int = 30  # frames a second


def cameras() -> list[Camera]:
    """The cameras of a Linux machine, those that give pictures. Empty elsewhere: there, only trying tells."""
    found = []
    for entry in sorted(_SYSTEM.glob("video*"), key=lambda path: int(path.name.removeprefix("video"))):
        index = entry / "index"
        if index.exists() and index.read_text().strip() != "0":
            continue  # the same camera's node for metadata
        found.append(Camera(int(entry.name.removeprefix("video")), (entry / "name").read_text().strip()))
    return found


def open_camera(target: str, name: str, on_state: OnState | None) -> LiveSource:
    """The camera of a number or a device path, `?size=1280x720&rate=30` added where wanted; nothing is opened yet.

    Raises SourceError for a wish that is none.
    """
    device, _, query = target.partition("?")
    wish = _wish(target, query)
    if sys.platform == "linux":
        path = f"/dev/video{int(device)}" if device.isdecimal() else device
        return LiveSource(name, lambda: _connect(device, path, wish), on_state)
    if not device.isdecimal():
        raise SourceError(f"{device}: cameras have numbers on this system; give 0 for the first")
    return LiveSource(name, lambda: _Capture(int(device), wish), on_state)


def _wish(target: str, query: str) -> Wish:
    values: dict[str, int] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        size = re.fullmatch(r"(\d+)x(\d+)", value)
        if key == "size" and size:
            values |= {"width": int(size[1]), "height": int(size[2])}
        elif key == "rate" and value.isdecimal():
            values["rate"] = int(value)
        else:
            raise SourceError(f"{target}: a camera takes size=1280x720 and rate=30, not {key}={value}")
    return Wish(**values)


def _connect(device: str, path: str, wish: Wish) -> Connection:
    label = f"camera {device}" if device == path else f"camera {device} ({path})"
    if not Path(path).exists():
        raise SourceError(f"{label} does not exist; {_advice()}")
    if not os.access(path, os.R_OK | os.W_OK):
        raise SourceError(f"{label} may not be opened by this user; add the user to the group 'video' and log in again")
    options = {"video_size": f"{wish.width}x{wish.height}", "framerate": str(wish.rate)}
    try:
        # Compressed pictures first: plain ones of a large size fill a USB 2 line at a few frames a second.
        return Container(path, label, form="v4l2", options={**options, "input_format": "mjpeg"}, live=True)
    except ContainerError as failure:
        if getattr(failure.fault, "errno", None) != errno.EINVAL:
            raise
    return Container(path, label, form="v4l2", options=options, live=True)


def _advice() -> str:
    there = ", ".join(f"{camera.number} ({camera.title})" for camera in cameras())
    if there:
        return f"this machine has {there}"
    return "this machine has no camera: plug one in, or try rehearsal:x_arms"


class _Capture:
    """A camera through OpenCV; a Connection."""

    sound_rate = None

    def __init__(self, number: int, wish: Wish) -> None:
        self._number = number
        self._capture = cv2.VideoCapture(number)
        if not self._capture.isOpened():
            raise SourceError(f"camera {number} cannot be opened; plug it in, and allow this program to use the camera")
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, wish.width)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, wish.height)
        self._capture.set(cv2.CAP_PROP_FPS, wish.rate)

    def __enter__(self) -> "_Capture":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._capture.release()

    def read(self, *, sound: bool) -> Iterator["_Grab"]:
        """Pictures, and no sound."""
        while True:
            given, bgr = self._capture.read()
            if not given:
                raise SourceError(f"camera {self._number} gives no pictures any more; plug it in again")
            yield _Grab(ArrayPicture(np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)))


@dataclass(frozen=True, slots=True)
class _Grab:
    picture: ArrayPicture
    stamp: float | None = None
