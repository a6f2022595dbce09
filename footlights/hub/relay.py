"""Live pictures of devices, passed on to those who look. Nothing is kept but the newest picture of each stream.

Who looks first has the device asked for a stream, with a ticket that opens one connection once. The device connects to
the hub, as it always does, so that no door of its network has to be open. It is told when the next picture may come,
and let go when nobody has looked for a moment, or when the time is over.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from footlights.core.errors import FootlightsError, SettingsError, SourceError
from footlights.hub.switchboard import Switchboard

log = logging.getLogger(__name__)

EVERY = 0.2  # seconds between two pictures, at least
LINGER = 3.0  # seconds for which a stream goes on that nobody looks at
LONGEST = 600.0  # seconds of one stream; then somebody has to ask again
TICKET = 20.0  # seconds for which a ticket holds
MOST_STREAMS = 16  # at a time
MOST_VIEWERS = 32  # of one stream
LARGEST = 256 * 1024  # bytes of a picture
JPEG = b"\xff\xd8"
Place = tuple[str, str]  # device, stream
# Asks a device to show a stream with a ticket, for so many seconds; called by a thread. Raises FootlightsError: it does
# not.
Ask = Callable[[str, str, str, float], None]


def asking(switchboard: Switchboard) -> Ask:
    """Asks devices by a command, and waits for their answer."""

    def ask(device: str, stream: str, ticket: str, seconds: float) -> None:
        what = {"stream": stream, "seconds": seconds}
        said = switchboard.command(device, "live", what, "live", valid=TICKET, unkept={"ticket": ticket})
        row = switchboard.answer(said.id, TICKET / 2)
        if row["answered"] is None:
            raise SourceError("no answer: is the device online?")
        if int(row["code"]) >= 300:
            raise SourceError(str(row["answer"])[:100])

    return ask


@dataclass
class Channel:
    """One stream on its way. Everything happens in the loop of the web server."""

    device: str
    stream: str
    viewers: int = 0
    fed: bool = False  # the device is connected
    number: int = 0  # of the newest picture
    picture: bytes = b""
    ended: str | None = None  # why, in words
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, picture: bytes) -> None:
        """Take a new picture. Raises SettingsError: it is none, or too large."""
        if not picture.startswith(JPEG) or len(picture) > LARGEST:
            raise SettingsError(f"a live picture is a JPEG of at most {LARGEST} bytes")
        self.number, self.picture = self.number + 1, picture
        self._wake()

    def end(self, why: str) -> None:
        """There will be no more."""
        if self.ended is None:
            self.ended = why
            self._wake()

    async def next(self, shown: int) -> tuple[int, bytes] | None:
        """The newest picture, as soon as it is another one than `shown`; None where the stream has ended."""
        while self.ended is None and self.number <= shown:
            await self._changed.wait()
        return None if self.ended is not None else (self.number, self.picture)

    async def until_ended(self) -> None:
        """Wait until there will be no more."""
        while self.ended is None:
            await self._changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class Relay:
    """Every stream that somebody looks at. `end` may be called by any thread, the rest only within the loop."""

    def __init__(self, ask: Ask, clock: Callable[[], float] = time.monotonic) -> None:
        self._ask, self._clock = ask, clock
        self._channels: dict[Place, Channel] = {}
        self._tickets: dict[str, tuple[float, Channel]] = {}  # until when each holds
        self._jobs: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def streams(self) -> int:
        """How many are on their way."""
        return len(self._channels)

    @property
    def viewers(self) -> int:
        """How many look."""
        return sum(channel.viewers for channel in tuple(self._channels.values()))

    def join(self, device: str, stream: str) -> Channel:
        """Look at a stream; the first who does has the device asked. `leave` goes with it.

        Raises:
            SettingsError: as many look, or as many streams are on their way, as may.
        """
        self._loop = asyncio.get_running_loop()
        channel = self._channels.get((device, stream))
        if channel is None or channel.ended is not None:
            if len(self._channels) >= MOST_STREAMS:
                raise SettingsError(f"{MOST_STREAMS} live streams are on their way already")
            channel = self._channels[device, stream] = Channel(device, stream)
            self._begin(channel)
        if channel.viewers >= MOST_VIEWERS:
            raise SettingsError(f"{MOST_VIEWERS} look at this stream already")
        channel.viewers += 1
        return channel

    def leave(self, channel: Channel) -> None:
        """Look no more."""
        channel.viewers -= 1

    def admit(self, device: str, ticket: str) -> Channel | None:
        """The stream that a ticket of this device is for; None where it is none, was used before, or came too late."""
        until, channel = self._tickets.pop(ticket, (0.0, None))
        if channel is None or channel.device != device or self._clock() > until or channel.ended is not None:
            return None
        channel.fed = True
        return channel

    async def watch(self, channel: Channel) -> str:
        """Wait until a stream is to end, and why: nobody looks, the time is over, or it ended by itself."""
        began, alone = self._clock(), 0.0
        while channel.ended is None:
            with suppress(TimeoutError):
                await asyncio.wait_for(channel.until_ended(), EVERY)
            now = self._clock()
            alone = 0.0 if channel.viewers else alone or now
            if alone and now - alone > LINGER:
                channel.end("nobody looks any more")
            elif now - began > LONGEST:
                channel.end(f"{LONGEST / 60:.0f} minutes are over: ask again")
        return channel.ended

    def end(self, device: str, why: str) -> None:
        """End every stream of a device."""
        if self._loop is None or self._loop.is_closed():
            return
        with suppress(RuntimeError):  # the loop ends just now, and every stream with it
            for channel in tuple(self._channels.values()):
                if channel.device == device:
                    self._loop.call_soon_threadsafe(channel.end, why)

    def _begin(self, channel: Channel) -> None:
        ticket = secrets.token_urlsafe(32)
        self._tickets[ticket] = (self._clock() + TICKET, channel)
        job = asyncio.get_running_loop().create_task(self._run(channel, ticket))
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    async def _run(self, channel: Channel, ticket: str) -> None:
        """The life of a stream: the device is asked, comes, and goes."""
        try:
            asked = self._clock()
            await asyncio.to_thread(self._ask, channel.device, channel.stream, ticket, LONGEST + TICKET)
            while not channel.fed and channel.ended is None:
                if self._clock() - asked > TICKET:
                    channel.end("the device says yes and does not come: can it reach this hub by HTTPS?")
                await asyncio.sleep(EVERY / 4)
            await self.watch(channel)
        except FootlightsError as error:
            channel.end(str(error))
        finally:
            channel.end("the hub has ended it")
            self._tickets.pop(ticket, None)
            if self._channels.get((channel.device, channel.stream)) is channel:
                del self._channels[channel.device, channel.stream]
