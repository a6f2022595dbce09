"""Our side of bench/multistream.py: `inspect` on files, its wall recorded. Prints frames, seconds, peak MB as JSON."""

import json
import resource
import sys
import threading
import time
from pathlib import Path

from footlights.apps.inspect import Inspect
from footlights.cli.broadcast import Broadcast
from footlights.cli.build import Performance, Wish
from footlights.core.scene import Scene
from footlights.perception.objects import ObjectDetector
from footlights.wire.document import SourceEntry

found = 0
counting = threading.Lock()


def counted(run):  # type: ignore[no-untyped-def]
    """The detector's `run`, with what it finds counted as the peer counts it."""

    def look(self: ObjectDetector, scenes: list[Scene]) -> None:
        global found  # noqa: PLW0603
        run(self, scenes)
        sure = sum(int((scene.detections.scores >= 0.3).sum()) for scene in scenes if scene.detections is not None)
        with counting:
            found += sure

    return look


def main() -> None:
    model, gate, interval, most, out, *paths = sys.argv[1:]
    ObjectDetector.run = counted(ObjectDetector.run)  # type: ignore[method-assign]
    settings = Inspect.Settings(model=model, interval=int(interval), gate=gate == "gate")
    entries = tuple(SourceEntry(url=path, name=f"s{index}") for index, path in enumerate(paths))
    wish = Wish("inspect", Inspect, settings, entries, page=None, broadcast=Broadcast(record=Path(out)))
    performance = Performance(wish)
    left = dict.fromkeys((entry.name for entry in entries), int(most))
    handovers = {stream.name: stream.handover for stream in performance.engine._streams.values()}
    step = performance.engine._step_one

    def limited(taken):  # type: ignore[no-untyped-def]
        stream, _ = taken
        left[stream.name] -= 1
        if left[stream.name] < 0:
            handovers[stream.name].close()
            return None
        return step(taken)

    performance.engine._step_one = limited  # type: ignore[method-assign]
    wall, cpu = time.perf_counter(), time.process_time()
    performance.run()
    spent, wall = time.process_time() - cpu, time.perf_counter() - wall
    frames = sum(int(most) - max(0, count) for count in left.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"frames": frames, "cpu": spent, "wall": wall, "found": found, "peak": peak}))


if __name__ == "__main__":
    main()
