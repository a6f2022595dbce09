import itertools
import logging
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.core.errors import SourceError
from footlights.media import reconnect
from footlights.media.container import Samples
from footlights.media.picture import ArrayPicture
from footlights.media.reconnect import Backoff, LiveSource

PICTURE = ArrayPicture(np.zeros((4, 6, 3), np.uint8))


@dataclass(frozen=True)
class Shown:
    stamp: float | None
    picture: ArrayPicture = PICTURE


@dataclass
class Plan:
    """A camera that does what was planned, one list for each connection; an error ends it, and a string refuses it."""

    connections: list[list[Shown | Samples | Exception] | str]
    sound_rate: int | None = 8000
    opened: int = 0
    released: int = 0
    pieces: list[Shown | Samples | Exception] = field(default_factory=list)

    def connect(self) -> "Plan":
        plan = self.connections[min(self.opened, len(self.connections) - 1)]
        self.opened += 1
        if isinstance(plan, str):
            raise SourceError(plan)
        self.pieces = plan
        return self

    def __enter__(self) -> "Plan":
        return self

    def __exit__(self, *_: object) -> None:
        self.released += 1

    def read(self, *, sound: bool) -> Iterator[Shown | Samples]:
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            if sound or isinstance(piece, Shown):
                yield piece


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """No waiting between attempts; the delays that would have been."""
    delays: list[float] = []
    true = Backoff.delay

    def noted(self: Backoff, lasted: float = 0.0) -> float:
        delays.append(true(self, lasted))
        return 0.0

    monkeypatch.setattr(Backoff, "delay", noted)
    return delays


@given(st.integers(0, 2**32), st.integers(1, 20))
def test_delays_double_from_half_a_second_to_thirty(seed: int, count: int) -> None:
    backoff = Backoff(random.Random(seed))
    for attempt in range(count):
        plain = min(0.5 * 2**attempt, 30.0)
        assert 0.8 * plain <= backoff.delay() <= 1.2 * plain


def test_a_connection_that_lasted_begins_anew() -> None:
    backoff = Backoff(random.Random(1))
    for _ in range(5):
        backoff.delay()
    assert backoff.delay(lasted=3.0) > 12
    assert backoff.delay(lasted=100.0) <= 0.6


def test_jitter_differs() -> None:
    assert len({Backoff().delay() for _ in range(20)}) > 1


def test_failures_and_ends_are_tried_again_with_growing_times(at_once: list[float]) -> None:
    lost = SourceError("the cable is out")
    plan = Plan(
        [[Shown(7.0), Shown(7.1), lost], "nobody there", [Shown(100.0), Shown(100.1)], [Shown(3.0), Shown(3.1)]]
    )
    states: list[tuple[str, str]] = []
    source = LiveSource("stage", plan.connect, lambda _, state, message: states.append((state, message)))
    frames = []
    for frame in source.frames():
        frames.append(frame)
        if frame.index == 5:
            source.close()
    times = [frame.time for frame in frames]
    assert [frame.index for frame in frames] == list(range(6))
    assert all(late > early for early, late in itertools.pairwise(times))
    assert times[1] - times[0] == pytest.approx(0.1)
    assert all(frame.arrived is not None for frame in frames)
    assert [state for state, _ in states] == [
        *("connecting", "running", "retrying"),
        *("connecting", "retrying"),
        *("connecting", "running", "retrying"),
        *("connecting", "running"),
    ]
    assert [message.split(";")[0] for state, message in states if state == "retrying"] == [
        "the cable is out",
        "nobody there",
        "the stream ended",
    ]
    assert plan.released == 3


def test_the_same_fault_is_one_line_in_the_log(at_once: list[float], caplog: pytest.LogCaptureFixture) -> None:
    plan = Plan(["nobody there"])
    source = LiveSource("stage", plan.connect)
    source.on_state = lambda *_: source.close() if plan.opened >= 40 else None
    with caplog.at_level(logging.INFO):
        assert list(source.frames()) == []
    assert plan.opened == 40
    assert len(caplog.messages) == 1
    assert "nobody there" in caplog.messages[0]
    assert 24 <= at_once[-1] <= 36


def test_close_ends_the_waiting_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconnect, "FIRST_DELAY", 3600.0)
    waiting = threading.Event()
    source = LiveSource("stage", Plan(["nobody there"]).connect)
    source.on_state = lambda _, state, __: waiting.set() if state == "retrying" else None
    thread = threading.Thread(target=lambda: list(source.frames()))
    thread.start()
    assert waiting.wait(10)
    source.close()
    thread.join(10)
    assert not thread.is_alive()


def test_a_source_that_is_left_lets_go_of_the_camera() -> None:
    plan = Plan([[Shown(index / 10) for index in range(9)]])
    frames = LiveSource("stage", plan.connect).frames()
    next(frames)
    frames.close()
    assert plan.released == 1


def test_bursts_are_given_when_they_are_due(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [50.0]
    monkeypatch.setattr(reconnect.time, "monotonic", lambda: clock[0])
    source = LiveSource("hls", Plan([[Shown(4.0), Shown(5.0), Shown(7.0)]]).connect, paced=True)
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        clock[0] += seconds
        return False

    monkeypatch.setattr(source._closed, "wait", wait)
    for frame in source.frames():
        if frame.index == 2:
            source.close()
    assert waits == pytest.approx([1.0, 2.0])


def test_sound_keeps_to_the_clock_of_the_pictures() -> None:
    def beep(stamp: float) -> Samples:
        return Samples(np.ones((2, 800), np.float32), 8000, stamp)

    plan = Plan([[beep(9.9), Shown(10.0), beep(10.02), Shown(10.1), beep(10.12), Shown(10.2)]])
    source = LiveSource("stage", plan.connect)
    sound = source.listen()
    frames = source.frames()
    first, *_ = [next(frames) for _ in range(3)]
    assert sound.rate == 8000
    heard = [piece.time - first.time for piece in sound.until(first.time + 9)]
    assert heard == pytest.approx([0.02, 0.12], abs=1e-5)
    assert sound.until(first.time + 9) == []


def test_sound_that_nobody_takes_is_dropped_and_counted() -> None:
    plan = Plan(
        [[Shown(0.0), *[Samples(np.ones((2, 8000), np.float32), 8000, float(at)) for at in range(50)], Shown(50)]]
    )
    source = LiveSource("stage", plan.connect)
    sound = source.listen()
    frames = source.frames()
    for _ in range(2):
        next(frames)
    assert sound.dropped == pytest.approx(20.0)
    assert len(sound.until(99.0)) == 30
