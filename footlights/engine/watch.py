"""Watching is not taking part: what the engine measures about itself."""

import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from footlights.core.event import Event

WINDOW = 300  # scenes over which rates and latencies are taken


@dataclass(frozen=True)
class StreamReport:
    """How one stream is doing."""

    stream: str
    state: str  # "connecting", "running", "retrying", "ended", "failed"
    message: str
    frames: int  # processed so far
    dropped: int  # frames that a newer one replaced
    fps: float  # processed per second of wall time, now
    latency_p50: float | None  # seconds from the arrival of a live frame to its events
    latency_p95: float | None
    people: int  # tracked things now
    spent: dict[str, float]  # mean milliseconds a frame for each step
    media_time: float  # seconds
    duration: float | None  # seconds, where it is known
    looks: int = 0  # of the detector so far
    skipped: int = 0  # frames that the detector did not look at
    raised: int = 0  # anomalies that are raised now
    events: dict[str, int] = field(default_factory=dict)  # so far, by kind
    waiting: dict[str, int] = field(default_factory=dict)  # length of each queue: "source", and one for each sink


@dataclass
class Meter:
    """Timings of one stream. Written by the thread that works on the stream, read by anybody."""

    frames: int = 0
    people: int = 0
    media_time: float = 0.0
    looks: int = 0  # of the detector
    skipped: int = 0  # frames that the detector did not look at
    events: Counter[str] = field(default_factory=Counter)  # by kind
    spent: dict[str, float] = field(default_factory=dict)  # seconds in total for each step
    _finished: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW))
    _latencies: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW))

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Count the time spent inside under the name of a step."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.spent[step] = self.spent.get(step, 0.0) + time.perf_counter() - start

    def finished(self, media_time: float, arrived: float | None, people: int) -> None:
        """Count one scene that is handed out now."""
        now = time.monotonic()
        self.frames += 1
        self.people = people
        self.media_time = media_time
        self._finished.append(now)
        if arrived is not None:
            self._latencies.append(now - arrived)

    def told(self, events: Iterable[Event]) -> None:
        """Count what has happened."""
        for event in events:
            self.events[event.kind] += 1

    @property
    def raised(self) -> int:
        """Anomalies that are raised now."""
        return max(0, self.events["anomaly.raised"] - self.events["anomaly.cleared"])

    def fps(self) -> float:
        """Scenes a second over the last two seconds at least, 0 where nothing comes any more."""
        now = time.monotonic()
        recent = [moment for moment in tuple(self._finished) if now - moment < 2.0]
        if len(recent) < 2:
            return 0.0
        return (len(recent) - 1) / max(1e-6, recent[-1] - recent[0])

    def latency(self, quantile: float) -> float | None:
        """A quantile of the latency of recent live frames, seconds; None for files."""
        latencies = tuple(self._latencies)
        return float(np.quantile(latencies, quantile)) if latencies else None

    def milliseconds(self) -> dict[str, float]:
        """Mean milliseconds a frame for each step."""
        return {step: round(1000 * total / max(1, self.frames), 6) for step, total in list(self.spent.items())}
