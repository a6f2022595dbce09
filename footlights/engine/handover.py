"""Where a source's thread meets the engine's: what happens when the engine is too slow is decided here, and counted."""

import logging
import threading
import time
from collections import deque

from footlights.core.app import Source
from footlights.core.errors import FootlightsError
from footlights.core.frame import Frame

log = logging.getLogger(__name__)
AHEAD = 3  # frames that a file may be decoded ahead of the engine
AGAIN = 1  # frames that are left when the thread goes on: it wakes up once for several
LATE = 0.5  # seconds behind its clock after which a paced source stops trying to catch up


class HandOver:
    """Reads one source on a thread of its own.

    Newest wins (cameras, and endless sources that are paced): one frame waits; a newer one replaces it and `dropped`
    counts. Otherwise (files) the thread waits until the engine has taken the frame, and none is lost.
    """

    def __init__(
        self, source: Source, changed: threading.Condition, *, paced: bool, until: float | None = None
    ) -> None:
        self.source = source
        self.newest_wins = source.live or (paced and source.duration is None)
        self.in_step = not (source.live or paced)  # the engine waits for the next frame of such a source
        self.dropped = 0
        self.ended = False
        self.error: FootlightsError | None = None
        self._paced = paced and not source.live
        self._until = until
        self._changed = changed  # the engine waits for it
        self._room = threading.Condition()  # this source's thread waits for it
        self._waiting: deque[Frame] = deque()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._read, name=f"source {source.name}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self) -> Frame | None:
        """The next frame, or None where there is none now."""
        with self._room:
            frame = self._waiting.popleft() if self._waiting else None
            if len(self._waiting) <= AGAIN:
                self._room.notify_all()
            return frame

    def close(self) -> None:
        """Stop reading and wait for the thread, for five seconds at most: a driver may hang."""
        self._closing.set()
        with self._room:
            self._room.notify_all()
        with self._changed:
            self._changed.notify_all()
        self.source.close()
        if self._thread.ident is not None:
            self._thread.join(timeout=5)
        if self._thread.is_alive():
            log.warning("%s: the source does not let go; left behind", self.source.name)

    def _read(self) -> None:
        try:
            self._read_frames()
        except FootlightsError as error:
            self.error = error
        except Exception as error:  # a source made by a user may raise anything; the other streams go on
            log.debug("%s failed", self.source.name, exc_info=True)
            self.error = FootlightsError(f"{self.source.name}: {type(error).__name__}: {error}")
        finally:
            with self._changed:
                self.ended = True
                self._changed.notify_all()

    def _read_frames(self) -> None:
        start: float | None = None
        for frame in self.source.frames():
            if self._closing.is_set() or (self._until is not None and frame.time >= self._until):
                return
            if self._paced:
                now = time.monotonic()
                if start is None or now - (start + frame.time) > LATE:
                    start = now - frame.time
                if self._closing.wait(max(0.0, start + frame.time - now)):
                    return
            if self.newest_wins:
                frame.arrived = time.monotonic()
            self._give(frame)

    def _give(self, frame: Frame) -> None:
        with self._room:
            if self.newest_wins:
                self.dropped += len(self._waiting)
                self._waiting.clear()
            elif len(self._waiting) >= AHEAD:
                while len(self._waiting) > AGAIN and not self._closing.is_set():
                    self._room.wait()
            self._waiting.append(frame)
        with self._changed:
            self._changed.notify_all()
