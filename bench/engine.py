"""What the engine itself costs: the same frames with everything real, and with nothing but the engine.

Everything but decoding, scaling, models, drawing and encoding is the engine's. Target: at most 5 % of the time.

    python bench/engine.py [--frames 600]
"""

import argparse
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from footlights.apps.interact import Interact
from footlights.cli.build import Performance, Wish
from footlights.core.app import App, Source
from footlights.core.cue import Cue
from footlights.core.event import Event
from footlights.core.frame import Frame
from footlights.core.scene import Scene
from footlights.engine.handover import HandOver
from footlights.engine.loop import Engine
from footlights.engine.outlet import Outlet
from footlights.engine.stream import Pace, Slots, Stream
from footlights.media.open import open_source
from footlights.wire.document import SourceEntry


class Ready:
    """Frames that are there already."""

    name, live, duration = "ready", False, 1.0

    def __init__(self, frames: list[Frame]) -> None:
        self._frames = frames

    def frames(self) -> Iterator[Frame]:
        for frame in self._frames:
            yield Frame(frame.picture, frame.time, self.name, frame.index)

    def close(self) -> None:
        """Nothing to close."""


class Idle(App):
    """Says one thing a frame."""

    def step(self, scene: Scene) -> Iterator[Event | Cue]:
        yield Event("tick", scene.frame.stream, scene.frame.time)


class Nothing:
    """A detector, tracker, stage and sink that does nothing."""

    needs: frozenset[str] = frozenset()
    gives: frozenset[str] = frozenset()

    def run(self, scene: object) -> None:
        pass

    update = write = run

    def close(self) -> None:
        pass


def empty_run(frames: list[Frame]) -> float:
    """Processor seconds a frame of an engine whose parts do nothing."""

    def make(source: Source, changed: threading.Condition) -> Stream:
        stages = [Nothing(), Nothing(), Nothing()]
        return Stream(HandOver(source, changed, paced=False), Nothing(), stages, [Idle()], Slots(Pace()))

    engine = Engine(make, Nothing(), outlets=[Outlet(Nothing(), "wait")])
    engine.add(Ready(frames))
    start = time.process_time()
    engine.run()
    return (time.process_time() - start) / len(frames)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=600)
    count = parser.parse_args().frames
    with tempfile.TemporaryDirectory() as folder:
        clip, out = Path(folder) / "clip.mp4", Path(folder) / "out.mp4"
        source = SourceEntry(url=f"rehearsal:idle+x_arms+wave?seconds={count / 30}&fps=30")
        Performance(Wish("interact", Interact, Interact.Settings(), (source,), page=None, record=clip)).run()
        start, wall = time.process_time(), time.monotonic()
        Performance(
            Wish("interact", Interact, Interact.Settings(), (SourceEntry(url=str(clip)),), page=None, record=out)
        ).run()
        real, wall = (time.process_time() - start) / count, (time.monotonic() - wall) / count
        frames = list(open_source(str(clip)).frames())
        empty = empty_run(frames)
    print(f"whole job  {1000 * real:7.2f} CPU ms a frame ({1 / wall:.0f} fps): decode, pose, draw, encode")
    print(f"engine     {1000 * empty:7.3f} CPU ms a frame with nothing to do")
    print(f"overhead   {100 * empty / real:7.2f} %   (target: at most 5 %)")


if __name__ == "__main__":
    main()
