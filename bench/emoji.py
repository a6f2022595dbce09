"""How fast `emoji` is with eight faces in 640x480: CPU milliseconds a frame, by part, and frames a second on one core.

    python bench/emoji.py [DETECTOR] [--frames 120]

The faces are drawn and move; drawing them is not counted, painting the emojis is. All is done on one thread.
"""

import argparse
import itertools
import time
from collections import Counter
from collections.abc import Callable

import cv2
import numpy as np

from footlights.apps.emoji import Emoji
from footlights.core.cue import Overlay
from footlights.core.event import Event
from footlights.core.frame import Frame, Image
from footlights.core.scene import Scene
from footlights.media.open import open_source
from footlights.media.painter import Painter
from footlights.media.picture import ArrayPicture
from footlights.perception.face_detectors import FIRST, NAMES, FaceDetectors
from footlights.perception.track import BoxTracker

FPS = 30.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("detector", nargs="?", default=FIRST, choices=NAMES)
    parser.add_argument("--frames", type=int, default=120)
    args = parser.parse_args()
    pictures = crowd(args.frames)
    cv2.setNumThreads(1)
    spent, shown = run(Emoji(), FaceDetectors(args.detector), pictures)
    whole = sum(spent.values()) / len(pictures)
    parts = ", ".join(f"{name} {1e3 * seconds / len(pictures):.1f}" for name, seconds in spent.items())
    print(f"{args.detector}: {shown / len(pictures):.1f} emojis a frame, {1e3 * whole:.1f} ms ({parts}), "
          f"{1 / whole:.0f} fps on one core")  # fmt: skip


def crowd(frames: int) -> list[Image]:
    """(480, 640, 3) pictures of eight people near the camera, in two rows."""
    address = "rehearsal:idle?camera=head&width=160&height=240&fps={}&seconds={}&seed={}"
    people = [open_source(address.format(FPS, frames / FPS, seed)).frames() for seed in range(8)]
    pictures = zip(*([frame.rgb() for frame in person] for person in people), strict=True)
    return [np.vstack([np.hstack(shown[:4]), np.hstack(shown[4:])]) for shown in pictures]


def run(app: Emoji, detectors: FaceDetectors, pictures: list[Image]) -> tuple[Counter[str], int]:
    """CPU seconds by part, and how many emojis were shown."""
    tracker, painter = BoxTracker(), Painter()
    spent: Counter[str] = Counter()
    shown = 0

    def timed(part: str, call: Callable[[], object]) -> None:
        begin = time.thread_time()
        call()
        spent[part] += time.thread_time() - begin

    def step(scene: Scene) -> None:
        scene.cues = [output for output in app.step(scene) if not isinstance(output, Event)]

    for index, picture in zip(itertools.count(), pictures):
        scene = Scene(Frame(ArrayPicture(picture), index / FPS, "bench", index))
        timed("detect", lambda scene=scene: detectors.run([scene]))
        timed("track", lambda scene=scene: tracker.update(scene))
        timed("app", lambda scene=scene: step(scene))
        timed("paint", lambda scene=scene: painter.paint(scene))
        shown += sum(isinstance(cue, Overlay) for cue in scene.cues)
    return spent, shown


if __name__ == "__main__":
    main()
