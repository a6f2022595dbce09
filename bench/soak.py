"""Many frames through everything: memory must stay flat.

    python bench/soak.py [--frames 10000]         # two people, interact, page, recording, journal
    python bench/soak.py --hours 24 [--fps 1]     # a line and a street, inspect, page, evidence, journal

The second runs through so many hours of media time as fast as it can: small pictures, few a second.
"""

import argparse
import tempfile
from pathlib import Path

from footlights.apps.inspect import Inspect
from footlights.apps.interact import Interact
from footlights.cli.alarm import Alarm
from footlights.cli.build import Performance, Wish
from footlights.core.scene import Scene
from footlights.engine.outlet import Outlet
from footlights.wire.document import SourceEntry


def resident() -> float:
    """Resident memory of this process, MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


class Gauge:
    """A sink that reads the memory every so many frames."""

    def __init__(self, every: int) -> None:
        self.frames = 0
        self._every = every
        self.readings: list[float] = []

    def write(self, scene: Scene) -> None:
        self.frames += 1
        if self.frames % self._every == 0:
            self.readings.append(resident())
            hours = scene.frame.time / 3600
            print(f"{self.frames:7d} frames  {hours:6.2f} h  {self.readings[-1]:7.1f} MB", flush=True)

    def close(self) -> None:
        """Nothing to close."""


def interacting(frames: int, folder: Path) -> Wish:
    """Two people before one camera."""
    url = "rehearsal:idle+x_arms+wave+arms_up+clap?people=2&fps=30"
    return Wish(
        "interact", Interact, Interact.Settings(), (SourceEntry(url=url),), page=0, record=folder / "out.mp4",
        journal=folder / "events.jsonl", seconds=frames / 30,
    )  # fmt: skip


def inspecting(hours: float, fps: float, folder: Path) -> Wish:
    """A line and a street, each with a model of its own."""
    size = f"width=160&height=90&fps={fps:g}"
    urls = (f"rehearsal:line?fallen=0.1&{size}", f"rehearsal:street?{size}")
    settings = Inspect.Settings(
        model="cans", model_for=("street: yolox-nano",), interval=0, alert=("down", "person > 2", "camera frozen")
    )
    return Wish(
        "inspect", Inspect, settings, tuple(SourceEntry(url=url) for url in urls), page=0,
        journal=folder / "events.jsonl", seconds=3600 * hours, alarm=Alarm(evidence=folder / "evidence"),
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--hours", type=float)
    parser.add_argument("--fps", type=float, default=1.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.hours is None:
            wish, every = interacting(given.frames, folder), given.frames // 10
        else:
            wish, every = inspecting(given.hours, given.fps, folder), int(2 * 3600 * given.hours * given.fps) // 24
        performance = Performance(wish)
        performance.engine.stay = False  # end with the sources, although a page is open
        gauge = Gauge(every)
        performance.engine.outlets.append(Outlet(gauge, "wait"))
        performance.run()
        events = len((folder / "events.jsonl").read_text().splitlines())
    early, late = gauge.readings[len(gauge.readings) // 5], gauge.readings[-1]
    print(f"{events} events; from {early:.1f} MB after a fifth to {late:.1f} MB: {100 * (late / early - 1):+.1f} %")


if __name__ == "__main__":
    main()
