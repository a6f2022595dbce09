"""Where bars begin, and whether they have three beats or four: from accents and changes of harmony."""

import numpy as np
from numpy.typing import NDArray

from footlights.recognition.dance.pulse import envelope
from footlights.recognition.dance.spectrum import FPS, RATE, TONE_HOP, Spectrum

Reals = NDArray[np.float64]
Whole = NDArray[np.int64]
_COMMON = 0.15  # standard deviations of accent by which bars of three beats must be the clearer ones: they are rarer
_SLIP = 6.0  # how dear it is to begin a bar too early or too late, in standard deviations of a beat's accent


def beat_means(values: Reals, beats: Reals, rate: float) -> Reals:
    """(B, N) means of (G, N) values, `rate` a second, from each beat to the next; the last beat is as long as the one
    before it.
    """
    edges = np.append(beats, beats[-1] + (beats[-1] - beats[-2]))
    places = np.clip(np.round(edges * rate).astype(int), 0, len(values) - 1)
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)])
    begin, end = places[:-1], np.maximum(places[1:], places[:-1] + 1)
    return np.asarray((total[end] - total[begin]) / (end - begin)[:, None])


def ticks(spectrum: Spectrum, beats: Reals, count: int = 4) -> Reals:
    """(B, count) strength of the onsets at each part of a beat, 0..1."""
    strength = envelope(spectrum)
    edges = np.append(beats, beats[-1] + (beats[-1] - beats[-2]))
    places = (edges[:-1, None] + np.diff(edges)[:, None] * np.arange(count) / count) * FPS
    index = np.clip(np.round(places).astype(int)[..., None] + np.arange(-3, 4), 0, len(strength) - 1)
    found = strength[index].max(-1)
    return np.asarray(np.clip(found / max(float(np.quantile(found, 0.95)), 1e-9), 0, 1))


def bars(spectrum: Spectrum, beats: Reals) -> tuple[int, Whole]:
    """Beats to a bar, 3 or 4, and the indices of the beats that begin one."""
    weight = _weights(spectrum, beats)
    scores = {}
    for meter in (3, 4):
        sums = [weight[phase::meter].mean() if len(weight) > phase else 0.0 for phase in range(meter)]
        ordered = np.sort(sums)[::-1]
        scores[meter] = ordered[0] - ordered[1:].mean()
    meter = 3 if scores[3] > 1.15 * scores[4] + _COMMON else 4
    return meter, _downbeats(weight, meter)


def _weights(spectrum: Spectrum, beats: Reals) -> Reals:
    """(B,) how much each beat sounds like the first of a bar, in standard deviations."""
    index = np.clip(np.round(beats * FPS).astype(int)[:, None] + np.arange(-3, 4), 0, len(spectrum.onsets) - 1)
    onsets = spectrum.onsets[index].sum(1, dtype=np.float64)  # (B, 3)
    rate = RATE / TONE_HOP
    loud = np.log(1e-4 + beat_means(spectrum.loudness[:, None].astype(np.float64), beats, rate))[:, 0]
    chroma = beat_means(spectrum.chroma.astype(np.float64), beats, rate)
    change = np.linalg.norm(np.diff(chroma, axis=0, prepend=chroma[:1]), axis=1)
    louder = np.diff(loud, prepend=loud[:1])
    total = _standard(onsets.sum(1)) + 0.5 * _standard(onsets[:, 0])
    total += _standard(change, 0.15) + 0.5 * _standard(louder, 0.2)
    return np.asarray(np.clip(_standard(total), -3, 3))


def _standard(values: Reals, least: float = 1e-9) -> Reals:
    """In standard deviations, of which the smallest that counts is `least`."""
    return np.asarray((values - values.mean()) / max(float(values.std()), least))


def _downbeats(weight: Reals, meter: int) -> Whole:
    """Indices of first beats: the best sequence in which a bar seldom is cut short or drawn out (Viterbi)."""
    states = np.arange(meter)
    gain = np.where(states == 0, 1.0, -1.0 / (meter - 1))
    total = weight[0] * gain
    back = np.zeros((len(weight), meter), np.int64)
    for index in range(1, len(weight)):
        before = np.roll(total, 1)
        best = int(total.argmax())
        slip = total[best] - _SLIP
        back[index] = np.where(before >= slip, np.roll(states, 1), best)
        total = np.maximum(before, slip) + weight[index] * gain
    state = int(total.argmax())
    found = []
    for index in range(len(weight) - 1, -1, -1):
        if state == 0:
            found.append(index)
        state = int(back[index, state])
    return np.array(found[::-1], np.int64)
