"""One H.264 encode of a live picture, however many look; none where nobody does."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import av
from av.video.frame import PictureType
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from footlights.core.errors import SettingsError
from footlights.media.h264 import PPS, SPS, nal_type, split_nals
from footlights.media.picture import AvPicture

log = logging.getLogger(__name__)

TICKS = 90_000  # of a unit's time stamp in a second
KEYFRAME_EVERY = 2.0  # seconds
KEYFRAMES_APART = 0.3  # seconds, at least, between two that were asked for
REPEAT = 0.5  # seconds after which an unchanged picture is sent again: players wait for something
EAGER = 2.0  # seconds after somebody came in which it is sent at the full rate: FFmpeg shows nothing before 20 pictures
MOST_WAITING = 90  # units of a viewer that does not take them
QUALITY = 23  # constant rate factor of x264, under the roof of the bit rate
_BITS = 0.15  # bits a pixel, the roof where no bit rate is given

Look = Callable[[], AvPicture | None]  # the picture as it is now


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """One encoded picture."""

    data: bytes  # Annex B; a keyframe begins with its parameter sets
    pts: int  # 1/90000 seconds
    key: bool


@dataclass(frozen=True, slots=True)
class EncoderStats:
    """How an encoder is doing."""

    viewers: int
    encoded: int  # pictures so far
    dropped: int  # units that viewers did not take in time
    fps: float  # encoded pictures a second, lately


class Viewer:
    """One who looks: units wait here, a bounded number of them. One that is too slow goes on at the next keyframe.

    `wake` is called in the encoder's thread when something waits after nothing did; it must not block.
    """

    def __init__(self, encoder: "Encoder", wake: Callable[[], None] | None, size: int) -> None:
        self.dropped = 0
        self._encoder = encoder
        self._wake = wake
        self._size = size
        self._units: deque[Unit] = deque()
        self._changed = threading.Condition()
        self._needs_key = True
        self._began = False
        self._closed = False

    def take(self, timeout: float | None = None) -> Unit | None:
        """The next unit; None after `timeout` seconds without one, or where the encoder or the viewer is closed."""
        with self._changed:
            if not self._units and not self._closed and timeout != 0:
                self._changed.wait(timeout)
            return self._units.popleft() if self._units else None

    @property
    def closed(self) -> bool:
        """True where nothing comes any more."""
        return self._closed

    def close(self) -> None:
        """Look no more. May be called twice, and by any thread."""
        self._encoder.leave(self)
        self._end()

    def _end(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._wake is not None:
            self._wake()

    def _put(self, unit: Unit) -> bool:
        """Take a unit in; False where a keyframe is needed to go on."""
        with self._changed:
            if len(self._units) >= self._size:
                self.dropped += len(self._units)
                self._units.clear()
                self._needs_key = True
            if self._needs_key and not unit.key:
                self.dropped += self._began  # waiting for the first keyframe is no loss
                return False
            self._began = True
            self._needs_key = False
            first = not self._units
            self._units.append(unit)
            self._changed.notify_all()
        if first and self._wake is not None:
            self._wake()
        return True


class Encoder:
    """Asks for the picture, encodes it, and hands it to everybody who looks, in a thread of its own.

    The thread runs while there are viewers. The newest picture wins: `changed` says that there is a new one, and it is
    asked for when it is its turn. Time stamps are the monotonic clock: this is the border to those who look now.

    Args:
        look: the picture as it is now, of even size; None where there is none yet. A new size begins a new sequence.
        fps: pictures a second, at most.
        bitrate: bits a second, at most; from size and rate where it is not given.

    Raises:
        SettingsError: a rate that cannot be.
    """

    def __init__(self, look: Look, *, fps: float = 25.0, bitrate: int | None = None, name: str = "") -> None:
        if not 1 <= fps <= 120:
            raise SettingsError(f"a live video has 1 to 120 pictures a second, not {fps}")
        if bitrate is not None and not 50_000 <= bitrate <= 100_000_000:
            raise SettingsError(f"a live video has 50 000 to 100 000 000 bits a second, not {bitrate}")
        self.name = name
        self.fps = fps
        self.encoded = 0
        self.parameter_sets: tuple[bytes, bytes] | None = None  # SPS and PPS of the last keyframe
        self.size: tuple[int, int] | None = None  # pixels, of the last picture
        self._look = look
        self._bitrate = bitrate
        self._viewers: list[Viewer] = []
        self._dropped = 0  # by viewers that are gone
        self._changed = threading.Condition()
        self._news = False
        self._closed = False
        self._thread: threading.Thread | None = None
        self._codec: av.VideoCodecContext | None = None
        self._began = time.monotonic()
        self._pts = -1  # 1/90000 seconds, of the last unit
        self._turn = 0  # what x264 takes for the time, so that the stream names its rate and not that of a clock
        self._key_wanted = False
        self._eager_until = 0.0  # monotonic clock
        self._last_key = 0.0  # seconds
        self._finished: deque[float] = deque(maxlen=100)

    def join(self, wake: Callable[[], None] | None = None, size: int = MOST_WAITING) -> Viewer:
        """Begin to look. The first unit is a keyframe."""
        viewer = Viewer(self, wake, size)
        with self._changed:
            if self._closed:
                viewer._end()
                return viewer
            self._viewers.append(viewer)
            self._news = True
            self.want_keyframe()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"encoder {self.name}", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """A viewer looks no more."""
        with self._changed:
            if viewer in self._viewers:
                self._viewers.remove(viewer)
                self._dropped += viewer.dropped
            self._changed.notify_all()

    @property
    def watched(self) -> bool:
        """True while somebody looks."""
        return bool(self._viewers)

    def changed(self) -> None:
        """There is a new picture."""
        if self._viewers:
            with self._changed:
                self._news = True
                self._changed.notify_all()

    def want_keyframe(self) -> None:
        """Make the next picture a keyframe, unless there was one just now: somebody begins, or goes on."""
        self._key_wanted = True
        self._eager_until = time.monotonic() + EAGER

    def stats(self) -> EncoderStats:
        """How it is doing."""
        now = time.monotonic()
        with self._changed:
            viewers = list(self._viewers)
            recent = [moment for moment in self._finished if now - moment < 3.0]
        fps = (len(recent) - 1) / max(1e-6, recent[-1] - recent[0]) if len(recent) > 1 else 0.0
        return EncoderStats(len(viewers), self.encoded, self._dropped + sum(v.dropped for v in viewers), fps)

    def close(self) -> None:
        """End every viewer and the thread. May be called twice."""
        with self._changed:
            self._closed = True
            viewers, self._viewers = self._viewers, []
            thread = self._thread
            self._changed.notify_all()
        for viewer in viewers:
            viewer._end()
        if thread is not None:
            thread.join()

    def encode(self, picture: AvPicture, time: float) -> list[Unit]:
        """Encode one picture at a time in seconds: what the thread does, for those who have none."""
        codec = self._opened(picture)
        frame = picture.frame
        self._pts = max(self._pts + 1, round(time * TICKS))
        frame.pts, frame.time_base = self._turn, codec.time_base
        self._turn += 1
        asked = self._key_wanted and time - self._last_key >= KEYFRAMES_APART
        due = time - self._last_key >= KEYFRAME_EVERY
        frame.pict_type = PictureType.I if asked or due or not self.encoded else PictureType.NONE
        units = [Unit(bytes(packet), self._pts, packet.is_keyframe) for packet in codec.encode(frame)]
        for unit in units:
            self.encoded += 1
            if unit.key:
                self._last_key, self._key_wanted = time, False
                self._keep_parameters(unit)
        return units

    def _run(self) -> None:
        due = time.monotonic()
        complained = False
        while self._wait(due):
            now = time.monotonic()
            due = max(due + 1 / self.fps, now - 0.5 / self.fps)
            try:
                picture = self._look()
                units = [] if picture is None else self.encode(picture, now - self._began)
            except Exception as fault:  # one picture that cannot be made or encoded must not end the video
                if not complained:
                    log.error("live video %s: %s: %s", self.name, type(fault).__name__, fault)
                complained, self._codec = True, None
                continue
            if units:
                self._finished.append(now)
            self._hand_out(units)

    def _wait(self, due: float) -> bool:
        """Wait until there is something to encode and it is its turn; False where nobody looks any more."""
        with self._changed:
            repeat = time.monotonic()
            repeat += 1 / self.fps if repeat < self._eager_until else REPEAT
            while self._viewers and not self._closed:
                now = time.monotonic()
                if (self._news or now >= repeat) and now >= due:
                    self._news = False
                    return True
                self._changed.wait(max(0.0, (due if self._news else repeat) - now))
            self._thread = None
            self._codec = None
            return False

    def _hand_out(self, units: list[Unit]) -> None:
        with self._changed:
            viewers = list(self._viewers)
        for unit in units:
            for viewer in viewers:
                if not viewer._put(unit):
                    self._key_wanted = True

    def _keep_parameters(self, unit: Unit) -> None:
        sets = {nal_type(nal): nal for nal in split_nals(unit.data)}
        if SPS in sets and PPS in sets:
            self.parameter_sets = sets[SPS], sets[PPS]

    def _opened(self, picture: AvPicture) -> av.VideoCodecContext:
        size = (picture.frame.width, picture.frame.height)
        if self._codec is None or self.size != size:
            self._codec = _codec(picture, self.fps, self._bitrate or round(size[0] * size[1] * self.fps * _BITS))
            self.size = size
            self._key_wanted = True
        return self._codec


def _codec(picture: AvPicture, fps: float, bitrate: int) -> av.VideoCodecContext:
    """x264 for live video: no frame is held back, a keyframe on request, bursts held down by the rate control."""
    codec = av.VideoCodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = picture.frame.width, picture.frame.height, "yuv420p"
    codec.framerate = Fraction(fps).limit_denominator(1001)
    codec.time_base = 1 / codec.framerate
    codec.thread_count = 1
    codec.color_range = ColorRange.MPEG
    if picture.matrix == "bt709":
        codec.colorspace, codec.color_primaries, codec.color_trc = (
            Colorspace.ITU709,
            ColorPrimaries.BT709,
            ColorTrc.BT709,
        )
    else:
        codec.colorspace = Colorspace.ITU601
    kilobits = max(50, bitrate // 1000)
    hold = f"vbv-maxrate={kilobits}:vbv-bufsize={max(50, kilobits // 2)}"
    codec.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "crf": str(QUALITY),
        "forced-idr": "1",
        "g": str(round(10 * KEYFRAME_EVERY * fps)),  # `encode` asks for keyframes by the clock
        "x264-params": f"repeat-headers=1:scenecut=0:{hold}",
    }
    return codec
