"""Many cameras, one detector: what a frame costs, against the tuned loop that people write, in one run.

    python -m venv /tmp/peer && /tmp/peer/bin/pip install trackers av onnxruntime==OURS
    FOOTLIGHTS_DATA=DATA python bench/multistream.py --peer /tmp/peer/bin/python [--frames 120]

The job: decode, detect (yolox-nano), track, draw, tiles of a 1280x720 wall, x264. Same model file, same clips, same
version of ONNX Runtime; processor time of the whole process, start excluded. Targets: at interval 4 with 4 and 8
streams at least 1.5 times less than the tuned loop, at interval 0 1.15 times; with the gate on fixed cameras 3 times
less than the tuned loop at interval 0, with 0.98 of the detections.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

SIDES = Path(__file__).parent / "sides"
CLIPS = ("intel_car-detection.mp4", "supervision_walking.mp4", "intel_bottle-detection.mp4")
FIXED = ("intel_car-detection.mp4", "intel_bottle-detection.mp4")


def run(python: str, script: str, *arguments: str) -> dict[str, Any]:
    """One side, in a process of its own."""
    done = subprocess.run([python, str(SIDES / script), *arguments], check=True, capture_output=True, text=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def show(name: str, answer: dict[str, Any]) -> float:
    """A row of the table; milliseconds of processor time a frame."""
    each = 1000 * answer["cpu"] / answer["frames"]
    rate = answer["frames"] / answer["wall"]
    print(f"  {name:34} {each:6.2f} CPU ms a frame, {rate:6.1f} fps, {answer['found']} detections", flush=True)
    return each


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", required=True, help="Python of the peer's environment.")
    parser.add_argument("--frames", type=int, default=120, help="Of each stream.")
    parser.add_argument("--streams", type=int, nargs="*", default=[4, 8])
    given = parser.parse_args()
    folder = Path(os.environ["FOOTLIGHTS_DATA"]) / "people"
    from footlights.models.cache import find
    from footlights.models.cards import card

    model = str(find(card("yolox-nano")))
    with tempfile.TemporaryDirectory() as out:
        target = str(Path(out) / "wall.mp4")
        for count in given.streams:
            clips = [str(folder / CLIPS[index % len(CLIPS)]) for index in range(count)]
            fixed = [str(folder / FIXED[index % len(FIXED)]) for index in range(count)]
            for interval in (0, 4):
                print(f"{count} streams, interval {interval}")
                job = (str(interval), str(given.frames), target, *clips)
                peer = show("tuned loop", run(given.peer, "multistream_peer.py", model, *job))
                ours = show("footlights", run(sys.executable, "multistream_ours.py", model, "no-gate", *job))
                print(f"  {peer / ours:.2f} times less")
            print(f"{count} fixed cameras")
            loop = show(
                "tuned loop, every frame",
                run(given.peer, "multistream_peer.py", model, "0", str(given.frames), target, *fixed),
            )
            for interval in ("1", "2"):
                answer = run(
                    sys.executable, "multistream_ours.py", model, "gate", interval, str(given.frames), target, *fixed
                )
                print(f"  {loop / show(f'footlights, gate, interval {interval}', answer):.2f} times less")


if __name__ == "__main__":
    main()
