"""The picture of a moment, as JPEG: small enough to travel with a message."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import cv2
import numpy as np

from footlights.core.errors import SinkError
from footlights.core.event import Event
from footlights.core.frame import Image
from footlights.core.geometry import fit
from footlights.core.scene import Scene
from footlights.media.painter import Painter

SIDE = 640  # pixels of the longer side of a picture that travels
MOST_BYTES = 45_000  # as base64, with the rest of an event, below the 64 KiB that CloudEvents asks everybody to pass on
QUALITIES = (85, 70, 50, 30, 15)  # of JPEG, 0..100, tried in this order
KEPT = 32  # pictures that wait to be asked for
PAST = 200  # pictures that can be looked at by their addresses
PATIENCE = 5.0  # seconds for which one who asks waits for a picture that is being made


def jpeg(image: Image, quality: int = QUALITIES[0]) -> bytes:
    """(H, W, 3) RGB as JPEG. Raises SinkError for a size that JPEG does not know."""
    try:
        good, content = cv2.imencode(
            ".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
        )
    except cv2.error:
        good = False
    if not good:
        raise SinkError(f"a picture of {image.shape[1]}x{image.shape[0]} cannot be written as JPEG")
    return content.tobytes()


def small_size(width: int, height: int, side: int = SIDE) -> tuple[int, int]:
    """Width and height, both even, of a picture whose longer side is `side` at most."""
    inside = min(side, max(width, height))
    _, wide, high = fit(width, height, inside)
    return max(2, wide // 2 * 2), max(2, high // 2 * 2)


def smaller(image: Image, side: int = SIDE) -> Image:
    """The image in the size that `small_size` says."""
    size = small_size(image.shape[1], image.shape[0], side)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def travelling(scene: Scene, painter: Painter) -> bytes:
    """What is seen and known at this moment, as JPEG of `SIDE` pixels, and of `MOST_BYTES` where that is possible."""
    image = smaller(painter.paint(scene))
    content = b""
    for quality in QUALITIES:
        content = jpeg(image, quality)
        if len(content) <= MOST_BYTES:
            break
    return content


def snapshot_address(stream: str, time: float) -> str:
    """Where the page has the picture of what happened on a stream at a moment."""
    return f"/snapshots/{quote(stream, safe='')}/{round(1000 * time)}.jpg"


class PastPictures:
    """A sink that keeps the newest pictures of events that name one (`snapshot` in their data)."""

    def __init__(self, painter: Painter | None = None, keep: int = PAST) -> None:
        self._painter = painter or Painter()
        self._keep = keep
        self._pictures: dict[str, bytes] = {}  # by address, the oldest first
        self._lock = threading.Lock()

    @staticmethod
    def wants(scene: Scene) -> bool:
        """True where something happened that a picture belongs to."""
        return any("snapshot" in event.data for event in scene.events)

    def write(self, scene: Scene) -> None:
        """Keep the picture of a scene, with everything painted on it. Raises SinkError."""
        picture = travelling(scene, self._painter)
        with self._lock:
            for event in scene.events:
                if "snapshot" in event.data:
                    self._pictures[str(event.data["snapshot"])] = picture
            while len(self._pictures) > self._keep:
                del self._pictures[next(iter(self._pictures))]

    def at(self, address: str) -> bytes | None:
        """The JPEG of an address; None where there is none, or none any more."""
        with self._lock:
            return self._pictures.get(address)

    def close(self) -> None:
        """What is there can still be looked at."""


@dataclass(slots=True, eq=False)
class _Expected:
    event: Event
    picture: bytes | None = None
    finished: bool = False


class Snapshots:
    """A sink that keeps the picture of every event that was announced with `expect`, until somebody asks for it.

    The newest `keep` are kept. `expect` is called before the scene is written, by the thread that hands scenes out;
    `of` by whoever sends a message about the event.
    """

    def __init__(self, painter: Painter | None = None, keep: int = KEPT) -> None:
        self._painter = painter or Painter()
        self._keep = keep
        self._expected: dict[int, _Expected] = {}  # by the identity of the event, the oldest first
        self._changed = threading.Condition()
        self._closed = False

    def expect(self, event: Event) -> None:
        """The picture of this event will be asked for."""
        with self._changed:
            self._expected[id(event)] = _Expected(event)
            while len(self._expected) > self._keep:
                del self._expected[next(iter(self._expected))]

    def wants(self, scene: Scene) -> bool:
        """True where the scene holds an event whose picture is expected."""
        return bool(scene.events) and bool(self._waited_for(scene.events))

    def write(self, scene: Scene) -> None:
        """Make the picture of the events of this scene that are expected."""
        waited_for = self._waited_for(scene.events)
        if not waited_for:
            return
        try:
            picture = travelling(scene, self._painter)
        except SinkError:
            picture = None
        with self._changed:
            for expected in waited_for:
                expected.picture, expected.finished = picture, True
            self._changed.notify_all()

    def of(self, event: Event, timeout: float = PATIENCE) -> bytes | None:
        """The picture of an event; None where there is none, or where it is not made within `timeout` seconds."""
        with self._changed:
            expected = self._expected.get(id(event))
            if expected is None:
                return None
            self._changed.wait_for(lambda: expected.finished or self._closed, timeout)
            return expected.picture

    def close(self) -> None:
        """Nothing is made any more; what is there can still be asked for."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _waited_for(self, events: Sequence[Event]) -> list[_Expected]:
        with self._changed:
            found = (self._expected.get(id(event)) for event in events)
            return [expected for expected in found if expected is not None and not expected.finished]
