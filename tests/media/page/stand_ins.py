"""Scenes, a list of sources and sockets, as an engine and programs would have them."""

import threading
from collections.abc import Callable

import cv2
import numpy as np
from websockets.sync.client import ClientConnection, connect

from footlights.core.cue import Cue
from footlights.core.errors import SettingsError, SourceError
from footlights.core.event import Event
from footlights.core.frame import Frame, Image
from footlights.core.scene import Scene
from footlights.media.page.control import SourceState
from footlights.media.page.server import Page
from footlights.media.picture import ArrayPicture


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
