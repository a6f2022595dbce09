"""A device as a member of a stage's audience."""

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from footlights.core.event import Event
from footlights.engine.audience import Audience, Doing, StageClock
from footlights.wire.stage import (
    Answer,
    Confirmed,
    CuePart,
    Hello,
    MediaPart,
    Ping,
    Playing,
    Pong,
    Welcome,
    encode,
    read_said,
)

CUES = (CuePart("a", 10.0, 20.0, "x_arms", "Crossed arms", ""), CuePart("b", 30.0, 40.0, "wave", "Waving", ""))


def begin(gesture: str, track: int, stream: str = "left") -> Event:
    return Event("gesture.begin", stream, 0.0, track, {"gesture": gesture})


def end(gesture: str, track: int, stream: str = "left") -> Event:
    return Event("gesture.end", stream, 0.0, track, {"gesture": gesture})


def test_the_clock_believes_the_quickest_answer() -> None:
    clock = StageClock()
    clock.playing = Playing("playing", 5.0, 1000.0)
    assert clock.show_time(0.0) is None
    clock.pong(Pong(10.0, 1010.4), 11.0)  # a second under way: the offset looks like 999.9
    clock.pong(Pong(20.0, 1020.01), 20.02)
    assert clock.show_time(21.0) == pytest.approx(26.0)
    clock.playing = Playing("paused", 26.0, 1021.0)
    assert clock.show_time(22.0) is None


def test_who_does_what_is_known_for_a_moment_after_it_ended() -> None:
    doing = Doing()
    doing.note(begin("wave", 1), 1.0)
    doing.note(begin("wave", 1, "right"), 2.0)
    assert doing.of("wave", 2.5) == (2, 2.0) and doing.of("x_arms", 2.5) is None
    doing.note(end("wave", 1), 3.0)
    doing.note(end("wave", 1, "right"), 3.1)
    assert doing.of("wave", 3.2) == (1, 2.0) and doing.of("wave", 3.6) is None
    doing.note(end("wave", 7), 4.0)
    assert doing.of("wave", 4.1) is None, "an end without a beginning"


class Stage:
    """A stage of one connection at a time, that can cut it off."""

    def __init__(self) -> None:
        self.said: list[object] = []
        self.people = 1
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._lines: set[object] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        from websockets.asyncio.server import serve

        self._stop = asyncio.Event()
        async with serve(self._line, "127.0.0.1", 0) as server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            self._ready.set()
            await self._stop.wait()

    async def _line(self, line: object) -> None:
        self._lines.add(line)
        playing = Playing("playing", 12.0, time.monotonic())
        async for frame in line:  # type: ignore[attr-defined]
            said = read_said(frame)
            self.said.append(said)
            if isinstance(said, Hello):
                media = MediaPart("none", "", 0.0, None)
                answer: object = Welcome("ticket", "", "", "", (), self.people, "x", media, playing, CUES, ())
            elif isinstance(said, Ping):
                answer = Pong(said.t0, time.monotonic())
            else:
                answer = Confirmed("a", 1.0, 1, 1, 1)
            await line.send(encode(answer))  # type: ignore[arg-type, attr-defined]

    def cut(self) -> None:
        for line in self._lines:
            self._loop.call_soon_threadsafe(line.transport.abort)  # type: ignore[attr-defined]
        self._lines.clear()

    def heard(self, kind: type) -> list[object]:
        return [said for said in self.said if isinstance(said, kind)]

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.close()


def eventually(holds: object) -> None:
    deadline = time.monotonic() + 30
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_gesture_is_answered_once_and_again_only_by_more_people(stage: Stage) -> None:
    stage.people = 2
    audience = Audience.from_text(f"http://127.0.0.1:{stage.port}/stage/x/")
    try:
        audience._doing.note(begin("x_arms", 1), time.monotonic())
        eventually(lambda: audience.confirmed == 1)
        (answer,) = stage.heard(Answer)
        assert isinstance(answer, Answer) and (answer.cue, answer.gesture, answer.people) == ("a", "x_arms", 1)
        assert 10.0 <= answer.at <= 20.0
        for track in (2, 3):
            audience._doing.note(begin("x_arms", track), time.monotonic())
        eventually(lambda: audience.confirmed >= 2)
        assert [answer.people for answer in stage.heard(Answer) if isinstance(answer, Answer)] == [1, 2]
    finally:
        audience.close()


def test_it_comes_back_with_its_ticket_and_does_not_answer_what_is_over(stage: Stage) -> None:
    audience = Audience.from_text(f"http://127.0.0.1:{stage.port}/stage/x")
    try:
        eventually(lambda: audience._clock.known)
        stage.cut()
        audience._doing.note(begin("x_arms", 1), time.monotonic() - 1.0)
        audience._doing.note(end("x_arms", 1), time.monotonic() - 0.5)
        eventually(lambda: len(stage.heard(Hello)) == 2 and len(stage.heard(Ping)) > 3)
        assert [said.ticket for said in stage.heard(Hello) if isinstance(said, Hello)] == ["", "ticket"]
        assert not stage.heard(Answer)
    finally:
        audience.close()


def test_a_stage_that_is_not_there_ends_nothing(tmp_path: Path) -> None:
    audience = Audience.from_text("http://127.0.0.1:9/stage/x/")
    time.sleep(0.05)
    assert audience._thread.is_alive()
    audience.close()


def test_who_holds_the_gesture_already_answers_at_the_beginning_of_the_cue() -> None:
    audience = Audience.from_text("http://127.0.0.1:9/stage/x/")
    audience.close()
    audience._cues = CUES
    audience._clock = StageClock()
    audience._clock.pong(Pong(0.0, 0.0), 0.0)
    audience._clock.playing = Playing("playing", 0.0, 0.0)
    audience._doing.note(begin("x_arms", 1), 5.0)
    assert audience.answer(9.9) is None
    assert audience.answer(10.3) == Answer("a", "x_arms", 10.0, 1.0, 1)
    assert audience.answer(10.4) is None
    assert audience.answer(35.0) is None
