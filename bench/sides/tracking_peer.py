"""The peer's side of bench/tracking.py: ByteTrack of the `trackers` package. Runs in an environment of its own.

Reads a file of detections (`frame`, `boxes`, `scores`, `kinds`, `count`), writes one of answers, prints the time.
"""

import sys
import time

import numpy as np
import supervision as sv
from trackers import ByteTrackTracker


def main() -> None:
    read, write, rate, options = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4]
    data = np.load(read)
    settings = {} if options == "defaults" else {"track_activation_threshold": 0.5, "high_conf_det_threshold": 0.5}
    tracker = ByteTrackTracker(frame_rate=rate, **settings)
    frames, ids, boxes, spent = [], [], [], []
    for index in range(int(data["count"])):
        chosen = data["frame"] == index
        found = sv.Detections(data["boxes"][chosen], confidence=data["scores"][chosen], class_id=data["kinds"][chosen])
        begin = time.perf_counter()
        answer = tracker.update(found)
        spent.append(time.perf_counter() - begin)
        good = answer.tracker_id != -1
        frames += [index] * int(good.sum())
        ids += answer.tracker_id[good].tolist()
        boxes += answer.xyxy[good].tolist()
    np.savez(write, frame=np.array(frames), ids=np.array(ids), boxes=np.array(boxes).reshape(-1, 4))
    print(1e3 * np.median(spent))


if __name__ == "__main__":
    main()
