"""HTTP Live Streaming (RFC 8216): a live video as a playlist of short MPEG-TS segments, kept in memory."""

import io
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import av

from footlights.media.encoder import TICKS, Encoder, Unit, Viewer

log = logging.getLogger(__name__)

PLAYLIST = "index.m3u8"
LISTED = 5  # segments in a playlist
KEPT = 8  # segments in memory: a slow player still gets what an older playlist named
UNUSED = 20.0  # seconds after the last request, then nothing is encoded for it any more
FIRST_SEGMENTS = 5.0  # seconds to wait for them when somebody begins
MOST_BYTES = 16 * 1024 * 1024  # of one segment
_TYPES = {"m3u8": "application/vnd.apple.mpegurl", "ts": "video/mp2t"}


@dataclass(frozen=True, slots=True)
class File:
    """What is answered to a request."""

    body: bytes
    media_type: str


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Some seconds of video that begin with a keyframe."""

    number: int
    seconds: float
    body: bytes  # MPEG-TS


class Segmenter:
    """Cuts one encoder's units at keyframes, in a thread of its own that ends when nobody asks any more."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._viewer: Viewer = encoder.join()
        self._used = time.monotonic()
        self._changed = threading.Condition()
        self._segments: deque[Segment] = deque(maxlen=KEPT)
        self._number = 0
        self.ended = False
        self._thread = threading.Thread(target=self._run, name=f"hls {encoder.name}", daemon=True)
        self._thread.start()

    def playlist(self, query: str = "") -> bytes | None:
        """The playlist, as soon as there is a segment; None where there is none in time."""
        self._used = time.monotonic()
        with self._changed:
            self._changed.wait_for(lambda: self._segments or self.ended, FIRST_SEGMENTS)
            segments = list(self._segments)[-LISTED:]
        if not segments:
            return None
        longest = max(segment.seconds for segment in segments)
        lines = ["#EXTM3U", "#EXT-X-VERSION:3", f"#EXT-X-TARGETDURATION:{max(1, math.ceil(longest))}"]
        lines += [f"#EXT-X-MEDIA-SEQUENCE:{segments[0].number}", "#EXT-X-INDEPENDENT-SEGMENTS"]
        for segment in segments:
            lines += [f"#EXTINF:{segment.seconds:.3f},", f"{segment.number}.ts{query}"]
        return ("\n".join(lines) + "\n").encode()

    def segment(self, number: int) -> bytes | None:
        """One segment, or None where it is not kept any more."""
        self._used = time.monotonic()
        with self._changed:
            return next((segment.body for segment in self._segments if segment.number == number), None)

    def close(self) -> None:
        """End the thread. May be called twice."""
        self._viewer.close()
        self._thread.join()

    def _run(self) -> None:
        film = _Film()
        try:
            while not self._viewer.closed and time.monotonic() - self._used < UNUSED:
                unit = self._viewer.take(1.0)
                if unit is None:
                    continue
                if unit.key or film.size > MOST_BYTES:
                    self._keep(film.cut(unit.pts))
                film.add(unit)
        except av.FFmpegError as fault:
            log.error("HLS of %s: %s", self._encoder.name, fault)
        finally:
            self._viewer.close()
            with self._changed:
                self.ended = True
                self._changed.notify_all()

    def _keep(self, cut: tuple[float, bytes] | None) -> None:
        if cut is not None:
            with self._changed:
                self._segments.append(Segment(self._number, *cut))
                self._number += 1
                self._changed.notify_all()


class Hls:
    """The playlists and segments of all live videos, made only while somebody asks for them.

    `find` gives the encoder of a name. May be used by any number of threads.
    """

    def __init__(self, find: Callable[[str], Encoder | None]) -> None:
        self._find = find
        self._lock = threading.Lock()
        self._running: dict[str, Segmenter] = {}
        self._closed = False

    def answer(self, name: str, file: str, query: str = "") -> File | None:
        """`index.m3u8` or a segment of a live video; None where there is none. May wait for the first segment.

        `query` is put behind the names of the segments ("?token=..."), because players send no cookie.
        """
        stem, _, kind = file.rpartition(".")
        if kind not in _TYPES:
            return None
        if file == PLAYLIST:
            running = self._started(name)
            body = running.playlist(query) if running is not None else None
        else:
            running = self._running.get(name)
            number = int(stem) if stem.isascii() and stem.isdigit() and len(stem) < 12 else -1
            body = running.segment(number) if running is not None else None
        return File(body, _TYPES[kind]) if body is not None else None

    def forget(self, name: str) -> None:
        """A live video is gone. Does nothing where nobody asked for it."""
        with self._lock:
            running = self._running.pop(name, None)
        if running is not None:
            running.close()

    def close(self) -> None:
        """Make nothing any more. May be called twice."""
        with self._lock:
            self._closed = True
            running, self._running = list(self._running.values()), {}
        for each in running:
            each.close()

    def _started(self, name: str) -> Segmenter | None:
        with self._lock:
            running = self._running.get(name)
            if running is None or running.ended:
                encoder = None if self._closed else self._find(name)
                if encoder is None:
                    return None
                running = self._running[name] = Segmenter(encoder)
            return running


class _Film:
    """One MPEG-TS stream that is written to memory and cut where its pieces are to begin."""

    def __init__(self) -> None:
        self._buffer = io.BytesIO()
        self._start: int | None = None  # pts of the first unit of the piece
        options = {"mpegts_flags": "pat_pmt_at_frames", "flush_packets": "1"}
        self._file = av.open(self._buffer, "w", format="mpegts", container_options=options, buffer_size=4096)
        self._stream = self._file.add_mux_stream("h264", time_base=Fraction(1, TICKS))

    @property
    def size(self) -> int:
        """Bytes of the piece so far."""
        return self._buffer.tell()

    def add(self, unit: Unit) -> None:
        """Add one unit to the piece."""
        if self._start is None:
            self._start = unit.pts
        packet = av.Packet(unit.data)
        packet.stream, packet.time_base = self._stream, Fraction(1, TICKS)
        packet.pts = packet.dts = unit.pts
        packet.is_keyframe = unit.key
        self._file.mux_one(packet)

    def cut(self, pts: int) -> tuple[float, bytes] | None:
        """End the piece before the unit of this time: its length in seconds and its bytes; None where it is empty."""
        if self._start is None:
            return None
        seconds, body = (pts - self._start) / TICKS, self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        self._start = None
        return seconds, body
