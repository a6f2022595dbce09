"""Everything the engine keeps for one source: nothing mutable is shared between streams."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from footlights.core.app import App, Detector, Stage, Tracker
from footlights.core.event import Event
from footlights.core.frame import Frame
from footlights.core.scene import Scene
from footlights.engine.handover import HandOver
from footlights.engine.outlet import Outlet
from footlights.engine.watch import Meter

IN_SIGHT = 0.25  # seconds since a thing was last seen, up to which it counts as followed


class Attention(Protocol):
    """Decides on which frames of a stream the detector looks. One for each stream."""

    def due(self, frame: Frame, *, following: bool) -> bool:
        """True where the detector is to look at this frame. Asked once for every frame, in order."""

    def forget(self) -> None:
        """The next frame has nothing to do with those before: it is due."""


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

    def forget(self) -> None:
        """The next moment is due, whatever came before."""
        self._last = None

    def due(self, frame: Frame, *, following: bool) -> bool:
        """True once for each slot. A change of the interval begins a new grid, but never runs a slot twice."""
        interval = self._pace.following if following else self._pace.empty
        slot = (interval, math.floor(frame.time / interval + 1e-6))
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
    tracker: Tracker | None  # None: nothing is detected
    stages: Sequence[Stage]
    apps: Sequence[App]
    attention: Attention
    outlets: list[Outlet] = field(default_factory=list)
    meter: Meter = field(default_factory=Meter)
    failed: str | None = None
    renew: Callable[[int], tuple[Tracker | None, Sequence[Stage]]] | None = None  # for stills: see `_begin_anew`
    newest: int = 0  # the highest identity so far
    removed: bool = False  # by somebody who wants to hear no more of it
    last: Frame | None = None
    following: bool = False
    change: tuple[Sequence[App], Attention] | None = None  # what takes over with the next frame

    @property
    def name(self) -> str:
        return self.handover.source.name

    def step(self, frame: Frame, detector: Detector | None) -> Scene:
        """One frame's life, downwards: detect when it is time, track, understand, let the apps speak."""
        scene = Scene(frame)
        if self.change is not None:
            self._hand_over(scene)
        if self.renew is not None and self.last is not None and frame.picture is not self.last.picture:
            self._begin_anew()
        self.last = frame
        if detector is not None:
            self._look(scene, detector)
        if self.tracker is not None:
            with self.meter.timed("track"):
                self.tracker.update(scene)
        for stage in self.stages:
            with self.meter.timed(type(stage).__name__):
                stage.run(scene)
        self.newest = max([self.newest, *(track.id for track in scene.tracks)])
        self.following = any(frame.time - track.seen <= IN_SIGHT for track in scene.tracks)
        with self.meter.timed("apps"):
            for app in self.apps:
                for output in app.step(scene):
                    if isinstance(output, Event):
                        scene.events.append(output)
                    else:
                        scene.cues.append(output)
        return scene

    def _look(self, scene: Scene, detector: Detector) -> None:
        """Let the detector look where it is time, and count where it need not."""
        if not self.attention.due(scene.frame, following=self.following):
            self.meter.skipped += 1
            return
        with self.meter.timed("detect"):
            detector.run([scene])
        self.meter.looks += 1

    def _hand_over(self, scene: Scene) -> None:
        """Other settings: apps take the places of others."""
        assert self.change is not None
        apps, self.attention = self.change
        for app, before in zip(apps, self.apps, strict=True):
            scene.events += app.succeed(before)
        self.apps, self.change = apps, None

    def _begin_anew(self) -> None:
        """A still has nothing to do with the one before: nobody is followed from one to the other."""
        assert self.renew is not None
        self.tracker, self.stages = self.renew(self.newest + 1)
        self.following = False
        self.attention.forget()

    def end(self) -> Scene | None:
        """The last frame once more with the events that only the end can tell; None where there are none."""
        events = [event for app in self.apps for event in app.end()]
        if self.last is None or not events:
            return None
        return Scene(self.last, events=events, closing=True)
