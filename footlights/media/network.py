"""Pictures from the network: RTSP, HTTP video, HLS, MJPEG over HTTP."""

from pathlib import PurePosixPath
from urllib.parse import urlsplit

import av

from footlights.media.address import shown
from footlights.media.container import Container, ContainerError
from footlights.media.decoding import Decoding
from footlights.media.faults import unknown_host
from footlights.media.reconnect import LiveSource, OnState
from footlights.media.video import VideoFile

# To open and to read, seconds. A read that waits longer means that the server is gone; RTSP waits twice that long.
_RTSP_TIMEOUT = (8.0, 2.0)
_HTTP_TIMEOUT = (8.0, 20.0)  # an HLS segment, and the wait for the next one, is one read
# TCP loses nothing and passes firewalls; UDP is for servers that know nothing else.
_RTSP_OPTIONS = {"rtsp_transport": "tcp+udp", "rtsp_flags": "prefer_tcp"}
_RECORDED = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".gif", ".jpg", ".jpeg", ".png"})


def open_rtsp(url: str, name: str, on_state: OnState | None, decoding: Decoding) -> LiveSource:
    """A camera or server that speaks RTSP; nothing is opened yet."""
    return LiveSource(name, lambda: _connect(url, _RTSP_TIMEOUT, decoding, _RTSP_OPTIONS), on_state)


def open_http(url: str, name: str, loop: bool, on_state: OnState | None, decoding: Decoding) -> VideoFile | LiveSource:
    """A video over HTTP: recorded where it has an end, live otherwise (live HLS, MJPEG). Looks at it to tell.

    Raises SourceError where the server says that there is no such thing, or where it is no video. A server that does
    not answer is a live source that is tried again, unless the address names a file (".mp4").
    """
    try:
        with _connect(url, _HTTP_TIMEOUT, decoding) as container:
            recorded = container.duration is not None or container.format.endswith("_pipe")
            bursts = container.format == "hls"
    except ContainerError as failure:
        final = isinstance(failure.fault, (av.error.HTTPClientError, av.error.InvalidDataError))
        if final or PurePosixPath(urlsplit(url).path).suffix.lower() in _RECORDED:
            raise
        recorded, bursts = False, True
    if recorded:
        return VideoFile(url, name, shown(url), loop=loop, timeout=_HTTP_TIMEOUT, decoding=decoding)
    return LiveSource(name, lambda: _connect(url, _HTTP_TIMEOUT, decoding), on_state, paced=bursts)


def _connect(
    url: str, timeout: tuple[float, float], decoding: Decoding, options: dict[str, str] | None = None
) -> Container:
    try:
        return Container(url, shown(url), options=options, timeout=timeout, live=True, decoding=decoding)
    except ContainerError as failure:
        stranger = unknown_host(url)
        if stranger is None:
            raise
        raise ContainerError(f"{shown(url)}: {stranger}", failure.fault) from None
