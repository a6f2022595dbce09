"""The figures of a device as a whole, under the names of the well-known template."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from footlights.core.event import Event
from footlights.engine.watch import StreamReport

MEMORY = Path("/proc/meminfo")


class Counts:
    """Knows what was counted last on every stream. May be used by several threads."""

    def __init__(self) -> None:
        self.classes: tuple[str, ...] = ()  # that are asked for, the primary one first
        self._lock = threading.Lock()
        self._now: dict[str, Mapping[str, int]] = {}  # of each stream, by class

    def hear(self, event: Event) -> None:
        """Note what an event says about counts."""
        counts = event.data.get("counts")
        if event.kind == "count" and isinstance(counts, dict):
            with self._lock:
                self._now[event.stream] = {label: n for label, n in counts.items() if isinstance(n, int)}

    def telemetry(self, reports: Sequence[StreamReport]) -> dict[str, Any]:
        """What is said of the device now. Without classes asked for, the two most frequent ones are meant."""
        streams = {report.stream for report in reports if report.state == "running"}
        total: Counter[str] = Counter()
        with self._lock:
            for stream, counts in self._now.items():
                if stream in streams:
                    total.update(counts)
        usual = self.classes or tuple(label for label, _ in total.most_common(2))
        primary, secondary = (*usual, "", "")[:2]
        return {
            "tlSystemHeartbeat": 1,
            "tlPrimaryDetectionCount": total[primary],
            "tlSecondaryDetectionCount": total[secondary],
            "tlPrimaryDetectionClass": primary,
            "tlSecondaryDetectionClass": secondary,
            "tlInference": sum(report.looks for report in reports),
            "tlInferenceRate": round(sum(report.fps for report in reports), 2),
            "tlFreeMemory": free_memory(),
            "stModuleState": "running",
            "stPipelineState": "running" if streams else "idle",
        }


def free_memory() -> int:
    """Kibibytes that a new program could have; 0 where the system does not say."""
    try:
        lines = MEMORY.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("MemAvailable")), 0)
