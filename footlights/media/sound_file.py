"""The sound of a file, whatever its format: music, or a video with its pictures left aside."""

import logging
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from footlights.core.errors import SourceEmptyError, SourceError
from footlights.media.faults import meaning

log = logging.getLogger(__name__)

Stereo = NDArray[np.float32]  # (2, N) -1..1, left and right


class SoundFile:
    """An opened file. A context manager; used by one thread.

    Raises SourceError in one line where the file cannot be opened or has no sound.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        label = self.path.name
        try:
            self._container = av.open(str(path), metadata_errors="replace")
        except (av.FFmpegError, OSError, ValueError) as fault:
            raise SourceError(f"{label} {meaning(fault).replace('video', 'sound')}") from None
        if not self._container.streams.audio:
            self._container.close()
            raise SourceError(f"{label} holds no sound; give music, or a video with music")
        self._stream = self._container.streams.audio[0]

    def __enter__(self) -> "SoundFile":
        return self

    def __exit__(self, *raised: object) -> None:
        self._container.close()

    @property
    def title(self) -> str:
        """What the file says it is called, else its name."""
        return str(self._container.metadata.get("title") or self.path.stem)

    @property
    def seconds(self) -> float | None:
        """How long it lasts, as far as the container knows."""
        duration = self._container.duration
        return duration / av.time_base if duration and duration > 0 else None

    def read(self, rate: int) -> Iterator[Stereo]:
        """Pieces of (2, N) samples at this rate, from second 0 without gaps. Damaged packets are left out.

        Raises SourceError where reading fails, and SourceEmptyError where nothing could be decoded.
        """
        resampler, form = _resampler(rate), None
        found = damaged = False
        try:
            for packet in self._container.demux(self._stream):
                try:
                    frames = packet.decode()
                except (av.error.InvalidDataError, av.error.UndefinedError, av.error.EOFError):
                    if not damaged:
                        log.warning("%s is damaged: what cannot be decoded is left out", self.path.name)
                    damaged = True
                    continue
                for frame in frames:
                    if form is not None and form != _form(frame):  # damage, or a broadcast whose programme changed
                        resampler = _resampler(rate)
                    form, found = _form(frame), True
                    yield from _arrays(resampler, frame)
            yield from _arrays(resampler, None) if found else ()
        except av.FFmpegError as fault:
            raise SourceError(f"{self.path.name} {meaning(fault).replace('video', 'sound')}") from None
        if not found:
            raise SourceEmptyError(f"{self.path.name} holds no sound that can be decoded; play it elsewhere")


def _resampler(rate: int) -> av.AudioResampler:
    return av.AudioResampler(format="fltp", layout="stereo", rate=rate)


def _form(frame: av.AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _arrays(resampler: av.AudioResampler, frame: av.AudioFrame | None) -> Iterator[Stereo]:
    for piece in resampler.resample(frame):
        yield np.asarray(piece.to_ndarray(), np.float32)


def resampled(samples: Stereo, rate: int, to: int) -> Iterator[Stereo]:
    """Pieces of (2, N) samples at another rate."""
    resampler = _resampler(to)
    for begin in range(0, samples.shape[1], rate):
        piece = np.ascontiguousarray(samples[:, begin : begin + rate], np.float32)
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
        frame.sample_rate = rate
        yield from _arrays(resampler, frame)
    yield from _arrays(resampler, None)
