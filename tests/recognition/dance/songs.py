"""Songs made to order: drums and chords whose parts, beats and bars are known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
RATE = 22050
BAR = 4
_PARTS = {  # chords in semitones above A, a bar each; how loud; whether there are hats
    "A": ((0, 5, 7, 5), 0.25, False), "B": ((3, 10, 5, 8), 0.9, True), "C": ((2, 9, 2, 9), 0.5, True),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class MadeSong:
    """Sound and truth."""

    samples: NDArray[np.float32]  # (2, N)
    beats: Reals  # (B,) seconds
    rate: int = RATE


def made_song(form: str, bars: int = 8, tempo: float = 120.0, seed: int = 0) -> MadeSong:
    """A song of parts in this order, each so many bars of four."""
    rng = np.random.default_rng(seed)
    beats = 0.2 + np.arange(len(form) * bars * BAR) * 60 / tempo
    sound = rng.normal(0, 0.002, round((beats[-1] + 1.0) * RATE))
    for index, beat in enumerate(beats):
        chords, loud, hats = _PARTS[form[index // (bars * BAR)]]
        _add(sound, beat, 0.3 * loud + 0.1, _kick(index % BAR == 0))
        if index % 2:
            _add(sound, beat, 0.25 * loud, rng.normal(0, 1, 2000) * np.exp(-np.arange(2000) / 500))
        if hats:
            tick = np.diff(rng.normal(0, 1, 601)) * np.exp(-np.arange(600) / 120)
            _add(sound, beat + 30 / tempo, 0.1, tick)
        if index % BAR == 0:
            root = 220 * 2 ** (chords[index // BAR % len(chords)] / 12)
            _add(sound, beat, 0.08 * loud + 0.02, _chord(root, 60 * BAR / tempo, bright=hats))
    return MadeSong(np.stack([sound, sound]).astype(np.float32), beats)


def _kick(heavy: bool) -> Reals:
    time = np.arange(3000) / RATE
    return np.asarray(
        np.sin(2 * np.pi * (50 * time + 2 * (1 - np.exp(-40 * time)))) * np.exp(-time / 0.05) * (1.6 if heavy else 1)
    )


def _chord(root: float, seconds: float, bright: bool) -> Reals:
    time = np.arange(round(seconds * RATE)) / RATE
    partials = (1, 2, 3, 4, 5) if bright else (1, 2)
    voices = [np.sin(2 * np.pi * root * 2 ** (step / 12) * k * time) / k for step in (0, 4, 7) for k in partials]
    return np.asarray(np.sum(voices, 0) * np.minimum(1, np.minimum(time, seconds - time) / 0.02))


def _add(sound: Reals, moment: float, loud: float, what: Reals) -> None:
    begin = round(moment * RATE)
    what = what[: max(0, len(sound) - begin)]
    sound[begin : begin + len(what)] += loud * what
