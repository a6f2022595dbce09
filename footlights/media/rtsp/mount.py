"""One live video at one path: its encoder's units become packets once, for all who watch."""

import asyncio
import secrets
import time
from contextlib import suppress

from footlights.media.encoder import Encoder, Viewer
from footlights.media.h264 import split_nals
from footlights.media.rtsp.rtp import Numbering
from footlights.media.rtsp.sessions import Packed, Session

FIRST_PICTURE = 6.0  # seconds to wait for it when somebody asks what there is
LINGER = 10.0  # seconds for which the encoder runs on after the last viewer: most of them come back at once


class Mount:
    """Belongs to the server's loop, except `wake`. The encoder runs while somebody asks or watches."""

    def __init__(self, path: str, encoder: Encoder, loop: asyncio.AbstractEventLoop) -> None:
        self.path = path
        self.encoder = encoder
        self.sessions: set[Session] = set()
        self.sent = 0  # pictures, to viewers that are gone
        self.dropped = 0  # pictures, for viewers that are gone
        self._loop = loop
        self._viewer: Viewer | None = None
        self._used = 0.0  # monotonic clock: when somebody asked or watched last
        self._numbering = Numbering(secrets.randbits(32), secrets.randbits(16))
        self._offset = secrets.randbits(32)  # of RTP time

    @property
    def ssrc(self) -> int:
        """The number of this stream in its packets."""
        return self._numbering.ssrc

    @property
    def looks(self) -> bool:
        """True while the encoder runs for this mount."""
        return self._viewer is not None and not self._viewer.closed

    async def parameter_sets(self) -> tuple[bytes, bytes] | None:
        """SPS and PPS, as soon as there is a picture; None where there is none in time."""
        self._look()
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_PICTURE):
                while self.encoder.parameter_sets is None:
                    await asyncio.sleep(0.02)
        return self.encoder.parameter_sets

    def join(self, session: Session) -> None:
        """A viewer begins to watch."""
        self.sessions.add(session)
        self._look()
        session.play()

    def leave(self, session: Session) -> None:
        """A viewer watches no more; it may come again. Does nothing where it does not watch."""
        session.playing = False
        if session in self.sessions:
            self.sessions.discard(session)
            self.sent += session.sent
            self.dropped += session.dropped
            session.sent = session.dropped = 0
            self._used = time.monotonic()

    def rest(self) -> None:
        """Let the encoder stop where nobody has watched for a while."""
        if self._viewer is not None and not self.sessions and time.monotonic() - self._used > LINGER:
            self._viewer.close()
            self._viewer = None

    def close(self) -> None:
        """Take nothing from the encoder any more."""
        if self._viewer is not None:
            self._viewer.close()
            self._viewer = None

    def _look(self) -> None:
        self._used = time.monotonic()
        if self._viewer is None or self._viewer.closed:
            self._viewer = self.encoder.join(self.wake)

    def wake(self) -> None:
        """Something waits to be sent. Called by the encoder's thread."""
        with suppress(RuntimeError):  # the loop is closed: it is over
            self._loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        while self._viewer is not None and (unit := self._viewer.take(0)) is not None:
            if self.sessions:
                stamp = unit.pts + self._offset
                packed = Packed(self._numbering.packets_of(split_nals(unit.data), stamp), stamp, unit.key)
                for session in tuple(self.sessions):
                    session.offer(packed, lambda: self._numbering.report(stamp))  # noqa: B023 called at once
