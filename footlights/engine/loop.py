"""The main path. Read `run` and `step` downwards: that is one frame's life."""

import logging
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from footlights.core.app import App, Detector, Source
from footlights.core.errors import FootlightsError, SettingsError
from footlights.core.event import Event
from footlights.core.frame import Frame
from footlights.core.scene import Scene
from footlights.engine.outlet import Outlet
from footlights.engine.stream import Attention, Stream
from footlights.engine.watch import StreamReport

log = logging.getLogger(__name__)
Taken = tuple[Stream, Frame]


class Engine:
    """Runs any number of streams.

    `make` builds the stream of a source; `detector` is shared by all of them. Streams come and go while it runs: that
    is one entry in a dictionary. `on_event` is called on the engine's thread and must not block.
    """

    def __init__(
        self,
        make: Callable[[Source, threading.Condition], Stream],
        detector: Detector | None,
        *,
        outlets: Sequence[Outlet] = (),
        on_event: Callable[[Event], None] | None = None,
        stay: bool = False,
    ) -> None:
        self.outlets = list(outlets)
        self._make = make
        self._detector = detector
        self._on_event = on_event
        self.stay = stay  # go on without any stream, because one may be added
        self._changed = threading.Condition()
        self._streams: dict[str, Stream] = {}
        self._over: list[Stream] = []  # the last streams that ended, kept for reports
        self._stopping = False
        self._pool = ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="engine")

    def add(self, source: Source) -> str:
        """Begin a stream, also while running.

        Raises:
            SettingsError: a stream of this name runs already.
        """
        with self._changed:
            if source.name in self._streams:
                raise SettingsError(f"there is a source named '{source.name}' already; give this one another name")
            stream = self._make(source, self._changed)
            self._streams[source.name] = stream
            self._over = [old for old in self._over if old.name != source.name]
            stream.handover.start()
            self._changed.notify_all()
        return source.name

    def remove(self, name: str) -> None:
        """End a stream. Its last events and its recording are finished by the engine's thread.

        Raises:
            SettingsError: there is no such stream.
        """
        with self._changed:
            stream = self._streams.get(name)
        if stream is None:
            raise SettingsError(f"there is no source named '{name}'; running: {', '.join(self._streams) or 'none'}")
        stream.removed = True
        stream.handover.close()

    def change(self, make: Callable[[str], tuple[Sequence[App], Attention]]) -> None:
        """Give every stream, by its name, other apps and another attention, from its next frame on. Sources, tracks
        and recordings go on.
        """
        with self._changed:
            for stream in self._streams.values():
                stream.change = make(stream.name)

    def exchange(self, detector: Detector) -> None:
        """Search with another detector from now on."""
        self._detector = detector

    def names(self) -> set[str]:
        """The streams whose names are taken: those that run, and those that are just being finished."""
        with self._changed:
            return set(self._streams)

    def stop(self) -> None:
        """Make `run` return soon. May be called from a signal handler's thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def run(self) -> None:
        """Process frames until every source has ended or somebody calls `stop`."""
        try:
            while (taken := self._collect()) is not None:
                scenes = self.step(taken)
                self._fan_out(scenes)
        finally:
            self._close()

    def step(self, taken: Sequence[Taken]) -> list[Scene]:
        """At most one frame of each stream in, one scene each out. Streams are worked on in parallel."""
        work = map if len(taken) == 1 else self._pool.map
        scenes = list(work(self._step_one, taken))
        return [scene for scene in scenes if scene is not None]

    def _step_one(self, taken: Taken) -> Scene | None:
        stream, frame = taken
        try:
            return stream.step(frame, self._detector)
        except Exception as error:  # one stream's bug, or an app of a user's own: the others go on
            log.debug("%s failed", stream.name, exc_info=True)
            known = isinstance(error, FootlightsError)
            stream.failed = str(error) if known else f"{type(error).__name__}: {error}"
            return None

    def _collect(self) -> list[Taken] | None:
        """Wait for frames: one of each stream that has one. None when it is over.

        As long as all streams are files that run in step, the engine waits for each of them, so that the order of
        events over several files does not depend on speed. Otherwise a late stream is left out, not waited for.
        """
        while True:
            with self._changed:
                while True:
                    if self._stopping:
                        return None
                    streams = list(self._streams.values())
                    ended = [s for s in streams if s.failed or (s.handover.ended and not len(s.handover))]
                    ready = [s for s in streams if len(s.handover) and not s.failed]
                    in_step = all(s.handover.in_step for s in streams)
                    if ended or (ready and not (in_step and len(ready) < len(streams))):
                        break
                    if not streams and not self.stay:
                        return None
                    self._changed.wait()
                taken = [] if ended else [(s, f) for s in ready if (f := s.handover.take()) is not None]
            for stream in ended:
                self._finish(stream)
            if taken:
                return taken

    def _fan_out(self, scenes: Sequence[Scene]) -> None:
        for scene in scenes:
            stream = self._streams.get(scene.frame.stream)
            if self._on_event is not None:
                for event in scene.events:
                    self._on_event(event)
            if stream is not None:
                stream.meter.told(scene.events)
            if stream is not None and not scene.closing:
                stream.meter.finished(scene.frame.time, scene.frame.arrived, len(scene.tracks))
            for outlet in (*self.outlets, *(stream.outlets if stream else ())):
                outlet.put(scene)

    def _finish(self, stream: Stream) -> None:
        """Say goodbye to one stream: late events, its own outlets, one line if it failed."""
        stream.handover.close()
        if stream.failed is None and (scene := stream.end()) is not None:
            self._fan_out([scene])
        if stream.handover.error is not None:
            stream.failed = str(stream.handover.error)
        if stream.failed is not None:
            log.error("%s: %s", stream.name, stream.failed)
        for outlet in stream.outlets:
            outlet.close()
        with self._changed:
            self._streams.pop(stream.name, None)
            if not stream.removed:
                self._over = [*self._over[-31:], stream]

    def _close(self) -> None:
        for stream in list(self._streams.values()):
            self._finish(stream)
        for outlet in self.outlets:
            outlet.close()
        self._pool.shutdown()

    def failures(self) -> list[FootlightsError]:
        """What went wrong in sources and sinks, for the exit code."""
        streams = [*self._over, *self._streams.values()]
        outlets = [*self.outlets, *(outlet for stream in streams for outlet in stream.outlets)]
        found = [stream.handover.error or FootlightsError(stream.failed) for stream in streams if stream.failed]
        return found + [outlet.error for outlet in outlets if outlet.error is not None]

    def report(self) -> list[StreamReport]:
        """How every stream is doing: those that run, and those that ended lately."""
        with self._changed:
            streams = [*self._over, *self._streams.values()]
        return [_report(stream, (*self.outlets, *stream.outlets)) for stream in streams]


def _report(stream: Stream, outlets: Sequence[Outlet]) -> StreamReport:
    handover, meter = stream.handover, stream.meter
    state, message = "running", ""
    if stream.failed or handover.error:
        state, message = "failed", stream.failed or str(handover.error)
    elif handover.ended:
        state, message = "ended", ""
    return StreamReport(
        stream=stream.name,
        state=state,
        message=message,
        frames=meter.frames,
        dropped=handover.dropped + sum(outlet.dropped for outlet in stream.outlets),
        fps=meter.fps(),
        latency_p50=meter.latency(0.5),
        latency_p95=meter.latency(0.95),
        people=meter.people,
        spent=meter.milliseconds(),
        media_time=meter.media_time,
        duration=handover.source.duration,
        looks=meter.looks,
        skipped=meter.skipped,
        raised=meter.raised,
        events=dict(meter.events),
        waiting={"source": len(handover), **{outlet.name: outlet.waiting(stream.name) for outlet in outlets}},
    )
