"""The sound of a recording: pieces that may be late, missing or doubled become one even track of AAC."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from footlights.media.container import Samples
from footlights.media.sound import Sound

SLACK = 0.05  # seconds that a piece may be off before silence is put in or sound cut out
BEHIND = 2.0  # seconds by which sound may come later than the picture; then silence takes its place
BIT_RATE = 128_000  # bits a second, stereo


class Soundtrack:
    """One AAC stream of an MP4 file whose time 0 is `start`, media time in seconds."""

    def __init__(self, stream: AudioStream, sound: Sound, start: float) -> None:
        self._stream = stream
        self._sound = sound
        self._start = start
        self._rate = stream.rate
        self._written = 0  # samples so far

    def until(self, time: float, *, last: bool = False) -> Iterator["av.Packet[Any]"]:
        """What is to be written before a picture of this media time; with `last`, everything up to it and the end."""
        for piece in self._sound.until(time):
            yield from self._add(piece)
        even = self._sample(time) if last else self._sample(time - BEHIND)
        yield from self._silence(even - self._written)
        if last:
            yield from self._stream.encode(None)

    def _add(self, piece: Samples) -> Iterator["av.Packet[Any]"]:
        missing = self._sample(piece.time) - self._written
        slack = SLACK * self._rate if self._written else 0
        if missing > slack:
            yield from self._silence(missing)
        yield from self._encode(piece.values[:, -missing:] if missing < -slack else piece.values)

    def _silence(self, count: int) -> Iterator["av.Packet[Any]"]:
        """Silence in pieces of a second: a camera may have been away for hours."""
        while count > 0:
            piece = min(count, self._rate)
            yield from self._encode(np.zeros((2, piece), np.float32))
            count -= piece

    def _encode(self, values: NDArray[np.float32]) -> Iterator["av.Packet[Any]"]:
        if values.shape[1] == 0:
            return
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(values), format="fltp", layout="stereo")
        frame.sample_rate = self._rate
        frame.time_base = Fraction(1, self._rate)
        frame.pts = self._written
        self._written += values.shape[1]
        yield from self._stream.encode(frame)

    def _sample(self, time: float) -> int:
        return round((time - self._start) * self._rate)
