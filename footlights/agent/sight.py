"""What the hub may see of this device: pictures when it asks, when something happens, and live while somebody looks."""

import asyncio
import base64
import logging
import ssl
import threading
import time
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from footlights.core.errors import FootlightsError, SettingsError, SinkError
from footlights.core.event import Event

log = logging.getLogger(__name__)

LARGEST = 180 * 1024  # bytes of a picture
PICTURED = ("anomaly.raised", "gesture.begin", "trigger")  # events of which a picture is sent
PICTURE_EVERY = 60.0  # seconds between two pictures of events of one kind on one stream
MOST_KINDS = 1000  # kinds on streams that are remembered for it
FRAMES_EVERY = 0.2  # seconds between two live pictures
MOST_LIVE = 2  # live streams at a time
PATIENCE = 10.0  # seconds in which the hub must answer
PRIVATE = "this device is private: it sends no pictures"


class PrivateError(FootlightsError):
    """Somebody at this device wants no pictures to leave it."""


class Stage(Protocol):
    """Something that can be seen."""

    def picture(self, stream: str) -> bytes:
        """What a stream shows now, as JPEG. Raises FootlightsError."""


class Sight:
    """Pictures of the stage, one at a time. Where the device is private there are none, whatever the hub wants.

    Args:
        url: of the hub; context: how it is known (None: in clear); device: what it calls this one.
    """

    def __init__(self, url: str, device: str, context: ssl.SSLContext | None, *, private: bool = False) -> None:
        self._url, self._device, self._context = url, device, context
        self._own_wish = private
        self._documents_wish = False
        self._stage: Stage | None = None
        self._lock = threading.Lock()  # held while a picture is drawn
        self._pictured: dict[tuple[str, str], float] = {}  # when an event of a kind on a stream was, the oldest first
        self._closing = threading.Event()
        self._live: list[threading.Thread] = []

    @property
    def private(self) -> bool:
        """Whether no pictures leave this device."""
        return self._own_wish or self._documents_wish

    def show(self, stage: Stage) -> None:
        """From here on there is something to see."""
        self._stage = stage

    def obey(self, document: Mapping[str, Any]) -> None:
        """Take what the desired document says about privacy: `privacy` among the settings of the app."""
        settings = document.get("settings")
        self._documents_wish = isinstance(settings, Mapping) and settings.get("privacy") is True

    def picture(self, stream: str) -> bytes:
        """What a stream shows now, as JPEG. Raises FootlightsError: the device is private, or there is none."""
        if self.private:
            raise PrivateError(PRIVATE)
        if self._stage is None:
            raise SettingsError("there is nothing to see yet")
        with self._lock:
            jpeg = self._stage.picture(stream)
        if len(jpeg) > LARGEST:
            raise SinkError(f"the picture has {len(jpeg)} bytes; at most {LARGEST} are sent")
        return jpeg

    def of_event(self, event: Event, number: int) -> dict[str, object] | None:
        """The message with the picture of an event that has this number; None where there is none to send."""
        place, now = (event.stream, event.kind), time.monotonic()
        if event.kind not in PICTURED or now - self._pictured.get(place, -PICTURE_EVERY) < PICTURE_EVERY:
            return None
        try:
            jpeg = self.picture(event.stream)
        except FootlightsError:
            return None
        self._pictured.pop(place, None)
        self._pictured[place] = now
        if len(self._pictured) > MOST_KINDS:
            del self._pictured[next(iter(self._pictured))]
        return {"about": event.stream, "event": number, "jpeg": base64.b64encode(jpeg).decode()}

    def live(self, stream: str, ticket: str, seconds: float) -> None:
        """Begin to show a stream to the hub, by the ticket that it gave. Raises FootlightsError: it cannot be."""
        self.picture(stream)  # what cannot be shown is said at once
        self._live = [thread for thread in self._live if thread.is_alive()]
        if len(self._live) >= MOST_LIVE:
            raise SettingsError(f"{MOST_LIVE} streams are shown live already")
        thread = threading.Thread(target=self._show, args=(stream, ticket, seconds), name="live", daemon=True)
        self._live.append(thread)
        thread.start()

    def close(self) -> None:
        """Show no more."""
        self._closing.set()
        for thread in self._live:
            thread.join(PATIENCE)

    def _show(self, stream: str, ticket: str, seconds: float) -> None:
        """Show a stream until the hub lets go, the time is over, or there is nothing to see any more."""
        try:
            asyncio.run(self._visit(stream, ticket, seconds))
        except (WebSocketException, OSError, TimeoutError) as error:
            log.info("the live pictures of '%s' have ended: %s", stream, type(error).__name__)

    async def _visit(self, stream: str, ticket: str, seconds: float) -> None:
        """One connection. It is read and written in one thread: TLS does not bear two at once."""
        async with self._connect(ticket) as socket:
            log.info("somebody looks at '%s' live", stream)
            try:
                await self._send(socket, stream, time.monotonic() + seconds)
            except FootlightsError as error:
                await socket.close(reason=str(error).encode()[:120].decode(errors="ignore"))  # 123 bytes at most

    def _connect(self, ticket: str) -> connect:
        place = urlsplit(self._url)
        scheme = "wss" if place.scheme == "https" else "ws"
        return connect(
            f"{scheme}://{place.netloc}/api/live/{quote(self._device)}",
            ssl=self._context if scheme == "wss" else None,
            additional_headers={"Authorization": f"Ticket {ticket}"},
            compression=None,
            max_size=1024,
            open_timeout=PATIENCE,
            close_timeout=1.0,
        )

    async def _send(self, socket: ClientConnection, stream: str, until: float) -> None:
        while not self._closing.is_set() and time.monotonic() < until:
            began = time.monotonic()
            await socket.send(self.picture(stream))
            async with asyncio.timeout(PATIENCE):
                await socket.recv()  # the hub says when the next may come
            await asyncio.sleep(max(0.0, began + FRAMES_EVERY - time.monotonic()))
