"""Everything the engine keeps for one source: nothing mutable is shared between streams."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from footlights.core.app import App, Detector, Stage, Tracker
from footlights.core.event import Event
from footlights.core.frame import Frame
from footlights.core.scene import Scene
from footlights.engine.handover import HandOver
from footlights.engine.outlet import Outlet
from footlights.engine.watch import Meter

IN_SIGHT = 0.25  # seconds since a thing was last seen, up to which it counts as followed


@dataclass(frozen=True)
class Pace:
    """How often a stream is searched for new things, in seconds of media time."""

    empty: float = 0.2  # while nothing is followed
    following: float = 1.0  # while something is


class Slots:
    """Says when a detection slot has come. Slots lie on a grid of media time: lateness does not accumulate."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._last: tuple[float, int] | None = None

    def due(self, time: float, *, following: bool) -> bool:
        """True once for each slot. A change of the interval begins a new grid, but never runs a slot twice."""
        interval = self._pace.following if following else self._pace.empty
        slot = (interval, math.floor(time / interval + 1e-6))
        if self._last is None:
            due = True
        elif self._last[0] == interval:
            due = slot[1] != self._last[1]
        else:
            due = not following  # things were lost: search at once; things were found: there was a run just now
        self._last = slot
        return due


@dataclass
class Stream:
    """One source, its tracker, its stages and its apps. Only one thread at a time works on it."""

    handover: HandOver
    tracker: Tracker | None
    stages: Sequence[Stage]
    apps: Sequence[App]
    slots: Slots
    outlets: list[Outlet] = field(default_factory=list)
    meter: Meter = field(default_factory=Meter)
    failed: str | None = None
    last: Frame | None = None
    following: bool = False

    @property
    def name(self) -> str:
        return self.handover.source.name

    def step(self, frame: Frame, detector: Detector | None) -> Scene:
        """One frame's life, downwards: detect when it is time, track, understand, let the apps speak."""
        scene = Scene(frame)
        self.last = frame
        if detector is not None and self.slots.due(frame.time, following=self.following):
            with self.meter.timed("detect"):
                detector.run([scene])
        if self.tracker is not None:
            with self.meter.timed("track"):
                self.tracker.update(scene)
        for stage in self.stages:
            with self.meter.timed(type(stage).__name__):
                stage.run(scene)
        self.following = any(frame.time - track.seen <= IN_SIGHT for track in scene.tracks)
        with self.meter.timed("apps"):
            for app in self.apps:
                for output in app.step(scene):
                    if isinstance(output, Event):
                        scene.events.append(output)
                    else:
                        scene.cues.append(output)
        return scene

    def end(self) -> Scene | None:
        """The last frame once more with the events that only the end can tell; None where there are none."""
        events = [event for app in self.apps for event in app.end()]
        if self.last is None or not events:
            return None
        return Scene(self.last, events=events, closing=True)
