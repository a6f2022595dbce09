"""The page that `footlights run` serves, as a sink: its web server runs on a thread of its own."""

import asyncio
import ipaddress
import logging
import secrets
import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from footlights.core.cue import Show
from footlights.core.errors import SinkError
from footlights.core.event import Event
from footlights.core.scene import Scene
from footlights.media.page.browser import CAMERAS, BrowserCameras
from footlights.media.page.control import Control, StreamStats
from footlights.media.page.listening import check_certificate, listen, reachable, web_server
from footlights.media.page.live_video import LiveVideoRoutes
from footlights.media.page.pictures import Paint
from footlights.media.page.routes import Routes
from footlights.media.page.senders import CameraDoor
from footlights.media.page.shows import Shows
from footlights.media.page.sources import Sources
from footlights.media.page.state import PageState
from footlights.media.painter import Painter

log = logging.getLogger(__name__)

HISTORY = 200  # events that a viewer who comes later still sees
MOST_WAITING = 10_000  # messages between the engine and the page's thread; that thread never waits for anybody
FAREWELL = 0.5  # seconds for viewers to take the last words; then connections are cut


def _painter() -> Paint:
    return Painter().paint


class Page:
    """Live pictures, events, sources and shows in every browser that opens `url`.

    Args:
        host: where to listen. Anything but loopback needs the token that `url` carries.
        port: where to listen; the next free one where it is taken or 0.
        title: what the page calls itself.
        layout: `stage`: every stream with its events; `exhibition`: one stream beside what became of it, and its cards;
            `wall`: many cameras with counts, zones and alerts.
        raw: also show the pictures without anything drawn on them, and crops of them on cards.
        control: adds and removes sources; may be set later, as `page.control`. Without it the sources are fixed.
        token: the token to ask for, or None for a new random one where one is needed.
        tls: certificate and key (PEM files): phones give their camera to https only.
        cameras: where browsers leave their pictures; the one that `browser:<name>` reads unless a test has its own.
        new_paint: makes the function that paints scenes of one stream.

    Raises:
        SettingsError: the host or the certificate cannot be used.
        SinkError: no port is free.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 8000,
        *,
        title: str = "footlights",
        layout: Literal["stage", "exhibition", "wall"] = "stage",
        raw: bool = True,
        control: Control | None = None,
        token: str | None = None,
        tls: tuple[Path, Path] | None = None,
        cameras: BrowserCameras = CAMERAS,
        new_paint: Callable[[], Paint] = _painter,
    ) -> None:
        check_certificate(tls)
        self.control = control
        self.live = LiveVideoRoutes()  # what else is offered: set its `hls` and `webrtc`
        self._socket = listen(host, port)
        self.port = int(self._socket.getsockname()[1])
        if port not in (0, self.port):
            log.warning("port %d is taken: the page is at port %d", port, self.port)
        address = ipaddress.ip_address(self._socket.getsockname()[0])
        self._token = token or (None if address.is_loopback else secrets.token_urlsafe(16))
        name = reachable(address)
        query = f"/?token={self._token}" if self._token else "/"
        self.url = f"{'https' if tls else 'http'}://{name}:{self.port}{query}"

        self._lock = threading.Lock()
        self._scenes: dict[str, Scene] = {}  # newest of each stream, not taken over yet
        self._messages: deque[Event | _Asked] = deque(maxlen=MOST_WAITING)
        self._showing: dict[str, frozenset[str]] = {}  # addresses that the last scene of a stream asked to show
        self._stats: Mapping[str, StreamStats] | None = None
        self._woken = False
        self._closed = False

        threads = ThreadPoolExecutor(4, thread_name_prefix=f"page {self.port} worker")
        sources = Sources(lambda: self.control, threads)
        self._threads = threads
        self._shows = Shows()
        self._state = PageState(title, self._shows, new_paint, threads, HISTORY, raw=raw)
        self._state.catch_up = self._take_over
        self._door = CameraDoor(cameras, sources)
        home = "index.html" if layout == "stage" else f"{layout}.html"
        routes = Routes(self._state, sources, self._door, threads, home, self.live)
        app = routes.app(self._token, f"footlights_{self.port}")
        self._server = web_server(app, tls)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name=f"page {self.port}", daemon=True)
        self._thread.start()

    def write(self, scene: Scene) -> None:
        """Take a finished scene: its events, its shows, and its picture where it is the newest.

        Raises:
            SinkError: the page is closed.
        """
        stream = scene.frame.stream
        if self._closed or not self._thread.is_alive():
            raise SinkError("the page is closed")
        asked = frozenset(cue.url for cue in scene.cues if isinstance(cue, Show))
        with self._lock:
            new = sorted(asked - self._showing.get(stream, frozenset()))
            self._showing[stream] = asked
            self._messages.extend(scene.events)
            self._messages.extend(_Asked(url, stream) for url in [*_shown_by_events(scene.events), *new])
            self._scenes[stream] = scene
            if self._messages or self._state.looked_at(stream):
                self._wake()

    def report(self, stats: Mapping[str, StreamStats]) -> None:
        """Say how every stream is doing. A stream that was in the last report and is not in this one is gone."""
        with self._lock:
            self._stats = dict(stats)
            for gone in self._showing.keys() - stats.keys():
                del self._showing[gone]
            self._wake()

    def serve(self, path: str | Path) -> str:
        """Let the page play a file; its address on the page. A `Show` may name the address or the file itself.

        Raises:
            SettingsError: there is no such file, or a browser cannot play it.
        """
        return self._shows.serve(path)

    def show(self, url: str) -> None:
        """Play an address, or a file that was registered, in every browser that watches.

        Raises:
            SettingsError: it is neither an http(s) address nor registered.
        """
        self._shows.open(url)
        with self._lock:
            self._messages.append(_Asked(url, None))
            self._wake()

    def close(self) -> None:
        """Say goodbye to every viewer and end the page's threads. May be called twice."""
        with self._lock:
            ended, self._closed = self._closed, True
        if ended:
            return
        self._loop.call_soon_threadsafe(self._begin_close)
        self._thread.join()
        self._threads.shutdown(cancel_futures=True)

    def _wake(self) -> None:
        """Let the page's thread take over what waits. Called with the lock held."""
        if not self._woken and not self._closed:
            self._woken = True
            self._loop.call_soon_threadsafe(self._take_over)

    def _take_over(self) -> None:
        with self._lock:
            self._woken = False
            messages, stats, scenes = list(self._messages), self._stats, list(self._scenes.values())
            self._messages.clear()
            self._scenes.clear()
            self._stats = None
        for scene in scenes:
            self._state.picture(scene)
        if stats is not None:
            self._state.report(stats)
        for message in messages:
            if isinstance(message, Event):
                self._state.event(message)
            else:
                self._state.show(message.url, message.stream)

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._server.serve(sockets=[self._socket]))

    def _begin_close(self) -> None:
        self._state.close()
        self._door.close()
        self._server.should_exit = True
        self._loop.call_later(FAREWELL, self._cut_connections)

    def _cut_connections(self) -> None:
        for connection in tuple(self._server.server_state.connections):
            connection.transport.abort()


@dataclass(frozen=True, slots=True)
class _Asked:
    """Somebody wants an address to be played."""

    url: str
    stream: str | None


def _shown_by_events(events: list[Event]) -> list[str]:
    return [str(event.data["url"]) for event in events if event.kind == "show" and "url" in event.data]
