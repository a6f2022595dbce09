"""Parts of a song: where the sound changes, and which parts sound alike."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from footlights.recognition.dance.bars import beat_means
from footlights.recognition.dance.song import Section
from footlights.recognition.dance.spectrum import RATE, TONE_HOP, Spectrum

Reals = NDArray[np.float64]
Whole = NDArray[np.int64]
_KERNEL = 6  # bars on either side that are compared
_LEAST, _MOST = 4, 24  # bars to a section
_ODD = {0: 0.0, 2: 0.25}  # what a length costs that is no multiple of four bars; others 0.5
_CUT = 0.7  # what a section costs: a change must be worth it
_SAME = 0.5  # distance of two parts, against that of two bars drawn by chance, below which they are the same


def sections(spectrum: Spectrum, beats: Reals, downbeats: Whole, energy: Reals) -> tuple[Section, ...]:
    """The parts of a song, of whole bars; the first begins at beat 0, the last ends at the last beat."""
    starts = downbeats if len(downbeats) else np.zeros(1, np.int64)
    features = _bars(spectrum, beats, starts)
    cuts = _cuts(_novelty(features))
    labels = _labels(features, cuts)
    edges = [0, *[int(starts[cut]) for cut in cuts[1:-1]], len(beats)]
    return tuple(
        Section(begin, end, label, float(energy[begin:end].mean()))
        for begin, end, label in zip(edges, edges[1:], labels, strict=False)
    )


def _bars(spectrum: Spectrum, beats: Reals, starts: Whole) -> Reals:
    """(M, N) how each bar sounds: timbre with loudness, and harmony, which counts half, in standard deviations."""
    rate = RATE / TONE_HOP
    chroma = beat_means(spectrum.chroma.astype(np.float64), beats, rate)
    timbre = beat_means(spectrum.timbre.astype(np.float64), beats, rate)
    edges = np.append(starts, len(beats))
    timbre = (timbre - timbre.mean(0)) / np.maximum(timbre.std(0), 1e-6)
    chroma = (chroma - chroma.mean(0)) / max(float(chroma.std()), 1e-6)
    weights = 1 / np.sqrt(1 + np.arange(timbre.shape[1]))
    both = np.concatenate([0.5 * chroma / np.sqrt(chroma.shape[1]), timbre * weights / np.linalg.norm(weights)], 1)
    return np.stack([both[begin:end].mean(0) for begin, end in pairwise(edges)])


def _novelty(features: Reals) -> Reals:
    """(M,) how different the bars before and from each bar on are, against how alike each side is, 0 and above."""
    out = np.zeros(len(features))
    for bar in range(2, len(features) - 1):
        before, after = features[max(0, bar - _KERNEL) : bar], features[bar : bar + _KERNEL]
        across = _far(before, after)
        within = (_far(before, before) * len(before) + _far(after, after) * len(after)) / (len(before) + len(after))
        out[bar] = max(0.0, across - within)
    return np.asarray(out / max(float(np.quantile(out, 0.95)), 1e-9))


def _far(one: Reals, other: Reals) -> float:
    return float(np.linalg.norm(one[:, None] - other, axis=-1).mean())


def _cuts(novelty: Reals) -> list[int]:
    """Bars at which sections begin, 0 first, and the number of bars: the best way to cut (dynamic program)."""
    count = len(novelty)
    best, back = np.full(count + 1, -np.inf), np.zeros(count + 1, np.int64)
    best[0] = 0.0
    for end in range(1, count + 1):
        gain = min(1.0, novelty[end]) - _CUT if end < count else 0.0
        for length in range(min(_LEAST, count), min(_MOST, end) + 1):
            odd = 0.0 if end == count else _ODD.get(length % 4, 0.5)
            value = best[end - length] + gain - 0.3 * odd
            if value > best[end]:
                best[end], back[end] = value, end - length
    if not np.isfinite(best[count]):
        return [0, count]
    cuts = [count]
    while cuts[-1] > 0:
        cuts.append(int(back[cuts[-1]]))
    return cuts[::-1]


def _labels(features: Reals, cuts: list[int]) -> list[str]:
    """A letter for each section: the one of the most similar section before it, or a new one."""
    chance = _far(features, features[:: max(1, len(features) // 64)]) + 1e-9
    parts = [features[begin:end] for begin, end in pairwise(cuts)]
    labels: list[int] = []
    for index, part in enumerate(parts):
        distances = [_apart(part, other) / chance for other in parts[:index]]
        nearest = int(np.argmin(distances)) if distances else -1
        new = max(labels, default=-1) + 1
        labels.append(labels[nearest] if nearest >= 0 and distances[nearest] < _SAME else new)
    return [_letters(label) for label in labels]


def _apart(one: Reals, other: Reals) -> float:
    """How different two parts are: bar by bar from the beginning, or as a whole, whichever is more."""
    both = min(len(one), len(other))
    by_bar = np.linalg.norm(one[:both] - other[:both], axis=-1).mean()
    return float(max(by_bar * 0.8, np.linalg.norm(one.mean(0) - other.mean(0))))


def _letters(index: int) -> str:
    """A, B, ... Z, AA, AB, ..."""
    return (_letters(index // 26 - 1) if index >= 26 else "") + chr(ord("A") + index % 26)
