"""`--stage URL`: this device is a member of a stage's audience and answers its cues with the gestures that it sees.

There is no outbox: an answer that is late is worth nothing, so what was seen while the stage was away is forgotten.
"""

import asyncio
import logging
import random
import threading
import time
from collections import deque
from contextlib import suppress
from urllib.parse import urlsplit

from footlights.core.errors import SettingsError
from footlights.core.event import Event
from footlights.core.scene import Scene
from footlights.wire.fleet import MessageError
from footlights.wire.stage import (
    Answer,
    Confirmed,
    CuePart,
    Cues,
    Hello,
    Ping,
    Playing,
    Pong,
    Refused,
    Said,
    Welcome,
    encode,
    read_heard,
)

log = logging.getLogger(__name__)

LOOK_EVERY = 0.05  # seconds between two looks at what people do
FIRST_PINGS, PING_EVERY, PING_LATER = 5, 0.4, 15.0  # how many at first, and the seconds between them, then later ones
PAUSES = (0.5, 30.0)  # seconds before coming back, the first and the longest
SHORT = 0.4  # seconds for which a gesture that has ended already may still be answered
FINAL = {4003, 4010}  # codes with which coming back would change nothing


class StageClock:
    """The show's time, from the answers of the stage to what the time is: the quickest of the last ones is believed."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float]] = deque(maxlen=8)  # round trip and offset, seconds
        self.playing = Playing("waiting", 0.0, 0.0)

    @property
    def known(self) -> bool:
        """Whether the stage has said what the time is."""
        return bool(self._samples)

    def pong(self, pong: Pong, now: float) -> None:
        """An answer that arrived at this moment of our clock."""
        self._samples.append((now - pong.t0, pong.t - (pong.t0 + now) / 2))

    def show_time(self, moment: float) -> float | None:
        """Show time at a moment of our clock; None: the show does not play, or nothing is known."""
        if self.playing.state != "playing" or not self._samples:
            return None
        return self.playing.at + max(0.0, moment + min(self._samples)[1] - self.playing.t)


class Doing:
    """Who does which gesture, from the events of the app. Written by one thread and read by another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now: dict[str, dict[tuple[str, int | None], float]] = {}  # gesture: who, and since when
        self._ended: dict[str, tuple[float, float]] = {}  # gesture: when the last one began and ended

    def note(self, event: Event, now: float) -> None:
        """An event of the app."""
        gesture, who = str(event.data.get("gesture", "")), (event.stream, event.track)
        with self._lock:
            if event.kind == "gesture.begin":
                self._now.setdefault(gesture, {})[who] = now
            elif event.kind == "gesture.end":
                since = self._now.get(gesture, {}).pop(who, None)
                if since is not None:
                    self._ended[gesture] = (since, now)

    def of(self, gesture: str, now: float) -> tuple[int, float] | None:
        """How many do this gesture, and when the last of them began; None: nobody."""
        with self._lock:
            if who := self._now.get(gesture):
                return len(who), max(who.values())
            began, ended = self._ended.get(gesture, (0.0, -SHORT))
            return (1, began) if now - ended < SHORT else None


class Audience:
    """A sink that answers. The connection has a thread of its own, and comes back by itself."""

    def __init__(self, address: str, name: str = "") -> None:
        self._address = address
        self._name = name
        self._ticket = ""
        self._doing = Doing()
        self._clock = StageClock()
        self._cues: tuple[CuePart, ...] = ()
        self._people = 1
        self._answered: dict[str, int] = {}  # cue: votes
        self.confirmed = 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stage", daemon=True)
        self._thread.start()

    @classmethod
    def from_text(cls, text: str) -> "Audience":
        """The member that an address of a show means. Raises SettingsError."""
        parts = urlsplit(text if "://" in text else f"https://{text}")
        place = parts.path.strip("/").split("/")
        if parts.scheme not in ("http", "https") or not parts.hostname or len(place) != 2 or place[0] != "stage":
            raise SettingsError(f"--stage takes the address of a show, such as https://host/stage/show/, got '{text}'")
        scheme = "wss" if parts.scheme == "https" else "ws"
        return cls(f"{scheme}://{parts.netloc}/stage/{place[1]}/member")

    def write(self, scene: Scene) -> None:
        """Take what the app saw."""
        for event in scene.events:
            self._doing.note(event, time.monotonic())

    def close(self) -> None:
        """Leave."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        from websockets.exceptions import ConnectionClosed, InvalidHandshake

        tries = 0
        while not self._closing.is_set():
            try:
                asyncio.run(self._visit())
                tries = 0
            except ConnectionClosed as closed:
                if closed.rcvd is not None and closed.rcvd.code in FINAL:
                    log.warning("the stage lets this device in no more")
                    return
                tries = 0 if self._clock.known else tries + 1
                log.warning("the stage is away; what people do until it is back is not answered")
            except (OSError, InvalidHandshake, TimeoutError) as error:
                tries += 1
                log.warning("the stage does not answer (%s); late answers are worth nothing and are dropped", error)
            self._clock = StageClock()
            self._closing.wait(min(PAUSES[1], PAUSES[0] * 2.0 ** min(tries, 8)) * random.uniform(0.5, 1.0))

    async def _visit(self) -> None:
        """One connection, until it ends. It is read and written in one thread: TLS does not bear two at once."""
        from websockets.asyncio.client import connect

        async with connect(self._address, compression=None, open_timeout=10, max_size=2**18) as line:

            async def say(message: Said) -> None:
                await line.send(encode(message))

            await say(Hello(self._ticket, self._name, "", 50))
            pings, next_ping = 0, time.monotonic()
            while not self._closing.is_set():
                with suppress(TimeoutError):  # nothing was said
                    async with asyncio.timeout(LOOK_EVERY):
                        self._hear(await line.recv())
                now = time.monotonic()
                if self._ticket and now >= next_ping:
                    pings += 1
                    next_ping = now + (PING_EVERY if pings < FIRST_PINGS else PING_LATER)
                    await say(Ping(now))
                if (answer := self.answer(now)) is not None:
                    await say(answer)

    def answer(self, now: float) -> Answer | None:
        """What is to be answered at this moment of our clock: the cue that is open, where its gesture is done."""
        at = self._clock.show_time(now)
        if at is None:
            return None
        for cue in self._cues:
            done = self._doing.of(cue.expect, now) if cue.begin <= at <= cue.end else None
            if done is None:
                continue
            votes = min(done[0], self._people)
            if votes > self._answered.get(cue.id, 0):
                self._answered[cue.id] = votes
                since = self._clock.show_time(done[1]) or 0.0
                return Answer(cue.id, cue.expect, max(cue.begin, min(since, at)), 1.0, votes)
        return None

    def _hear(self, frame: str | bytes) -> None:
        try:
            heard = read_heard(frame)
        except MessageError as error:
            log.warning("the stage said something that is not understood: %s", error)
            return
        if isinstance(heard, Welcome):
            self._ticket, self._cues, self._people = heard.ticket, heard.cues, heard.people
            self._answered = dict.fromkeys(heard.answered, heard.people)
            self._clock.playing = heard.playing
            log.info("on the stage: %s", heard.title)
        elif isinstance(heard, Playing):
            if heard.at < (self._clock.show_time(time.monotonic()) or 0.0):
                self._answered.clear()  # the show goes back: its cues come again
            self._clock.playing = heard
        elif isinstance(heard, Pong):
            self._clock.pong(heard, time.monotonic())
        elif isinstance(heard, Cues):
            self._cues = heard.cues
        elif isinstance(heard, Confirmed):
            self.confirmed += 1
            log.info("answered '%s' after %.1f s; %d have", heard.cue, heard.reaction, heard.count)
        elif isinstance(heard, Refused):
            log.warning("the stage: %s", heard.why)
