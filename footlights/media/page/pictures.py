"""The newest picture of a stream as JPEG: painted and encoded only when somebody looks, once for all who look."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor

import cv2
import numpy as np

from footlights.core.frame import Image
from footlights.core.scene import Scene

Paint = Callable[[Scene], Image]

LONGEST_SIDE = 1280  # pixels; larger pictures are scaled down for the page
QUALITY = 82
MOST_FPS = 30.0  # pictures a second and stream, however fast a file is processed


class LivePicture:
    """One stream's picture. Belongs to the page's event loop; only painting and encoding leave it, for a thread.

    Nothing is queued: a viewer asks for a picture newer than the one it has, so a slow viewer skips pictures and
    costs nobody else anything.
    """

    def __init__(self, paint: Paint, threads: Executor) -> None:
        self.viewers = 0
        self._paint = paint
        self._threads = threads
        self._scene: Scene | None = None
        self._offered = 0  # number of the newest scene
        self._number = 0  # number of the scene that is encoded
        self._jpeg = b""
        self._earliest = 0.0  # loop time before which no further picture is made
        self._encoding: asyncio.Task[None] | None = None
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
        if self._encoding is not None:
            self._encoding.cancel()
        self._tell()

    async def next(self, after: int) -> tuple[int, bytes] | None:
        """The number and JPEG of the first picture whose number is greater than `after`; None once closed."""
        while not self.closed:
            if self._number > after:
                return self._number, self._jpeg
            if self._offered > self._number:
                await self._encoded()
            else:
                await self._changed.wait()
        return None

    async def _encoded(self) -> None:
        encoding = self._encoding
        if encoding is None or encoding.done():
            encoding = self._encoding = asyncio.create_task(self._encode())
        await asyncio.wait([encoding])  # unlike awaiting it: a viewer that leaves does not take it along
        if not encoding.cancelled():
            encoding.result()

    async def _encode(self) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._earliest - loop.time())
        self._earliest = loop.time() + 1 / MOST_FPS
        scene, number = self._scene, self._offered
        if scene is not None:
            self._jpeg = await loop.run_in_executor(self._threads, self._painted, scene)
            self._number = number

    def _painted(self, scene: Scene) -> bytes:
        return encode_jpeg(self._paint(scene))

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def encode_jpeg(image: Image) -> bytes:
    """JPEG of an (H, W, 3) RGB picture, scaled down where it is larger than a page needs."""
    height, width = image.shape[:2]
    scale = LONGEST_SIDE / max(width, height)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    _, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return data.tobytes()
