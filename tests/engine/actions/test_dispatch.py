"""Slow actions, dead hosts, and the end of the program."""

import logging
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Self

import pytest

from footlights.core.errors import SettingsError, SinkError
from footlights.core.event import Event
from footlights.engine.actions.action import Action
from footlights.engine.actions.dispatch import Dispatcher, Retry
from footlights.engine.actions.log import ActionLog, Outcome, Record
from footlights.engine.actions.mqtt import Mqtt
from footlights.engine.actions.webhook import Webhook
from tests.engine.actions.conftest import WAIT, Answer, Receiver
from tests.ports import free_port

QUICK = Retry(first=0.01, longest=0.05)
NEVER = Retry(first=100_000.0, longest=100_000.0, age=1_000_000.0)  # whoever waits for this waits for ever


class Scripted(Action):
    """Does what it is told: `faults` are raised one after the other, then it succeeds. `gate` holds it up."""

    flag: ClassVar[str] = "scripted"
    help: ClassVar[str] = "."
    metavar: ClassVar[str] = "X"

    def __init__(self, *faults: Exception, name: str = "scripted") -> None:
        self.faults = list(faults)
        self.name = name
        self.gate = threading.Event()
        self.gate.set()
        self.begun: queue.Queue[float] = queue.Queue()  # media times of the events of all attempts
        self.closed = threading.Event()

    @classmethod
    def from_text(cls, text: str) -> Self:
        return cls(name=text)

    def fire(self, event: Event) -> None:
        self.begun.put(event.time)
        self.gate.wait()
        if self.faults:
            raise self.faults.pop(0)

    def close(self) -> None:
        self.closed.set()
        self.gate.set()

    def describe(self) -> str:
        return self.name


class Watcher:
    """Waits for what the log says."""

    def __init__(self) -> None:
        self.records: queue.Queue[Record] = queue.Queue()
        self.log = ActionLog(observer=self.records.put)

    def next(self) -> Record:
        return self.records.get(timeout=WAIT)

    def until(self, outcome: Outcome) -> Record:
        while (record := self.next()).outcome != outcome:
            pass
        return record


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture
def dispatch(watcher: Watcher) -> Iterator[Callable[..., Dispatcher]]:
    made: list[Dispatcher] = []

    def make(*actions: Action, **more: Any) -> Dispatcher:
        made.append(Dispatcher(actions, log=watcher.log, **more))
        return made[-1]

    yield make
    for dispatcher in made:
        dispatcher.close()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("action ")]


Dispatch = Callable[..., Dispatcher]


def trigger(time: float, stream: str = "a", kind: str = "trigger") -> Event:
    return Event(kind, stream, time)


def outcomes(records: Sequence[Record]) -> list[tuple[float, str]]:
    return [(record.time, record.outcome) for record in records]


def test_only_events_of_the_kind_set_something_off(dispatch: Dispatch) -> None:
    action = Scripted()
    dispatcher = dispatch(action)
    for time, kind in enumerate(["gesture.begin", "trigger", "triggers", "trigger.encore"]):
        dispatcher.handle(trigger(time, kind=kind))
    dispatcher.close()
    assert list(action.begun.queue) == [1, 3]


def test_the_kind_is_a_setting(dispatch: Dispatch) -> None:
    action = Scripted()
    dispatcher = dispatch(action, kind="gesture.begin")
    for kind in ("trigger", "gesture.begin", "gesture.end"):
        dispatcher.handle(trigger(1.0, kind=kind))
    dispatcher.close()
    assert action.begun.qsize() == 1


def test_the_log_says_what_happened(dispatch: Dispatch, watcher: Watcher, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        dispatch(Scripted(name="lights")).handle(Event("trigger", "line-1", 2.5, 3))
        assert watcher.next() == Record(2.5, "line-1", "trigger", "lights", "ok", 1)
    assert "line-1 2.50 s trigger → lights: ok" in caplog.text
    assert watcher.log.count("ok") == 1


def test_a_slow_action_holds_up_neither_the_engine_nor_the_others(dispatch: Dispatch, watcher: Watcher) -> None:
    slow, quick = Scripted(name="slow"), Scripted(name="quick")
    slow.gate.clear()
    dispatcher = dispatch(slow, quick)
    for time in range(3):
        dispatcher.handle(trigger(time))
    assert [watcher.next().action for _ in range(3)] == ["quick"] * 3
    slow.gate.set()
    assert [(record.action, record.time) for record in (watcher.next() for _ in range(3))] == [
        ("slow", 0), ("slow", 1), ("slow", 2),
    ]  # fmt: skip


def test_a_passing_trouble_is_tried_again_in_the_background(dispatch: Dispatch, watcher: Watcher) -> None:
    action = Scripted(SinkError("down"), ConnectionResetError("lost"))
    dispatch(action, retry=QUICK).handle(trigger(1.0))
    records = [watcher.next() for _ in range(3)]
    assert [(record.outcome, record.attempts, record.reason) for record in records] == [
        ("retrying", 1, "down"),
        ("retrying", 2, "lost"),
        ("ok", 3, ""),
    ]


def test_a_fault_of_the_configuration_is_not_tried_again(dispatch: Dispatch, watcher: Watcher) -> None:
    dispatcher = dispatch(Scripted(SettingsError("no such place")), retry=NEVER)
    dispatcher.handle(trigger(1.0))
    dispatcher.handle(trigger(2.0))
    assert [watcher.next().line() for _ in range(2)] == [
        "a 1.00 s trigger → scripted: failed: no such place",
        "a 2.00 s trigger → scripted: ok",
    ]


def test_a_bug_in_an_action_costs_one_event(
    dispatch: Dispatch, watcher: Watcher, caplog: pytest.LogCaptureFixture
) -> None:
    dispatcher = dispatch(Scripted(KeyError("oops")), retry=NEVER)
    dispatcher.handle(trigger(1.0))
    dispatcher.handle(trigger(2.0))
    assert watcher.next().reason == "KeyError, a bug in this action"
    assert watcher.next().outcome == "ok"
    assert "Traceback" in caplog.text


def test_an_event_that_is_too_old_is_given_up(dispatch: Dispatch, watcher: Watcher) -> None:
    faults = [SinkError("down") for _ in range(10_000)]
    dispatch(Scripted(*faults), retry=Retry(first=0.01, longest=0.01, age=0.1)).handle(trigger(1.0))
    record = watcher.until("failed")
    assert "given up" in record.reason
    assert record.attempts > 1


def test_pauses_double_up_to_the_longest_and_are_spread() -> None:
    retry = Retry(first=0.5, longest=30.0)
    for attempts, most in [(1, 0.5), (2, 1.0), (3, 2.0), (7, 30.0), (10_000, 30.0)]:
        pauses = {retry.pause(attempts) for _ in range(100)}
        assert all(most / 2 <= pause <= most for pause in pauses)
        assert len(pauses) > 50


def test_the_cool_down_runs_in_media_time_for_each_action_and_stream(dispatch: Dispatch, watcher: Watcher) -> None:
    dispatcher = dispatch(Scripted(), cooldown=2.0)
    for time, stream in [(10.0, "a"), (11.9, "a"), (11.0, "b"), (12.0, "a"), (13.9, "a"), (1.0, "a"), (2.0, "a")]:
        dispatcher.handle(trigger(time, stream))
    dispatcher.close()
    records = watcher.log.records()
    fired = [(record.stream, record.time) for record in records if record.outcome == "ok"]
    cooling = [(record.stream, record.time) for record in records if record.outcome == "cooling down"]
    assert fired == [("a", 10.0), ("b", 11.0), ("a", 12.0), ("a", 1.0)]  # at 1.0 the stream has begun anew
    assert cooling == [("a", 11.9), ("a", 13.9), ("a", 2.0)]


def test_no_cool_down_unless_asked_for(dispatch: Dispatch) -> None:
    action = Scripted()
    dispatcher = dispatch(action)
    for _ in range(5):
        dispatcher.handle(trigger(1.0))
    dispatcher.close()
    assert action.begun.qsize() == 5


def test_a_full_queue_drops_the_oldest_counts_and_says_so_once(dispatch: Dispatch, watcher: Watcher) -> None:
    action = Scripted()
    action.gate.clear()
    dispatcher = dispatch(action, queue=3)
    dispatcher.handle(trigger(0.0))
    assert action.begun.get(timeout=WAIT) == 0.0  # it is being tried, and waits no more
    for time in range(1, 8):
        dispatcher.handle(trigger(time))
    assert dispatcher.dropped == 4
    assert dispatcher.waiting == 4
    assert outcomes(watcher.log.records()) == [(1, "dropped")]
    assert "others may follow and are counted" in watcher.next().reason
    action.gate.set()
    assert [watcher.next().time for _ in range(4)] == [0, 5, 6, 7]
    action.gate.clear()
    dispatcher.handle(trigger(10.0))
    while action.begun.get(timeout=WAIT) != 10.0:
        pass
    for time in range(11, 15):
        dispatcher.handle(trigger(time))
    assert watcher.until("dropped").time == 11  # full again after it had been empty: said again
    action.gate.set()


def test_a_thousand_events_for_a_dead_host_stay_bounded(dispatch: Dispatch, watcher: Watcher) -> None:
    dead = Webhook.from_text(f"http://127.0.0.1:{free_port()}/")
    dispatcher = dispatch(dead, retry=NEVER)
    for time in range(1000):
        dispatcher.handle(trigger(time))
    assert watcher.until("retrying").attempts == 1
    assert dispatcher.waiting <= 65
    assert dispatcher.dropped >= 935
    assert dispatcher.waiting + dispatcher.dropped == 1000
    assert len(watcher.log.records()) <= 200
    dispatcher.close(timeout=100_000.0)  # comes back at once: the host is known to be down
    assert dispatcher.waiting == 0
    assert watcher.log.count("failed") == 1000 - dispatcher.dropped


def test_a_webhook_is_delivered_when_its_host_comes_up(
    dispatch: Dispatch, watcher: Watcher, make_receiver: Callable[..., Receiver]
) -> None:
    port = free_port()
    dispatcher = dispatch(Webhook.from_text(f"http://127.0.0.1:{port}/"), retry=QUICK)
    for time in range(3):
        dispatcher.handle(trigger(time))
    watcher.until("retrying")
    receiver = make_receiver(port)
    for time in range(3):
        assert watcher.until("ok").time == time
    assert receiver.requests.qsize() == 3


def test_a_webhook_that_is_overloaded_gets_its_event_later(
    dispatch: Dispatch, watcher: Watcher, receiver: Receiver
) -> None:
    receiver.answers.put(Answer(503))
    receiver.answers.put(Answer(429))
    dispatch(Webhook.from_text(f"http://127.0.0.1:{receiver.port}/"), retry=QUICK).handle(trigger(1.0))
    assert watcher.until("ok").attempts == 3


def test_a_message_is_delivered_when_its_broker_comes_up(
    dispatch: Dispatch, watcher: Watcher, make_broker: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("footlights.engine.actions.mqtt.TIMEOUT", 0.2)
    broker = make_broker("allow_anonymous true", start=False)
    dispatch(Mqtt.from_text(f"mqtt://127.0.0.1:{broker.port}/a"), retry=QUICK).handle(trigger(1.0))
    assert watcher.next().reason == f"no MQTT broker answers at 127.0.0.1:{broker.port}"
    broker.start()
    watcher.until("ok")


def test_close_delivers_what_waits(dispatch: Dispatch, watcher: Watcher) -> None:
    action = Scripted()
    dispatcher = dispatch(action)
    for time in range(20):
        dispatcher.handle(trigger(time))
    dispatcher.close(timeout=WAIT)
    assert list(action.begun.queue) == list(range(20))
    assert action.closed.is_set()
    assert watcher.log.count("ok") == 20


def test_close_ends_a_pause_between_attempts_at_once(dispatch: Dispatch, watcher: Watcher) -> None:
    action = Scripted(SinkError("down"))
    dispatcher = dispatch(action, retry=NEVER)
    dispatcher.handle(trigger(1.0))
    dispatcher.handle(trigger(2.0))
    assert watcher.next().outcome == "retrying"
    dispatcher.close(timeout=100_000.0)
    assert [record.reason for record in (watcher.next(), watcher.next())] == [
        "the program ended; down",
        "the program ended before its turn",
    ]
    assert action.begun.qsize() == 1
    assert action.closed.is_set()


def test_close_calls_back_an_attempt_that_takes_too_long(dispatch: Dispatch, watcher: Watcher) -> None:
    action = Scripted()
    action.gate.clear()
    dispatcher = dispatch(action)
    dispatcher.handle(trigger(1.0))
    dispatcher.handle(trigger(2.0))
    action.begun.get(timeout=WAIT)
    dispatcher.close(timeout=0.0)
    assert action.closed.is_set()
    assert outcomes(watcher.log.records()) == [(1.0, "ok"), (2.0, "failed")]


def test_after_close_nothing_is_taken_and_closing_again_does_nothing(dispatch: Dispatch) -> None:
    action = Scripted()
    dispatcher = dispatch(action)
    dispatcher.close()
    dispatcher.handle(trigger(1.0))
    dispatcher.close()
    assert dispatcher.waiting == 0
    assert action.begun.empty()


def test_an_observer_that_fails_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def observer(record: Record) -> None:
        raise RuntimeError("no page")

    action = Scripted()
    dispatcher = Dispatcher([action], log=ActionLog(observer=observer), cooldown=10.0)
    dispatcher.handle(trigger(1.0))
    dispatcher.handle(trigger(2.0))
    dispatcher.close()
    assert dispatcher.log.count("ok") == 1
    assert dispatcher.log.count("cooling down") == 1
    assert "the observer of the action log failed" in caplog.text


def test_an_action_that_cannot_prepare_may_still_fire(dispatch: Dispatch, watcher: Watcher) -> None:
    class Unprepared(Scripted):
        def prepare(self) -> None:
            raise OSError("not yet")

    dispatch(Unprepared()).handle(trigger(1.0))
    assert watcher.next().outcome == "ok"
