"""What became of every event that was to set something off."""

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["ok", "retrying", "failed", "cooling down", "quiet", "dropped"]
logger = logging.getLogger(__name__)
LEVELS: dict[Outcome, int] = {
    "ok": logging.INFO,
    "retrying": logging.WARNING,
    "failed": logging.ERROR,
    "cooling down": logging.DEBUG,
    "quiet": logging.DEBUG,
    "dropped": logging.WARNING,
}


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that became of one event at one action."""

    time: float  # media time of the event, seconds
    stream: str
    kind: str  # of the event
    action: str  # `Action.describe()`
    outcome: Outcome
    attempts: int  # so far
    reason: str = ""  # why not

    def line(self) -> str:
        """One line for people."""
        tries = f" after {self.attempts} attempts" if self.attempts > 1 else ""
        reason = f": {self.reason}" if self.reason else ""
        return f"{self.stream} {self.time:.2f} s {self.kind} → {self.action}: {self.outcome}{tries}{reason}"


class ActionLog:
    """Keeps the last records, counts all of them, and tells whoever watches. May be used from any thread.

    `observer` is called with every record, by the thread to which it happened, which may be the engine's: it must not
    block. What it raises is logged and goes no further.
    """

    def __init__(self, keep: int = 200, observer: Callable[[Record], None] | None = None) -> None:
        self.observer = observer
        self._records: deque[Record] = deque(maxlen=keep)
        self._counts: Counter[Outcome] = Counter()
        self._lock = threading.Lock()

    def add(self, record: Record) -> None:
        """Take one record."""
        with self._lock:
            self._records.append(record)
            self._counts[record.outcome] += 1
        logger.log(LEVELS[record.outcome], "%s", record.line())
        if self.observer is not None:
            try:
                self.observer(record)
            except Exception:  # watching is not taking part
                logger.exception("the observer of the action log failed")

    def records(self) -> list[Record]:
        """The last records, the oldest first."""
        with self._lock:
            return list(self._records)

    def count(self, outcome: Outcome) -> int:
        """How often this came about since the beginning."""
        with self._lock:
            return self._counts[outcome]
