"""One opened container of FFmpeg: its pictures and its sound with their time stamps. Everything that PyAV opens for
footlights is opened here.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import Any

import av
import numpy as np
from av.codec.context import ThreadType
from av.container import InputContainer
from av.stream import Disposition
from numpy.typing import NDArray

from footlights.core.errors import SourceEmptyError, SourceError
from footlights.media.decoding import Decoding
from footlights.media.faults import meaning
from footlights.media.picture import AvPicture

log = logging.getLogger(__name__)

# These demuxers take any text, pipe or script for a picture: "tty" draws a text file as a film of letters.
_NOT_VIDEO = frozenset({"tty", "lavfi", "concat", "data", "txt"})
_SOUND_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)  # what AAC can hold; others become 48000


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture with the stamp of the stream's own clock, in seconds, None where the stream gives none."""

    picture: AvPicture
    stamp: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """A piece of sound."""

    values: NDArray[np.float32]  # (2, N) -1..1, left and right
    rate: int  # samples a second
    time: float  # seconds, of the first sample, on the clock of whoever hands it over

    @property
    def end(self) -> float:
        """The moment after the last sample, seconds."""
        return self.time + int(self.values.shape[1]) / self.rate


class Container:
    """An opened video. A context manager; used by one thread.

    Raises SourceError, with `label` in its one line, where the place cannot be opened or holds no video.
    """

    def __init__(
        self,
        place: str,
        label: str,
        *,
        form: str | None = None,
        options: dict[str, str] | None = None,
        timeout: tuple[float, float] | None = None,  # seconds: to open, to read
        live: bool = False,
        decoding: Decoding = Decoding(),  # noqa: B008  it never changes
    ) -> None:
        self.label = label
        self._live = live
        try:
            self._container: InputContainer = av.open(
                place, format=form, options=options or {}, timeout=timeout, hwaccel=decoding.hardware()
            )
        except (av.FFmpegError, OSError, ValueError) as fault:
            raise ContainerError(f"{label} {meaning(fault)}", fault) from None
        try:
            self._video = self._choose()
        except SourceError:
            self._container.close()
            raise
        # Threads by slices lose the marks of damaged frames, and threads by frames hold live frames back.
        self._video.codec_context.thread_type = ThreadType.FRAME
        self._video.codec_context.thread_count = 1 if live else decoding.threads
        self._audio = next(iter(self._container.streams.audio), None)

    def __enter__(self) -> "Container":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    @property
    def format(self) -> str:
        """FFmpeg's name of the container format, such as "mov,mp4,m4a,3gp,3g2,mj2"."""
        return self._container.format.name

    @property
    def duration(self) -> float | None:
        """Seconds; None for a live stream."""
        duration = self._container.duration
        return duration / av.time_base if duration and duration > 0 else None

    @property
    def length(self) -> float | None:
        """Seconds that the pictures should last; None where only the length with the sound is known, or none."""
        if self._video.duration is not None and self._video.time_base is not None:
            return float(self._video.duration * self._video.time_base)
        return self.duration if self._audio is None else None

    @property
    def step(self) -> float:
        """Seconds between two frames, as far as the container knows."""
        rate = self._video.average_rate or self._video.guessed_rate
        return 1 / float(rate) if rate else 1 / 25

    @property
    def sound_rate(self) -> int | None:
        """Samples a second of what `read` gives as sound; None where there is no audio stream."""
        if self._audio is None:
            return None
        return self._audio.rate if self._audio.rate in _SOUND_RATES else 48000

    def read(self, *, pictures: bool = True, sound: bool = False) -> Iterator[Shot | Samples]:
        """Everything in the order of the container. Damaged packets are left out, with one warning.

        Raises SourceError where reading fails, and SourceEmptyError where there was no picture at all.
        """
        wanted = [stream for stream, on in ((self._video, pictures), (self._audio, sound)) if on and stream is not None]
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=self.sound_rate) if sound else None
        damage = _Damage(self.label, logging.DEBUG if self._live else logging.WARNING)
        found = not pictures
        try:
            for packet in self._container.demux(wanted):
                for frame in _decode(packet, damage):
                    if isinstance(frame, av.VideoFrame):
                        found = True
                        yield self._shot(frame)
                    elif resampler is not None and isinstance(frame, av.AudioFrame):
                        yield from _samples(resampler, frame)
        except av.FFmpegError as fault:
            raise ContainerError(f"{self.label} {meaning(fault)}", fault) from None
        if not found:
            raise SourceEmptyError(f"{self.label} holds no picture that can be decoded; play it elsewhere to check it")

    def _choose(self) -> av.VideoStream:
        if self.format in _NOT_VIDEO:
            raise SourceError(f"{self.label} is not a video; give a video file such as MP4, MKV, MOV, WebM, AVI or GIF")
        for stream in self._container.streams.video:
            if not stream.disposition & Disposition.attached_pic:
                return stream
        raise SourceError(f"{self.label} holds no video (sound only, perhaps); give a file with pictures")

    def _shot(self, frame: av.VideoFrame) -> Shot:
        shape = self._video.sample_aspect_ratio
        aspect = float(shape) if shape and 0.1 < shape < 10 else 1.0
        picture = AvPicture(frame, round(frame.rotation / 90) % 4, aspect)
        return Shot(picture, _seconds(frame.pts, frame.time_base))


class ContainerError(SourceError):
    """A container failed; `fault` is what FFmpeg or the system raised."""

    def __init__(self, line: str, fault: BaseException) -> None:
        super().__init__(line)
        self.fault = fault


class _Damage:
    """Says once that a video is damaged."""

    def __init__(self, label: str, level: int) -> None:
        self._label = label
        self._level = level  # a live stream begins in the middle, and loses packets: that is no news
        self._said = False

    def found(self, packet: "av.Packet[Any]") -> None:
        if not self._said:
            self._said = True
            stamp = _seconds(packet.pts, packet.time_base)
            when = "" if stamp is None else f" near {stamp:.1f} s"
            log.log(self._level, "%s is damaged%s: what cannot be decoded is left out", self._label, when)


def _decode(packet: "av.Packet[Any]", damage: _Damage) -> Iterator[object]:
    if packet.is_corrupt:
        damage.found(packet)
    try:
        for frame in packet.decode():
            if isinstance(frame, av.VideoFrame) and frame.is_corrupt:
                damage.found(packet)
            yield frame
    except (av.error.InvalidDataError, av.error.UndefinedError, av.error.EOFError):
        damage.found(packet)


def _samples(resampler: av.AudioResampler, frame: av.AudioFrame) -> Iterator[Samples]:
    for piece in resampler.resample(frame):
        stamp = _seconds(piece.pts, piece.time_base)
        if stamp is not None:
            yield Samples(np.asarray(piece.to_ndarray(), np.float32), piece.sample_rate, stamp)


def _seconds(stamp: int | None, base: Fraction | None) -> float | None:
    return None if stamp is None or base is None else float(stamp * base)
