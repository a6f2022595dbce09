"""From the engine's thread to the actions: what happens when an action is slow or its host is down."""

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from footlights.core.errors import FootlightsError, SettingsError
from footlights.core.event import Event
from footlights.engine.actions.action import Action
from footlights.engine.actions.log import ActionLog, Outcome, Record
from footlights.engine.actions.quiet import QuietHours

logger = logging.getLogger(__name__)
STREAMS = 1024  # whose last firing is remembered for the cool-down
LET_GO = 12.0  # seconds that an action may need to come back from a network call


@dataclass(frozen=True)
class Retry:
    """How long a failed action is tried again."""

    first: float = 0.5  # seconds before the second attempt, doubled for each further one
    longest: float = 30.0  # seconds
    age: float = 60.0  # seconds after the event at which it is given up: a late effect is a wrong one

    def pause(self, attempts: int) -> float:
        """Seconds to wait after so many attempts, shortened at random so that a fleet does not call in step."""
        return min(self.longest, self.first * 2.0 ** min(attempts - 1, 32)) * random.uniform(0.5, 1.0)


@dataclass(slots=True)
class Waiting:
    """An event in a queue."""

    event: Event
    since: float  # monotonic clock, seconds
    attempts: int = 0


class Dispatcher:
    """Gives every event of one kind ("trigger", and "trigger.anything") to every action.

    Each action has a thread and a bounded queue of its own, so that none waits for another and the engine for none. A
    full queue drops its oldest event; that is counted, and said once until the queue is empty again. `cooldown` is in
    seconds of media time, for each action and stream. In `quiet` hours, by the clock of this machine, there are none.
    """

    def __init__(
        self,
        actions: Sequence[Action],
        *,
        kind: str = "trigger",
        cooldown: float = 0.0,
        queue: int = 64,
        retry: Retry | None = None,
        log: ActionLog | None = None,
        quiet: QuietHours | None = None,
        clock: Callable[[], datetime] = datetime.now,
    ) -> None:
        self.kind = kind
        self.log = log if log is not None else ActionLog()
        self._quiet = quiet
        self._clock = clock
        self._workers = [_Worker(action, self.log, cooldown, queue, retry or Retry()) for action in actions]

    def handle(self, event: Event) -> None:
        """Take one event of the engine. Never blocks and never raises; other kinds of events are left alone."""
        if self.wants(event):
            still = self._quiet is not None and self._quiet.hold(self._clock())
            for worker in self._workers:
                if still:
                    worker.leave(event)
                else:
                    worker.put(event)

    def wants(self, event: Event) -> bool:
        """True for events that set off actions."""
        return event.kind == self.kind or event.kind.startswith(f"{self.kind}.")

    @property
    def waiting(self) -> int:
        """Events that wait in queues, those that are being tried included."""
        return sum(worker.waiting for worker in self._workers)

    @property
    def dropped(self) -> int:
        """Events that full queues have dropped."""
        return sum(worker.dropped for worker in self._workers)

    def close(self, timeout: float = 2.0) -> None:
        """Try once whatever waits, for so many seconds at most, and end every thread. May be called twice.

        An action whose last attempt failed is not tried again: its host is down.
        """
        deadline = time.monotonic() + timeout
        for worker in self._workers:
            worker.finish()
        for worker in self._workers:
            worker.join(max(0.0, deadline - time.monotonic()))
        for worker in self._workers:
            worker.stop()
        deadline = time.monotonic() + LET_GO
        for worker in self._workers:
            worker.join(max(0.0, deadline - time.monotonic()))
            if worker.alive:
                logger.warning("%s does not let go; left behind", worker.action.describe())


class _Worker:
    """One action, its queue and its thread."""

    def __init__(self, action: Action, log: ActionLog, cooldown: float, size: int, retry: Retry) -> None:
        self.action = action
        self.dropped = 0
        self._log = log
        self._cooldown = cooldown
        self._size = size
        self._retry = retry
        self._queue: deque[Waiting] = deque()
        self._now: Waiting | None = None  # being tried
        self._fired: dict[str, float] = {}  # media time of the last firing by stream, the latest last
        self._full = False  # the queue was full and has not been empty since
        self._changed = threading.Condition()
        self._finishing = threading.Event()  # no new events, no more pauses
        self._stopping = False  # no further attempts
        self._thread = threading.Thread(target=self._run, name=f"action {action.flag}", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        with self._changed:
            return len(self._queue) + (self._now is not None)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def put(self, event: Event) -> None:
        waiting, oldest, say = Waiting(event, time.monotonic()), None, False
        with self._changed:
            if self._finishing.is_set():
                return
            cooling = self._cools_down(event)
            if not cooling:
                if len(self._queue) >= self._size:
                    oldest = self._queue.popleft()
                    self.dropped += 1
                    say, self._full = not self._full, True
                self._queue.append(waiting)
                self._changed.notify()
        if cooling:
            self._record(waiting, "cooling down")
        if say and oldest is not None:
            self._record(oldest, "dropped", f"{self._size} events wait already; others may follow and are counted")

    def leave(self, event: Event) -> None:
        """Set nothing off: these are quiet hours."""
        self._record(Waiting(event, time.monotonic()), "quiet")

    def finish(self) -> None:
        """No new events; what waits is tried once. A pause between two attempts ends at once."""
        with self._changed:
            self._finishing.set()
            self._changed.notify()

    def stop(self) -> None:
        """No further attempts; the one that runs is called back."""
        with self._changed:
            self._stopping = True
        if self.alive:
            self.action.close()

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    def _cools_down(self, event: Event) -> bool:
        last = self._fired.pop(event.stream, None)
        cooling = last is not None and 0 <= event.time - last < self._cooldown  # before it: the stream began anew
        self._fired[event.stream] = last if cooling and last is not None else event.time
        if len(self._fired) > STREAMS:
            self._fired.pop(next(iter(self._fired)))
        return cooling

    def _run(self) -> None:
        try:
            self.action.prepare()
        except Exception as error:  # `fire` will say so, should it be asked
            logger.debug("%s is not prepared: %s", self.action.describe(), error)
        while (waiting := self._take()) is not None:
            self._deliver(waiting)
        for waiting in self._queue:
            self._record(waiting, "failed", "the program ended before its turn")
        self._queue.clear()
        self.action.close()

    def _take(self) -> Waiting | None:
        with self._changed:
            self._now = None
            self._full = self._full and bool(self._queue)
            while not self._queue and not self._finishing.is_set():
                self._changed.wait()
            if self._queue and not self._stopping:
                self._now = self._queue.popleft()
            return self._now

    def _deliver(self, waiting: Waiting) -> None:
        """Attempts, and pauses between them, until one succeeds, it is too late, or the program ends."""
        while True:
            age = time.monotonic() - waiting.since
            if age > self._retry.age:
                return self._record(waiting, "failed", f"given up, {age:.0f} s after the event")
            waiting.attempts += 1
            outcome, reason = self._attempt(waiting.event)
            if outcome != "retrying":
                return self._record(waiting, outcome, reason)
            if self._finishing.is_set():
                return self._give_up(waiting, reason)
            self._record(waiting, "retrying", reason)
            if self._finishing.wait(self._retry.pause(waiting.attempts)):
                return self._give_up(waiting, reason)

    def _attempt(self, event: Event) -> tuple[Outcome, str]:
        try:
            self.action.fire(event)
        except SettingsError as error:
            return "failed", str(error)
        except (FootlightsError, OSError) as error:
            return "retrying", getattr(error, "strerror", None) or str(error) or type(error).__name__
        except Exception as error:  # a bug in an action must not silence it for the rest of the show
            logger.exception("%s failed", self.action.describe())
            return "failed", f"{type(error).__name__}, a bug in this action"
        return "ok", ""

    def _give_up(self, waiting: Waiting, reason: str) -> None:
        """The program ends and the host is down: what waits behind is not tried either."""
        self._stopping = True
        self._record(waiting, "failed", f"the program ended; {reason}")

    def _record(self, waiting: Waiting, outcome: Outcome, reason: str = "") -> None:
        event = waiting.event
        self._log.add(
            Record(event.time, event.stream, event.kind, self.action.describe(), outcome, waiting.attempts, reason)
        )
