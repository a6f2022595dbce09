import threading

from footlights.core.cue import Show, Text
from footlights.core.event import Event
from footlights.core.frame import Frame
from footlights.core.scene import Scene
from footlights.engine.outlet import Outlet
from tests.engine.fakes import PICTURE, Memory


class Gated(Memory):
    """A sink that is stuck in its first write until the gate opens."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.gate = threading.Event(), threading.Event()

    def write(self, scene: Scene) -> None:
        self.entered.set()
        self.gate.wait(5)
        super().write(scene)


def scene(index: int, stream: str = "a") -> Scene:
    return Scene(Frame(PICTURE, index / 10, stream, index), events=[Event("tick", stream, index / 10)])


def test_newest_keeps_one_scene_of_each_stream_and_every_event() -> None:
    sink = Gated()
    outlet = Outlet(sink, "newest")
    outlet.put(scene(0))
    assert sink.entered.wait(5)
    for index in range(1, 10):
        outlet.put(scene(index))
        outlet.put(scene(index, "b"))
    sink.gate.set()
    outlet.close()
    assert [(s.frame.stream, s.frame.index) for s in sink.scenes] == [("a", 0), ("a", 9), ("b", 9)]
    assert [len(s.events) for s in sink.scenes] == [1, 9, 9]
    assert outlet.dropped == 16


def test_drop_is_bounded_and_says_how_many() -> None:
    sink = Gated()
    outlet = Outlet(sink, "drop", size=4)
    outlet.put(scene(0))
    assert sink.entered.wait(5)
    for index in range(1, 21):
        outlet.put(scene(index))
    sink.gate.set()
    outlet.close()
    assert [s.frame.index for s in sink.scenes] == [0, 1, 2, 3, 4]
    assert outlet.dropped == 16


def test_a_sink_may_ask_for_scenes_with_events_only() -> None:
    sink = Memory()
    outlet = Outlet(sink, "wait", wants=lambda s: bool(s.events))
    outlet.put(Scene(Frame(PICTURE, 0.0, "a", 0)))
    outlet.put(scene(1))
    outlet.close()
    assert [s.frame.index for s in sink.scenes] == [1]
    assert sink.closed


def test_an_engine_that_waits_is_let_go_when_the_sink_fails() -> None:
    class Broken(Gated):
        def write(self, scene: Scene) -> None:
            self.entered.set()
            self.gate.wait(5)
            raise RuntimeError("boom")

    sink = Broken()
    outlet = Outlet(sink, "wait", size=1)
    outlet.put(scene(0))
    assert sink.entered.wait(5)
    outlet.put(scene(1))
    stuck = threading.Thread(target=outlet.put, args=(scene(2),))
    stuck.start()
    sink.gate.set()
    stuck.join(5)
    assert not stuck.is_alive()
    outlet.close()
    assert str(outlet.error) == "broken: RuntimeError: boom"
    assert sink.closed


def test_newest_loses_no_show() -> None:
    sink = Gated()
    outlet = Outlet(sink, "newest")
    outlet.put(scene(0))
    assert sink.entered.wait(5)
    outlet.put(Scene(scene(1).frame, cues=[Show("https://example.org/a"), Text("old")]))
    outlet.put(Scene(scene(2).frame, cues=[Text("new")]))
    sink.gate.set()
    outlet.close()
    assert sink.scenes[-1].cues == [Show("https://example.org/a"), Text("new")]
