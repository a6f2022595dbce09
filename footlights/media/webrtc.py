"""Live video to browsers over WebRTC (extra `webrtc`): an offer in, an answer out, as WHEP wants it."""

import asyncio
import importlib
import secrets
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from fractions import Fraction
from typing import Any, TypeVar

import av

from footlights.core.errors import InstallError, SettingsError, SinkError
from footlights.media.encoder import TICKS, Encoder, Viewer

MOST_VIEWERS = 16
MOST_OFFER = 64 * 1024  # characters
PATIENCE = 10.0  # seconds for an answer
MOST_WAITING = 25  # units for one viewer, about a second
_T = TypeVar("_T")


class WebRtc:
    """Answers the offers of browsers. Its event loop runs on a thread of its own; every method may be called by any.

    The pictures are those that every other viewer gets: nothing is encoded twice. No server outside is asked for
    anything (no STUN), so it reaches viewers in the same network.

    Raises:
        InstallError: the extra is not installed.
    """

    def __init__(self, find: Callable[[str], Encoder | None]) -> None:
        try:
            self._rtc: Any = importlib.import_module("aiortc")
        except ImportError:
            raise InstallError("WebRTC needs one more package; type: pip install 'footlights[webrtc]'") from None
        self._find = find
        self._calls: dict[str, tuple[Any, Any]] = {}  # peer connection and track
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="webrtc", daemon=True)
        self._thread.start()

    def answer(self, name: str, offer: str) -> tuple[str, str]:
        """The number of the call, and the answer to a browser's offer (SDP) to see a live video.

        Raises:
            SettingsError: there is no such video, or this is no offer to see one as H.264.
            SinkError: too many look already, or there was no answer in time.
        """
        encoder = self._find(name)
        if encoder is None:
            raise SettingsError(f"there is no live video named '{name}'")
        if len(offer) > MOST_OFFER:
            raise SettingsError(f"an offer has {MOST_OFFER} characters at most, not {len(offer)}")
        if len(self._calls) >= MOST_VIEWERS:
            raise SinkError(f"{MOST_VIEWERS} look already; come again later")
        return self._do(self._answered(encoder, offer))

    def hang_up(self, number: str) -> None:
        """End a call. Does nothing where there is none of this number."""
        self._do(self._end(number))

    @property
    def viewers(self) -> int:
        """How many look."""
        return len(self._calls)

    def close(self) -> None:
        """End every call and the thread. May be called twice."""
        if not self._thread.is_alive():
            return
        for number in list(self._calls):
            self.hang_up(number)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, job: Coroutine[Any, Any, _T]) -> _T:
        future = asyncio.run_coroutine_threadsafe(job, self._loop)
        try:
            return future.result(PATIENCE)
        except TimeoutError:
            future.cancel()
            raise SinkError(f"WebRTC gave no answer within {PATIENCE:.0f} s") from None

    async def _answered(self, encoder: Encoder, offer: str) -> tuple[str, str]:
        rtc, number = self._rtc, secrets.token_urlsafe(16)
        connection = rtc.RTCPeerConnection(rtc.RTCConfiguration(iceServers=[]))
        track = _track(rtc, encoder)
        self._calls[number] = connection, track

        @connection.on("connectionstatechange")  # type: ignore[untyped-decorator]
        async def changed() -> None:
            if connection.connectionState in ("failed", "closed"):
                await self._end(number)

        try:
            # The codec is agreed on in the next step: afterwards it would be VP8, and every picture lost.
            sending = connection.addTransceiver(track, direction="sendonly")
            codecs = rtc.RTCRtpSender.getCapabilities("video").codecs
            sending.setCodecPreferences([codec for codec in codecs if codec.mimeType == "video/H264"])
            await connection.setRemoteDescription(rtc.RTCSessionDescription(offer, "offer"))
            await connection.setLocalDescription(await connection.createAnswer())
        except Exception as fault:  # whatever is wrong with what a stranger sent
            await self._end(number)
            raise SettingsError(f"this is no offer to see H.264 video: {type(fault).__name__}") from None
        return number, str(connection.localDescription.sdp)

    async def _end(self, number: str) -> None:
        connection, track = self._calls.pop(number, (None, None))
        if connection is not None:
            track.stop()
            await connection.close()


def _track(rtc: Any, encoder: Encoder) -> Any:
    """A track that gives the encoder's units as they are."""

    class Units(rtc.MediaStreamTrack):  # type: ignore[misc]
        kind = "video"

        def __init__(self) -> None:
            super().__init__()
            self._loop = asyncio.get_running_loop()
            self._waiting = asyncio.Event()
            self._viewer: Viewer = encoder.join(self._wake, MOST_WAITING)

        async def recv(self) -> "av.Packet[Any]":
            while (unit := self._viewer.take(0)) is None:
                if self._viewer.closed:
                    self.stop()
                    raise rtc.mediastreams.MediaStreamError
                self._waiting.clear()
                if (unit := self._viewer.take(0)) is not None:
                    break
                await self._waiting.wait()
            packet = av.Packet(unit.data)
            packet.pts, packet.time_base, packet.is_keyframe = unit.pts, Fraction(1, TICKS), unit.key
            return packet

        def stop(self) -> None:
            super().stop()
            self._viewer.close()

        def _wake(self) -> None:
            with suppress(RuntimeError):  # the loop is closed: it is over
                self._loop.call_soon_threadsafe(self._waiting.set)

    return Units()
