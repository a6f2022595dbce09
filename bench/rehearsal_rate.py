"""How fast the rehearsal draws, on one core, next to work of known size in the same run.

    python bench/rehearsal_rate.py [--seconds 2] [--json]

Times are processor times of this process, so that other programs disturb them little. `copies` says how many copies of
the frame (memcpy of its pixels) a drawn frame costs, `warps` how many rotations of it with cv2.warpAffine.
"""

import argparse
import json
import time
from collections.abc import Callable

import cv2
import numpy as np

from footlights.media.rehearsal.source import open_rehearsal

CASES = {
    "full body": "x_arms?camera=full&look=3",
    "knees up": "x_arms?camera=knees&look=3",
    "upper body": "x_arms?camera=upper&look=3",
    "head": "idle?camera=head&look=3",
    "three people": "show?seed=7",
    "full body, 320x240": "x_arms?camera=full&look=3&width=320&height=240",
    "full body, 1280x720": "x_arms?camera=full&look=3&width=1280&height=720",
}


def cost(work: Callable[[], object], seconds: float) -> float:
    """Processor seconds a call, the best of three."""
    best = float("inf")
    for _ in range(3):
        calls, start = 0, time.process_time()
        while (spent := time.process_time() - start) < seconds / 3:
            work()
            calls += 1
        best = min(best, spent / calls)
    return best


def measured(address: str, seconds: float) -> dict[str, float]:
    """Frames a second and the cost of a frame in copies and warps of itself."""
    frames = open_rehearsal(address, "bench").frames()
    picture = next(frames).rgb()
    for _ in range(40):  # expressions are painted when they first come
        next(frames)
    drawn = cost(lambda: next(frames), seconds)
    target = np.empty_like(picture)
    copy = cost(lambda: np.copyto(target, picture), seconds / 4)
    turn = cv2.getRotationMatrix2D((picture.shape[1] / 2, picture.shape[0] / 2), 20, 1)
    warp = cost(lambda: cv2.warpAffine(picture, turn, picture.shape[1::-1], flags=cv2.INTER_LINEAR), seconds / 4)
    return {
        "fps": round(1 / drawn, 1),
        "ms": round(drawn * 1e3, 2),
        "copies": round(drawn / copy),
        "warps": round(drawn / warp, 1),
    }


def postures(seconds: float) -> float:
    """Moments a second of joints alone, without drawing."""
    (person,) = open_rehearsal("squat+wave", "bench")._people
    times = np.arange(300) / 30
    return 300 / cost(lambda: person.joints(times), seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="for each case")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    rows = {name: measured(address, given.seconds) for name, address in CASES.items()}
    joints = round(postures(given.seconds))
    if given.json:
        print(json.dumps({"drawing": rows, "joints_per_second": joints}))
        return
    for name, row in rows.items():
        print(f"{name:22} {row['fps']:7.1f} fps {row['ms']:7.2f} ms {row['copies']:6} copies {row['warps']:6.1f} warps")
    print(f"{'joints alone':22} {joints:7} moments a second")


if __name__ == "__main__":
    main()
