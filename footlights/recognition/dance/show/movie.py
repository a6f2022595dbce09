"""Writes a film: pictures in even steps, and the music from its first sample on."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from numpy.typing import NDArray

from footlights.core.errors import SinkError, SourceError
from footlights.media.faults import meaning, place_fault
from footlights.media.picture import Planes, from_planes

SOUND_RATE = 48_000  # samples a second
_BIT_RATE = 192_000  # of the sound, bits a second
_QUALITY = 21  # constant rate factor of x264: smaller is better and larger
_SUFFIXES = (".mp4", ".m4v", ".mov")
_FADE = 1.5  # seconds at the end over which the music fades, where the film ends before it


class Movie:
    """An MP4 file (H.264, AAC) that is being written; a context manager. Leaving it by an error removes the file.

    `music`: a file whose sound begins with the first picture; None: silence is not written, the film has no sound.

    Raises SinkError where the place cannot be written, and SourceError where the music cannot be read.
    """

    def __init__(self, path: Path, width: int, height: int, fps: float, seconds: float, music: Path | None) -> None:
        self.path = path
        if path.suffix.lower() not in _SUFFIXES:
            raise SinkError(f"a film is an MP4 file, not {path.name!r}; name it {path.stem}.mp4")
        self._step = Fraction(fps).limit_denominator(1001)
        self._frames = 0
        self._written = 0  # samples
        self._samples = round(seconds * SOUND_RATE)  # of sound, at most
        try:
            path.open("wb").close()
            self._file = av.open(f"file:{path}", "w", format="mp4", container_options={"movflags": "+faststart"})
        except (av.FFmpegError, OSError) as fault:
            raise SinkError(f"{path} cannot be written: {place_fault(fault)}") from None
        self._video = self._add_video(width, height)
        self._audio: AudioStream | None = None
        self._music: Iterator[NDArray[np.float32]] = iter(())
        if music is not None:
            self._audio = self._file.add_stream("aac", rate=SOUND_RATE, layout="stereo")
            self._audio.bit_rate = _BIT_RATE
            self._music = sound_of(music)

    def __enter__(self) -> "Movie":
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: object, trace: object) -> None:
        problem: Exception | None = None
        try:
            if kind is None:
                self._finish()
            self._file.close()
        except (av.FFmpegError, OSError) as found:
            problem = found
        if kind is not None or problem is not None:
            self.path.unlink(missing_ok=True)
        if kind is None and problem is not None:
            raise SinkError(f"{self.path} cannot be written: {place_fault(problem)}") from None

    def add(self, planes: Planes) -> None:
        """Add the next picture, 4:2:0 planes in one piece."""
        frame = from_planes(planes, "bt709").frame
        frame.pts = self._frames
        frame.time_base = 1 / self._step
        try:
            self._file.mux(list(self._sound_until(float(self._frames / self._step) + 0.5)))
            self._file.mux(self._video.encode(frame))
        except (av.FFmpegError, OSError) as fault:
            raise SinkError(f"{self.path} cannot be written: {place_fault(fault)}") from None
        self._frames += 1

    def _finish(self) -> None:
        self._file.mux(list(self._sound_until(self._samples / SOUND_RATE)))
        if self._audio is not None:
            self._file.mux(list(self._audio.encode(None)))
        self._file.mux(self._video.encode(None))

    def _sound_until(self, seconds: float) -> Iterator["av.Packet[Any]"]:
        """What is to be written before a picture of this moment."""
        wanted = min(self._samples, round(seconds * SOUND_RATE))
        while self._audio is not None and self._written < wanted:
            piece = next(self._music, None)
            if piece is None:
                return
            piece = _faded(piece[:, : self._samples - self._written], self._samples - self._written)
            frame = _frame(piece, self._written)
            self._written += piece.shape[1]
            yield from self._audio.encode(frame)

    def _add_video(self, width: int, height: int) -> av.VideoStream:
        options = {"preset": "veryfast", "crf": str(_QUALITY)}
        video = self._file.add_stream("libx264", rate=self._step, options=options)
        context = video.codec_context
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        context.thread_count = 2
        context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
        context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        return video


def sound_of(path: Path) -> Iterator[NDArray[np.float32]]:
    """(2, N) pieces of a file's sound, 48 kHz, without gaps: the first sample is second 0, whatever the stamps say.

    Raises SourceError where there is none.
    """
    try:
        with av.open(f"file:{path}") as container:
            stream = next(iter(container.streams.audio), None)
            if stream is None:
                raise SourceError(f"{path} holds no sound; give a song, or a video with music")
            resampler = av.AudioResampler(format="fltp", layout="stereo", rate=SOUND_RATE)
            for packet in container.demux(stream):
                try:
                    frames = packet.decode()
                except (av.error.InvalidDataError, av.error.UndefinedError):
                    continue  # damaged: left out, as the ears do
                for frame in frames:
                    for piece in resampler.resample(frame):
                        yield piece.to_ndarray().astype(np.float32)
            for piece in resampler.resample(None):
                yield piece.to_ndarray().astype(np.float32)
    except (av.FFmpegError, OSError) as fault:
        raise SourceError(f"{path} {meaning(fault)}") from None


def write_sound(source: Path, target: Path) -> None:
    """Write the sound of a file as AAC (M4A). Raises SourceError where there is none, SinkError where it cannot be."""
    try:
        with av.open(f"file:{target}", "w", format="ipod") as file:
            stream = file.add_stream("aac", rate=SOUND_RATE, layout="stereo")
            stream.bit_rate = _BIT_RATE
            written = 0
            for piece in sound_of(source):
                file.mux(stream.encode(_frame(piece, written)))
                written += piece.shape[1]
            file.mux(stream.encode(None))
    except (av.FFmpegError, OSError) as fault:
        raise SinkError(f"{target} cannot be written: {place_fault(fault)}") from None


def _frame(piece: NDArray[np.float32], at: int) -> av.AudioFrame:
    """A piece of sound for the encoder; `at`: the samples before it."""
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(piece), format="fltp", layout="stereo")
    frame.sample_rate, frame.time_base, frame.pts = SOUND_RATE, Fraction(1, SOUND_RATE), at
    return frame


def _faded(piece: NDArray[np.float32], left: int) -> NDArray[np.float32]:
    """The piece, quieter where fewer than the last samples are left."""
    fade = _FADE * SOUND_RATE
    if left - piece.shape[1] >= fade:
        return piece
    remaining = left - np.arange(piece.shape[1])
    return (piece * np.clip(remaining / fade, 0, 1)).astype(np.float32)
