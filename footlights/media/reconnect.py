"""Live sources come back by themselves: back-off, one growing media time over all connections, states to watch."""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Literal, Protocol

from footlights.core.errors import SourceError
from footlights.core.frame import Frame, Picture
from footlights.media.container import Samples
from footlights.media.sound import LiveSound, Sound
from footlights.media.timeline import Timeline

log = logging.getLogger(__name__)

State = Literal["connecting", "running", "retrying"]
OnState = Callable[[str, State, str], None]  # stream, state, one line for people ("" while all is well)

FIRST_DELAY = 0.5  # seconds
LONGEST_DELAY = 30.0  # seconds
JITTER = 0.2  # of the delay, either way, so that many devices do not knock at the same moment


class Taken(Protocol):
    """One picture of a connection."""

    @property
    def picture(self) -> Picture:
        """The picture."""

    @property
    def stamp(self) -> float | None:
        """Seconds on the connection's own clock, None where it has none."""


class Connection(Protocol):
    """An opened camera or stream, to be used as a context manager."""

    @property
    def sound_rate(self) -> int | None:
        """Samples a second; None without sound."""

    def __enter__(self) -> "Connection":
        """Itself."""

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the camera or stream."""

    def read(self, *, sound: bool) -> Iterator[Taken | Samples]:
        """All that comes. Raises SourceError, or just ends, where the connection is lost."""


Connect = Callable[[], Connection]  # raises SourceError where the connection cannot be made


class Backoff:
    """The waiting times between attempts: 0.5 s, doubled each time up to 30 s, each with jitter."""

    def __init__(self, chance: random.Random | None = None) -> None:
        self._chance = chance or random.Random()
        self._next = FIRST_DELAY

    def delay(self, lasted: float = 0.0) -> float:
        """Seconds to wait after a connection that gave pictures for `lasted` seconds. One that lasted begins anew."""
        if lasted > self._next:
            self._next = FIRST_DELAY
        delay, self._next = self._next, min(2 * self._next, LONGEST_DELAY)
        return delay * self._chance.uniform(1 - JITTER, 1 + JITTER)


class LiveSource:
    """A live source that is opened again whenever it fails or ends, until it is closed.

    Media time is the monotonic clock since `frames()` began, smoothed by the time stamps within a connection. With
    `paced`, pictures that come in bursts (HLS hands over seconds at a time) are given when they are due. `on_state` is
    called in the thread of `frames()`.
    """

    live = True
    duration: float | None = None

    def __init__(self, name: str, connect: Connect, on_state: OnState | None = None, *, paced: bool = False) -> None:
        self.name = name
        self.on_state = on_state
        self._connect = connect
        self._paced = paced
        self._closed = threading.Event()
        self._sound: LiveSound | None = None
        self._said = ""  # the fault that was logged last, so that a camera unplugged for a week is one line

    def frames(self) -> Iterator[Frame]:
        """Frames until `close()`. Never raises SourceError: a failure is a state, and is tried again."""
        began = time.monotonic()
        timeline = Timeline(step=0.001)
        backoff = Backoff()
        index = 0
        while not self._closed.is_set():
            self._tell("connecting", "")
            timeline.restart()
            fault, first = "the stream ended", None
            try:
                for taken in self._connection(timeline):
                    now = time.monotonic()
                    moment = timeline.at(taken.stamp, now - began)
                    if first is None:
                        first = now
                        self._running()
                    if self._paced and moment > now - began and self._closed.wait(moment - (now - began)):
                        return
                    yield Frame(taken.picture, moment, self.name, index, arrived=time.monotonic())
                    index += 1
            except SourceError as error:
                fault = str(error)
            if self._closed.is_set():
                return
            delay = backoff.delay(0.0 if first is None else time.monotonic() - first)
            self._failed(fault, delay)
            self._closed.wait(delay)

    def listen(self) -> Sound:
        """The sound of this stream, for one recorder. To be called before `frames()`."""
        self._sound = LiveSound()
        return self._sound

    def close(self) -> None:
        self._closed.set()

    def _connection(self, timeline: Timeline) -> Iterator[Taken]:
        """The pictures of one connection; its sound goes to whoever listens."""
        sound = self._sound
        with self._connect() as connection:
            if sound is not None and sound.rate is None:
                sound.rate = connection.sound_rate
            for piece in connection.read(sound=sound is not None and not sound.closed):
                if self._closed.is_set():
                    return
                if not isinstance(piece, Samples):
                    yield piece
                elif sound is not None and piece.rate == sound.rate and timeline.offset is not None:
                    sound.put(Samples(piece.values, piece.rate, piece.time + timeline.offset))

    def _running(self) -> None:
        if self._said:
            log.info("%s: pictures come again", self.name)
            self._said = ""
        self._tell("running", "")

    def _failed(self, fault: str, delay: float) -> None:
        if fault != self._said:
            log.warning("%s: %s; trying again until it comes", self.name, fault)
            self._said = fault
        self._tell("retrying", f"{fault}; next try in {delay:.1f} s")

    def _tell(self, state: State, message: str) -> None:
        if self.on_state is not None:
            self.on_state(self.name, state, message)
