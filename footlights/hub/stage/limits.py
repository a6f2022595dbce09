"""How often somebody may say something: a bucket of words that fills up again with time. And who is served first."""

import asyncio
from collections import OrderedDict, deque

MOST_ADDRESSES = 10_000  # that are remembered; then the one that was quiet longest is forgotten

A_ROUND = 4  # who wait their turn, let go in one round of the event loop


class Turns:
    """Lets those who wait go a few in each round of the event loop, so that what arrives meanwhile is looked at first.

    While thousands answer at once, counting them goes before telling each that it was counted.
    """

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def wait(self) -> None:
        """Come back when it is your turn."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._waiting.append(turn)
        if self._task is None:
            self._task = loop.create_task(self._run())
        await turn

    async def _run(self) -> None:
        try:
            while self._waiting:
                for _ in range(min(A_ROUND, len(self._waiting))):
                    if not (turn := self._waiting.popleft()).done():  # it was given up
                        turn.set_result(None)
                await asyncio.sleep(0)
        finally:
            self._task = None


class Bucket:
    """So many at once, so many a second."""

    __slots__ = ("_left", "_t")

    def __init__(self, most: float, t: float) -> None:
        self._left, self._t = most, t

    def take(self, most: float, rate: float, t: float) -> bool:
        """Take one; False: there is none left."""
        self._left = min(most, self._left + max(0.0, t - self._t) * rate)
        self._t = t
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class Addresses:
    """A bucket for each network address."""

    def __init__(self, most: float, rate: float) -> None:
        self._most, self._rate = most, rate
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, address: str, t: float) -> bool:
        """Take one for this address; False: there is none left."""
        bucket = self._buckets.get(address)
        if bucket is None:
            bucket = self._buckets[address] = Bucket(self._most, t)
            if len(self._buckets) > MOST_ADDRESSES:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(address)
        return bucket.take(self._most, self._rate, t)
