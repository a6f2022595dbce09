"""A browser's camera as a source: where the page leaves the pictures and where a source takes them."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np

from footlights.core.errors import SettingsError
from footlights.core.frame import Frame
from footlights.media.picture import ArrayPicture

MOST_BYTES = 1_500_000  # of one JPEG
LONGEST_SIDE = 1920  # pixels
MOST_CAMERAS = 32  # browsers that may send at once

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")

Verdict = Callable[[str], None]  # told once what was wrong with a picture; "" where it was taken, or a newer one came


def check_name(name: str) -> str:
    """The name, where it can be one of a browser camera.

    Raises:
        SettingsError: it is too long or holds something else than a-z, 0-9, - and _.
    """
    if _NAME.fullmatch(name) is None:
        raise SettingsError(f"'{name[:40]}' cannot name a browser camera: use up to 32 of a-z, 0-9, - and _")
    return name


@dataclass(slots=True, eq=False)
class Sender:
    """One browser that sends pictures under a name."""

    name: str
    key: str  # known to this browser only: it may take its own place again
    gone: Verdict  # told why, where the pictures are not wanted any more


@dataclass(slots=True, eq=False)
class _Place:
    sender: Sender | None = None
    camera: "BrowserCamera | None" = None
    waiting: tuple[bytes, float, Verdict] | None = None  # newest picture, arrival by the monotonic clock, whom to tell


@dataclass(slots=True)
class BrowserCameras:
    """The meeting place of pages and sources, by name. Safe from any thread; holds one picture for each name."""

    _places: dict[str, _Place] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def stream(self, name: str) -> str | None:
        """The stream that takes the pictures of this name; None where there is none."""
        with self._changed:
            place = self._places.get(name)
            return None if place is None or place.camera is None else place.camera.name

    def sends(self, name: str) -> bool:
        """True where a browser sends under this name."""
        with self._changed:
            place = self._places.get(name)
            return place is not None and place.sender is not None

    def begin(self, name: str, key: str, gone: Verdict) -> Sender:
        """Take the sender's place of a name. A browser that comes again with its key replaces itself.

        Raises:
            SettingsError: somebody else sends under this name, too many send, or it cannot be a name.
        """
        sender = Sender(check_name(name), key, gone)
        with self._changed:
            place = self._places.setdefault(name, _Place())
            before = place.sender
            if before is not None and before.key != key:
                raise SettingsError(f"somebody else already sends as '{name}'; choose another name")
            if before is None and sum(place.sender is not None for place in self._places.values()) >= MOST_CAMERAS:
                self._tidy(name)
                raise SettingsError(f"{MOST_CAMERAS} browsers send already, which is the most; try again later")
            place.sender = sender
        if before is not None:
            before.gone("this camera was opened again in another tab")
        return sender

    def end(self, sender: Sender) -> None:
        """Leave the sender's place."""
        with self._changed:
            place = self._places.get(sender.name)
            if place is not None and place.sender is sender:
                place.sender = None
                self._tidy(sender.name)

    def put(self, sender: Sender, jpeg: bytes, verdict: Verdict) -> None:
        """Leave a picture for the source. It replaces one that was not taken yet; `verdict` is told once."""
        problem = jpeg_problem(jpeg)
        with self._changed:
            place = self._places.get(sender.name)
            if place is None or place.sender is not sender:
                problem = "another tab sends now"
            replaced = None
            if place is not None and not problem:
                replaced, place.waiting = place.waiting, (jpeg, time.monotonic(), verdict)
                self._changed.notify_all()
        if problem:
            verdict(problem)
        if replaced is not None:
            replaced[2]("")

    def attach(self, camera: "BrowserCamera") -> None:
        """A source begins to take the pictures of its name; one that did so before ends."""
        with self._changed:
            place = self._places.setdefault(camera.name_there, _Place())
            place.camera = camera
            self._changed.notify_all()

    def detach(self, camera: "BrowserCamera") -> None:
        """A source is removed: its sender is told, and so is the picture that waits."""
        with self._changed:
            place = self._places.get(camera.name_there)
            if place is None or place.camera is not camera:
                self._changed.notify_all()
                return
            place.camera = None
            sender, waiting, place.waiting = place.sender, place.waiting, None
            self._tidy(camera.name_there)
            self._changed.notify_all()
        if waiting is not None:
            waiting[2]("this camera was removed")
        if sender is not None:
            sender.gone("this camera was removed")

    def take(self, camera: "BrowserCamera") -> tuple[bytes, float, Verdict] | None:
        """Wait for the newest picture of a source; None once the source has been removed or replaced."""
        with self._changed:
            while (place := self._places.get(camera.name_there)) is not None and place.camera is camera:
                if place.waiting is not None:
                    waiting, place.waiting = place.waiting, None
                    return waiting
                self._changed.wait()
            return None

    def _tidy(self, name: str) -> None:
        place = self._places[name]
        if place.sender is None and place.camera is None:
            del self._places[name]


CAMERAS = BrowserCameras()  # the one that `browser:<name>` and the page share


class BrowserCamera:
    """The camera of a browser that has opened `/camera` on the page. Waits where nobody sends.

    Args:
        name: what the browser calls itself; also the stream's name where no other is given.
        stream: the stream's name.
        cameras: where to take the pictures from.
    """

    live = True
    duration: float | None = None

    def __init__(self, name: str, *, stream: str | None = None, cameras: BrowserCameras = CAMERAS) -> None:
        self.name_there = check_name(name)
        self.name = stream or name
        self._cameras = cameras
        self._started = time.monotonic()
        self._index = 0
        cameras.attach(self)

    def frames(self) -> Iterator[Frame]:
        """Pictures as they come. Media time is the time since the source was made, by the monotonic clock."""
        while (waiting := self._cameras.take(self)) is not None:
            jpeg, arrived, verdict = waiting
            picture = _decoded(jpeg)
            if picture is None:
                verdict("this JPEG does not decode")
                continue
            verdict("")
            self._index += 1
            yield Frame(picture, arrived - self._started, self.name, self._index - 1, arrived)

    def close(self) -> None:
        """Be removed: `frames` ends and the browser is told."""
        self._cameras.detach(self)


def _decoded(jpeg: bytes) -> ArrayPicture | None:
    try:
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        return None
    return None if image is None else ArrayPicture(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8))


def jpeg_problem(data: bytes) -> str:
    """Why this is not a JPEG that is small enough to decode; empty where it is one. Decodes nothing."""
    if len(data) > MOST_BYTES:
        return f"a picture may have {MOST_BYTES} bytes, this has {len(data)}"
    if data[:3] != b"\xff\xd8\xff" or data[-2:] != b"\xff\xd9":
        return "this is not a whole JPEG"
    size = _jpeg_size(data)
    if size is None:
        return "this JPEG does not say its size"
    width, height = size
    if min(size) < 16 or max(size) > LONGEST_SIDE:
        return f"a picture may have 16 to {LONGEST_SIDE} pixels a side, this has {width}x{height}"
    return ""


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height from the frame header (ITU-T T.81, B.2.2)."""
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return None
