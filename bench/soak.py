"""Ten thousand frames through everything: memory must stay flat.

python bench/soak.py [--frames 10000]
"""

import argparse
import tempfile
from pathlib import Path

from footlights.apps.interact import Interact
from footlights.cli.build import Performance, Wish
from footlights.core.scene import Scene
from footlights.engine.outlet import Outlet
from footlights.wire.document import SourceEntry


def resident() -> float:
    """Resident memory of this process, MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


class Gauge:
    """A sink that reads the memory every thousand frames."""

    def __init__(self) -> None:
        self.frames = 0
        self.readings: list[float] = []

    def write(self, scene: Scene) -> None:
        self.frames += 1
        if self.frames % 1000 == 0:
            self.readings.append(resident())
            print(f"{self.frames:6d} frames  {self.readings[-1]:7.1f} MB", flush=True)

    def close(self) -> None:
        """Nothing to close."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=10_000)
    frames = parser.parse_args().frames
    url = "rehearsal:idle+x_arms+wave+arms_up+clap?people=2&fps=30"
    with tempfile.TemporaryDirectory() as folder:
        journal, video = Path(folder) / "events.jsonl", Path(folder) / "out.mp4"
        wish = Wish(
            "interact", Interact, Interact.Settings(), (SourceEntry(url=url),), page=0, record=video, journal=journal,
            seconds=frames / 30,
        )  # fmt: skip
        performance = Performance(wish)
        performance.engine._stay = False  # end with the source, although a page is open
        gauge = Gauge()
        performance.engine.outlets.append(Outlet(gauge, "wait"))
        performance.run()
        events = len(journal.read_text().splitlines())
    early, late = gauge.readings[1], gauge.readings[-1]
    growth = 100 * (late / early - 1)
    print(f"{events} events; from {early:.1f} to {late:.1f} MB: {growth:+.1f} % after the second thousand")


if __name__ == "__main__":
    main()
