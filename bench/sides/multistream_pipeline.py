"""Roboflow's InferencePipeline on the job of bench/multistream.py, as its documentation shows it: defaults everywhere.

Runs in an environment of its own (`pip install inference`). The pipeline reads and hands over frames of all videos; the
model runs in ONNX Runtime with its defaults, supervision tracks and draws, OpenCV tiles, x264 encodes.
"""

import json
import os
import sys
import time
import warnings

os.environ.setdefault("METRICS_ENABLED", "False")
warnings.filterwarnings("ignore")

import av  # noqa: E402
import cv2  # noqa: E402
import numpy as np  # noqa: E402
import onnxruntime as ort  # noqa: E402
import supervision as sv  # noqa: E402
from inference import InferencePipeline  # noqa: E402

SIDE = 416
CELLS = [(SIDE // stride, stride) for stride in (8, 16, 32)]
GRID = np.concatenate([np.stack(np.meshgrid(range(n), range(n)), -1).reshape(-1, 2) for n, _ in CELLS])
STRIDES = np.concatenate([np.full((n * n, 1), stride) for n, stride in CELLS])


def letterbox(image):
    height, width = image.shape[:2]
    scale = min(SIDE / height, SIDE / width)
    canvas = np.full((SIDE, SIDE, 3), 114, np.uint8)
    small = cv2.resize(image, (int(width * scale), int(height * scale)))
    canvas[: small.shape[0], : small.shape[1]] = small
    return np.ascontiguousarray(canvas.transpose(2, 0, 1), np.float32)[None], scale


def detections(output, scale):
    centre, size = (output[:, :2] + GRID) * STRIDES, np.exp(output[:, 2:4]) * STRIDES
    scores = output[:, 4:5] * output[:, 5:]
    kinds = scores.argmax(1)
    best = scores[np.arange(len(scores)), kinds]
    some = best > 0.3
    boxes = np.concatenate([centre - size / 2, centre + size / 2], 1)[some] / scale
    found = sv.Detections(boxes.astype(np.float32), confidence=best[some], class_id=kinds[some])
    return found.with_nms(0.45)


class Job:
    """What the pipeline is given: the model, and what is done with its answers."""

    def __init__(self, model, interval, count, out):
        self.session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
        self.interval, self.count = interval, count
        self.last = {}
        self.trackers = {}
        self.box, self.label = sv.BoxAnnotator(), sv.LabelAnnotator()
        self.frames = self.found = 0
        self.seen = {}
        self.columns = int(np.ceil(np.sqrt(count)))
        self.wide, self.tall = 1280 // self.columns, 720 // int(np.ceil(count / self.columns))
        self.canvas = np.zeros((720, 1280, 3), np.uint8)
        self.container = av.open(out, "w")
        self.video = self.container.add_stream(
            "libx264", rate=25, options={"preset": "ultrafast", "tune": "zerolatency"}
        )
        self.video.width, self.video.height, self.video.pix_fmt = 1280, 720, "yuv420p"

    def look(self, frames):
        answers = []
        for frame in frames:
            source = frame.source_id or 0
            index = self.seen.get(source, 0)
            self.seen[source] = index + 1
            if index % (self.interval + 1) == 0:
                values, scale = letterbox(frame.image)
                self.last[source] = detections(self.session.run(None, {"images": values})[0][0], scale)
                self.found += len(self.last[source])
            tracker = self.trackers.setdefault(source, sv.ByteTrack())
            answers.append(tracker.update_with_detections(self.last[source]))
        return answers

    def show(self, answers, frames):
        answers, frames = (item if isinstance(item, list) else [item] for item in (answers, frames))
        for answer, frame in zip(answers, frames, strict=True):
            if frame is None or answer is None:
                continue
            self.frames += 1
            image = self.box.annotate(frame.image.copy(), answer)
            rows = zip(answer.tracker_id, answer.class_id, answer.confidence, strict=True)
            image = self.label.annotate(image, answer, labels=[f"#{t} {k} {s:.2f}" for t, k, s in rows])
            row, column = divmod(frame.source_id or 0, self.columns)
            place = np.s_[row * self.tall : (row + 1) * self.tall, column * self.wide : (column + 1) * self.wide]
            self.canvas[place] = cv2.resize(image, (self.wide, self.tall))
        for packet in self.video.encode(av.VideoFrame.from_ndarray(self.canvas, format="bgr24")):
            self.container.mux(packet)

    def close(self):
        for packet in self.video.encode():
            self.container.mux(packet)
        self.container.close()


def main():
    model, interval, _, out, *paths = sys.argv[1:]
    job = Job(model, int(interval), len(paths), out)
    wall, began = time.perf_counter(), time.process_time()
    pipeline = InferencePipeline.init_with_custom_logic(
        video_reference=paths, on_video_frame=job.look, on_prediction=job.show
    )
    pipeline.start()
    pipeline.join()
    job.close()
    spent, wall = time.process_time() - began, time.perf_counter() - wall
    print(json.dumps({"frames": job.frames, "cpu": spent, "wall": wall, "found": job.found}))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
