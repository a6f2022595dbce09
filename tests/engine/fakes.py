"""Sources, apps and sinks whose behaviour is known exactly."""

import threading
from collections.abc import Callable, Iterator

import numpy as np

from footlights.core.app import App, Source
from footlights.core.cue import Cue, Text
from footlights.core.errors import SourceError
from footlights.core.event import Event
from footlights.core.frame import Frame
from footlights.core.scene import Scene
from footlights.engine.handover import HandOver
from footlights.engine.stream import Pace, Slots, Stream
from footlights.media.picture import ArrayPicture

PICTURE = ArrayPicture(np.zeros((4, 6, 3), np.uint8))


class Counted:
    """Gives `count` frames at 10 a second; fails after `fail_after` of them; waits at `gate` before each."""

    def __init__(
        self,
        name: str = "a",
        count: int = 5,
        *,
        live: bool = False,
        fail_after: int | None = None,
        gate: Callable[[int], None] | None = None,
    ) -> None:
        self.name, self.count, self.live = name, count, live
        self.duration: float | None = None if live else count / 10
        self.fail_after, self.gate = fail_after, gate
        self.closed = threading.Event()

    def frames(self) -> Iterator[Frame]:
        for index in range(self.count):
            if self.closed.is_set():
                return
            if index == self.fail_after:
                raise SourceError(f"{self.name}: unplugged")
            if self.gate is not None:
                self.gate(index)
            yield Frame(PICTURE, index / 10, self.name, index)

    def close(self) -> None:
        self.closed.set()


class Ticks(App):
    """One event for each frame, one cue, and a sum at the end."""

    def __init__(self, settings: None = None) -> None:
        super().__init__(settings)
        self.seen = 0

    def step(self, scene: Scene) -> Iterator[Event | Cue]:
        self.seen += 1
        yield Event("tick", scene.frame.stream, scene.frame.time, None, {"index": scene.frame.index})
        yield Text(str(self.seen))

    def end(self) -> Iterator[Event]:
        yield Event("sum", "", 0.0, None, {"seen": self.seen})


class Memory:
    """A sink that keeps everything."""

    def __init__(self) -> None:
        self.scenes: list[Scene] = []
        self.closed = False

    def write(self, scene: Scene) -> None:
        self.scenes.append(scene)

    def close(self) -> None:
        self.closed = True


def plain_stream(
    source: Source, changed: threading.Condition, app: Callable[[], App] = Ticks, *, paced: bool = False
) -> Stream:
    return Stream(HandOver(source, changed, paced=paced), None, (), [app()], Slots(Pace()))
