"""Patience with those who guess tokens, keys and cookies: so many wrong ones from an address, and it has to wait."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from starlette.requests import HTTPConnection

TRIES = 10  # wrong ones of an address in `WINDOW`
WINDOW = 60.0  # seconds
MOST_ADDRESSES = 10_000  # that are remembered, and as many rights
WAIT = "too many wrong tries from this address: wait a minute"
Tries = list[tuple[float, int | None]]  # when, and what was shown


class Patience:
    """Counts what went wrong by address, and says when it is enough. Bounded: the oldest address is forgotten."""

    def __init__(self, tries: int = TRIES, window: float = WINDOW, clock: Callable[[], float] = time.monotonic) -> None:
        self._tries, self._window, self._clock = tries, window, clock
        self._wrong: OrderedDict[str, Tries] = OrderedDict()
        self._right: OrderedDict[tuple[str, int], None] = OrderedDict()

    def exhausted(self, address: str, shown: str | None = None) -> bool:
        """Whether this address has to wait. Who shows what was right before does not: a neighbour may have guessed."""
        if shown is not None and (address, hash(shown)) in self._right:
            return False
        since = self._clock() - self._window
        return sum(moment > since for moment, _ in self._wrong.get(address, ())) >= self._tries

    def wrong(self, address: str, shown: str | None = None) -> None:
        """Something went wrong. The same `shown` again is no other guess: a tab that was left open asks on and on."""
        tries, mark = self._wrong.pop(address, []), None if shown is None else hash(shown)
        others = [one for one in tries if mark is None or one[1] != mark]
        self._wrong[address] = [*others, (self._clock(), mark)][-self._tries :]
        _bound(self._wrong)

    def right(self, address: str, shown: str) -> None:
        """What was shown was right."""
        self._right.pop((address, hash(shown)), None)
        self._right[address, hash(shown)] = None
        _bound(self._right)


def address_of(request: HTTPConnection) -> str:
    """Whom patience is kept for."""
    return request.client.host if request.client is not None else "unknown"


def _bound(remembered: OrderedDict[Any, Any]) -> None:
    while len(remembered) > MOST_ADDRESSES:
        remembered.popitem(last=False)
