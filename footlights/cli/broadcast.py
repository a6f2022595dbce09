"""What goes out live, as it is wished for: video by RTSP, to a media server and as a recording; gestures to a stage."""

import logging
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from footlights.core.errors import SettingsError
from footlights.media.live import LiveVideo
from footlights.media.recorder import Recorder
from footlights.media.wall import Wall, WallFeed

log = logging.getLogger(__name__)
LOOPBACK = ("127.0.0.1", "localhost", "::1")
MOST = 16  # rows or columns


@dataclass(frozen=True)
class Broadcast:
    """What is wished for."""

    rtsp: int | None = None  # port; None: no RTSP
    password: str | None = None  # of RTSP
    publish: Sequence[str] = ()  # addresses of media servers
    webrtc: bool = False  # browsers may call the page
    tiles: tuple[int, int] | None = None  # rows and columns of the wall; None: made from the number of streams
    record: Path | None = None  # the wall, as a video
    stage: str | None = None  # address of a show whose cues gestures answer

    def wall(self) -> Wall:
        """A wall with as many rows and columns as wished."""
        rows, columns = self.tiles or (None, None)
        return Wall(rows, columns)

    def open(self, host: str, names: Sequence[str]) -> LiveVideo | None:
        """What serves it, with these streams; None where nobody is served. Beyond this machine it asks for a password:
        one is made where none is given.

        Raises:
            SettingsError: an address of a media server that is none; SinkError: no port is free.
        """
        if self.rtsp is None and not self.publish and not self.webrtc:
            return None
        password = self.password
        if password is None and host not in LOOPBACK:
            password = secrets.token_urlsafe(9)
            log.info("RTSP: user footlights, password %s", password)
        live = LiveVideo(self.wall(), host=host, port=self.rtsp or 0, password=password)
        for name in names:
            live.add(name)
        for address in self.publish:
            live.publish(address)
        return live

    def feed(self) -> WallFeed | None:
        """What records the wall; None where it is not recorded."""
        return None if self.record is None else WallFeed(self.wall(), [Recorder(self.record, preset="ultrafast")])


def tiles(text: str) -> tuple[int, int]:
    """Rows and columns from "2x3". Raises SettingsError."""
    found = re.fullmatch(r"(\d+) *[x×] *(\d+)", text.strip())
    numbers = (int(found[1]), int(found[2])) if found else (0, 0)
    if not all(1 <= number <= MOST for number in numbers):
        raise SettingsError(f"a wall has rows and columns, such as 2x3, each from 1 to {MOST}; got {text!r}")
    return numbers
