"""The sound that goes with a source's pictures, on the same media clock, for whoever records it."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from footlights.core.errors import SourceError
from footlights.media.container import Container, Samples

log = logging.getLogger(__name__)

HELD = 30.0  # seconds of a live stream's sound that wait for the recorder; older sound is dropped


class Sound(Protocol):
    """Sound in the order of time. `Samples.time` is media time of the source. Used by one thread."""

    rate: int | None  # samples a second, known when the first frame has come; None: there is no sound

    def until(self, time: float) -> list[Samples]:
        """What begins before this media time and was not given yet."""

    def close(self) -> None:
        """Let go of the source."""


@dataclass(slots=True)
class Passes:
    """How the stamps of a file become media times: written by the source, read by its sound."""

    origin: float | None = None  # seconds: stamp of the first picture
    period: float | None = None  # seconds: length of one pass of a looped file, known after the first


class FileSound:
    """The sound of a recorded video, read from the file a second time, no further than asked for."""

    def __init__(self, opened: Callable[[], Container], passes: Passes, loop: bool, rate: int) -> None:
        self.rate: int | None = rate
        self._opened = opened
        self._passes = passes
        self._loop = loop
        self._done = 0  # passes that are over
        self._stream: Iterator[Samples] | None = self._read()
        self._waiting: Samples | None = None

    def until(self, time: float) -> list[Samples]:
        pieces: list[Samples] = []
        while (piece := self._next()) is not None:
            if piece.time >= time:
                self._waiting = piece
                break
            pieces.append(piece)
        return pieces

    def close(self) -> None:
        self._waiting = self._stream = None

    def _next(self) -> Samples | None:
        """The next piece in media time; None where the file is over, or the length of its loop not yet known."""
        piece, self._waiting = self._waiting, None
        origin, period = self._passes.origin, self._passes.period
        if piece is not None or origin is None or self._stream is None:
            return piece
        piece = next(self._stream, None)
        if piece is None and self._loop and period is not None:
            self._done += 1
            self._stream = self._read()
            piece = next(self._stream, None)
        if piece is None:
            return None
        return replace(piece, time=piece.time - origin + self._done * (period or 0.0))

    def _read(self) -> Iterator[Samples]:
        try:
            with self._opened() as container:
                for piece in container.read(pictures=False, sound=True):
                    if isinstance(piece, Samples):
                        yield piece
        except SourceError as fault:
            log.warning("%s; its sound ends here", fault)


class LiveSound:
    """The sound of a live stream: the source puts it in, the recorder takes it out; the oldest is dropped, counted."""

    def __init__(self) -> None:
        self.rate: int | None = None
        self._pieces: deque[Samples] = deque()
        self._lock = threading.Lock()
        self._closed = False
        self.dropped = 0.0  # seconds

    @property
    def closed(self) -> bool:
        """Whether nobody listens any more."""
        return self._closed

    def put(self, piece: Samples) -> None:
        """Add what has just been heard."""
        with self._lock:
            self._pieces.append(piece)
            while self._pieces[-1].end - self._pieces[0].time > HELD:
                oldest = self._pieces.popleft()
                self.dropped += oldest.end - oldest.time

    def until(self, time: float) -> list[Samples]:
        pieces: list[Samples] = []
        with self._lock:
            while self._pieces and self._pieces[0].time < time:
                pieces.append(self._pieces.popleft())
        return pieces

    def close(self) -> None:
        self._closed = True
        with self._lock:
            self._pieces.clear()
