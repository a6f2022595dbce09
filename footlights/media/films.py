"""Films of streams that somebody asks for while they run: each ends by itself, by its length or its size."""

import contextlib
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path

from footlights.core.errors import SettingsError, SinkError
from footlights.core.scene import Scene
from footlights.media.recorder import Recorder

MOST_KEPT = 4 << 30  # bytes of all films in a folder: the oldest make room for a new one
LEFT_FREE = 512 << 20  # bytes of the disk that no film takes


@dataclass(frozen=True)
class Film:
    """A film that has ended."""

    file: str
    seconds: float
    bytes: int
    ended: str  # why: "asked", "length", "size", "stream", or what went wrong


@dataclass
class _Running:
    recorder: Recorder
    seconds: float  # at most
    size: int  # bytes at most
    start: float | None = None  # media time
    last: float = 0.0

    def end(self, why: str) -> Film:
        with contextlib.suppress(SinkError):
            self.recorder.close()
        path = self.recorder.path
        size = path.stat().st_size if path.exists() else 0
        return Film(path.name, round(self.last - (self.start or self.last), 2), size, why)


class Films:
    """A sink for every stream that records those it is told to, one film of each at a time."""

    def __init__(self) -> None:
        self._running: dict[str, _Running] = {}
        self._ended: dict[str, Film] = {}  # the last one of each stream that ended by itself
        self._lock = threading.Lock()

    def start(self, stream: str, path: Path, seconds: float, size: int) -> None:
        """Begin a film. Raises SettingsError: there is one already; SinkError: it cannot be written."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._lock:
            if stream in self._running:
                raise SettingsError(f"'{stream}' is being recorded already: {self._running[stream].recorder.path.name}")
            _make_room(path.parent, size)
            self._ended.pop(stream, None)
            self._running[stream] = _Running(Recorder(path), seconds, size)

    def stop(self, stream: str) -> Film:
        """End the film of a stream, of the only one where the name is empty. Raises SettingsError: there is none."""
        with self._lock:
            names = [*self._running] or [*self._ended]
            name = stream or (names[0] if len(names) == 1 else "")
            if name in self._running:
                return self._running.pop(name).end("asked")
            if name in self._ended:
                return self._ended.pop(name)
        raise SettingsError(f"no film of '{stream[:80]}' is made; there are some of {', '.join(names) or 'none'}")

    def wants(self, scene: Scene) -> bool:
        """Whether this scene belongs into a film."""
        return scene.frame.stream in self._running and not scene.closing

    def write(self, scene: Scene) -> None:
        """Add a scene to the film of its stream; what goes wrong ends that film alone."""
        stream, time = scene.frame.stream, scene.frame.time
        with self._lock:
            film = self._running.get(stream)
            if film is None:
                return
            film.start = time if film.start is None else film.start
            why = "length" if time - film.start >= film.seconds else ""
            if not why:
                film.last = time
                try:
                    film.recorder.write(scene)
                    why = "size" if film.recorder.path.stat().st_size >= film.size else ""
                except (SinkError, OSError) as error:
                    why = str(error)
            if why:
                self._ended[stream] = self._running.pop(stream).end(why)

    def close(self) -> None:
        """End every film."""
        with self._lock:
            for stream in list(self._running):
                self._ended[stream] = self._running.pop(stream).end("stream")


def _make_room(folder: Path, size: int) -> None:
    """Remove the oldest films where a new one finds no room. Raises SinkError: the disk is full of other things."""
    films = sorted(folder.glob("*.mp4"), key=lambda path: path.stat().st_mtime)
    total = sum(path.stat().st_size for path in films)
    while films and total + size > MOST_KEPT:
        total -= films[0].stat().st_size
        films.pop(0).unlink(missing_ok=True)
    if shutil.disk_usage(folder).free < size + LEFT_FREE:
        raise SinkError(f"the disk has no room for a film of {size >> 20} MB; ask for a smaller one")
