"""Tempo and beats from onset strengths.

librosa's beat tracker was tried first: it finds 175 of 180 clicks on average, but follows one octave of tempo only
(200 beats a minute become 100), loses the last beats of a file, and takes 3.7 s of compilation in every process. What
stands here is its dynamic program (Ellis, Journal of New Music Research 36, 2007) with a tempo that may drift and an
octave that is chosen by what the beats hit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footlights.recognition.dance.spectrum import FPS, Spectrum

Reals = NDArray[np.float64]
Whole = NDArray[np.int64]
SLOWEST, FASTEST = 48.0, 232.0  # beats a minute
USUAL = 115.0  # beats a minute that people tap most readily
_SLOWER, _FASTER = 0.8, 0.8  # octaves from it that are still usual
_WINDOW = 10.0  # seconds whose tempo is taken to be one
_STEP = 1.0  # seconds from window to window
_GRID = 0.01  # of the logarithm, from tempo to tempo
_DRIFT = 0.04  # of the logarithm: how far the tempo may go in one step
_TIGHT = 100.0  # how dear it is to be early or late, against onsets in standard deviations
_LATE = 0.008  # seconds from the steepest rise, seen through the window, to the onset
CLEAR = 0.12  # the least correlation of a pulse with itself


@dataclass(frozen=True, eq=False)
class Pulse:
    """What taps along."""

    beats: Reals  # (B,) seconds
    clarity: float  # 0 noise .. 1 clockwork


def envelope(spectrum: Spectrum) -> Reals:
    """(F,) onset strength, as strong in soft passages as in loud ones."""
    rise = spectrum.onsets.astype(np.float64) @ [1.0, 1.0, 0.7]
    rise = np.maximum(rise - _mean(rise, round(0.5 * FPS)), 0)
    level = np.sqrt(_mean(rise**2, round(4 * FPS)))
    floor = 0.1 * np.sqrt((rise**2).mean())
    return np.asarray(rise / max(1e-9, floor) if not level.any() else rise / np.maximum(level, max(floor, 1e-9)))


def _mean(values: Reals, reach: int) -> Reals:
    """(F,) mean within `reach` moments; fewer at the ends."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    index = np.arange(len(values))
    low, high = np.maximum(index - reach, 0), np.minimum(index + reach + 1, len(values))
    return np.asarray((total[high] - total[low]) / (high - low))


def pulse(spectrum: Spectrum) -> Pulse:
    """The beats of a sound."""
    strength = envelope(spectrum)
    if len(strength) < FPS or strength.max() <= 0:
        return Pulse(np.zeros(0), 0.0)
    combs, periods = _combs(strength)
    path = _followed(combs)
    clarity = float(combs[np.arange(len(path)), path].mean())
    best, found = -np.inf, np.zeros(0, np.int64)
    for ratio in (1 / 4, 1 / 3, 1 / 2, 2 / 3, 1.0, 3 / 2, 2.0, 3.0):
        curve = periods[path] * ratio
        typical = 60 * FPS / float(np.median(curve))
        if not SLOWEST <= typical <= FASTEST:
            continue
        beats = tracked(strength, np.interp(np.arange(len(strength)), _centres(len(path)), curve))
        octaves = np.log2(typical / USUAL)
        usual = np.exp(-0.5 * (octaves / (_SLOWER if octaves < 0 else _FASTER)) ** 2)
        score = _hit(strength, beats) * usual * np.sqrt(_repeated(combs, periods, curve))
        if score > best:
            best, found = score, beats
    return Pulse(_refined(strength, found), clarity)


def _repeated(combs: Reals, periods: Reals, curve: Reals) -> float:
    """How well the windows repeat themselves after the periods of a curve (W,)."""
    there = [np.interp(-period, -periods, row) for period, row in zip(curve, combs, strict=True)]
    return float(np.clip(np.mean(there), 0.01, 1))


def _centres(count: int) -> Reals:
    return np.asarray((np.arange(count) * _STEP + _WINDOW / 2) * FPS)


def _combs(strength: Reals) -> tuple[Reals, Reals]:
    """(W, P) how well each window repeats itself after each period, its double, triple and fourfold; (P,) moments."""
    periods = FPS * 60 / np.exp(np.arange(np.log(SLOWEST * 0.9), np.log(FASTEST * 1.1), _GRID))
    size, step = round(_WINDOW * FPS), round(_STEP * FPS)
    smooth = np.convolve(strength, np.exp(-0.5 * (np.arange(-4, 5) / 1.5) ** 2), "same")
    padded = np.pad(smooth, (0, max(0, size - len(smooth))))
    windows = np.lib.stride_tricks.sliding_window_view(padded, size)[::step]
    lags = np.arange(int(4 * periods.max()) + 2)
    combs = np.empty((len(windows), len(periods)))
    for index, window in enumerate(windows):
        centred = window - window.mean()
        power = np.abs(np.fft.rfft(centred, 2 * size)) ** 2
        same = np.fft.irfft(power)[: len(lags)] * size / np.maximum(size - lags, size / 4)
        same = np.pad(same, (0, max(0, len(lags) - len(same)))) / max(same[0], 1e-9)
        combs[index] = np.mean([np.interp(periods * times, lags, same) for times in (1, 2, 3, 4)], axis=0)
    return combs, periods


def _followed(combs: Reals) -> Whole:
    """(W,) index of the period of every window: the best path that nowhere jumps (Viterbi)."""
    reach = round(_DRIFT / _GRID)
    shifts = np.arange(-reach, reach + 1)
    dear = 0.01 * np.abs(shifts)
    total = combs[0]
    back = np.zeros(combs.shape, np.int64)
    for index in range(1, len(combs)):
        padded = np.pad(total, reach, constant_values=-np.inf)
        choices = np.lib.stride_tricks.sliding_window_view(padded, len(shifts)) - dear
        best = choices.argmax(1)
        back[index] = np.arange(len(total)) + shifts[best]
        total = combs[index] + choices[np.arange(len(total)), best]
    path = [int(total.argmax())]
    for index in range(len(combs) - 1, 0, -1):
        path.append(int(back[index, path[-1]]))
    return np.array(path[::-1])


def tracked(strength: Reals, periods: Reals) -> Whole:
    """Moments of beats that hit onsets and follow one another at about (F,) periods, both in moments."""
    local = strength / max(float(strength.std()), 1e-9)
    count = len(local)
    whole = np.clip(np.round(periods).astype(int), 4, None)
    costs = {}
    for period in np.unique(whole):
        lags = np.arange(max(2, round(0.6 * period)), round(1.7 * period) + 1)
        costs[int(period)] = lags, _TIGHT * np.log(lags / period) ** 2
    score, back = local.copy(), np.full(count, -1)
    for now in range(count):
        lags, cost = costs[int(whole[now])]
        lags = lags[: np.searchsorted(lags, now, side="right")]
        if not len(lags):
            continue
        chances = score[now - lags] - cost[: len(lags)]
        best = int(chances.argmax())
        if chances[best] > 0:
            score[now], back[now] = local[now] + chances[best], now - lags[best]
    tail = max(0, count - int(1.2 * whole[-1]))
    now = tail + int(score[tail:].argmax())
    beats = []
    while now >= 0:
        beats.append(now)
        now = int(back[now])
    return np.array(beats[::-1])


def _around(strength: Reals, places: Reals, reach: int = 3) -> Reals:
    """The strongest onset within `reach` moments of each place."""
    index = np.clip(np.round(places).astype(int)[:, None] + np.arange(-reach, reach + 1), 0, len(strength) - 1)
    return np.asarray(strength[index].max(1))


def _hit(strength: Reals, beats: Whole) -> float:
    """How strong the onsets on the beats are, and how weak those that would be beats if it were faster."""
    if len(beats) < 4:
        return 0.0
    reach = int(np.clip(round(0.06 * float(np.median(np.diff(beats)))), 1, 3))
    on = _around(strength, beats.astype(np.float64), reach)
    full = float(np.quantile(on, 0.75)) + 1e-9

    def between(share: float) -> float:
        places = beats[:-1] + share * np.diff(beats)
        return float(np.minimum(_around(strength, places, reach) / full, 1).mean())

    off = max(between(1 / 2), (between(1 / 3) + between(2 / 3)) / 2)
    return float(np.minimum(on / full, 1).mean() - 0.6 * off)


def _refined(strength: Reals, beats: Whole) -> Reals:
    """(B,) seconds, between moments where the onset is, without beats before the first sound and after the last."""
    at = _around(strength, beats.astype(np.float64))
    heard = np.flatnonzero(at > 0.15 * np.median(at))
    if not len(heard):
        return np.zeros(0)
    beats = beats[heard[0] : heard[-1] + 1]
    inner = np.clip(beats, 1, len(strength) - 2)
    before, here, after = strength[inner - 1], strength[inner], strength[inner + 1]
    total = before + here + after
    shift = np.where(total > 0, (after - before) / np.maximum(total, 1e-9), 0.0)
    return np.asarray((beats + shift) / FPS + _LATE)
