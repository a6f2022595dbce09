"""Click tracks made to order, with the beats that are in them, and the measure that beat trackers are compared by."""

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
RATE = 22050


@dataclass(frozen=True, eq=False)
class Clicks:
    """Sound and truth."""

    samples: NDArray[np.float32]  # (2, N)
    beats: Reals  # (B,) seconds
    downbeats: NDArray[np.int64]  # indices into beats
    rate: int = RATE


def clicks(
    tempo: float, meter: int = 4, seconds: float = 30.0, swing: float = 0.0, drift: float = 0.0, start: float = 0.4,
    eighths: float = 0.5, noise: float = 0.003, seed: int = 0, rate: int = RATE,
) -> Clicks:  # fmt: skip
    """A metronome. `swing`: where in the beat a second, softer click comes, 0: none; `drift`: by which share of itself
    the tempo has grown half way through, before it falls back. Downbeats are louder and higher.
    """
    beats = [start]
    while True:
        pace = tempo * (1 + drift * np.sin(np.pi * beats[-1] / seconds))
        if beats[-1] + 60 / pace > seconds - 0.1:
            break
        beats.append(beats[-1] + 60 / pace)
    moments = np.array(beats)
    rng = np.random.default_rng(seed)
    sound = rng.normal(0, noise, round(seconds * rate))
    for index, moment in enumerate(moments):
        first = index % meter == 0
        _strike(sound, moment, 1600 if first else 1100, 0.8 if first else 0.55, rate)
        if swing and index + 1 < len(moments):
            _strike(sound, moment + swing * (moments[index + 1] - moment), 1100, 0.55 * eighths, rate)
    both = np.stack([sound, sound]).astype(np.float32)
    return Clicks(both, moments, np.arange(0, len(moments), meter), rate)


def _strike(sound: Reals, moment: float, pitch: float, loud: float, rate: int) -> None:
    begin = round(moment * rate)
    time = np.arange(min(round(0.05 * rate), len(sound) - begin)) / rate
    sound[begin : begin + len(time)] += loud * np.sin(2 * np.pi * pitch * time) * np.exp(-time / 0.012)


def f_measure(found: Reals, true: Reals, window: float = 0.070) -> float:
    """Of beats found, each within `window` seconds of a true one that no other has taken (MIREX)."""
    if not len(found) or not len(true):
        return 0.0
    hits, taken = 0, -1
    for moment in true:
        for index in range(taken + 1, len(found)):
            if abs(found[index] - moment) <= window:
                hits, taken = hits + 1, index
                break
            if found[index] > moment + window:
                break
    return 2 * hits / (len(found) + len(true))


def write_wav(path: Path, samples: NDArray[np.float32], rate: int) -> None:
    """(C, N) samples as a 16-bit WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(samples))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples.T, -1, 1) * 32767).astype("<i2").tobytes())
