"""Between the engine and one sink: a thread and a bounded queue that says what it drops."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from footlights.core.app import Sink
from footlights.core.cue import Show
from footlights.core.errors import FootlightsError
from footlights.core.scene import Scene

log = logging.getLogger(__name__)
Policy = Literal["wait", "drop", "newest"]


class Outlet:
    """Hands scenes to a sink on a thread of its own.

    wait    the engine waits for the sink: nothing is lost (a recording of a file, a journal)
    drop    a full queue drops the newest scene and counts it (a recording of a camera)
    newest  one scene of each stream waits and a newer one replaces it; the events and shows of both arrive (a page)
    """

    def __init__(self, sink: Sink, policy: Policy, *, size: int = 32, wants: Callable[[Scene], bool] | None = None):
        self.sink = sink
        self.name = type(sink).__name__.lower()
        self.policy: Policy = policy
        self.dropped = 0
        self.error: FootlightsError | None = None
        self._size = size
        self._wants = wants
        self._queue: deque[Scene] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=f"sink {self.name}", daemon=True)
        self._thread.start()

    def waiting(self, stream: str) -> int:
        """How many scenes of a stream wait."""
        with self._changed:
            return sum(scene.frame.stream == stream for scene in self._queue)

    def put(self, scene: Scene) -> None:
        """Give one finished scene. Blocks only under the policy "wait"."""
        if self.error is not None or (self._wants is not None and not self._wants(scene)):
            return
        with self._changed:
            if self.policy == "newest":
                self._replace(scene)
            elif self.policy == "drop" and len(self._queue) >= self._size:
                self.dropped += 1
            else:
                while len(self._queue) >= self._size and self.error is None:
                    self._changed.wait()
                self._queue.append(scene)
            self._changed.notify_all()

    def close(self) -> None:
        """Let the sink finish what waits, close it, and end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def _replace(self, scene: Scene) -> None:
        for position, old in enumerate(self._queue):
            if old.frame.stream == scene.frame.stream:
                self.dropped += 1
                shows = [cue for cue in old.cues if isinstance(cue, Show)]
                self._queue[position] = replace(scene, events=[*old.events, *scene.events], cues=[*shows, *scene.cues])
                return
        self._queue.append(scene)

    def _run(self) -> None:
        try:
            while (scene := self._next()) is not None:
                self.sink.write(scene)
        except FootlightsError as error:
            self._fail(error)
        except Exception as error:  # a sink must never take the show down
            log.debug("%s failed", self.name, exc_info=True)
            self._fail(FootlightsError(f"{self.name}: {type(error).__name__}: {error}"))
        try:
            self.sink.close()
        except FootlightsError as error:
            if self.error is None:
                self._fail(error)
        except Exception as error:
            log.debug("%s failed to close", self.name, exc_info=True)
            if self.error is None:
                self._fail(FootlightsError(f"{self.name}: {type(error).__name__}: {error}"))

    def _next(self) -> Scene | None:
        with self._changed:
            while not self._queue and not self._closing:
                self._changed.wait()
            scene = self._queue.popleft() if self._queue else None
            self._changed.notify_all()
            return scene

    def _fail(self, error: FootlightsError) -> None:
        log.error("%s: %s. The rest goes on.", self.name, str(error).rstrip("."))
        with self._changed:
            self.error = error
            self._queue.clear()
            self._changed.notify_all()
