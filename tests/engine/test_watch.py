"""What the engine says about itself."""

import threading
from collections.abc import Iterator

from footlights.core.app import App, Source
from footlights.core.cue import Cue
from footlights.core.event import Event
from footlights.core.scene import Detections, Scene
from footlights.engine.handover import HandOver
from footlights.engine.loop import Engine
from footlights.engine.outlet import Outlet
from footlights.engine.stream import Pace, Slots, Stream
from tests.engine.fakes import Counted, Memory


class Nothing:
    """A detector that finds nothing."""

    def run(self, scenes: list[Scene]) -> None:
        for scene in scenes:
            scene.detections = Detections.none()


class Alarms(App):
    """Raises two anomalies, and one of them is over."""

    def step(self, scene: Scene) -> Iterator[Event | Cue]:
        kinds = {0: "anomaly.raised", 1: "anomaly.raised", 3: "anomaly.cleared"}
        if kind := kinds.get(scene.frame.index):
            yield Event(kind, scene.frame.stream, scene.frame.time)

    def end(self) -> Iterator[Event]:
        yield Event("count.summary", "a", 1.0)


def test_looks_skipped_frames_events_and_queues_are_counted() -> None:
    outlet = Outlet(Memory(), "wait")

    def make(source: Source, changed: threading.Condition) -> Stream:
        handover = HandOver(source, changed, paced=False)
        return Stream(handover, None, (), [Alarms()], Slots(Pace(empty=0.5)), outlets=[outlet])

    engine = Engine(make, Nothing())
    engine.add(Counted("a", 20))
    engine.run()
    (report,) = engine.report()
    assert (report.frames, report.looks, report.skipped) == (20, 4, 16), "every 0.5 s of 2 s"
    assert report.events == {"anomaly.raised": 2, "anomaly.cleared": 1, "count.summary": 1}
    assert report.raised == 1
    assert report.waiting == {"source": 0, "memory": 0}


def test_without_a_detector_nothing_is_skipped() -> None:
    engine = Engine(
        lambda source, changed: Stream(HandOver(source, changed, paced=False), None, (), [], Slots(Pace())), None
    )
    engine.add(Counted("a", 5))
    engine.run()
    (report,) = engine.report()
    assert (report.frames, report.looks, report.skipped) == (5, 0, 0)
