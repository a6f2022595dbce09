"""Hearing what plays now: tempo, beat and bar, a little at a time and never looking ahead."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from footlights.recognition.dance.bars import bars, ticks
from footlights.recognition.dance.planner import drive_of, rate_for
from footlights.recognition.dance.pulse import pulse
from footlights.recognition.dance.spectrum import (
    HOP,
    MELS,
    ONSET_WINDOW,
    RATE,
    TONE_HOP,
    TONE_WINDOW,
    Spectrum,
    rises,
    tones,
)

Reals = NDArray[np.float64]
Floats = NDArray[np.float32]
MEMORY = 8.0  # seconds of sound that tempo and beat are found in
LEAST = 2.5  # seconds that must be heard before there is a beat
_CLEAR, _SHORT, _KEPT = 0.22, 0.28, 0.17  # clarities: noise reaches 0.21 in eight seconds and 0.3 in four
_LONG = 6.0  # seconds
_QUIET = 1e-4  # mean amplitude
_EVERY = 0.25  # seconds from one look at them to the next
_SAME = 0.12  # of the logarithm: a tempo so near is the same, drifting
_DOUBT = 4  # looks in a row that must find another tempo before it is believed; three times as many if it is the
# same music counted otherwise
_FADE = 0.97  # of what is known about the bar, from look to look
_RATIOS = np.log([1 / 3, 1 / 2, 2 / 3, 3 / 2, 2.0, 3.0])


class Listener:
    """Follows the beat of sound that comes in pieces. Used by one thread.

    The clock counts beats of the music: `beat` at the end of what was heard; it runs on between looks at the tempo, and
    is drawn, never set, to where the beats are heard, so that whoever dances to it does not jump.
    """

    def __init__(self) -> None:
        self.time = 0.0  # seconds heard
        self.beat = 0.0  # of the music, since it was first followed
        self.tempo: float | None = None  # beats a minute; None: no beat is heard
        self.meter = 4
        self.energy = 0.6  # 0..1, against the loudest that was heard lately
        self.drive = 0.6  # 0.4 a ballad .. 1 a dance floor
        self._mid = np.zeros(0, np.float32)  # samples that the next windows need
        self._last = np.zeros(MELS, np.float32)
        self._onsets: deque[Floats] = deque(maxlen=round(MEMORY * RATE / HOP))
        self._tones: deque[Floats] = deque(maxlen=round(MEMORY * RATE / TONE_HOP))
        self._taken = 0  # samples whose onsets are known
        self._toned = 0  # samples whose tones are known
        self._dropped = 0  # samples that are gone from `_mid`
        self._looked = 0.0
        self._other = 0  # looks in a row that found another tempo
        self._guess = 1.0  # beats a minute that the last look found, while no tempo is followed
        self._error = 0.0  # beats by which the clock is behind
        self._bar = np.zeros(24)  # how much speaks for each beat, modulo 24, to be the first of a bar
        self._loudest = 1e-3
        self._clock: deque[tuple[float, float]] = deque([(0.0, 0.0)], maxlen=64)

    def hear(self, samples: Floats) -> None:
        """Take (N,) or (2, N) samples at `RATE`, the next ones in time."""
        mid = samples if samples.ndim == 1 else samples.mean(0)
        for begin in range(0, len(mid), round(_EVERY * RATE)):
            self._step(np.nan_to_num(mid[begin : begin + round(_EVERY * RATE)]).astype(np.float32))

    def beats(self, times: Reals) -> Reals:
        """(T,) where the clock stood at these seconds, none of them later than what was heard."""
        moments, beats = np.array(self._clock).T
        return np.asarray(np.interp(times, moments, beats))

    @property
    def downbeat(self) -> int:
        """Which beats, modulo the meter, are the first of a bar."""
        return int(self._bar.reshape(-1, self.meter).sum(0).argmax())

    def _step(self, mid: Floats) -> None:
        """Take at most `_EVERY` seconds."""
        seconds = len(mid) / RATE
        self.time += seconds
        if self.tempo is not None:
            pace = np.clip(1 + 0.6 * self._error / max(seconds * self.tempo / 60, 1e-3), 0.75, 1.3)
            ahead = seconds * self.tempo / 60 * float(pace)
            self._error -= ahead - seconds * self.tempo / 60
            self.beat += ahead
        self._clock.append((self.time, self.beat))
        self._mid = np.concatenate([self._mid, mid])
        self._analyse()
        if self.time - self._looked >= _EVERY - 1e-6 and self.time >= LEAST:
            self._looked = self.time
            self._look()

    def _analyse(self) -> None:
        """Onsets and tones of what is complete."""
        have = self._dropped + len(self._mid)
        count = (have - self._taken - ONSET_WINDOW) // HOP + 1
        if count > 0:
            start = self._taken - self._dropped
            found, self._last = rises(self._mid[start : start + (count - 1) * HOP + ONSET_WINDOW], self._last)
            self._onsets.extend(found)
            self._taken += count * HOP
        count = (have - self._toned - TONE_WINDOW) // TONE_HOP + 1
        if count > 0:
            start = self._toned - self._dropped
            self._tones.extend(tones(self._mid[start : start + (count - 1) * TONE_HOP + TONE_WINDOW]))
            self._toned += count * TONE_HOP
        spare = min(self._taken, self._toned) - self._dropped
        self._mid, self._dropped = self._mid[spare:], self._dropped + spare

    def _look(self) -> None:
        """Find tempo and beat in what is remembered."""
        onsets, tone = np.stack(self._onsets), np.stack(self._tones)
        begin = (self._taken - len(onsets) * HOP + ONSET_WINDOW / 2) / RATE  # of the first onset, seconds
        loud = float(tone[-4:, 0].mean())
        self._loudest = max(loud, self._loudest * 0.999, 1e-3)
        below = 20 * np.log10(self._loudest / max(loud, 1e-5))  # decibels
        self.energy += 0.3 * (float(np.clip(1 - below / 18, 0, 1)) - self.energy)
        whole = Spectrum(len(onsets) * HOP / RATE, onsets, tone[:, 0], tone[:, 1:13], tone[:, 13:26], tone[:, 26])
        found = pulse(whole)
        if found.clarity < self._needed(whole.seconds) or len(found.beats) < 4 or loud < _QUIET:
            self._doubt(None)
            return
        span = min(8, len(found.beats) - 1)
        tempo = float(60 * span / (found.beats[-1] - found.beats[-1 - span]))
        if not self._doubt(tempo):
            self._follow(begin + found.beats, tempo, whole, found.beats)

    def _needed(self, seconds: float) -> float:
        """How clear a pulse must be, in a memory of so many seconds, not to be chance; less where one is followed."""
        return _KEPT if self.tempo is not None else _SHORT if seconds < _LONG else _CLEAR

    def _doubt(self, tempo: float | None) -> bool:
        """Whether what was found is not yet believed; the tempo is changed when it was found often enough."""
        if tempo is None:
            self._other += 1
            self._guess = 1.0
            if self._other >= 2 * _DOUBT:
                self.tempo, self._other = None, 0
            return True
        if self.tempo is None:
            before, self._guess = self._guess, tempo
            self._other = 0
            return bool(abs(np.log(tempo / before)) >= _SAME)
        off = float(np.log(tempo / self.tempo))
        if abs(off) < _SAME:
            self._other = 0
            return False
        self._other += 1
        if self._other >= _DOUBT * (3 if np.abs(_RATIOS - off).min() < _SAME / 2 else 1):
            self.tempo, self._other = tempo, 0
            self._bar[:] = 0
            return False
        return True

    def _follow(self, beats: Reals, tempo: float, whole: Spectrum, inside: Reals) -> None:
        """Draw the clock to the beats, and count what speaks for each to be the first of a bar."""
        self.tempo = tempo if self.tempo is None else self.tempo * (tempo / self.tempo) ** 0.4
        now = len(beats) - 1 + (self.time - beats[-1]) * tempo / 60  # beats since the first one remembered
        self._error = float((now - self.beat + 0.5) % 1 - 0.5)
        first = round(self.beat + self._error - now)  # the clock's number of the first one remembered
        meter, downbeats = bars(whole, inside)
        self._bar *= _FADE
        self._bar[(first + downbeats) % 24] += 1.0 / max(1, len(downbeats))
        self.drive += 0.1 * (drive_of(float(ticks(whole, inside).mean()), tempo * rate_for(tempo, meter)) - self.drive)
        if meter != self.meter and len(beats) >= 12:
            self.meter = meter if self._agreed(meter) else self.meter

    def _agreed(self, meter: int) -> bool:
        """Whether the bar as it was counted so far has this many beats."""
        folded = {m: self._bar.reshape(-1, m).sum(0) for m in (3, 4)}
        return float(folded[meter].max()) > 1.3 * float(folded[7 - meter].max())
