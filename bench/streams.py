"""What several streams cost in one process: frames a second and memory for 1, 2 and 4 streams.

Target: 4 streams in at most 700 MB. Each row is a process of its own, so that its peak is its own.

    python bench/streams.py [--seconds 10]
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from footlights.apps.interact import Interact
from footlights.cli.build import Performance, Wish
from footlights.wire.document import SourceEntry


def run_streams(clip: Path, count: int) -> None:
    """Run the clip in so many streams and print rate and peak memory."""
    entries = tuple(SourceEntry(url=str(clip), name=f"s{index}") for index in range(count))
    performance = Performance(Wish("interact", Interact, Interact.Settings(), entries, page=None))
    wall, cpu = time.monotonic(), time.process_time()
    performance.run()
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    frames = sum(report.frames for report in performance.report())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    each = 1000 * cpu / frames
    print(f"{count} streams: {frames / wall:6.1f} fps in all, {each:5.1f} CPU ms a frame, peak {peak:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clip", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.clip is not None:
        run_streams(given.clip, given.count)
        return
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        source = SourceEntry(url=f"rehearsal:idle+x_arms+wave?seconds={given.seconds}&fps=30")
        Performance(Wish("interact", Interact, Interact.Settings(), (source,), page=None, record=clip)).run()
        for count in (1, 2, 4):
            subprocess.run([sys.executable, __file__, "--clip", str(clip), "--count", str(count)], check=True)
    print("target: 4 streams in at most 700 MB")


if __name__ == "__main__":
    main()
