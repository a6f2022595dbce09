"""CPU time of a wall of live videos: what decoding, composing the tiles and encoding the wall cost, in one run.

    python bench/wall.py a.mp4 b.mp4 c.mp4 d.mp4 [--frames 200] [--model yolox-nano] [--png wall.png]

Prints milliseconds of CPU a stream's frame for decoding, and a wall picture for the rest. With a model every fifth
frame is looked at, so that there are boxes and labels to draw (its own time is not part of any figure).
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import cv2

from footlights.core.frame import Frame
from footlights.core.scene import Detections, Scene
from footlights.media.encoder import Encoder
from footlights.media.open import open_source
from footlights.media.wall import Wall
from footlights.perception.detect import BoxModel
from footlights.perception.track import BoxTracker


class Boxes:
    """Boxes and labels for one stream, with nothing but a model and the tracker."""

    def __init__(self, model: BoxModel) -> None:
        self._model = model
        self._tracker = BoxTracker()

    def run(self, scene: Scene) -> None:
        if scene.frame.index % 5 == 0:
            found = self._model.find(scene.frame)
            labels = tuple(self._model.card.labels[kind] for kind in found.kinds)
            scene.detections = Detections(found.boxes, found.scores, labels)
        self._tracker.update(scene)


class Spent:
    """CPU seconds of the whole process for each step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def add(self, step: str, since: float) -> float:
        now = time.process_time()
        self.seconds[step] = self.seconds.get(step, 0.0) + now - since
        return now


def measure(films: list[Path], frames: int, model: str | None, png: Path | None) -> None:
    wall, spent = Wall(), Spent()
    readers: list[Iterator[Frame]] = [open_source(str(film), loop=True).frames() for film in films]
    box_model = BoxModel(model, 0.4) if model else None
    boxes = [Boxes(box_model) for _ in films] if box_model else []
    encoder = Encoder(wall.picture)
    boxed = 0
    for round_ in range(frames):
        for index, reader in enumerate(readers):
            start = time.process_time()
            scene = Scene(next(reader))
            spent.add("decode", start)
            if boxes:
                boxes[index].run(scene)
            boxed += len(scene.tracks)
            wall.write(scene)
        start = time.process_time()
        picture = wall.picture()
        start = spent.add("compose", start)
        encoder.encode(picture, round_ / 25)
        spent.add("encode", start)
    count = frames * len(films)
    decode, compose, encode = (spent.seconds[step] * 1000 for step in ("decode", "compose", "encode"))
    print(f"{len(films)} streams, {boxed / count:.1f} boxes a tile")
    print(f"decode   {decode / count:6.2f} ms a frame")
    print(f"compose  {compose / frames:6.2f} ms a wall picture = {compose / count:.2f} ms a tile")
    print(f"encode   {encode / frames:6.2f} ms a wall picture (x264 ultrafast, one thread)")
    if png is not None:
        picture = wall.picture()
        cv2.imwrite(str(png), cv2.cvtColor(picture.rgb(picture.width, picture.height), cv2.COLOR_RGB2BGR))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("films", type=Path, nargs="+")
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--model", help="card of a detection model; without it nothing is drawn but names")
    parser.add_argument("--png", type=Path, help="where to write the last picture")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    measure(given.films, given.frames, given.model, given.png)


if __name__ == "__main__":
    main()
