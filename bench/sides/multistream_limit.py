"""The physical limit of bench/multistream.py: each part of the job alone, with nothing around it. Prints JSON.

Milliseconds of processor time a stream's frame: decoding to YUV, the model and its input for one look, and a picture of
the wall from YUV, encoded. The median of several rounds: what else runs on the machine slows them down as it does the
whole job.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np

from footlights.core.frame import Frame
from footlights.media.container import Container
from footlights.media.decoding import Decoding
from footlights.media.picture import from_planes
from footlights.media.video import VideoFile
from footlights.perception.objects import ObjectDetector

KEPT = 30  # frames of each stream


def usual(job: Callable[[], object], rounds: int = 7) -> float:
    """Milliseconds of processor time of the median round."""
    spent = []
    for _ in range(rounds):
        began = time.process_time()
        job()
        spent.append(time.process_time() - began)
    return 1000 * float(np.median(spent))


def decoded(path: str) -> int:
    with Container(path, path, decoding=Decoding(threads=1)) as container:
        return sum(1 for _ in container.read())


def encoded(wall: list[np.ndarray], out: Path) -> None:
    with av.open(str(out), "w") as container:
        video = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "tune": "zerolatency"})
        video.width, video.height, video.pix_fmt = 1280, 720, "yuv420p"
        video.codec_context.thread_count = 1
        for index, planes in enumerate(wall):
            frame = from_planes(planes, "bt601").frame
            frame.pts = index
            container.mux(video.encode(frame))
        container.mux(video.encode(None))


def main() -> None:
    model, out, *paths = sys.argv[1:]
    cv2.setNumThreads(1)
    detector = ObjectDetector(model)
    decode, letterbox, look, first = [], [], [], []
    for path in paths:
        count = decoded(path)
        decode.append(usual(lambda path=path: decoded(path)) / count)
        frames = [frame for frame, _ in zip(VideoFile(path, path, path).frames(), range(KEPT), strict=False)]
        first.append(frames)
        fresh = [Frame(frame.picture, 0.0, "", 0) for frame in frames[:4]]
        inputs = [detector._prepare.batch(frame)[0] for frame in fresh]

        def prepare(pictures: list[Frame] = fresh) -> None:
            for frame in pictures:
                detector._prepare.batch(Frame(frame.picture, 0.0, "", 0))

        letterbox.append(usual(prepare) / len(fresh))
        look.append(
            usual(lambda inputs=inputs: [detector._session.run({detector._prepare.name: one}) for one in inputs]) / 4
        )
    columns = int(np.ceil(np.sqrt(len(paths))))
    wide, tall = 1280 // columns // 2 * 2, 720 // -(-len(paths) // columns) // 2 * 2
    wall = [np.full((1080, 1280), 128, np.uint8) for _ in range(KEPT)]
    for index, frames in enumerate(first):
        row, column = divmod(index, columns)
        for planes, frame in zip(wall, frames, strict=True):
            y, u, v = frame.picture.planes(wide, tall)
            planes[row * tall : (row + 1) * tall, column * wide : (column + 1) * wide] = y
            for chroma, start in ((u, 720), (v, 900)):
                whole = planes[start : start + 180].reshape(360, 640)
                whole[row * tall // 2 :, column * wide // 2 :][: tall // 2, : wide // 2] = chroma
    encode = usual(lambda: encoded(wall, Path(out))) / KEPT / len(paths)
    parts = {"decode": decode, "letterbox": letterbox, "model": look, "encode": [encode]}
    print(json.dumps({name: round(float(np.mean(values)), 3) for name, values in parts.items()}))


if __name__ == "__main__":
    main()
