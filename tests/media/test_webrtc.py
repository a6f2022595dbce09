import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from footlights.core.errors import SettingsError, SinkError
from footlights.media import webrtc
from footlights.media.webrtc import WebRtc
from tests.media.moving import Ticking, counting, read

aiortc = pytest.importorskip(
    "aiortc", reason="aiortc is not installed; pip install 'footlights[webrtc]' to run this test"
)


@pytest.fixture
def encoder() -> Iterator[Ticking]:
    made = Ticking(counting(), fps=30, name="numbers")
    yield made
    made.close()


@pytest.fixture
def calls(encoder: Ticking) -> Iterator[WebRtc]:
    made = WebRtc({"numbers": encoder}.get)
    yield made
    made.close()
    made.close()


async def _call(calls: WebRtc, count: int) -> tuple[str, list[int]]:
    """The number of the call, and what the first pictures show to one who calls."""
    connection = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
    tracks: asyncio.Queue[Any] = asyncio.Queue()
    connection.on("track", tracks.put_nowait)
    connection.addTransceiver("video", direction="recvonly")
    await connection.setLocalDescription(await connection.createOffer())
    number, answer = await asyncio.to_thread(calls.answer, "numbers", connection.localDescription.sdp)
    await connection.setRemoteDescription(aiortc.RTCSessionDescription(answer, "answer"))
    track = await tracks.get()
    async with asyncio.timeout(30):
        seen = [read((await track.recv()).to_ndarray(format="rgb24")) for _ in range(count)]
    await connection.close()
    return number, seen


def test_a_browser_sees_pictures_that_move(calls: WebRtc, encoder: Ticking) -> None:
    number, seen = asyncio.run(_call(calls, 20))
    assert seen == sorted(seen)
    assert seen[-1] - seen[0] >= 19
    calls.hang_up(number)
    assert calls.viewers == 0
    assert not encoder.watched


def test_what_is_no_offer_is_refused(calls: WebRtc, encoder: Ticking) -> None:
    for offer in ("", "v=0", "x" * 100, "v=0\r\nm=audio 9 RTP/AVP 0\r\n", "x" * (webrtc.MOST_OFFER + 1)):
        with pytest.raises(SettingsError):
            calls.answer("numbers", offer)
    with pytest.raises(SettingsError, match="no live video named 'x'"):
        calls.answer("x", "")
    assert calls.viewers == 0
    assert not encoder.watched


def test_only_so_many_may_call(calls: WebRtc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webrtc, "MOST_VIEWERS", 0)
    with pytest.raises(SinkError, match="0 look already"):
        calls.answer("numbers", "")
