"""What happens, for everybody who watches: events in order, states newest first."""

import asyncio
import json
import math
from collections import deque
from collections.abc import Mapping
from typing import Any

WAITING = 500  # events that may wait for one viewer before it counts as too slow


class Viewer:
    """What still has to be said to one viewer."""

    def __init__(self, waiting: int) -> None:
        self._waiting = waiting
        self._events: deque[str] = deque()
        self._states: dict[str, str] = {}
        self._changed = asyncio.Event()
        self.fell = asyncio.Event()  # it was too slow, or the feed has closed
        self.reason = ""

    def event(self, message: str) -> None:
        """Add an event, which is never left out: a viewer that lets too many wait falls out instead."""
        if len(self._events) >= self._waiting:
            self.fall(f"too slow: {self._waiting} events wait")
            return
        self._events.append(message)
        self._changed.set()

    def state(self, key: str, message: str) -> None:
        """Replace what is known under a key."""
        self._states[key] = message
        self._changed.set()

    def fall(self, reason: str) -> None:
        """End this viewer."""
        self.reason = self.reason or reason
        self._events.clear()
        self._states.clear()
        self.fell.set()

    async def next(self, idle: float) -> str | None:
        """The next message: events before states; None where nothing came for `idle` seconds."""
        while True:
            if self._events:
                return self._events.popleft()
            if self._states:
                return self._states.pop(next(iter(self._states)))
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), idle)
            except TimeoutError:
                return None


class Feed:
    """Hands events and states to every viewer and remembers the last of them. Belongs to the page's event loop."""

    def __init__(self, history: int, waiting: int = WAITING) -> None:
        self._waiting = waiting
        self._history: deque[str] = deque(maxlen=history)
        self._states: dict[str, str] = {}
        self.viewers: set[Viewer] = set()

    def join(self) -> Viewer:
        """A new viewer, to whom the recent history and every state are said first."""
        viewer = Viewer(max(self._waiting, len(self._history) + 1))
        for message in self._history:
            viewer.event(message)
        for key, message in self._states.items():
            viewer.state(key, message)
        self.viewers.add(viewer)
        return viewer

    def event(self, message: Mapping[str, Any], *, remember: bool = True) -> None:
        """Say something that happened."""
        text = as_json(message)
        if remember:
            self._history.append(text)
        for viewer in tuple(self.viewers):
            viewer.event(text)

    def state(self, key: str, message: Mapping[str, Any]) -> None:
        """Say how something is now."""
        text = as_json(message)
        self._states[key] = text
        for viewer in self.viewers:
            viewer.state(key, text)

    def forget(self, key: str) -> None:
        """The thing under this key is gone."""
        self._states.pop(key, None)

    def close(self, reason: str) -> None:
        """End every viewer."""
        for viewer in tuple(self.viewers):
            viewer.fall(reason)


def as_json(message: Any) -> str:
    """JSON that every browser reads: a float that is no number becomes null."""
    return json.dumps(_plain(message), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return str(value)
