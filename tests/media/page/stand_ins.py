"""Scenes, a list of sources and sockets, as an engine and programs would have them."""

import threading
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from websockets.sync.client import ClientConnection, connect

from footlights.core.cue import Cue
from footlights.core.errors import SettingsError, SourceError
from footlights.core.event import Event
from footlights.core.frame import Frame, Image
from footlights.core.scene import Scene, Track
from footlights.media.page.control import SourceState
from footlights.media.page.server import Page
from footlights.media.picture import ArrayPicture

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESK = {"viewport": {"width": 1280, "height": 800}}


def plain(scene: Scene) -> Image:
    return scene.frame.rgb()


def scene(
    stream: str = "cam",
    index: int = 0,
    events: tuple[Event, ...] = (),
    cues: tuple[Cue, ...] = (),
    size: tuple[int, int] = (160, 120),
) -> Scene:
    """A flat picture whose brightness says its index."""
    width, height = size
    array = np.full((height, width, 3), (index * 16) % 256, np.uint8)
    return Scene(Frame(ArrayPicture(array), index / 30, stream, index), events=list(events), cues=list(cues))


def face(track: int, left: float, top: float, side: float) -> Track:
    """A square face, in pixels."""
    box = np.array([left, top, left + side, top + side], np.float32)
    return Track(track, "face", box, score=0.9, since=0.0, seen=0.0)


class Sources:
    """Keeps a list of sources, as the one who runs the streams does."""

    def __init__(self) -> None:
        self.urls: dict[str, str] = {}
        self.opened: Callable[[str, str], None] = lambda name, url: None
        self.changed = threading.Event()

    def sources(self) -> list[SourceState]:
        return [SourceState(name, url) for name, url in self.urls.items()]

    def add(self, url: str) -> str:
        if url == "broken":
            raise SourceError("there is no camera 'broken'; found: 0, 2\nand a second line")
        name = url.removeprefix("browser:").removeprefix("rehearsal:")
        if name in self.urls:
            raise SettingsError(f"there is a source '{name}' already")
        self.urls[name] = url
        self.opened(name, url)
        self.changed.set()
        return name

    def remove(self, name: str) -> None:
        if self.urls.pop(name, None) is None:
            raise SettingsError(f"there is no source '{name}'")
        self.changed.set()


def socket(page: Page, path: str, **options: object) -> ClientConnection:
    """A WebSocket to the page, as any program opens it."""
    return connect(f"ws://127.0.0.1:{page.port}{path}", open_timeout=20, **options)


def jpeg(width: int = 64, height: int = 48, grey: int = 128) -> bytes:
    """A flat JPEG."""
    _, data = cv2.imencode(".jpg", np.full((height, width, 3), grey, np.uint8))
    return data.tobytes()


class Detectors(Sources):
    """Also has face detectors to choose from."""

    def __init__(self) -> None:
        super().__init__()
        self.now = "blazeface"

    def choices(self) -> list[str]:
        return ["haar-alt", "blazeface", "yunet"]

    def chosen(self) -> str:
        return self.now

    def choose(self, name: str) -> None:
        if name == "yunet":
            raise SettingsError("yunet is not here yet\nrun footlights models pull yunet")
        self.now = name


def until(tab: Any, expression: str) -> None:
    """Wait until an expression holds on the page. Its policy forbids the evaluation that the browser's driver uses."""
    for _ in range(600):
        if tab.evaluate(expression):
            return
        tab.wait_for_timeout(50)
    raise AssertionError(f"never true: {expression}")
