"""Sound as what hearing needs of it, made in pieces so that a file of any length fits in memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

RATE = 22050  # samples a second that everything is heard at
HOP = 256  # samples from one onset strength to the next
FPS = RATE / HOP
ONSET_WINDOW = 1024  # samples
TONE_HOP = 2048
TONE_WINDOW = 4096
BANDS = (0.0, 200.0, 2000.0, RATE / 2)  # hertz: kick and bass, voices and snares, hats
MELS = 64
_PIECE = 512 * HOP  # samples that are looked at together
_SILENT = 0.1  # of the chroma of a sound, below which it is noise
_SCALE = 20.0  # how far soft sounds count against loud ones: onset strength is log(1 + scale x amplitude)

Floats = NDArray[np.float32]
Stereo = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The whole of a sound. F moments, `FPS` a second; G moments, one every `TONE_HOP` samples."""

    seconds: float
    onsets: Floats  # (F, 3) how much louder each band became, mean over its mel bands
    loudness: Floats  # (G,) root mean square of the samples
    chroma: Floats  # (G, 12) how much of each pitch class
    timbre: Floats  # (G, 13) mel cepstrum
    tonality: Floats  # (G,) 0 noise .. 1 tones: one minus the flatness of the spectrum


@lru_cache(maxsize=4)
def mel_filters(window: int, bands: int = MELS, lowest: float = 30.0) -> Floats:
    """(bands, window/2 + 1) triangles of equal area on the mel scale of Slaney's Auditory Toolbox, as in librosa."""
    edges = _hertz(np.linspace(_mel(lowest), _mel(RATE / 2), bands + 2))
    bins = np.arange(window // 2 + 1) * RATE / window
    rise = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    area = 2 / (edges[2:] - edges[:-2])
    return np.asarray(np.maximum(0, np.minimum(rise, fall)) * area[:, None], np.float32)


def _mel(hertz: float) -> float:
    """Even up to 1000 Hz, which is mel 15, then 27 mels to a factor of 6.4."""
    return hertz * 3 / 200 if hertz < 1000 else 15 + 27 * float(np.log(hertz / 1000) / np.log(6.4))


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27)))


@lru_cache(maxsize=1)
def _chroma_filters() -> Floats:
    """(12, TONE_WINDOW/2 + 1) how much each bin belongs to each pitch class, C first; those near 250 Hz count most."""
    bins = np.maximum(np.arange(TONE_WINDOW // 2 + 1), 0.5) * RATE / TONE_WINDOW
    pitch = 12 * np.log2(bins / 440) + 9  # semitones above the C below A 440
    away = (pitch - np.arange(12)[:, None] + 6) % 12 - 6
    width = np.maximum(np.gradient(pitch), 1)
    near = np.exp(-0.5 * (2 * away / width) ** 2)
    octave = np.exp(-0.5 * (np.log2(bins / 250) / 1.5) ** 2)
    return np.asarray(near / np.linalg.norm(near, axis=0) * octave, np.float32)


@lru_cache(maxsize=1)
def _cosines() -> Floats:
    """(13, MELS) the first rows of the discrete cosine transform."""
    k, n = np.arange(13)[:, None], np.arange(MELS)
    return np.asarray(np.cos(np.pi * k * (2 * n + 1) / (2 * MELS)) * np.sqrt(2 / MELS), np.float32)


def amplitudes(samples: Floats, window: int, hop: int) -> Floats:
    """(F, window/2 + 1) of (N,) samples; the first moment begins at the first sample."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, window)[::hop]
    hann = np.hanning(window + 1)[:-1].astype(np.float32)
    return np.asarray(np.abs(np.fft.rfft(frames * hann, axis=-1)) * (2 / hann.sum()), np.float32)


def pieces(stream: Iterable[Stereo], size: int, overlap: int) -> Iterator[Stereo]:
    """(2, size + overlap) pieces that begin `size` samples after one another, in silence before and after the sound.

    A moment in the middle of a window of `overlap` samples is thus at the sample that it is counted for.
    """
    waiting = [np.zeros((2, overlap // 2), np.float32)]
    held = overlap // 2
    for piece in stream:
        waiting.append(piece)
        held += piece.shape[1]
        while held >= size + overlap:
            joined = np.concatenate(waiting, 1)
            yield joined[:, : size + overlap]
            waiting, held = [joined[:, size:]], joined.shape[1] - size
    joined = np.concatenate(waiting, 1)
    while joined.shape[1] > overlap // 2:
        yield np.pad(joined[:, : size + overlap], [(0, 0), (0, max(0, size + overlap - joined.shape[1]))])
        joined = joined[:, size:]


def spectrum(stream: Iterable[Stereo]) -> Spectrum:
    """Of pieces of (2, N) samples at `RATE`."""
    count = 0

    def counted() -> Iterator[Stereo]:
        nonlocal count
        for piece in stream:
            count += piece.shape[1]
            yield np.nan_to_num(piece, nan=0.0, posinf=0.0, neginf=0.0)

    onsets, toned, last = [], [], np.zeros(MELS, np.float32)
    for piece in pieces(counted(), _PIECE, TONE_WINDOW):
        mid = piece.mean(0)
        skip = (TONE_WINDOW - ONSET_WINDOW) // 2
        rise, last = rises(mid[skip : skip + _PIECE + ONSET_WINDOW - HOP], last)
        onsets.append(rise)
        toned.append(tones(mid[: _PIECE + TONE_WINDOW - TONE_HOP]))
    seconds = count / RATE
    frames, moments = max(2, round(count / HOP)), max(2, round(count / TONE_HOP))
    joined = np.concatenate(onsets)[:frames] if onsets else np.zeros((2, 3), np.float32)
    tone = np.concatenate(toned)[:moments] if toned else np.zeros((2, 27), np.float32)
    return Spectrum(seconds, joined, tone[:, 0], tone[:, 1:13], tone[:, 13:26], tone[:, 26])


def rises(samples: Floats, last: Floats) -> tuple[Floats, Floats]:
    """(F, 3) onset strengths and the mel bands of the last moment, from which the next piece goes on."""
    mel = np.log1p(_SCALE * amplitudes(samples, ONSET_WINDOW, HOP) @ _onset_filters().T)
    rise = np.maximum(np.diff(mel, axis=0, prepend=last[None]), 0)
    return np.asarray(rise @ _band_means().T, np.float32), mel[-1]


@lru_cache(maxsize=1)
def _onset_filters() -> Floats:
    """Mel filters that add up amplitudes instead of taking their density."""
    filters = mel_filters(ONSET_WINDOW)
    return np.asarray(filters / np.maximum(filters.max(1, keepdims=True), 1e-9), np.float32)


@lru_cache(maxsize=1)
def _band_means() -> Floats:
    """(3, MELS) which mel bands belong to which of `BANDS`, as weights of a mean."""
    filters = _onset_filters()
    centre = filters.argmax(1) * RATE / ONSET_WINDOW
    member = np.stack([(centre >= low) & (centre < high) for low, high in pairwise(BANDS)])
    return np.asarray(member / np.maximum(member.sum(1, keepdims=True), 1), np.float32)


def tones(samples: Floats) -> Floats:
    """(G, 27) loudness, chroma, timbre and tonality."""
    frames = amplitudes(samples, TONE_WINDOW, TONE_HOP)
    windows = np.lib.stride_tricks.sliding_window_view(samples, TONE_WINDOW)[::TONE_HOP]
    loud = np.sqrt((windows**2).mean(-1, keepdims=True))
    chroma = np.sqrt(frames) @ _chroma_filters().T
    chroma /= np.maximum(np.linalg.norm(chroma, axis=1, keepdims=True), _SILENT)
    mel = np.log(1e-5 + frames @ mel_filters(TONE_WINDOW).T)
    timbre = mel @ _cosines().T
    power = frames[:, 8:] ** 2 + 1e-10
    flat = np.exp(np.log(power).mean(1, keepdims=True)) / power.mean(1, keepdims=True)
    return np.asarray(np.concatenate([loud, chroma, timbre, 1 - flat], 1), np.float32)
