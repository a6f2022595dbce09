"""What one stream more costs: processor time a frame and memory, for 1 to 16 streams of 1080p.

    FOOTLIGHTS_DATA=DATA python bench/many_streams.py [--frames 75] [--streams 1 2 4 8 16]

`inspect` on files, detector on every fifth frame, wall recorded, each count in a process of its own. Targets: cost a
frame does not grow with the number of streams; at most 60 MB for each stream more.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

OURS = Path(__file__).parent / "sides" / "multistream_ours.py"
CLIP = "supervision_walking.mp4"


def enlarged(source: Path, target: Path, frames: int) -> None:
    """The first frames in 1080p, 25 a second."""
    with av.open(str(source)) as opened, av.open(str(target), "w") as written:
        video = written.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 1920, 1080, "yuv420p"
        for index, frame in zip(range(frames), opened.decode(video=0), strict=False):
            large = frame.reformat(1920, 1080, "yuv420p")
            large.pts, large.time_base = index, Fraction(1, 25)
            written.mux(video.encode(large))
        written.mux(video.encode(None))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=75, help="Of each stream.")
    parser.add_argument("--streams", type=int, nargs="*", default=[1, 2, 4, 8, 16])
    given = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        enlarged(Path(os.environ["FOOTLIGHTS_DATA"]) / "people" / CLIP, clip, given.frames)
        for count in given.streams:
            job = [
                "yolox-nano",
                "no-gate",
                "4",
                str(given.frames),
                str(Path(folder) / "wall.mp4"),
                *[str(clip)] * count,
            ]
            done = subprocess.run([sys.executable, str(OURS), *job], check=True, capture_output=True, text=True)
            answer = json.loads(done.stdout.splitlines()[-1])
            rows.append((count, 1000 * answer["cpu"] / answer["frames"], answer["peak"]))
            print(f"{count:3d} streams: {rows[-1][1]:6.2f} CPU ms a frame, peak {rows[-1][2]:.0f} MB", flush=True)
    counts, spent, peaks = np.array(rows).T
    more = np.polyfit(counts, peaks, 1)[0]
    print(f"each stream more takes {more:.0f} MB; a frame of the most costs {spent[-1] / spent[0]:.2f} of one alone")


if __name__ == "__main__":
    main()
