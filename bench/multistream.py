"""Many cameras, one detector: what a frame costs, against the tuned loop that people write, in one run.

    python -m venv PEER && PEER/bin/pip install trackers av onnxruntime==OURS
    python -m venv PIPELINE && PIPELINE/bin/pip install inference
    FOOTLIGHTS_DATA=DATA python bench/multistream.py --peer PEER/bin/python [--pipeline PIPELINE/bin/python]

The job: decode, detect (yolox-nano), track, draw, tiles of a 1280x720 wall, x264. Same model file, same clips (with
their own pictures, at 25 a second), same version of ONNX Runtime, the same number of pictures of the wall, the same
settings of x264; processor time of the whole process, start excluded. The sides take turns; the ratio is that of their
best rounds. Targets: at interval 4 with 4 and 8 streams at least 1.5 times less than the tuned loop, at interval 0 1.15
times, with 8 streams 90 % of the physical limit (each part alone, see sides/multistream_limit.py); with the gate on
fixed cameras 3 times less than the tuned loop at interval 0; 2.5 times less than Roboflow's InferencePipeline with its
defaults (which brings its own, older ONNX Runtime).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

SIDES = Path(__file__).parent / "sides"
CLIPS = ("intel_car-detection.mp4", "supervision_walking.mp4", "intel_bottle-detection.mp4")
FIXED = ("intel_car-detection.mp4", "intel_bottle-detection.mp4")
RATE = 25  # pictures a second, of every stream and of the wall


def run(python: str, script: str, *arguments: str) -> dict[str, Any]:
    """One side, in a process of its own."""
    done = subprocess.run([python, str(SIDES / script), *arguments], check=True, capture_output=True, text=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def retimed(source: Path, target: Path, frames: int) -> None:
    """So many of its pictures, `RATE` a second: so the wall has one picture for one of each stream."""
    left = frames
    with av.open(str(source)) as opened, av.open(str(target), "w") as written:
        stream = opened.streams.video[0]
        copy = written.add_stream_from_template(stream)
        ratio = Fraction(stream.average_rate or RATE) / RATE
        for packet in opened.demux(stream):
            if packet.dts is not None and packet.pts is not None and left > 0:
                left -= 1
                packet.pts, packet.dts = round(packet.pts * ratio), round(packet.dts * ratio)
                packet.stream = copy
                written.mux(packet)


def each(answer: dict[str, Any]) -> float:
    """Milliseconds of processor time a frame."""
    return float(1000 * answer["cpu"] / answer["frames"])


def best(name: str, answers: Sequence[dict[str, Any]]) -> float:
    """A row of the table; the milliseconds of the best round."""
    spent = sorted(each(answer) for answer in answers)
    rate = max(answer["frames"] / answer["wall"] for answer in answers)
    found = answers[0]["found"]
    print(
        f"  {name:34} {spent[0]:6.2f} CPU ms a frame (to {spent[-1]:.2f}), {rate:6.1f} fps, {found} detections",
        flush=True,
    )
    return spent[0]


def compare(count: int, interval: int, rounds: int, loop: Sequence[str], *sides: Sequence[str]) -> list[float]:
    """Both sides in turns; milliseconds of the loop and of each of ours."""
    answers: list[list[dict[str, Any]]] = [[] for _ in range(1 + len(sides))]
    for _ in range(rounds):
        answers[0].append(run(loop[0], "multistream_peer.py", *loop[1:]))
        for mine, side in zip(answers[1:], sides, strict=True):
            mine.append(run(sys.executable, "multistream_ours.py", *side[1:]))
    print(f"{count} streams, the loop at interval {interval}")
    theirs = best("tuned loop", answers[0])
    ours = [best(side[0], mine) for side, mine in zip(sides, answers[1:], strict=True)]
    for side, spent in zip(sides, ours, strict=True):
        print(f"  {side[0]}: {theirs / spent:.2f} times less")
    return [theirs, *ours]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", required=True, help="Python of the peer's environment.")
    parser.add_argument("--pipeline", help="Python of an environment with `inference`.")
    parser.add_argument("--frames", type=int, default=250, help="Of each stream.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--streams", type=int, nargs="*", default=[4, 8])
    given = parser.parse_args()
    folder = Path(os.environ["FOOTLIGHTS_DATA"]) / "people"
    from footlights.models.cache import find
    from footlights.models.cards import card

    model = str(find(card("yolox-nano")))
    with tempfile.TemporaryDirectory() as out:
        target, frames = str(Path(out) / "wall.mp4"), str(given.frames)
        for name in CLIPS:
            retimed(folder / name, Path(out) / name, given.frames)
        for count in given.streams:
            clips = [str(Path(out) / CLIPS[index % len(CLIPS)]) for index in range(count)]
            fixed = [str(Path(out) / FIXED[index % len(FIXED)]) for index in range(count)]
            limit = run(sys.executable, "multistream_limit.py", "yolox-nano", target, *clips)
            print(f"{count} streams, each part alone: {limit}")
            for interval in (0, 4):
                job = (str(interval), frames, target, *clips)
                ours = compare(
                    count, interval, given.rounds, (given.peer, model, *job), ("footlights", model, "no-gate", *job)
                )[1]
                least = limit["decode"] + limit["encode"] + (limit["model"] + limit["letterbox"]) / (interval + 1)
                if given.pipeline:
                    answers = [run(given.pipeline, "multistream_pipeline.py", model, *job) for _ in range(given.rounds)]
                    print(f"  {best('InferencePipeline', answers) / ours:.2f} times less than InferencePipeline")
                print(f"  physical limit {least:.2f} CPU ms a frame: reached by {least / ours:.0%}")
            loop = (given.peer, model, "0", frames, target, *fixed)
            gates = [(f"footlights, gate, interval {n}", model, "gate", str(n), frames, target, *fixed) for n in (1, 4)]
            compare(count, 0, given.rounds, loop, *gates)


if __name__ == "__main__":
    main()
