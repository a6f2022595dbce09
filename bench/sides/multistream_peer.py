"""The peer's side of bench/multistream.py: the loop that people write, tuned. Runs in an environment of its own.

OpenCV decodes, ONNX Runtime detects (one thread a call, no spinning), supervision draws and tracks, OpenCV tiles, x264
encodes: one thread for each stream. Prints frames, processor seconds and detections as JSON.
"""

import json
import queue
import sys
import threading
import time
import warnings

import av
import cv2
import numpy as np
import onnxruntime as ort
import supervision as sv
from trackers import ByteTrackTracker

warnings.filterwarnings("ignore")
SIDE = 416
CELLS = [(n, stride) for stride in (8, 16, 32) for n in [SIDE // stride]]
GRID = np.concatenate([np.stack(np.meshgrid(range(n), range(n)), -1).reshape(-1, 2) for n, _ in CELLS]).astype(
    np.float32
)
STRIDES = np.concatenate([np.full((n * n, 1), stride) for n, stride in CELLS]).astype(np.float32)


def letterbox(image: np.ndarray) -> tuple[np.ndarray, float]:
    height, width = image.shape[:2]
    scale = min(SIDE / height, SIDE / width)
    canvas = np.full((SIDE, SIDE, 3), 114, np.uint8)
    small = cv2.resize(image, (int(width * scale), int(height * scale)), interpolation=cv2.INTER_LINEAR)
    canvas[: small.shape[0], : small.shape[1]] = small
    return np.ascontiguousarray(canvas.transpose(2, 0, 1), np.float32)[None], scale


def detections(output: np.ndarray, scale: float) -> sv.Detections:
    centre, size = (output[:, :2] + GRID) * STRIDES, np.exp(output[:, 2:4]) * STRIDES
    scores = output[:, 4:5] * output[:, 5:]
    kinds = scores.argmax(1)
    best = scores[np.arange(len(scores)), kinds]
    some = best > 0.3
    boxes = np.concatenate([centre - size / 2, size], 1)[some] / scale
    if not len(boxes):
        return sv.Detections.empty()
    kept = np.array(cv2.dnn.NMSBoxesBatched(boxes.tolist(), best[some].tolist(), kinds[some].tolist(), 0.3, 0.45))
    boxes = boxes[kept]
    boxes[:, 2:] += boxes[:, :2]
    return sv.Detections(boxes.astype(np.float32), confidence=best[some][kept], class_id=kinds[some][kept])


class Stream:
    """One file, from its pictures to pictures with boxes."""

    def __init__(self, path: str, session: ort.InferenceSession, interval: int, most: int) -> None:
        self.capture, self.session, self.interval, self.most = cv2.VideoCapture(path), session, interval, most
        self.tracker, self.box, self.label = ByteTrackTracker(), sv.BoxAnnotator(), sv.LabelAnnotator()
        self.index = self.found = 0
        self.last = sv.Detections.empty()

    def step(self) -> np.ndarray | None:
        good, image = self.capture.read()
        if not good or self.index >= self.most:
            return None
        if self.index % (self.interval + 1) == 0:
            values, scale = letterbox(image)
            self.last = detections(self.session.run(None, {"images": values})[0][0], scale)
            self.found += len(self.last)
        self.index += 1
        tracked = self.tracker.update(self.last)
        image = self.box.annotate(image, tracked)
        names = []
        if len(tracked):
            rows = zip(tracked.tracker_id, tracked.class_id, tracked.confidence, strict=True)
            names = [f"#{track} {kind} {score:.2f}" for track, kind, score in rows]
        return self.label.annotate(image, tracked, labels=names)


def main() -> None:
    model, interval, most, out, *paths = sys.argv[1:]
    cv2.setNumThreads(1)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    columns = int(np.ceil(np.sqrt(len(paths))))
    rows = int(np.ceil(len(paths) / columns))
    wide, tall = 1280 // columns, 720 // rows
    wall, began = time.perf_counter(), time.process_time()
    streams = [Stream(path, session, int(interval), int(most)) for path in paths]
    queues: list[queue.Queue] = [queue.Queue(4) for _ in paths]

    def go(stream: Stream, pictures: queue.Queue) -> None:
        while (picture := stream.step()) is not None:
            pictures.put(picture)
        pictures.put(None)

    for stream, pictures in zip(streams, queues, strict=False):
        threading.Thread(target=go, args=(stream, pictures), daemon=True).start()
    container = av.open(out, "w")
    video = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "tune": "zerolatency"})
    video.width, video.height, video.pix_fmt = 1280, 720, "yuv420p"
    alive, frames = set(range(len(paths))), 0
    canvas = np.zeros((720, 1280, 3), np.uint8)
    while alive:
        for index in sorted(alive):
            picture = queues[index].get()
            if picture is None:
                alive.discard(index)
                continue
            frames += 1
            row, column = divmod(index, columns)
            canvas[row * tall : (row + 1) * tall, column * wide : (column + 1) * wide] = cv2.resize(
                picture, (wide, tall)
            )
        if alive:
            for packet in video.encode(av.VideoFrame.from_ndarray(canvas, format="bgr24")):
                container.mux(packet)
    for packet in video.encode():
        container.mux(packet)
    container.close()
    spent, wall = time.process_time() - began, time.perf_counter() - wall
    print(json.dumps({"frames": frames, "cpu": spent, "wall": wall, "found": sum(stream.found for stream in streams)}))


if __name__ == "__main__":
    main()
