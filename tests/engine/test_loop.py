import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from footlights.core.app import App
from footlights.core.errors import SettingsError, SinkError
from footlights.core.event import Event
from footlights.core.scene import Scene
from footlights.engine.loop import Engine
from footlights.engine.outlet import Outlet
from footlights.engine.stream import Pace, Slots
from tests.engine.fakes import Counted, Memory, Ticks, plain_stream


def events_of(memory: Memory) -> list[tuple[str, str, object]]:
    return [(e.kind, s.frame.stream, dict(e.data)) for s in memory.scenes for e in s.events]


def test_every_frame_of_a_file_is_processed_once_and_in_order() -> None:
    memory = Memory()
    engine = Engine(plain_stream, None, outlets=[Outlet(memory, "wait", size=2)])
    engine.add(Counted(count=50))
    engine.run()
    assert [s.frame.index for s in memory.scenes if not s.closing] == list(range(50))
    assert events_of(memory)[-1] == ("sum", "a", {"seen": 50})
    assert engine.report()[0].frames == 50
    assert memory.closed


def test_the_order_of_events_over_several_files_never_changes() -> None:
    def run(delay: dict[str, float]) -> list[tuple[str, str, object]]:
        memory = Memory()
        engine = Engine(plain_stream, None, outlets=[Outlet(memory, "wait")])
        for name, count in (("a", 7), ("b", 12), ("c", 3)):
            engine.add(Counted(name, count, gate=lambda _, n=name: threading.Event().wait(delay.get(n, 0))))
        engine.run()
        return events_of(memory)

    assert run({"a": 0.003}) == run({"b": 0.002, "c": 0.004}) == run({})


def test_a_live_source_drops_what_the_engine_is_too_slow_for_and_counts_it() -> None:
    busy, given = threading.Event(), threading.Event()

    class Slow(Ticks):
        def step(self, scene: Scene) -> Iterator[Event]:
            busy.set()
            given.wait(5)  # the source gives all its frames while this one is worked on
            yield from super().step(scene)

    def gate(index: int) -> None:
        if index == 1:
            busy.wait(5)
        if index == 9:
            given.set()

    memory = Memory()
    engine = Engine(partial(plain_stream, app=Slow), None, outlets=[Outlet(memory, "wait")])
    engine.add(Counted(count=10, live=True, gate=gate))
    engine.run()
    seen = [s.frame.index for s in memory.scenes if not s.closing]
    report = engine.report()[0]
    assert seen[0] == 0
    assert seen[-1] == 9
    assert report.dropped == 10 - len(seen) > 0


def test_one_failing_stream_leaves_the_others_unharmed(caplog: pytest.LogCaptureFixture) -> None:
    memory = Memory()
    engine = Engine(plain_stream, None, outlets=[Outlet(memory, "wait")])
    engine.add(Counted("good", 9))
    engine.add(Counted("bad", 9, fail_after=2))
    engine.run()
    indices = {
        n: [s.frame.index for s in memory.scenes if s.frame.stream == n and not s.closing] for n in ("good", "bad")
    }
    assert indices == {"good": list(range(9)), "bad": [0, 1]}
    assert [str(error) for error in engine.failures()] == ["bad: unplugged"]
    assert "bad: unplugged" in caplog.text
    assert ("sum", "bad", {"seen": 2}) in events_of(memory)


def test_an_app_with_a_bug_ends_its_own_stream_only() -> None:
    class Buggy(Ticks):
        def step(self, scene: Scene) -> Iterator[Event]:
            if scene.frame.stream == "bad" and scene.frame.index == 3:
                raise ZeroDivisionError("oops")
            yield from super().step(scene)

    memory = Memory()
    engine = Engine(partial(plain_stream, app=Buggy), None, outlets=[Outlet(memory, "wait")])
    engine.add(Counted("good", 9))
    engine.add(Counted("bad", 9))
    engine.run()
    assert sum(s.frame.stream == "good" and not s.closing for s in memory.scenes) == 9
    assert [str(error) for error in engine.failures()] == ["ZeroDivisionError: oops"]


def test_a_sink_that_fails_is_let_go_and_the_others_get_everything() -> None:
    class Full(Memory):
        def write(self, scene: Scene) -> None:
            if len(self.scenes) == 3:
                raise SinkError("no space left on the disk")
            super().write(scene)

    full, memory = Full(), Memory()
    engine = Engine(plain_stream, None, outlets=[Outlet(full, "wait", size=1), Outlet(memory, "wait", size=1)])
    engine.add(Counted(count=40))
    engine.run()
    assert len([s for s in memory.scenes if not s.closing]) == 40
    assert full.closed
    assert [str(error) for error in engine.failures()] == ["no space left on the disk"]


def test_sources_come_and_go_while_it_runs() -> None:
    gate = threading.Event()
    seen = {"first": threading.Event(), "second": threading.Event()}

    class Watching(Memory):
        def write(self, scene: Scene) -> None:
            super().write(scene)
            seen[scene.frame.stream].set()

    memory = Watching()
    engine = Engine(plain_stream, None, outlets=[Outlet(memory, "wait")], stay=True)
    engine.add(Counted("first", 1000, live=True, gate=lambda _: gate.wait(0.005)))
    thread = threading.Thread(target=engine.run)
    thread.start()
    assert engine.add(Counted("second", 2)) == "second"
    with pytest.raises(SettingsError, match="already"):
        engine.add(Counted("first"))
    assert all(event.wait(5) for event in seen.values())
    engine.remove("first")
    with pytest.raises(SettingsError, match="no source named 'third'"):
        engine.remove("third")
    engine.stop()
    thread.join(5)
    assert not thread.is_alive()
    assert 0 < sum(s.frame.stream == "first" for s in memory.scenes) < 1000


def test_apps_change_hands_between_two_frames_and_say_goodbye() -> None:
    handed, memory = threading.Event(), Memory()

    def gate(index: int) -> None:
        if index == 3:  # the frames before this one are with the engine, or through it
            handed.wait(5)

    engine = Engine(plain_stream, None, outlets=[Outlet(memory, "wait")])
    engine.add(Counted("a", 6, gate=gate))
    running = threading.Thread(target=engine.run)
    running.start()
    while len(memory.scenes) < 3:
        handed.wait(0.01)
    engine.change(lambda name: ([Ticks()], Slots(Pace())))
    handed.set()
    running.join()
    events = [event for scene in memory.scenes for event in scene.events]
    assert [event.data["seen"] for event in events if event.kind == "sum"] == [3, 3]
    assert [event.data["index"] for event in events if event.kind == "tick"] == list(range(6))


def test_a_detector_is_exchanged_while_it_runs() -> None:
    class Marking:
        def __init__(self, label: str, then: Callable[[], None] = lambda: None) -> None:
            self.label, self.then, self.looks = label, then, 0

        def run(self, scenes: list[Scene]) -> None:
            self.looks += len(scenes)
            self.then()

    engine: Engine
    other = Marking("other")
    first = Marking("first", lambda: engine.exchange(other))
    engine = Engine(plain_stream, first)
    engine.add(Counted("a", 12))
    engine.run()
    assert (first.looks, other.looks) == (1, 5), "every 0.2 s of 1.2 s"


def test_no_thread_outlives_a_run() -> None:
    before = threading.active_count()
    engine = Engine(plain_stream, None, outlets=[Outlet(Memory(), "newest")])
    engine.add(Counted("a", 5))
    engine.add(Counted("b", 5))
    engine.run()
    assert threading.active_count() == before


def test_apps_are_given_the_contract_they_expect() -> None:
    with pytest.raises(NotImplementedError):
        list(App().step(Scene(next(Counted().frames()))))
