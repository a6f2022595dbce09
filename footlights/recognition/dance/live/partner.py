"""Who dances to the page's microphone: the improviser, a little ahead of what it hears, so that it is on the beat."""

from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.body import Body
from footlights.recognition.dance.dance import Dance
from footlights.recognition.dance.improvising import Improviser
from footlights.recognition.dance.listening import Listener
from footlights.recognition.dance.live.ear import Piece
from footlights.recognition.dance.planner import Wishes
from footlights.recognition.dance.song import steady
from footlights.recognition.dance.spectrum import RATE

LEAD = 0.35  # seconds that a moment needs from the microphone to the eye, at most
FPS = 30.0
_AT_ONCE = 0.1  # seconds of sound that are listened to at once
_AROUND = 6  # beats before and after now that the page is told


class EarlyListener(Listener):
    """A listener whose clock stands where the music will be in `LEAD` seconds, if it goes on as it does."""

    def beats(self, times: Reals) -> Reals:
        return super().beats(times) + LEAD * (self.tempo or 0.0) / 60


class Improvising:
    """A partner for a microphone of `rate` samples a second."""

    def __init__(self, rate: float, wishes: Wishes, body: Body) -> None:
        self._improviser = Improviser(wishes, body, FPS)
        self._improviser.listener = EarlyListener()
        self._body = body
        self._rate = round(rate)
        self._resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        self._heard = 0  # samples
        self._waiting = np.zeros(0, np.float32)
        self._song = steady(120.0, 1.0)

    def hear(self, samples: NDArray[np.float32]) -> list[Piece]:
        """Take (N,) samples; the dance of just now, as it is to be shown `LEAD` seconds later."""
        self._waiting = np.concatenate([self._waiting, self._resampled(samples)])
        if len(self._waiting) < _AT_ONCE * RATE:
            return []
        moments, self._waiting = self._improviser.hear(self._waiting), self._waiting[:0]
        dance = Dance(FPS, moments.joints, self._body, moments.contacts, self._song, moments.face)
        ear = self._improviser.listener
        beats, first = _beats(ear)
        return [Piece(float(moments.times[0]), dance, beats, first, ear.tempo or 0.0, ear.meter, moments.phrase, LEAD)]

    def _resampled(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), format="flt", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = self._rate, Fraction(1, self._rate), self._heard
        self._heard += len(samples)
        pieces = [piece.to_ndarray()[0] for piece in self._resampler.resample(frame)]
        return np.concatenate(pieces).astype(np.float32) if pieces else np.zeros(0, np.float32)


def _beats(ear: Listener) -> tuple[list[float], int]:
    """Seconds of the beats around now, and the number of the first of them in its bar; none where none is heard."""
    if ear.tempo is None:
        return [], 0
    numbers = np.floor(ear.beat) + np.arange(-_AROUND, _AROUND + 1)
    return list(ear.time + (numbers - ear.beat) * 60 / ear.tempo), int(numbers[0] - ear.downbeat) % ear.meter
