"""Sends a live video to a media server over RTSP (ANNOUNCE and RECORD), and again whenever the connection is lost."""

import logging
import threading
from urllib.parse import urlsplit

from footlights.core.errors import SettingsError
from footlights.media.address import shown
from footlights.media.encoder import Encoder, Viewer
from footlights.media.faults import meaning
from footlights.media.reconnect import Backoff
from footlights.media.rtsp.recording import Recording, Refused

log = logging.getLogger(__name__)


class Publisher:
    """Publishes one encoder's video until it is closed, in a thread of its own.

    Raises:
        SettingsError: the address is not rtsp:// or rtsps:// with a host and a path.
    """

    def __init__(self, encoder: Encoder, url: str) -> None:
        if not _is_address(url):
            raise SettingsError(f"a video is published to rtsp://HOST/PATH, not to {shown(url)!r}")
        self.sent = 0  # pictures so far
        self.message = ""  # why it does not work now, one line; empty while it does
        self.encoder = encoder
        self._url = url
        self._closed = threading.Event()
        self._viewer: Viewer | None = None
        self._thread = threading.Thread(target=self._run, name=f"publish {encoder.name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the publication. May be called twice."""
        self._closed.set()
        viewer = self._viewer
        if viewer is not None:
            viewer.close()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        backoff = Backoff()
        while not self._closed.is_set():
            before = self.sent
            viewer = self._viewer = self.encoder.join()
            try:
                self._send(viewer)
            except Refused as no:
                self._say(str(no))
            except OSError as fault:
                self._say(meaning(fault))
            finally:
                viewer.close()
            if self._closed.wait(backoff.delay(60.0 if self.sent - before > 100 else 0.0)):
                return

    def _send(self, viewer: Viewer) -> None:
        unit = viewer.take(1.0)
        while unit is None or self.encoder.parameter_sets is None:
            if viewer.closed:
                return
            unit = viewer.take(1.0)
        with Recording(self._url, *self.encoder.parameter_sets) as server:
            while not viewer.closed:
                if unit is not None:
                    server.send(unit)
                    self.sent += 1
                    self._say("")
                unit = viewer.take(1.0)

    def _say(self, message: str) -> None:
        if message != self.message:
            if message:
                log.warning("%s %s; trying again until it works", shown(self._url), message)
            else:
                log.info("%s gets the video", shown(self._url))
            self.message = message


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("rtsp", "rtsps") and bool(parts.hostname and parts.path.strip("/")) and parts.port != 0
    except ValueError:  # no port, or no host that can be
        return False
