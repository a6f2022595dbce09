"""Browsers that send their camera: pictures come over a WebSocket, each is answered when the source has taken it."""

import asyncio
from collections.abc import Callable

from starlette.websockets import WebSocket, WebSocketDisconnect

from footlights.core.errors import FootlightsError
from footlights.media.page.browser import BrowserCameras, Sender
from footlights.media.page.feed import as_json
from footlights.media.page.sources import Sources, one_line
from footlights.media.page.viewers import GOING_AWAY, close, first_of

MOST_FPS = 60.0  # pictures a second that one browser may send
UNANSWERED = 4  # pictures of one browser whose answer is not sent yet
GRACE = 20.0  # seconds until a source that the page added is removed again, once its browser is gone

REFUSED = 4400  # the reason says why; coming again changes nothing
REMOVED = 4410  # the source was removed, or the camera was opened in another tab


class CameraDoor:
    """Lets browsers send pictures; adds and removes the sources for them. Belongs to the page's event loop."""

    def __init__(self, cameras: BrowserCameras, sources: Sources, grace: float = GRACE) -> None:
        self._cameras = cameras
        self._sources = sources
        self._grace = grace
        self._added: dict[str, str] = {}  # browser's name -> stream that the page added for it
        self._leaving: dict[str, asyncio.TimerHandle] = {}
        self._removing: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End every browser."""
        for handle in self._leaving.values():
            handle.cancel()
        self._closing.set()

    async def __call__(self, socket: WebSocket) -> None:
        """Serve one browser: `ready`, then an `ack` for each picture."""
        await socket.accept()
        name, key = socket.path_params["name"], socket.query_params.get("key", "")[:64]
        gone: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        try:
            sender = self._cameras.begin(name, key, _told(gone))
            try:
                await self._serve(socket, sender, gone)
            finally:
                self._left(sender)
        except FootlightsError as error:
            await close(socket, REFUSED, one_line(error))
        except WebSocketDisconnect:
            return
        if gone.done():
            await close(socket, REMOVED, gone.result())
        elif self._closing.is_set():
            await close(socket, GOING_AWAY, "the page is closing")

    async def _serve(self, socket: WebSocket, sender: Sender, gone: "asyncio.Future[str]") -> None:
        stream = await self._stream(sender.name)
        await socket.send_text(as_json({"type": "ready", "stream": stream}))
        verdicts: asyncio.Queue[str] = asyncio.Queue()  # UNANSWERED at most
        free = asyncio.Semaphore(UNANSWERED)

        async def answer() -> None:
            while True:
                problem = await verdicts.get()
                await socket.send_text(as_json({"type": "ack", "problem": problem}))
                free.release()

        async def removed() -> None:
            await asyncio.wait([gone])

        async def closing() -> None:
            await self._closing.wait()

        await first_of(self._pictures(socket, sender, free, verdicts), answer(), removed(), closing())

    async def _pictures(
        self, socket: WebSocket, sender: Sender, free: asyncio.Semaphore, verdicts: "asyncio.Queue[str]"
    ) -> None:
        loop = asyncio.get_running_loop()
        tell = _threadsafe(loop, verdicts.put_nowait)
        earliest = 0.0  # loop time before which no further picture is taken
        while (message := await socket.receive())["type"] == "websocket.receive":
            await free.acquire()
            await asyncio.sleep(earliest - loop.time())
            earliest = loop.time() + 1 / MOST_FPS
            self._cameras.put(sender, message.get("bytes") or b"", tell)

    async def _stream(self, name: str) -> str:
        """The stream that takes this browser's pictures; it is added where there is none."""
        async with self._turn:
            if (handle := self._leaving.pop(name, None)) is not None:
                handle.cancel()
            stream = self._cameras.stream(name) or self._added.get(name)
            if stream is None:
                stream = self._added[name] = await self._sources.add(f"browser:{name}")
            return stream

    def _left(self, sender: Sender) -> None:
        self._cameras.end(sender)
        name = sender.name
        if self._cameras.stream(name) is None:
            self._added.pop(name, None)
        elif name in self._added and name not in self._leaving and not self._closing.is_set():
            self._leaving[name] = asyncio.get_running_loop().call_later(self._grace, self._leave, name)

    def _leave(self, name: str) -> None:
        self._leaving.pop(name, None)
        if self._cameras.sends(name) or (stream := self._added.pop(name, None)) is None:
            return
        task = asyncio.create_task(self._remove(stream))
        self._removing.add(task)
        task.add_done_callback(self._removing.discard)

    async def _remove(self, stream: str) -> None:
        try:
            await self._sources.remove(stream)
        except FootlightsError:
            return  # somebody removed it before


def _told(gone: "asyncio.Future[str]") -> Callable[[str], None]:
    def decide(reason: str) -> None:
        if not gone.done():
            gone.set_result(reason)

    return _threadsafe(gone.get_loop(), decide)


def _threadsafe(loop: asyncio.AbstractEventLoop, listener: Callable[[str], None]) -> Callable[[str], None]:
    def tell(text: str) -> None:
        try:
            loop.call_soon_threadsafe(listener, text)
        except RuntimeError:
            return  # the page has closed meanwhile

    return tell
