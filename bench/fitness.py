"""How fast `fitness` is with one person in 640x480: CPU milliseconds a frame by part, on one thread.

    python bench/fitness.py [--frames 300] [--app calories]

The puppet is drawn beforehand and not counted; painting the picture is. The last line says what recognition (the
net, the counting and the energy) takes against the pose model alone, and its worst frame.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable

import cv2
import numpy as np

from footlights.core.event import Event
from footlights.core.frame import Frame
from footlights.core.scene import Scene
from footlights.engine.registry import load_app
from footlights.engine.stream import Pace, Slots
from footlights.media.open import open_source
from footlights.media.painter import Painter
from footlights.media.picture import ArrayPicture
from footlights.perception.people import PeopleDetector
from footlights.perception.pose import PoseStage
from footlights.perception.track import BoxTracker

FPS = 30.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--app", default="fitness", choices=["fitness", "calories"])
    args = parser.parse_args()
    cv2.setNumThreads(1)
    address = f"rehearsal:jumping_jack+squat?fps={FPS}&seconds={args.frames / FPS}&seed=2"
    pictures = [frame.rgb() for frame in open_source(address).frames()]
    spent, recognition = run(load_app(args.app)(), pictures)
    whole = sum(spent.values()) / len(pictures)
    parts = ", ".join(f"{name} {1e3 * seconds / len(pictures):.2f}" for name, seconds in spent.items())
    print(f"{args.app}: {1e3 * whole:.1f} ms a frame ({parts}), {1 / whole:.0f} fps on one thread")
    share = spent["recognise"] / spent["pose"]
    print(
        f"recognition: {1e3 * np.mean(recognition):.2f} ms a frame and person, 95 % below "
        f"{1e3 * np.quantile(recognition, 0.95):.2f}, worst {1e3 * max(recognition):.1f}; {share:.2f} of the pose model"
    )


def run(app, pictures: list[np.ndarray]) -> tuple[Counter[str], list[float]]:
    """CPU seconds by part, and of recognition on every frame."""
    detector, tracker, stage, painter = PeopleDetector(threads=1), BoxTracker(), PoseStage(threads=1), Painter()
    slots, following = Slots(Pace()), False
    spent: Counter[str] = Counter()
    recognition: list[float] = []

    def timed(part: str, call: Callable[[], object]) -> float:
        begin = time.thread_time()
        call()
        spent[part] += (seconds := time.thread_time() - begin)
        return seconds

    for index, picture in enumerate(pictures):
        scene = Scene(Frame(ArrayPicture(picture), index / FPS, "bench", index))
        if slots.due(scene.frame, following=following):
            timed("detect", lambda scene=scene: detector.run([scene]))
        timed("track", lambda scene=scene: tracker.update(scene))
        timed("pose", lambda scene=scene: stage.run(scene))
        following = bool(scene.tracks)
        outputs: list = []
        recognition.append(timed("recognise", lambda scene=scene, outputs=outputs: outputs.extend(app.step(scene))))
        scene.cues += [output for output in outputs if not isinstance(output, Event)]
        timed("paint", lambda scene=scene: painter.paint(scene))
    return spent, recognition


if __name__ == "__main__":
    main()
