"""One WebSocket of the stage: answers go out in order, news only in their newest state."""

import asyncio
import logging
from collections.abc import Callable

from starlette.types import Receive, Send

from footlights.hub.stage.limits import Bucket
from footlights.wire.stage import LARGEST, Heard, encode

log = logging.getLogger(__name__)
WORDS, RATE = 40.0, 10.0  # messages at once, and a second, of one connection
PATIENCE = 100  # messages over the limit after which the connection is closed
REPLACED, NOT_LET_IN, TOO_MANY, NO_MESSAGE, OVER = 4000, 4003, 4008, 4009, 4010  # codes of closing
_CLOSING: set[asyncio.Task[None]] = set()  # the loop itself does not hold what it runs


class SeatClosedError(Exception):
    """The other side is gone, or had to go."""


class Seat:
    """A connection that was accepted."""

    __slots__ = ("_bucket", "_clock", "_flushing", "_news", "_over", "_receive", "_send", "heard")

    def __init__(self, receive: Receive, send: Send, clock: Callable[[], float]) -> None:
        self._receive, self._send, self._clock = receive, send, clock
        self._bucket = Bucket(WORDS, clock())
        self._news: dict[str, str] | None = None  # what is to be told, by kind: the newest of each
        self._flushing: asyncio.Task[None] | None = None
        self._over = 0
        self.heard = clock()  # server time of the last message

    async def listen(self) -> str:
        """The next message. Those over the limit are left out. Raises SeatClosedError."""
        while True:
            event = await self._receive()
            if event["type"] != "websocket.receive":
                raise SeatClosedError
            self.heard = self._clock()
            text: str | None = event.get("text")
            if text is None or len(text) > LARGEST:
                await self.close(NO_MESSAGE)
                raise SeatClosedError
            if self._bucket.take(WORDS, RATE, self.heard):
                return text
            self._over += 1
            if self._over > PATIENCE:
                await self.close(TOO_MANY)
                raise SeatClosedError

    async def say(self, message: Heard) -> None:
        """Answer. Who does not read is not read from either: this waits. Raises SeatClosedError."""
        try:
            await self._send({"type": "websocket.send", "text": encode(message)})
        except (OSError, RuntimeError):  # gone, or closed by us
            raise SeatClosedError from None

    def tell(self, kind: str, text: str) -> None:
        """News for everybody, encoded once. Never waits: what is newer takes the place of what was not sent yet."""
        if self._news is None:
            self._news = {}
        self._news[kind] = text
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().create_task(self._flush())

    async def _flush(self) -> None:
        try:
            while self._news:
                text = self._news.pop(next(iter(self._news)))
                await self._send({"type": "websocket.send", "text": text})
        except (OSError, RuntimeError):
            log.debug("news for a connection that is gone")
        finally:
            self._flushing = self._news = None

    async def close(self, code: int) -> None:
        """End it."""
        try:
            await self._send({"type": "websocket.close", "code": code})
        except (OSError, RuntimeError):
            log.debug("closed already")

    def dismiss(self, code: int) -> None:
        """End it without waiting."""
        closing = asyncio.get_running_loop().create_task(self.close(code))
        _CLOSING.add(closing)
        closing.add_done_callback(_CLOSING.discard)
