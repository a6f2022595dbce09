"""From the arrival of a live frame to its events, on the rehearsal at 30 frames a second.

Target: 95 of 100 frames within 120 ms on two cores, the drawing of the puppet included.

    python bench/latency.py [--seconds 30] [--people 1]
"""

import argparse

import numpy as np

from footlights.apps.interact import Interact
from footlights.cli.build import Performance, Wish
from footlights.wire.document import SourceEntry


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--people", type=int, default=1)
    given = parser.parse_args()
    url = f"rehearsal:idle+x_arms+wave?fps=30&people={given.people}"
    wish = Wish(
        "interact", Interact, Interact.Settings(), (SourceEntry(url=url),), page=None, paced=True, seconds=given.seconds
    )
    performance = Performance(wish)
    (stream,) = performance.engine._streams.values()
    latencies: list[float] = []
    finished = stream.meter.finished

    def keep(media_time: float, arrived: float | None, people: int) -> None:
        finished(media_time, arrived, people)
        if media_time > 2:  # models are loaded and warm
            latencies.append(stream.meter._latencies[-1])

    stream.meter.finished = keep  # type: ignore[method-assign]
    performance.run()
    report = performance.report()[0]
    p50, p95, worst = 1000 * np.quantile(latencies, [0.5, 0.95, 1.0])
    print(f"{report.frames} frames processed, {report.dropped} dropped, {given.people} people")
    print(f"latency from arrival to events: p50 {p50:.1f} ms, p95 {p95:.1f} ms, worst {worst:.1f} ms")
    print(f"p95 is {p95 / 120:.2f} of the target of 120 ms, and {p95 / (1000 / 30):.2f} of the time between two frames")


if __name__ == "__main__":
    main()
