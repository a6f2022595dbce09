"""What the learned model hears: 163 numbers for every token, a quarter of a count of a song.

In this order: 64 mel bands of the middle (left + right), 64 of the side (left - right), each as log loudness; onset
strength in 3 bands in both halves of the token; 12 pitch classes; 16 places in the bar; energy. Without sound, all but
the last 17 are 0.
"""

from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from footlights.media.rehearsal.arrays import Reals
from footlights.media.sound_file import SoundFile
from footlights.recognition.dance.tokens import TOKENS, Grid

Sound = NDArray[np.float32]
RATE = 22050  # samples a second
WINDOW, HOP = 1024, 256
EARLY = WINDOW // 2 // HOP  # windows by which an onset is seen before it comes
LONGEST = 1800.0  # seconds that are listened to
MELS, BANDS, PARTS, PITCHES, PLACES = 64, 3, 2, 12, 16
SIZE = 2 * MELS + BANDS * PARTS + PITCHES + PLACES + 1
_EDGES = (0.0, 200.0, 2000.0, 11025.0)  # Hz, of the bands of onsets
_LOUD = 100.0  # how far the log reaches down
_BLOCK = 4096  # windows transformed at once: a song of hours needs no more memory than one of minutes


def read_sound(path: str | Path, longest: float = LONGEST) -> Sound:
    """(2, N) samples of a file, no longer than so many seconds, at 22050 a second. Raises SourceError."""
    pieces, left = [np.zeros((2, 0), np.float32)], round(longest * RATE)
    with SoundFile(path) as file:
        for piece in file.read(RATE):
            pieces.append(piece[:, :left])
            left -= pieces[-1].shape[1]
            if left <= 0:
                break
    return np.concatenate(pieces, 1)


def music_tokens(sound: Sound | None, rate: int, grid: Grid) -> NDArray[np.float32]:
    """(4 C, 163) of a song's (2 or 1, N) samples, -1..1, at `rate` a second; None: there is no sound, only its beat."""
    count = TOKENS * len(grid)
    out = np.zeros((count, SIZE), np.float32)
    if sound is not None and sound.shape[1] > 1:
        _hear(_even(sound, rate), grid, out)
    place = np.repeat(TOKENS * grid.phase, TOKENS) % PLACES + np.tile(np.arange(TOKENS), len(grid))
    out[np.arange(count), SIZE - 1 - PLACES + place] = 1
    out[:, -1] = np.repeat(grid.energy, TOKENS)
    return out


def _even(sound: Sound, rate: int) -> Sound:
    """(2, N) middle and side at 22050 samples a second."""
    left, right = (sound[0], sound[-1])
    pair = np.stack([(left + right) / 2, (left - right) / 2]).astype(np.float32)
    if rate == RATE:
        return pair
    length = int(pair.shape[1] * RATE / rate)
    if rate > RATE:  # a mean over what falls on one sample keeps high tones from folding down
        width = max(1, round(rate / RATE))
        kernel = np.ones(width, np.float32) / width
        pair = np.stack([np.convolve(row, kernel, mode="same") for row in pair]).astype(np.float32)
    at = np.arange(length) * (rate / RATE)
    return np.stack([np.interp(at, np.arange(pair.shape[1]), row) for row in pair]).astype(np.float32)


def _hear(pair: Sound, grid: Grid, out: NDArray[np.float32]) -> None:
    """Fill in what is heard."""
    count = max(1, pair.shape[1] // HOP)
    mels, bands, pitches = np.zeros((count, 2 * MELS)), np.zeros((count, BANDS)), np.zeros((count, PITCHES))
    padded = np.pad(pair, ((0, 0), (WINDOW // 2, WINDOW)))
    window = np.hanning(WINDOW).astype(np.float32)
    before = np.zeros(WINDOW // 2 + 1)
    for begin in range(0, count, _BLOCK):
        end = min(count, begin + _BLOCK)
        rows = np.arange(begin, end)[:, None] * HOP + np.arange(WINDOW)
        middle, side = (np.abs(np.fft.rfft(channel[rows] * window)) / WINDOW * 4 for channel in padded)
        mels[begin:end, :MELS] = np.log1p(_LOUD * (middle @ _mel()))
        mels[begin:end, MELS:] = np.log1p(_LOUD * (side @ _mel()))
        levels = np.log1p(_LOUD * middle)
        rises = np.maximum(np.diff(levels, axis=0, prepend=before[None]), 0)
        bands[begin:end] = rises @ _band_table()
        pitches[begin:end] = middle**2 @ _pitch_table()
        before = levels[-1]
    frames = np.arange(count + 1) * (HOP / RATE)
    halves = np.interp(np.arange(PARTS * len(out) + 1) / PARTS, np.arange(len(out) + 1), grid.tokens)
    out[:, : 2 * MELS] = _means(mels, frames, grid.tokens)
    late = np.concatenate([np.zeros((EARLY, BANDS)), bands[:-EARLY]])
    peaks = _means(late, frames, halves) / (bands.mean(0) + bands.std(0) + 1e-6)
    out[:, 2 * MELS : 2 * MELS + BANDS * PARTS] = peaks.reshape(len(out), -1)
    tones = _means(pitches, frames, grid.tokens)
    place = 2 * MELS + BANDS * PARTS
    out[:, place : place + PITCHES] = tones / np.maximum(tones.max(1, keepdims=True), 1e-9)


def _means(values: Reals, frames: Reals, borders: Reals) -> Reals:
    """(len(borders) - 1, D) mean of (F, D) values between borders, seconds; frame n lasts from frames[n] on."""
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, 0)])
    place = np.clip(borders / frames[1], 0, len(values))
    low = np.minimum(place.astype(int), len(values) - 1)
    at = sums[low] + (place - low)[:, None] * values[low]
    return np.asarray(np.diff(at, axis=0) / np.maximum(np.diff(place), 1e-6)[:, None])


@lru_cache(maxsize=1)
def _mel() -> Reals:
    """(513, 64) triangles, even on the mel scale of O'Shaughnessy (1987), 30 Hz to 10 kHz."""
    low, high = (2595 * np.log10(1 + hertz / 700) for hertz in (30.0, 10_000.0))
    corners = 700 * (10 ** (np.linspace(low, high, MELS + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(WINDOW, 1 / RATE)
    rise = (bins[:, None] - corners[:-2]) / np.diff(corners)[:-1]
    fall = (corners[2:] - bins[:, None]) / np.diff(corners)[1:]
    table = np.maximum(np.minimum(rise, fall), 0)
    empty = table.sum(0) < 1e-3  # a low band narrower than a bin takes the bin that it lies in
    table[np.abs(bins[:, None] - corners[1:-1]).argmin(0)[empty], np.flatnonzero(empty)] = 1.0
    return np.asarray(table / table.sum(0))


@lru_cache(maxsize=1)
def _band_table() -> Reals:
    """(513, 3) which band of onsets a bin belongs to; each band is a mean."""
    bins = np.fft.rfftfreq(WINDOW, 1 / RATE)
    table = np.stack([(bins >= low) & (bins < high) for low, high in pairwise(_EDGES)], 1)
    return np.asarray(table / table.sum(0))


@lru_cache(maxsize=1)
def _pitch_table() -> Reals:
    """(513, 12) how much of a bin belongs to a pitch class, A first; 110 Hz to 2 kHz."""
    bins = np.fft.rfftfreq(WINDOW, 1 / RATE)
    used = (bins >= 110) & (bins <= 2000)
    pitch = 12 * np.log2(np.where(used, bins, 440.0) / 440)
    away = np.abs((pitch[:, None] - np.arange(PITCHES) + 6) % 12 - 6)
    return np.asarray(np.maximum(1 - away, 0) * used[:, None])
