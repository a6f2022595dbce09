"""Live video out: the wall of all streams and every stream by itself, as H.264 for players, recorders and servers."""

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from av.video.reformatter import VideoReformatter

from footlights.core.errors import SettingsError, SinkError
from footlights.core.scene import Scene
from footlights.media.canvas import Canvas
from footlights.media.encoder import Encoder
from footlights.media.hls import Hls
from footlights.media.page.control import State, StreamStats
from footlights.media.picture import AvPicture, Matrix, from_planes
from footlights.media.plane_painter import PlanePainter
from footlights.media.publish import Publisher
from footlights.media.rtsp.server import PORT, USER, RtspServer
from footlights.media.wall import WALL, Wall, fitted

LONGEST_SIDE = 1280  # pixels of a stream's own video; larger pictures are scaled down


@dataclass(frozen=True, slots=True)
class VideoStats:
    """How one live video is doing."""

    name: str  # of the stream, or "wall"
    url: str  # where players open it
    viewers: int  # of all kinds: RTSP, HLS, publishing
    fps: float  # encoded pictures a second, lately; 0 while nobody looks
    encoded: int  # pictures so far
    dropped: int  # pictures that slow viewers did not get


class StreamView:
    """The newest scene of one stream as a picture with everything drawn on it, of one size for all its life."""

    def __init__(self, painter: PlanePainter, longest_side: int = LONGEST_SIDE) -> None:
        self._painter = painter
        self._longest_side = longest_side
        self._scene: Scene | None = None
        self._scaler = VideoReformatter()
        self._size: tuple[int, int] | None = None  # pixels, of the first picture
        self._matrix: Matrix = "bt601"

    def write(self, scene: Scene) -> None:
        """Take the newest scene."""
        self._scene = scene

    def picture(self) -> AvPicture | None:
        """What to look at now; None before the first scene. Called by one thread at a time."""
        scene = self._scene
        if scene is None:
            return None
        if self._size is None:
            scale = min(1.0, self._longest_side / max(scene.frame.width, scene.frame.height))
            width, height = (max(16, round(side * scale / 2) * 2) for side in (scene.frame.width, scene.frame.height))
            self._size = width, height
            if isinstance(scene.frame.picture, AvPicture):
                self._matrix = scene.frame.picture.matrix
        width, height = self._size
        planes = np.empty((height * 3 // 2, width), np.uint8)
        fitted(Canvas.of(planes, self._matrix), scene, self._painter, self._scaler)
        return from_planes(planes, self._matrix)


class LiveVideo:
    """A sink for the scenes of all streams: offers the wall at `/wall` and each stream at `/NAME` over RTSP and HLS.

    Nothing is drawn or encoded while nobody looks, and once however many do.

    Args:
        wall: of all streams; a new one where none is given.
        host, port, user, password: of the RTSP server, see there.
        fps: pictures a second at most, of the wall and of each stream.
        bitrate: bits a second at most of each video; from its size where it is not given.
        pictures: files of the overlays that an app calls by name.

    Raises:
        SettingsError: the host, the rate or the bit rate cannot be used.
        SinkError: no port is free.
    """

    def __init__(
        self,
        wall: Wall | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = PORT,
        user: str = USER,
        password: str | None = None,
        fps: float = 25.0,
        bitrate: int | None = None,
        pictures: Mapping[str, Path] | None = None,
    ) -> None:
        self.wall = wall or Wall(pictures=pictures)
        self.hls = Hls(self.encoder)
        self._fps, self._bitrate, self._pictures = fps, bitrate, pictures
        self._lock = threading.Lock()
        self._views: dict[str, StreamView] = {}
        self._encoders = {WALL: Encoder(self.wall.picture, fps=fps, bitrate=bitrate, name=WALL)}
        self._publishers: list[Publisher] = []
        self._closed = False
        self.server = RtspServer(host, port, user=user, password=password)
        self.server.mount(WALL, self._encoders[WALL])

    def add(self, name: str) -> None:
        """Offer a stream that gives no picture yet. Does nothing where there is one of this name."""
        self.wall.add(name)
        self._changed_wall()
        self._view(name)

    def write(self, scene: Scene) -> None:
        """Take a finished scene. Raises SinkError where this is closed."""
        if self._closed:
            raise SinkError("live video is closed")
        name = scene.frame.stream
        self._view(name).write(scene)
        self.wall.write(scene)
        if name != WALL:
            self._encoders[name].changed()
        self._changed_wall()

    def state(self, name: str, state: State, message: str = "") -> None:
        """How a stream is doing, for the wall."""
        self.wall.state(name, state, message)
        self._changed_wall()

    def report(self, stats: Mapping[str, StreamStats]) -> None:
        """How all streams are doing, see `Wall.report`. The viewers of a stream that is gone are sent away."""
        self.wall.report(stats)
        for name in set(self._views) - set(self.wall.names()):
            self.remove(name)
        self._changed_wall()

    def remove(self, name: str) -> None:
        """Offer a stream no more. Does nothing where there is none of this name."""
        self.wall.remove(name)
        self._changed_wall()
        with self._lock:
            view = self._views.pop(name, None)
            encoder = self._encoders.pop(name, None) if view is not None and name != WALL else None
        if encoder is not None:
            self.server.unmount(name)
            self.hls.forget(name)
            for publisher in [each for each in self._publishers if each.encoder is encoder]:
                publisher.close()
                self._publishers.remove(publisher)
            encoder.close()

    def publish(self, url: str, name: str = WALL) -> Publisher:
        """Send a live video to a media server, again and again until this is closed.

        Raises:
            SettingsError: the address is not one of a media server, or there is no such live video.
        """
        encoder = self.encoder(name)
        if encoder is None:
            raise SettingsError(f"there is no live video named '{name}'; there is {', '.join(self._encoders)}")
        publisher = Publisher(encoder, url)
        self._publishers.append(publisher)
        return publisher

    def encoder(self, name: str) -> Encoder | None:
        """The encoder of the wall or of a stream."""
        return self._encoders.get(name)

    def url(self, name: str = WALL, host: str | None = None) -> str:
        """Where players open a live video over RTSP."""
        return self.server.url(name, host)

    def stats(self) -> list[VideoStats]:
        """How every live video is doing, the wall first."""
        sent = {each.path: each for each in self.server.stats()}
        with self._lock:
            encoders = dict(self._encoders)
        found = []
        for name, encoder in encoders.items():
            own, rtsp = encoder.stats(), sent.get("/" + name.strip("/"))
            behind_rtsp = 1 if rtsp is not None and rtsp.looks else 0
            viewers = own.viewers - behind_rtsp + (rtsp.viewers if rtsp is not None else 0)
            dropped = own.dropped + (rtsp.dropped if rtsp is not None else 0)
            found.append(VideoStats(name, self.url(name), viewers, own.fps, own.encoded, dropped))
        return found

    def close(self) -> None:
        """Send everybody away. May be called twice."""
        self._closed = True
        for publisher in self._publishers:
            publisher.close()
        self.hls.close()
        self.server.close()
        with self._lock:
            encoders = list(self._encoders.values())
        for encoder in encoders:
            encoder.close()

    def _changed_wall(self) -> None:
        self._encoders[WALL].changed()

    def _view(self, name: str) -> StreamView:
        """The view of a stream; one named like the wall has none of its own there."""
        view = self._views.get(name)
        if view is not None:
            return view
        with self._lock:
            view = self._views[name] = StreamView(PlanePainter(self._pictures))
            if name == WALL:
                return view
            self._encoders[name] = Encoder(view.picture, fps=self._fps, bitrate=self._bitrate, name=name)
        with suppress(SettingsError):  # two names that differ only in slashes share a path: the first one keeps it
            self.server.mount(name, self._encoders[name])
        return view
