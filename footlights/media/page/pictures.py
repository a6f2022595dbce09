"""What the newest scene of a stream looks like: made only when somebody looks, once for all who look."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor

import cv2
import numpy as np

from footlights.core.frame import Image
from footlights.core.scene import Scene

Paint = Callable[[Scene], Image]
Render = Callable[[Scene], bytes]  # what is sent to those who look

LONGEST_SIDE = 1280  # pixels; larger pictures are scaled down for the page
QUALITY = 82
MOST_FPS = 30.0  # pictures a second and stream, however fast a file is processed


class LiveView:
    """One stream, looked at in one way. Belongs to the page's event loop; only rendering leaves it, for a thread.

    Nothing is queued: a viewer asks for something newer than what it has, so a slow viewer skips some and costs
    nobody else anything.
    """

    def __init__(self, render: Render, threads: Executor, most_fps: float = MOST_FPS) -> None:
        self.viewers = 0
        self._render = render
        self._interval = 1 / most_fps  # seconds
        self._threads = threads
        self._scene: Scene | None = None
        self._offered = 0  # number of the newest scene
        self._number = 0  # number of the scene that is rendered
        self._rendered = b""
        self._earliest = 0.0  # loop time before which no further one is rendered
        self._rendering: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self.closed = False

    def offer(self, scene: Scene) -> None:
        """Take the newest scene; forget the one before."""
        self._scene = scene
        self._offered += 1
        self._tell()

    def close(self) -> None:
        """End every viewer."""
        self.closed = True
        if self._rendering is not None:
            self._rendering.cancel()
        self._tell()

    async def next(self, after: int) -> tuple[int, bytes] | None:
        """The number and content of the first rendering whose number is greater than `after`; None once closed."""
        while not self.closed:
            if self._number > after:
                return self._number, self._rendered
            if self._offered > self._number:
                await self._newest()
            else:
                await self._changed.wait()
        return None

    async def _newest(self) -> None:
        rendering = self._rendering
        if rendering is None or rendering.done():
            rendering = self._rendering = asyncio.create_task(self._make())
        await asyncio.wait([rendering])  # unlike awaiting it: a viewer that leaves does not take it along
        if not rendering.cancelled():
            rendering.result()

    async def _make(self) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._earliest - loop.time())
        self._earliest = loop.time() + self._interval
        scene, number = self._scene, self._offered
        if scene is not None:
            self._rendered = await loop.run_in_executor(self._threads, self._render, scene)
            self._number = number

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def as_jpeg(paint: Paint) -> Render:
    """Renders what is painted."""
    return lambda scene: encode_jpeg(paint(scene))


def encode_jpeg(image: Image, longest_side: int = LONGEST_SIDE) -> bytes:
    """JPEG of an (H, W, 3) RGB picture, scaled down where it is larger than asked for, in pixels."""
    height, width = image.shape[:2]
    scale = longest_side / max(width, height)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    _, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return data.tobytes()
