"""Our side of `pose_vs_mediapipe.py`: the engine on one file; landmarks and times into an .npz file."""

import sys
import threading
import time

import numpy as np

from footlights.cli.build import threads_for
from footlights.core.app import Source
from footlights.core.scene import Scene
from footlights.engine.handover import HandOver
from footlights.engine.loop import Engine
from footlights.engine.outlet import Outlet
from footlights.engine.stream import Pace, Slots, Stream
from footlights.media.open import open_source
from footlights.perception.hands import HandStage
from footlights.perception.people import PeopleDetector
from footlights.perception.pose import PoseStage
from footlights.perception.track import BoxTracker

PEOPLE, HANDS = 3, 4  # kept of each frame


class Notebook:
    """A sink that writes down when each frame was finished and what was found on it."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.cpu: list[float] = []
        self.pose: list[np.ndarray] = []
        self.hands: list[np.ndarray] = []

    def write(self, scene: Scene) -> None:
        self.times.append(time.monotonic())
        self.cpu.append(time.process_time())
        poses = [track.pose.xy for track in scene.tracks if track.pose is not None]
        hands = [hand.xy for track in scene.tracks for hand in track.hands.values()]
        self.pose.append(np.array([*poses, *[np.full((33, 2), np.nan)] * PEOPLE][:PEOPLE]))
        self.hands.append(np.array([*hands, *[np.full((21, 2), np.nan)] * HANDS][:HANDS]))

    def close(self) -> None:
        pass


def main() -> None:
    job, clip, out = sys.argv[1:]
    threads = threads_for(1)
    notebook = Notebook()

    def make(source: Source, changed: threading.Condition) -> Stream:
        stages = [PoseStage(threads=threads), *([HandStage(threads=threads)] if "hands" in job else [])]
        return Stream(HandOver(source, changed, paced=False), BoxTracker(), stages, [], Slots(Pace()))

    engine = Engine(make, PeopleDetector(threads=threads), outlets=[Outlet(notebook, "wait")])
    engine.add(open_source(clip))
    engine.run()
    found = {"pose": notebook.pose, **({"hands": notebook.hands} if "hands" in job else {})}
    np.savez(out, times=notebook.times, cpu=notebook.cpu[-1] - notebook.cpu[0], **found)


if __name__ == "__main__":
    main()
